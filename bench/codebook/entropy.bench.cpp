// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Entropy coding: lossless bfloat16 rows, and entropy-coded indices, there and back.
#include "skive/codebook/entropy_coded.hpp"
#include "skive/codebook/lossless_bfloat16.hpp"
#include "skive/core/random.hpp"
#include "support/measure.hpp"

#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {
namespace {

std::vector<float> gaussian_numbers() {
  std::vector<float> x(row_floats);
  counter_random{11, 1}.fill_gaussian(x);
  return x;
}

void finish(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(row_floats));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// Bytes are those of the bfloat16 numbers.
void decode_lossless(benchmark::State& state) {
  std::vector<bfloat16> row(row_floats);
  auto const x = gaussian_numbers();
  for (std::size_t i = 0; i < row_floats; ++i) row[i] = bfloat16::from(0.02f * x[i]);
  std::vector<std::uint64_t> counts(256);
  lossless_bfloat16::count(row, std::span<std::uint64_t, 256>{counts});
  auto const code = *prefix_code::make(std::span<std::uint64_t const, 256>{counts});
  lossless_bfloat16 const codec{code};
  std::vector<std::byte> memory(codec.max_bytes(row_floats));
  std::vector<std::byte> scratch(codec.scratch_bytes(row_floats));
  std::vector<bfloat16> back(row_floats);
  if (!codec.encode(row, std::span{memory}) || !codec.decode(memory, std::span{back}, workspace{scratch}) ||
      std::memcmp(row.data(), back.data(), 2 * row_floats) != 0)
    return state.SkipWithError("wrong numbers");
  for (auto _ : state) {
    benchmark::DoNotOptimize(codec.decode(memory, std::span{back}, workspace{scratch}));
    benchmark::ClobberMemory();
  }
  finish(state, 2 * row_floats);
}

template <bool Encode>
void code_indices(benchmark::State& state) {
  auto const x = gaussian_numbers();
  std::vector<std::uint64_t> counts(256);
  static_cast<void>(entropy_coded::count(0.5f, x, std::span<std::uint64_t, 256>{counts}));
  auto const table = *rans_table::make(counts);
  auto const codec = *entropy_coded::make(0.5f, 0.02f, table);
  std::vector<std::byte> memory(codec.max_bytes(row_floats));
  std::vector<std::byte> scratch(codec.scratch_bytes(row_floats));
  std::vector<float> y(row_floats);
  if (!codec.encode(x, std::span{memory}, workspace{scratch}) || !codec.decode(memory, std::span{y}, workspace{scratch}) ||
      !(relative_error(x, y) < 0.2))
    return state.SkipWithError("wrong numbers");
  for (auto _ : state) {
    if (Encode) benchmark::DoNotOptimize(codec.encode(x, std::span{memory}, workspace{scratch}));
    if (!Encode) benchmark::DoNotOptimize(codec.decode(memory, std::span{y}, workspace{scratch}));
    benchmark::ClobberMemory();
  }
  finish(state, sizeof(float) * row_floats);
}

[[maybe_unused]] bool const registered = [] {
  benchmark::RegisterBenchmark("decode/lossless_bfloat16/row", decode_lossless)->MinTime(0.1);
  benchmark::RegisterBenchmark("encode/entropy_coded/row", code_indices<true>)->MinTime(0.1);
  benchmark::RegisterBenchmark("decode/entropy_coded/row", code_indices<false>)->MinTime(0.1);
  return true;
}();

}  // namespace
}  // namespace skive::bench
