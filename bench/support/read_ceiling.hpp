// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/read_ceiling.hpp - how fast a loop reads given memory: the ceiling of products with packed data.

#include "skive/simd/sixteen.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <benchmark/benchmark.h>

namespace skive::bench {

/// The median of several measurements of 8 MiB or one pass each.
inline double bytes_read_per_second(std::span<std::byte const> memory) {
  using words = simd::words<native_arch>;
  auto const passes = std::max<std::size_t>(1, (std::size_t{1} << 23) / memory.size());
  std::array<double, 15> seconds{};
  for (double& s : seconds) {
    auto const start = std::chrono::steady_clock::now();
    words sum[4];
    for (auto& w : sum) w = words::broadcast(0);
    for (std::size_t p = 0; p < passes; ++p)
      for (std::size_t i = 0; i + 256 <= memory.size(); i += 256)
        for (std::size_t k = 0; k < 4; ++k)
          sum[k] = sum[k] ^ words::load(reinterpret_cast<std::uint32_t const*>(memory.data() + i + 64 * k));
    benchmark::DoNotOptimize(sum);
    s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::sort(seconds.begin(), seconds.end());
  return static_cast<double>(passes * memory.size()) / seconds[seconds.size() / 2];
}

}  // namespace skive::bench
