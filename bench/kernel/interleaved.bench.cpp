// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of interleaved rows, of two packed matrices and of experts; rows and bags out of a packed table.
//
//   matmul32/FORMAT:interleaved     32 vectors of bytes with interleaved rows; FORMAT:bf16: vectors of bfloat16. The ceiling is a loop
//                                   of dot4 (AVX-512: vpdpbusd) or dot2 (vdpbf16ps) on registers, right after the measurement
//   product32/A_x_B                 32 packed rows A, prepared in the measurement, with packed rows B; the same ceiling
//   experts/FORMAT                  8 experts, 4 tokens of bytes each
//   gather, bag/FORMAT              random rows of 1024 numbers, and sums of 32 of them; the ceiling is a reading loop
//
// An element is a weight times a vector, or a number out of the table; l2 is 512 KiB of packed bytes, ram 64 MiB (4096 rows at most).
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "skive/kernel/expert_products.hpp"
#include "skive/kernel/gather.hpp"
#include "skive/kernel/interleaved_bfloat16.hpp"
#include "skive/kernel/interleaved_product.hpp"
#include "skive/kernel/packed_product.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

constexpr std::size_t vectors = 32;

// By the wall clock, as the measurements: the median.
template <class F>
double per_second(double amount, F f) {
  std::array<double, 25> seconds{};
  for (double& s : seconds) {
    auto const start = std::chrono::steady_clock::now();
    f();
    s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::sort(seconds.begin(), seconds.end());
  return amount / seconds[seconds.size() / 2];
}

// Products of numbers a second, byte by byte or in pairs of bfloat16, on registers.
double integer_peak() {
  using words = simd::words<native_arch>;
  auto x = words::broadcast(0x01010101);
  return per_second(20000.0 * 12 * 64, [&] {
    simd::integers<native_arch> sum[12];
    for (auto& s : sum) s = simd::integers<native_arch>::broadcast(0);
    for (int i = 0; i < 20000; ++i) {
      for (auto& part : x.part) simd::detail::keep_apart<native_arch>(part.data);
      for (auto& s : sum) s = simd::dot4(s, x, x);
    }
    benchmark::DoNotOptimize(sum);
  });
}
double bfloat16_peak() {
  using words = simd::words<native_arch>;
  auto x = words::broadcast(0x3F803F80);
  return per_second(20000.0 * 12 * 32, [&] {
    simd::floats<native_arch> sum[12];
    for (auto& s : sum) s = simd::floats<native_arch>::broadcast(0.0f);
    for (int i = 0; i < 20000; ++i) {
      for (auto& part : x.part) simd::detail::keep_apart<native_arch>(part.data);
      for (auto& s : sum) s = simd::dot2<native_arch>(s, x, x);
    }
    benchmark::DoNotOptimize(sum);
  });
}
double read_peak(std::size_t bytes) {
  auto const* const from = memory::shared().codes.data();
  return per_second(static_cast<double>(bytes), [&] {
    auto sum = simd::words<native_arch>::broadcast(0);
    for (std::size_t i = 0; i + 64 <= bytes; i += 64) sum = sum ^ simd::load_words<native_arch>(from + i);
    benchmark::DoNotOptimize(sum);
  });
}

// Packed rows of n numbers in memory of their own: 32 different ones, again and again.
template <class Codec>
struct table {
  static constexpr std::size_t planes_of_row = Codec::plane_count;
  Codec codec;
  std::size_t n;
  std::size_t each;
  std::vector<std::byte> bytes;
  packed_matrix<planes_of_row> matrix;

  table(Codec const& c, std::size_t rows, std::size_t size, std::size_t seed = 0)
      : codec{c}, n{size}, each{total_bytes(c.plane_bytes(size))}, bytes(rows * each) {
    auto const& m = memory::shared();
    for (std::size_t r = 0; r < rows; ++r) {
      planes<std::byte, planes_of_row> to;
      static_cast<void>(planar(codec, n, std::span{bytes}.subspan(r * each, each), to));
      if (r < 32)
        static_cast<void>(codec.encode(std::span<float const>{m.values}.subspan((seed + r) * n, n), to));
      else
        std::memcpy(bytes.data() + r * each, bytes.data() + r % 32 * each, each);
    }
    matrix.rows = rows;
    matrix.pitch.fill(each);
    static_cast<void>(planar(codec, n, std::span<std::byte const>{bytes}.first(each), matrix.first));
    for (auto& p : matrix.first.parts) p.size += (rows - 1) * each;
  }
};

// Is y(t, r) about the product of vector t with row r?
template <class Codec>
bool right(table<Codec> const& w, float y, std::size_t r, float const* x, double tolerance) {
  std::vector<float> row(w.n);
  if (!w.codec.decode(w.matrix.row(r), std::span{row})) return false;
  double sum = 0;
  double size = 0;
  for (std::size_t i = 0; i < w.n; ++i) {
    auto const product = static_cast<double>(row[i]) * static_cast<double>(x[i]);
    sum += product;
    size += std::fabs(product);
  }
  return std::fabs(static_cast<double>(y) - sum) <= tolerance * size;
}

template <class Run>
void measure_products(benchmark::State& state, double products, std::size_t bytes, double peak_of_products, Run run) {
  bool good = true;
  for (auto _ : state) {
    good &= static_cast<bool>(run());
    benchmark::ClobberMemory();
  }
  if (!good) return state.SkipWithError("refused while timed");
  auto const times = static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(times * products));
  state.SetBytesProcessed(static_cast<std::int64_t>(times * static_cast<double>(bytes)));
  state.counters["fraction_of_ceiling"] = benchmark::Counter(times * products / peak_of_products, benchmark::Counter::kIsRate);
}

template <class F>
void add(std::string const& name, F f) {
  for (auto const& [size, bytes] : {std::pair{"l2", std::size_t{1} << 19}, std::pair{"ram", std::size_t{1} << 26}})
    benchmark::RegisterBenchmark((name + '/' + size).c_str(), [=](benchmark::State& state) { f(state, bytes); })
        ->MinTime(0.1)
        ->UseRealTime();
}

template <bool Bytes, class Codec>
void add_interleaved(std::string const& format, Codec const& codec) {
  add("matmul32/" + format + (Bytes ? ":interleaved" : ":bf16"), [=](benchmark::State& state, std::size_t bytes) {
    auto const rows = std::min<std::size_t>(bytes / total_bytes(codec.plane_bytes(row_floats)), 4096);
    table<Codec> const plain{codec, rows, row_floats};
    auto const layout = *interleaved_rows<Codec>::make(codec, rows, row_floats);
    std::array<std::vector<std::byte>, Codec::plane_count> packed;
    planes<std::byte, Codec::plane_count> to;
    for (std::size_t i = 0; i < packed.size(); ++i) {
      packed[i].resize(layout.plane_bytes()[i]);
      to[i] = {packed[i].data(), packed[i].size(), 0};
    }
    if (!layout.pack(plain.matrix, to)) return state.SkipWithError("refused");
    auto const* const x = memory::shared().values.data() + 100 * row_floats;
    matrix_view<float const> const of_vectors{x, vectors, row_floats};
    std::vector<std::byte> scratch(2 * interleaved_vectors_bytes(vectors, row_floats));
    std::vector<float> y(vectors * rows);
    matrix_view<float> const out{y.data(), vectors, rows};
    auto const run = [&](auto const& q, double peak) {
      if (!q || !interleaved_product(layout, to, *q, out) || !right(plain, y[rows - 1], rows - 1, x, Bytes ? 3e-3 : 1e-2))
        return state.SkipWithError("wrong product");
      measure_products(state, static_cast<double>(rows * row_floats * vectors), rows * plain.each, peak,
                       [&] { return interleaved_product(layout, to, *q, out); });
    };
    if constexpr (Bytes)
      run(interleave_floats(codec, of_vectors, activation_scale::per_block, workspace{scratch}), integer_peak());
    else
      run(interleave_bfloat16(codec, of_vectors, workspace{scratch}), bfloat16_peak());
  });
}

template <class A, class B>
void add_two_packed(std::string const& format, A const& a, B const& b) {
  add("product32/" + format, [=](benchmark::State& state, std::size_t bytes) {
    auto const rows = std::min<std::size_t>(bytes / total_bytes(b.plane_bytes(row_floats)), 4096);
    table<A> const left{a, vectors, row_floats, 100};
    table<B> const weights{b, rows, row_floats};
    std::vector<std::byte> scratch(packed_product_bytes(a, b, row_floats));
    std::vector<float> y(vectors * rows);
    auto const run = [&] {
      return packed_product(a, left.matrix, b, weights.matrix, row_floats, {y.data(), vectors, rows}, workspace{scratch});
    };
    std::vector<float> x(row_floats);
    if (!run() || !a.decode(left.matrix.row(0), std::span{x}) || !right(weights, y[rows - 1], rows - 1, x.data(), 1e-4))
      return state.SkipWithError("wrong product");
    measure_products(state, static_cast<double>(rows * row_floats * vectors), rows * weights.each, integer_peak(), run);
  });
}

void add_experts() {
  add("experts/nvfp4", [](benchmark::State& state, std::size_t bytes) {
    nvfp4 const codec{16, *nvfp4_scheme::make(largest_value)};
    auto const rows = std::min<std::size_t>(bytes / 8 / total_bytes(codec.plane_bytes(row_floats)), 4096);
    std::vector<table<nvfp4>> weights;
    for (std::size_t e = 0; e < 8; ++e) weights.emplace_back(codec, rows, row_floats, 32 * e);
    std::vector<expert<nvfp4>> experts;
    for (auto const& w : weights) experts.push_back({codec, w.matrix});
    auto const each = codec.int8_query_bytes(row_floats);
    std::vector<std::byte> scratch(vectors * each);
    std::vector<int8_query> tokens;
    for (std::size_t t = 0; t < vectors; ++t)
      tokens.push_back(
          *codec.prepare_int8(std::span<float const>{memory::shared().values}.subspan((300 + t) * row_floats, row_floats),
                              activation_scale::per_block, workspace{std::span{scratch}.subspan(t * each, each)}));
    std::vector<std::size_t> const offsets{0, 4, 8, 12, 16, 20, 24, 28, 32};
    std::vector<float> y(vectors * rows);
    auto const run = [&] {
      return expert_products(std::span<expert<nvfp4> const>{experts}, std::span<std::size_t const>{offsets},
                             std::span<int8_query const>{tokens}, {y.data(), vectors, rows});
    };
    if (!run() || !right(weights[1], y[4 * rows + 5], 5, memory::shared().values.data() + 304 * row_floats, 3e-3))
      return state.SkipWithError("wrong product");
    measure_products(state, static_cast<double>(rows * row_floats * vectors), 8 * rows * weights[0].each, integer_peak(), run);
  });
}

template <class Codec>
void add_gather(std::string const& format, Codec const& codec) {
  constexpr std::size_t n = 1024;
  constexpr std::size_t count = 4096;
  auto const rows_of = [=](std::size_t bytes) { return bytes / total_bytes(codec.plane_bytes(n)); };
  auto const indices_below = [](std::size_t rows) {
    std::minstd_rand random{1};
    std::vector<std::uint32_t> at(count);
    for (auto& i : at) i = static_cast<std::uint32_t>(random() % rows);
    return at;
  };
  auto const finish = [=](benchmark::State& state, table<Codec> const& t, auto run) {
    auto const bytes = count * (t.each + n * sizeof(float));
    measure_products(
        state, static_cast<double>(count * n), bytes,
        read_peak(std::min(t.bytes.size(), std::size_t{1} << 26)) * static_cast<double>(count * n) / static_cast<double>(bytes),
        run);
  };
  add("gather/" + format, [=](benchmark::State& state, std::size_t bytes) {
    table<Codec> const t{codec, rows_of(bytes), n};
    auto const at = indices_below(t.matrix.rows);
    matrix_view<float> const out{memory::shared().restored.data(), count, n};
    finish(state, t, [&] { return gather_rows(codec, t.matrix, std::span<std::uint32_t const>{at}, out); });
  });
  add("bag/" + format, [=](benchmark::State& state, std::size_t bytes) {
    table<Codec> const t{codec, rows_of(bytes), n};
    auto const at = indices_below(t.matrix.rows);
    std::vector<std::size_t> offsets(count / 32 + 1);
    for (std::size_t b = 0; b < offsets.size(); ++b) offsets[b] = 32 * b;
    std::vector<std::byte> scratch(pool_bags_bytes(codec, n));
    matrix_view<float> const out{memory::shared().restored.data(), count / 32, n};
    finish(state, t, [&] {
      return pool_bags(codec, t.matrix, std::span<std::uint32_t const>{at}, std::span<std::size_t const>{offsets},
                       bag_pooling::mean, {}, out, workspace{scratch});
    });
  });
}

[[maybe_unused]] bool const registered = [] {
  nvfp4 const of_nvfp4{16, *nvfp4_scheme::make(largest_value)};
  add_interleaved<true>("int4_g32", absmax<int4>{32});
  add_interleaved<true>("int8_g32", absmax<int8>{32});
  add_interleaved<true>("uint4_g32", affine_int<4>{32});
  add_interleaved<true>("mxfp4", mx<e2m1>{32});
  add_interleaved<true>("nvfp4", of_nvfp4);
  add_interleaved<false>("e4m3fn_g128", absmax<e4m3fn>{128});
  add_interleaved<false>("nf4_g64", absmax<nf4>{64});
  add_two_packed("int8_row_x_int8_row", absmax<int8>{0}, absmax<int8>{0});
  add_two_packed("int4_g32_x_int4_g32", absmax<int4>{32}, absmax<int4>{32});
  add_two_packed("mxfp4_x_mxfp4", mx<e2m1>{32}, mx<e2m1>{32});
  add_two_packed("nvfp4_x_nvfp4", of_nvfp4, of_nvfp4);
  add_two_packed("e4m3fn_row_x_e4m3fn_g128", absmax<e4m3fn>{0}, absmax<e4m3fn>{128});
  add_experts();
  add_gather("int8_g32", absmax<int8>{32});
  add_gather("int4_g32", absmax<int4>{32});
  return true;
}();

}  // namespace
}  // namespace skive::bench
