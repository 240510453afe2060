// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points of lattices: nearest points of rows, encoding, and products of packed rows with a vector of bytes.
#include "skive/codebook/binary_lattices.hpp"
#include "skive/codebook/e8_points.hpp"
#include "skive/codebook/eisenstein_lattices.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/lattice_lanes.hpp"
#include "skive/codebook/leech.hpp"
#include "skive/codebook/nested_e8.hpp"
#include "skive/codebook/pyramid_codec.hpp"
#include "skive/core/random.hpp"
#include "skive/kernel/matrix_vector.hpp"
#include "support/measure.hpp"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {
namespace {

std::vector<float> gaussian_numbers(std::uint64_t stream) {
  std::vector<float> x(row_floats);
  counter_random{11, stream}.fill_gaussian(x);
  return x;
}

// Rows of 3840 numbers: whole points of lattices of 4, 6, 8, 12, 16 and 24 coordinates.
template <class Nearest>
void nearest_rows(benchmark::State& state, Nearest nearest) {
  auto x = gaussian_numbers(1);
  x.resize(3840);
  for (auto& v : x) v *= 8.0f;
  std::vector<float> y(x.size());
  for (auto _ : state) {
    if (!nearest(std::span<float const>{x}, std::span{y})) return state.SkipWithError("refused");
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(x.size()));
}

template <class Lattice>
void nearest_of(benchmark::State& state, Lattice const& lattice) {
  nearest_rows(state, [&lattice](auto x, auto y) { return nearest_points(lattice, x, y); });
}

template <class Codec>
void encode_row(benchmark::State& state) {
  Codec const codec;
  auto const x = gaussian_numbers(1);
  std::vector<float> y(x.size());
  std::vector<std::byte> memory(total_bytes(codec.plane_bytes(row_floats)));
  planes<std::byte, Codec::plane_count> to;
  static_cast<void>(planar(codec, row_floats, std::span{memory}, to));
  if (!codec.encode(std::span<float const>{x}, to) ||
      !codec.decode(planes<std::byte const, Codec::plane_count>(to), std::span{y}) || !(relative_error(x, y) < 0.6))
    return state.SkipWithError("wrong numbers");
  for (auto _ : state) {
    static_cast<void>(codec.encode(std::span<float const>{x}, to));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(row_floats));
}

template <std::size_t Bytes>
void multiply_e8p(benchmark::State& state) {
  lattice_codec<e8p> const codec;
  auto const each = total_bytes(codec.plane_bytes(row_floats));
  auto const rows = Bytes / each;
  std::vector<std::byte> memory(rows * each);
  packed_matrix<2> m;
  m.rows = rows;
  m.pitch.fill(each);
  static_cast<void>(planar(codec, row_floats, std::span<std::byte const>{memory}.first(each), m.first));
  for (auto& p : m.first.parts) p.size += (rows - 1) * each;
  for (std::size_t r = 0; r < rows; ++r) {
    planes<std::byte, 2> to;
    static_cast<void>(planar(codec, row_floats, std::span{memory}.subspan(r * each, each), to));
    if (r == 0) static_cast<void>(codec.encode(std::span<float const>{gaussian_numbers(1)}, to));
    if (r > 0) std::memcpy(memory.data() + r * each, memory.data(), each);
  }
  auto const x = gaussian_numbers(2);
  std::vector<std::byte> scratch(codec.int8_query_bytes(row_floats, activation_scale::per_token));
  auto const q = codec.prepare_int8(x, activation_scale::per_token, workspace{scratch});
  std::vector<float> y(rows);
  if (!q || !matrix_vector(codec, m, *q, std::span{y})) return state.SkipWithError("refused");
  for (auto _ : state) {
    static_cast<void>(matrix_vector(codec, m, *q, std::span{y}));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows * row_floats));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(rows * each));
}

[[maybe_unused]] bool const registered = [] {
  auto const add = [](char const* name, auto run) { benchmark::RegisterBenchmark(name, run)->MinTime(0.1); };
  add("nearest/e8/row", [](benchmark::State& s) { nearest_rows(s, [](auto x, auto y) { return nearest_e8(x, y); }); });
  add("nearest/leech/row", [](benchmark::State& s) { nearest_rows(s, [](auto x, auto y) { return nearest_leech(x, y); }); });
  add("nearest/a3/row", [](benchmark::State& s) { nearest_of(s, simplex_lattice{3}); });
  add("nearest/d8/row", [](benchmark::State& s) { nearest_of(s, checkerboard_lattice{8}); });
  add("nearest/d12+/row", [](benchmark::State& s) { nearest_of(s, diamond_lattice{12}); });
  add("nearest/e6/row", [](benchmark::State& s) { nearest_of(s, e6_lattice{}); });
  add("nearest/k12/row", [](benchmark::State& s) { nearest_of(s, k12_lattice{}); });
  add("nearest/bw16/row", [](benchmark::State& s) { nearest_of(s, bw16_lattice{}); });
  add("encode/e8p/row", encode_row<lattice_codec<e8p>>);
  add("encode/e8_1b/row", encode_row<lattice_codec<e8_1b>>);
  add("encode/e8_3b/row", encode_row<lattice_codec<e8_3b>>);
  add("encode/e8_4b/row", encode_row<lattice_codec<e8_4b>>);
  add("encode/nest14/row", encode_row<lattice_codec<nest14>>);
  add("encode/pvq_n32_k22/row", encode_row<pvq_n32_k22>);
  add("dot/e8p/l2", multiply_e8p<(std::size_t{1} << 19)>);
  add("dot/e8p/ram", multiply_e8p<(std::size_t{1} << 26)>);
  return true;
}();

}  // namespace
}  // namespace skive::bench
