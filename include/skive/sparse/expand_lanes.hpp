// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/expand_lanes.hpp - numbers side by side back at the places that positions or a mask name, zeros elsewhere.
///
///   spread_kept(values, positions, row)     undoes gather_at          spread_masked(values, mask, row)     undoes gather_kept
///
/// With VBMI2 numbers of 1 and 2 bytes go as they are; elsewhere they are widened to 32 bits in pieces of 256.
///
/// Model of : -
/// Cost     : 64 entries: their mask (sparse/mask_reader.hpp), and simd/compress.hpp or simd/spread.hpp; 2:4 with VBMI: simd/spread.hpp.
/// Promise  : exactly the values and numbers named are touched, whatever the positions are.
/// Source   : -

#include "skive/simd/compress.hpp"
#include "skive/simd/spread.hpp"
#include "skive/sparse/mask_reader.hpp"
#include "skive/sparse/raw_lanes.hpp"

namespace skive::detail {

/// One register of entries, of which N are kept.
template <std::size_t N, class Arch, class T>
[[gnu::always_inline]] inline void spread_register(T const* values, std::uint64_t mask, T* to) noexcept {
  if constexpr (sizeof(T) == 4)
    store_raw<Arch>(simd::expand_load<Arch>(reinterpret_cast<float const*>(values), static_cast<std::uint32_t>(mask & 0xFFFF), N),
                    to);
  else if constexpr (simd::has_masked_spread<Arch>)
    simd::spread_masked<sizeof(T), N, Arch>(reinterpret_cast<std::byte const*>(values), mask, reinterpret_cast<std::byte*>(to));
}

/// Entries done by whole steps; false in `good` where a code is none.
template <int N, int M, position_layout Layout, class Arch, class T>
std::size_t spread_steps(T const* values, std::span<std::byte const> positions, std::span<T> row, bool& good) noexcept {
  constexpr auto entries = step_entries<N, M>;
  constexpr auto per_step = step_values<N, M>;
  constexpr std::size_t steps = 256 / entries;  // of a piece
  [[maybe_unused]] alignas(64) float wide[sizeof(T) == 4 ? 16 : steps * per_step + 16];
  std::size_t i = 0;
  int wrong = 0;
  if constexpr (N == 2 && M == 4 && Layout == position_layout::combinadic && simd::has_spreader<Arch>) {
    simd::spreader_2_of_4<Arch> spreader;
    auto const readable = positions.size() < 8 ? 0 : (positions.size() - 8) / 6 + 1;  // each reads 2 bytes more than it takes
    auto const whole = row.size() / 64 < readable ? row.size() / 64 : readable;
    for (std::size_t k = 0; k < whole; ++k)
      spreader.template spread<sizeof(T)>(reinterpret_cast<std::byte const*>(values + 32 * k), positions.data() + 6 * k,
                                          reinterpret_cast<std::byte*>(row.data() + 64 * k));
    good = good && !spreader.met_wrong_code();
    i = 64 * whole;
    values += 32 * whole;
  }
  if constexpr (constexpr std::size_t lanes = 64 / sizeof(T);
                lanes % M == 0 && (sizeof(T) == 4 || simd::has_masked_spread<Arch>)) {
    mask_reader<N, M, Layout, Arch> masks{positions};
    if constexpr (requires(std::uint64_t* m) { masks.of_many(i, i, m); }) {
      constexpr std::size_t piece = 4096;  // entries whose masks are made first
      alignas(64) std::uint64_t mask[piece / 64];
      for (std::size_t now; (now = (row.size() - i < piece ? row.size() - i : piece) / 512 * 512) != 0; i += now) {
        masks.of_many(i, now, mask);
        for (std::size_t e = 0; e < now; e += 512)
#pragma GCC unroll 8
          for (std::size_t w = e; w < e + 512; w += 64, values += 64 / M * N)
            for (std::size_t k = 0; k < 64; k += lanes)
              spread_register<lanes / M * N, Arch>(values + k / M * N, mask[w / 64] >> k, row.data() + i + w + k);
      }
      good = good && masks.good();
    }
    for (; i + 64 <= row.size(); i += 64, values += 64 / M * N) {
      auto const mask = masks.of_64(i);
      wrong |= std::popcount(mask) - 64 / M * N;
      for (std::size_t k = 0; k < 64; k += lanes)
        spread_register<lanes / M * N, Arch>(values + k / M * N, mask >> k, row.data() + i + k);
    }
  }
  while (i + entries <= row.size()) {
    auto const left = (row.size() - i) / entries;
    auto const now = left < steps ? left : steps;
    float const* from = wide;
    if constexpr (sizeof(T) == 4) {
      from = reinterpret_cast<float const*>(values);
    } else {
      std::size_t k = 0;
      for (; k + 16 <= now * per_step; k += 16) load_raw<Arch>(values + k).store(wide + k);
      for (; k < now * per_step; ++k) {
        std::uint32_t word = 0;
        if constexpr (sizeof(T) == 2) word = std::bit_cast<std::uint16_t>(values[k]);
        if constexpr (sizeof(T) == 1) word = std::bit_cast<std::uint8_t>(values[k]);
        wide[k] = std::bit_cast<float>(word);
      }
    }
    for (std::size_t s = 0; s < now; ++s, i += entries, from += per_step) {
      auto const mask = lane_mask<N, M, Layout, Arch>(positions, i);
      wrong |= std::popcount(mask) - static_cast<int>(per_step);
      if constexpr (entries == 16) {
        store_raw<Arch>(simd::expand_load<Arch>(from, mask, per_step), row.data() + i);
      } else {
        auto const first = static_cast<std::size_t>(std::popcount(mask & 0xFFFF));
        auto const second = static_cast<std::size_t>(std::popcount(mask >> 16));
        store_raw<Arch>(simd::expand_load<Arch>(from, mask & 0xFFFF, first), row.data() + i);
        store_raw<Arch>(simd::expand_load<Arch>(from + first, mask >> 16, second), row.data() + i + 16);
      }
    }
    values += now * per_step;
  }
  good = good && wrong == 0;
  return i;
}

/// Kept numbers at their places, zeros elsewhere. Are all codes good?
template <int N, int M, position_layout Layout, class Arch, class T>
constexpr bool spread_kept(T const* values, std::span<std::byte const> positions, std::span<T> row) noexcept {
  bool good = true;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch> && fits_lanes<M> && has_lanes<T>)
    if (!std::is_constant_evaluated()) i = spread_steps<N, M, Layout, Arch>(values, positions, row, good);
  auto const* from = values + i / M * N;
  for (; i < row.size(); i += M) {
    auto const mask = group_mask<N, M, Layout, Arch>(positions, i / M);
    good = good && mask != 0;
    for (std::size_t k = 0; k < M; ++k) row[i + k] = (mask >> k & 1) != 0 ? *from++ : T{};
    if (mask == 0) from += N;
  }
  return good;
}

/// Kept numbers at their places, zeros elsewhere.
template <class Arch>
constexpr void spread_masked(float const* values, std::span<std::byte const> mask, std::span<float> row) noexcept {
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated())
      for (; i + 16 <= row.size(); i += 16) {
        auto const bits = std::to_integer<std::uint32_t>(mask[i / 8]) | std::to_integer<std::uint32_t>(mask[i / 8 + 1]) << 8;
        auto const n = static_cast<std::size_t>(std::popcount(bits));
        simd::expand_load<Arch>(values, bits, n).store(row.data() + i);
        values += n;
      }
  for (; i < row.size(); ++i) row[i] = (std::to_integer<unsigned>(mask[i / 8]) >> (i % 8) & 1) != 0 ? *values++ : 0.0f;
}

}  // namespace skive::detail
