// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trellis codes: encode/tcq2_l8/row (ns a number), decode/tcq2_l8/row, dot/tcq2_l8/l2 and /ram: a matrix against int8
// activations, one scale for the vector. fraction_of_ceiling of dot: bytes read over those of a loop that only reads them, in the
// same run.
#include "skive/codebook/kmeans_1d.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/core/random.hpp"
#include "skive/kernel/matrix_vector.hpp"
#include "support/measure.hpp"
#include "support/read_ceiling.hpp"

namespace skive::bench {
namespace {

std::vector<float> gaussian_numbers(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{1, stream}.fill_gaussian(x);
  return x;
}

// A row of Gaussian numbers, coded.
template <class Codec>
struct coded_row {
  std::vector<float> x = gaussian_numbers(row_floats, 1);
  std::vector<float> y = std::vector<float>(row_floats);
  std::vector<std::byte> memory;
  std::vector<std::byte> scratch;
  planes<std::byte, 2> to;

  explicit coded_row(Codec const& c) : memory(total_bytes(c.plane_bytes(row_floats))), scratch(c.scratch_bytes(row_floats)) {
    static_cast<void>(planar(c, row_floats, std::span{memory}, to));
  }
  bool encode(Codec const& c) { return static_cast<bool>(c.encode(std::span<float const>{x}, to, workspace{scratch})); }
  bool decode(Codec const& c) { return static_cast<bool>(c.decode(planes<std::byte const, 2>(to), std::span{y})); }
  bool right(Codec const& c) { return encode(c) && decode(c) && relative_error(x, y) < 0.6; }
};

template <class Codec>
void add_row(std::string const& name, Codec const& codec) {
  auto const add = [&](char const* op, auto step) {
    auto const run = [=](benchmark::State& state) {
      coded_row<Codec> row{codec};
      if (!row.right(codec)) return state.SkipWithError("wrong numbers");
      bool good = true;
      for (auto _ : state) {
        good &= step(row);
        benchmark::ClobberMemory();
      }
      if (!good) return state.SkipWithError("refused while timed");
      count(state, row_floats, row_floats * sizeof(float) + row.memory.size());
    };
    benchmark::RegisterBenchmark((std::string{op} + '/' + name + "/row").c_str(), run)->MinTime(0.1);
  };
  add("encode", [codec](auto& row) { return row.encode(codec); });
  add("decode", [codec](auto& row) { return row.decode(codec); });
}

template <class Codec>
void add_dot(std::string const& name, Codec const& codec, char const* size, std::size_t bytes) {
  auto const run = [=](benchmark::State& state) {
    coded_row<Codec> row{codec};
    if (!row.right(codec)) return state.SkipWithError("wrong numbers");
    auto const each = row.memory.size();
    auto const rows = bytes / each;
    std::vector<std::byte> memory;
    for (std::size_t r = 0; r < rows; ++r) memory.insert(memory.end(), row.memory.begin(), row.memory.end());
    packed_matrix<2> m;
    m.rows = rows;
    m.pitch.fill(each);
    static_cast<void>(planar(codec, row_floats, std::span<std::byte const>{memory}.first(each), m.first));
    for (auto& p : m.first.parts) p.size += (rows - 1) * each;
    std::vector<std::byte> scratch(codec.int8_query_bytes(row_floats, activation_scale::per_token));
    auto const x = gaussian_numbers(row_floats, 2);
    auto const q = codec.prepare_int8(x, activation_scale::per_token, workspace{scratch});
    std::vector<float> y(rows);
    if (!q || !matrix_vector(codec, m, *q, std::span{y})) return state.SkipWithError("refused");
    double exact = 0;
    double size_of_sum = 0;
    for (std::size_t i = 0; i < row_floats; ++i) {
      exact += static_cast<double>(row.y[i]) * static_cast<double>(x[i]);
      size_of_sum += std::fabs(static_cast<double>(row.y[i]) * static_cast<double>(x[i]));
    }
    if (!(std::fabs(static_cast<double>(y[rows - 1]) - exact) <= 0.01 * size_of_sum)) return state.SkipWithError("wrong product");
    for (auto _ : state) {
      static_cast<void>(matrix_vector(codec, m, *q, std::span{y}));
      benchmark::ClobberMemory();
    }
    auto const times = static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(times * static_cast<std::int64_t>(rows * row_floats));
    state.SetBytesProcessed(times * static_cast<std::int64_t>(rows * each));
    state.counters["fraction_of_ceiling"] =
        benchmark::Counter(static_cast<double>(times) * static_cast<double>(rows * each) / bytes_read_per_second(memory),
                           benchmark::Counter::kIsRate);
  };
  benchmark::RegisterBenchmark(("dot/" + name + '/' + size).c_str(), run)->MinTime(0.1);
}

template <class Codec>
void add(std::string const& name, Codec const& codec) {
  add_row(name, codec);
  add_dot(name, codec, "l2", std::size_t{1} << 19);
  add_dot(name, codec, "ram", std::size_t{1} << 26);
}

void fit_levels(benchmark::State& state) {
  auto const x = gaussian_numbers(4096, 3);
  std::vector<float> levels(16);
  std::vector<std::byte> scratch(kmeans_1d_bytes(x.size(), levels.size(), kmeans_memory::fast));
  for (auto _ : state) {
    auto const r = kmeans_1d(x, {}, levels, kmeans_memory::fast, workspace{scratch});
    if (!r) return state.SkipWithError("refused");
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 4096);
}

[[maybe_unused]] bool const registered = [] {
  add("tcq2_l4", tcq2_l4{});
  add("tcq2_l6", tcq2_l6{});
  add("tcq2_l8", tcq2_l8{});
  add("tcq2_l10", tcq2_l10{});
  add("tcq2_l12", tcq2_l12{});
  add("tcq2_l16", tcq2_l16{});
  add("tcq4_l8", tcq<4, 8>{});
  benchmark::RegisterBenchmark("fit/kmeans_1d_16/4096", fit_levels)->MinTime(0.1);
  return true;
}();

}  // namespace
}  // namespace skive::bench
