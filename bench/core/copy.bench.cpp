// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ceilings: memcpy (reads and writes the floats), and a sum that only reads them, vectorised for the target the compiler is
// given (a plain x86-64 build stays below what the machine's wider loads reach from l1).
#include "support/measure.hpp"

#include <bit>

namespace skive::bench {
namespace {

void copy(benchmark::State& state, std::size_t floats) {
  auto& m = memory::shared();
  std::memcpy(m.restored.data(), m.values.data(), floats * sizeof(float));
  if (!std::equal(m.values.begin(), m.values.begin() + static_cast<std::ptrdiff_t>(floats), m.restored.begin()))
    return state.SkipWithError("the copy differs");
  for (auto _ : state) {
    std::memcpy(m.restored.data(), m.values.data(), floats * sizeof(float));
    benchmark::ClobberMemory();
  }
  count(state, floats, 2 * floats * sizeof(float));
}

// Integer sums over four quarters, so that no addition waits for the one before; compilers vectorise each.
std::uint32_t sum_of_bits(std::span<float const> values) {
  auto const quarter = values.size() / 4;
  auto const* const p = values.data();
  std::array<std::uint32_t, 4> sums{};
  for (std::size_t i = 0; i < quarter; ++i)
    for (std::size_t j = 0; j < 4; ++j) sums[j] += std::bit_cast<std::uint32_t>(p[i + j * quarter]);
  return sums[0] + sums[1] + sums[2] + sums[3];
}

void read(benchmark::State& state, std::size_t floats) {
  auto const values = std::span<float const>{memory::shared().values}.first(floats);
  std::uint32_t expected = 0;
  for (float const x : values) expected += std::bit_cast<std::uint32_t>(x);
  std::uint32_t sum = expected;
  for (auto _ : state) {
    sum = sum_of_bits(values);
    benchmark::DoNotOptimize(sum);
    benchmark::ClobberMemory();
  }
  if (sum != expected) return state.SkipWithError("the sum differs");
  count(state, floats, floats * sizeof(float));
}

[[maybe_unused]] bool const registered = [] {
  for (auto const& size : sizes) {
    auto const add = [&](std::string const& name, auto run) {
      benchmark::RegisterBenchmark((name + size.name).c_str(), run, size.floats)->MinTime(0.05);
    };
    add("copy/memcpy/", copy);
    add("copy/read/", read);
  }
  return true;
}();

}  // namespace
}  // namespace skive::bench
