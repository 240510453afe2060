// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vector codebooks: encode, decode and dot of kmeans<bits>_d<numbers>/row (ns a number); kmeans/<codewords>_d<numbers>/iteration
// (65536 samples; ns a number of them); encode/pq<codewords>_d<numbers>/l2; encode/aq<codebooks>_w<width>/l2; scan/pq16_m32/l2
// (ns a code of 4 bits); omp and omp_batch/4096_d128_t8 (ns a number of the vectors). fraction_of_ceiling as in
// support/measure.hpp.
#include "skive/codebook/additive_quantizer.hpp"
#include "skive/codebook/fast_scan.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/matching_pursuit.hpp"
#include "skive/codebook/product_quantizer.hpp"
#include "support/measure.hpp"

#include <memory>

namespace skive::bench {
namespace {

std::vector<float> vector_numbers(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{2, stream}.fill_gaussian(x);
  return x;
}

// step() is true as long as nothing is refused; check() says, before timing, whether results are right.
template <class Check, class Step>
void add(std::string const& name, std::size_t numbers, std::size_t bytes, Check check, Step step) {
  auto const run = [=](benchmark::State& state) mutable {
    if (!check()) return state.SkipWithError("wrong result");
    bool good = true;
    for (auto _ : state) {
      good &= step();
      benchmark::ClobberMemory();
    }
    if (!good) return state.SkipWithError("refused while timed");
    count(state, numbers, bytes);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->MinTime(0.1);
}

template <class Codec>
void add_codec(std::string const& name, double bound) {
  struct row {
    std::vector<float> x = vector_numbers(row_floats, 1);
    std::vector<float> y = std::vector<float>(row_floats);
    std::vector<std::byte> memory = std::vector<std::byte>(total_bytes(Codec{}.plane_bytes(row_floats)));
    planes<std::byte, 2> to() {
      planes<std::byte, 2> p;
      static_cast<void>(planar(Codec{}, row_floats, std::span{memory}, p));
      return p;
    }
    bool encode() { return static_cast<bool>(Codec{}.encode(std::span<float const>{x}, to())); }
    bool decode() { return static_cast<bool>(Codec{}.decode(planes<std::byte const, 2>(to()), std::span{y})); }
    bool right(double most) { return encode() && decode() && relative_error(x, y) < most; }
  };
  auto const bytes = row_floats * sizeof(float) + total_bytes(Codec{}.plane_bytes(row_floats));
  auto const r = std::make_shared<row>();
  auto const check = [=] { return r->right(bound); };
  add("encode/" + name + "/row", row_floats, bytes, check, [=] { return r->encode(); });
  add("decode/" + name + "/row", row_floats, bytes, check, [=] { return r->decode(); });
  add("dot/" + name + "/row", row_floats, bytes, check, [=] {
    auto const y = Codec{}.dot(planes<std::byte const, 2>(r->to()), *Codec{}.prepare(r->x));
    benchmark::DoNotOptimize(y);
    return y.has_value();
  });
}

void add_kmeans(std::size_t k, std::size_t d) {
  constexpr std::size_t n = 65536;
  struct problem {
    std::vector<float> x, codewords;
    std::vector<std::byte> memory;
  };
  auto const p = std::make_shared<problem>();
  auto const run = [=](int iterations) {
    p->x.resize(n * d);
    if (p->memory.empty()) p->x = vector_numbers(n * d, 3), p->codewords = vector_numbers(k * d, 4);
    p->memory.resize(kmeans_bytes(n, d, k));
    auto seeds = p->codewords;
    return kmeans({p->x.data(), n, d}, {seeds.data(), k, d}, {}, {kmeans_seeding::given, iterations}, workspace{p->memory});
  };
  add(
      "kmeans/" + std::to_string(k) + "_d" + std::to_string(d) + "/iteration", 10 * n * d, 10 * n * d * sizeof(float),
      [=] {
        auto const one = run(1);
        auto const ten = run(10);
        return one && ten && ten->error < one->error;
      },
      [=] { return run(10).has_value(); });
}

void add_product(std::size_t k, std::size_t d) {
  constexpr std::size_t n = 1024;
  constexpr std::size_t whole = 128;
  struct problem {
    std::vector<float> x = vector_numbers(n * whole, 5);
    std::vector<float> books;
    std::vector<std::uint8_t> codes;
    std::vector<std::byte> memory;
  };
  auto const p = std::make_shared<problem>();
  p->books = vector_numbers(k * whole, 6);
  p->codes.resize(n * (whole / d));
  auto const q = *product_quantizer::make(whole, whole / d, k, p->books);
  p->memory.resize(q.scratch_bytes());
  auto const step = [=] {
    return static_cast<bool>(q.encode({p->x.data(), n, whole}, {p->codes.data(), n, whole / d}, workspace{p->memory}));
  };
  auto const check = [=] {
    std::vector<float> y(n * whole);
    return step() && q.decode({p->codes.data(), n, whole / d}, {y.data(), n, whole}) && relative_error(p->x, y) < 1.0;
  };
  add("encode/pq" + std::to_string(k) + "_d" + std::to_string(d) + "/l2", n * whole, n * whole * 4 + p->codes.size(), check,
      step);
}

void add_additive(std::size_t width) {
  constexpr std::size_t n = 512;
  struct problem {
    std::vector<float> x = vector_numbers(n * 8, 7);
    std::vector<float> books = vector_numbers(2 * 256 * 8, 8);
    std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(n * 2);
    std::vector<std::byte> memory;
  };
  auto const p = std::make_shared<problem>();
  auto const q = *additive_quantizer::make(8, 2, 256, p->books);
  p->memory.resize(q.scratch_bytes({width}));
  auto const step = [=] {
    return static_cast<bool>(q.encode({p->x.data(), n, 8}, {p->codes.data(), n, 2}, {width}, workspace{p->memory}));
  };
  auto const check = [=] {
    std::vector<float> y(n * 8);
    return step() && q.decode({p->codes.data(), n, 2}, {y.data(), n, 8}) && relative_error(p->x, y) < 1.0;
  };
  add("encode/aq2_w" + std::to_string(width) + "/l1", n * 8, n * 8 * 4 + p->codes.size(), check, step);
}

void add_scan() {
  constexpr std::size_t n = 32768;
  constexpr std::size_t parts = 32;
  struct problem {
    std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(n * parts);
    std::vector<std::uint8_t> packed = std::vector<std::uint8_t>(fast_scan_bytes(n, parts));
    std::vector<std::uint16_t> sums = std::vector<std::uint16_t>(n);
    std::vector<float> tables = vector_numbers(16 * parts, 9);
    std::vector<std::byte> memory = std::vector<std::byte>(fast_scan_query_bytes(parts));
  };
  auto const p = std::make_shared<problem>();
  for (std::size_t i = 0; i < p->codes.size(); ++i) p->codes[i] = static_cast<std::uint8_t>(counter_random{3}.bits(i) % 16);
  auto const q = *prepare_fast_scan(p->tables, workspace{p->memory});
  auto const step = [=] { return static_cast<bool>(fast_scan(p->packed, q, p->sums)); };
  auto const check = [=] {
    if (!pack_fast_scan({p->codes.data(), n, parts}, p->packed) || !step()) return false;
    auto const found = p->sums;
    return fast_scan<scalar_arch>(p->packed, q, p->sums) && p->sums == found;
  };
  add("scan/pq16_m32/l2", n * parts, p->packed.size() + n * 2, check, step);
}

void add_pursuit() {
  constexpr std::size_t atoms = 4096;
  constexpr std::size_t d = 128;
  constexpr std::size_t n = 32;
  struct problem {
    std::vector<float> atom = vector_numbers(atoms * d, 10);
    std::vector<float> gram = std::vector<float>(atoms * atoms);
    std::vector<float> x = vector_numbers(n * d, 11);
    std::vector<std::uint32_t> index = std::vector<std::uint32_t>(n * 8);
    std::vector<float> coefficient = std::vector<float>(n * 8);
    std::vector<pursuit_report> reports = std::vector<pursuit_report>(n);
    std::vector<std::byte> memory;
    matrix_view<float const> dictionary() const { return {atom.data(), atoms, d}; }
    bool one_by_one() {
      bool good = true;
      for (std::size_t i = 0; i < n; ++i)
        good &= matching_pursuit(dictionary(), std::span{x}.subspan(i * d, d), {8}, std::span{index}.subspan(8 * i, 8),
                                 std::span{coefficient}.subspan(8 * i, 8), workspace{memory})
                    .has_value();
      return good;
    }
    bool batch() {
      return static_cast<bool>(batch_matching_pursuit(dictionary(), {gram.data(), atoms, atoms}, {x.data(), n, d}, {8},
                                                      {index.data(), n, 8}, {coefficient.data(), n, 8}, reports,
                                                      workspace{memory}));
    }
  };
  auto const p = std::make_shared<problem>();
  auto const check = [=] {
    for (std::size_t k = 0; k < atoms && p->memory.empty(); ++k) {
      double square = 0;
      for (std::size_t j = 0; j < d; ++j) square += std::pow(static_cast<double>(p->atom[k * d + j]), 2);
      for (std::size_t j = 0; j < d; ++j) p->atom[k * d + j] /= static_cast<float>(std::sqrt(square));
    }
    p->memory.resize(
        std::max(batch_matching_pursuit_bytes(atoms, d), product_scratch_bytes<float, native_arch>(atoms, atoms, d)));
    if (!product(p->dictionary(), transposed(p->dictionary()), matrix_view<float>{p->gram.data(), atoms, atoms},
                 workspace{p->memory}))
      return false;
    if (!check_dictionary(p->dictionary()) || !p->one_by_one()) return false;
    auto const index = p->index;
    return p->batch() && p->index == index;
  };
  add("omp/4096_d128_t8/l2", n * d, n * d * 4, check, [=] { return p->one_by_one(); });
  add("omp_batch/4096_d128_t8/l2", n * d, n * d * 4, check, [=] { return p->batch(); });
}

bool const registered = [] {
  add_codec<kmeans1_d4>("kmeans1_d4", 0.61);
  add_codec<kmeans2_d2>("kmeans2_d2", 0.34);
  add_codec<kmeans2_d4>("kmeans2_d4", 0.33);
  add_codec<kmeans3_d3>("kmeans3_d3", 0.18);
  add_codec<kmeans4_d2>("kmeans4_d2", 0.10);
  add_kmeans(256, 8);
  add_kmeans(16, 8);
  add_product(16, 2);
  add_product(16, 4);
  add_product(16, 8);
  add_product(256, 4);
  add_product(256, 8);
  add_additive(1);
  add_additive(16);
  add_scan();
  add_pursuit();
  return true;
}();

}  // namespace
}  // namespace skive::bench
