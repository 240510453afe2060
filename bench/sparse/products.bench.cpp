// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix-vector products of sparse rows of 4096 weights next to dense ones of the same values: an element is a weight, kept or
// not. active50: columns of 16-bit weights, half of the inputs active; csr10: a tenth of the weights in 16-bit columns and
// values.
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/stored_as.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kernel/matrix_vector.hpp"
#include "skive/sparse/csr.hpp"
#include "skive/sparse/sparse_activations.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

struct row_count {
  char const* name;
  std::size_t rows;
};
constexpr row_count row_counts[]{{"l2", 64}, {"ram", 32768}};

std::span<float const> vector() { return std::span<float const>{memory::shared().values}.subspan(100 * row_floats, row_floats); }

// step(y) multiplies all rows; reference(r): the product of row r, in double. bytes: what is read.
template <class Step, class Reference>
void run(benchmark::State& state, std::size_t rows, std::size_t bytes, Step step, Reference reference, double bound = 1e-3) {
  std::vector<float> y(rows);
  if (!step(std::span{y})) return state.SkipWithError("refused");
  for (std::size_t r = 0; r < rows; r += rows / 4)
    if (auto const expected = reference(r);
        !(std::fabs(static_cast<double>(y[r]) - expected) <= bound * (1 + std::fabs(expected))))
      return state.SkipWithError("wrong product");
  for (auto _ : state) {
    benchmark::DoNotOptimize(step(std::span{y}));
    benchmark::ClobberMemory();
  }
  auto const times = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(times * static_cast<std::int64_t>(rows * row_floats));
  state.SetBytesProcessed(times * static_cast<std::int64_t>(bytes));
}

// Rows: 32 different ones, again and again.
enum class vector_of : std::uint8_t { floats, bytes };

template <vector_of Kind, class Codec>
void packed_product(benchmark::State& state, Codec const& codec, std::size_t rows) {
  auto& m = memory::shared();
  auto const each = total_bytes(codec.plane_bytes(row_floats));
  std::vector<std::byte> codes(rows * each);
  std::vector<std::byte> scratch(codec.scratch_bytes(row_floats));
  for (std::size_t r = 0; r < rows; ++r) {
    planes<std::byte, Codec::plane_count> to;
    auto const row = std::span<float const>{m.values}.subspan(r % 32 * row_floats, row_floats);
    if (r >= 32)
      std::memcpy(codes.data() + r * each, codes.data() + r % 32 * each, each);
    else if (!planar(codec, row_floats, std::span{codes}.subspan(r * each, each), to) ||
             !codec.encode(row, to, workspace{scratch}))
      return state.SkipWithError("refused");
  }
  packed_matrix<Codec::plane_count> matrix;
  matrix.rows = rows;
  matrix.pitch.fill(each);
  if (!planar(codec, row_floats, std::span<std::byte const>{codes}.first(each), matrix.first))
    return state.SkipWithError("refused");
  for (auto& p : matrix.first.parts) p.size += (rows - 1) * each;
  std::vector<std::byte> query_memory(1 << 16);
  auto const query = [&] {
    if constexpr (Kind == vector_of::bytes)
      return codec.prepare_int8(vector(), activation_scale::per_block, workspace{query_memory});
    else
      return codec.prepare(vector());
  }();
  if (!query) return state.SkipWithError("refused");
  auto const reference = [&](std::size_t r) {
    std::vector<float> w(row_floats);
    double sum = 0;
    if (!codec.decode(matrix.row(r), std::span{w}, workspace{scratch})) return std::nan("");
    for (std::size_t i = 0; i < row_floats; ++i) sum += static_cast<double>(w[i]) * static_cast<double>(vector()[i]);
    return sum;
  };
  run(
      state, rows, rows * each, [&](std::span<float> y) { return static_cast<bool>(matrix_vector(codec, matrix, *query, y)); },
      reference, Kind == vector_of::bytes ? 0.5 : 1e-3);
}

void csr_product(benchmark::State& state, std::size_t rows) {
  std::vector<std::uint32_t> starts{0};
  std::vector<std::uint16_t> columns;
  std::vector<float16> values;
  std::minstd_rand random{1};
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = random() / 16 % 20; c < row_floats; c += 1 + random() / 16 % 19) {
      columns.push_back(static_cast<std::uint16_t>(c));
      values.push_back(float16::from(memory::shared().values[columns.size() % (1U << 20)]));
    }
    starts.push_back(static_cast<std::uint32_t>(columns.size()));
  }
  auto const matrix = csr_matrix<std::uint16_t, float16>::make(starts, columns, values, row_floats);
  if (!matrix) return state.SkipWithError("refused");
  auto const reference = [&](std::size_t r) {
    double sum = 0;
    for (auto k = starts[r]; k < starts[r + 1]; ++k)
      sum += static_cast<double>(float16::decode(values[k].code)) * static_cast<double>(vector()[columns[k]]);
    return sum;
  };
  run(
      state, rows, columns.size() * 4, [&](std::span<float> y) { return static_cast<bool>(matrix->multiply(vector(), y)); },
      reference);
}

// `outputs` rows of y, 4096 inputs.
void active_product(benchmark::State& state, std::size_t outputs) {
  std::vector<float16> weights(row_floats * outputs);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = float16::from(memory::shared().values[i % (1U << 20)]);
  matrix_view<float16 const> const columns{weights.data(), row_floats, outputs};
  std::vector<std::uint32_t> active(row_floats);
  auto const count = select_active(vector(), *select_threshold(vector(), 0.5f), active);
  active.resize(*count);
  auto const reference = [&](std::size_t r) {
    double sum = 0;
    for (auto const j : active)
      sum += static_cast<double>(float16::decode(columns(j, r).code)) * static_cast<double>(vector()[j]);
    return sum;
  };
  run(
      state, outputs, active.size() * outputs * 2,
      [&](std::span<float> y) { return static_cast<bool>(multiply_active(columns, vector(), active, y)); }, reference);
}

template <class Product>
void add(std::string const& format, Product product) {
  for (auto const& size : row_counts)
    benchmark::RegisterBenchmark(("matvec/" + format + '/' + size.name).c_str(), [=](benchmark::State& state) {
      product(state, size.rows);
    })->MinTime(0.1);
}
template <class Codec>
void add_codec(std::string const& format, Codec const& codec) {
  add(format, [codec](benchmark::State& state, std::size_t rows) { packed_product<vector_of::floats>(state, codec, rows); });
}
// The vector as bytes, a scale for 32 of its numbers that count.
template <class Codec>
void add_bytes(std::string const& format, Codec const& codec) {
  add(format + ":int8",
      [codec](benchmark::State& state, std::size_t rows) { packed_product<vector_of::bytes>(state, codec, rows); });
}

[[maybe_unused]] bool const registered = [] {
  add_codec("float16", stored_as<float16>{});
  add_codec("int8_g32:f32", absmax<int8>{32});
  add_codec("e4m3fn_g128", absmax<e4m3fn>{128});
  add_codec("int4_g32:f32", absmax<int4>{32});
  add_bytes("int8_g32:f32", absmax<int8>{32});
  add_bytes("int4_g32:f32", absmax<int4>{32});
  add_bytes("2:4+int8_g32:f32", sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}});
  add_bytes("2:4+int4_g32:f32", sparse_codec{n_of_m<2, 4>{}, absmax<int4>{32}});
  add_codec("2:4+float16", sparse_codec{n_of_m<2, 4>{}, stored_as<float16>{}});
  add_codec("mask50+float16", masked_codec{top_fraction{0.5f}, stored_as<float16>{}});
  add_codec("2:4+int8_g32:f32", sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}});
  add_codec("2:4+e4m3fn_g128", sparse_codec{n_of_m<2, 4>{}, absmax<e4m3fn>{128}});
  add_codec("2:4+int4_g32:f32", sparse_codec{n_of_m<2, 4>{}, absmax<int4>{32}});
  add("csr10+float16", csr_product);
  add("active50+float16", active_product);
  return true;
}();

}  // namespace
}  // namespace skive::bench
