// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/gather_lanes.hpp - numbers of a row at places that a mask or positions name, one after another.
///
///   gather_kept(row, mask)      what a mask keeps          gather_at(row, positions)     what positions keep
///   gather_next(row, mask, i)   what a mask keeps of 64 entries, added to what is held
///
/// Numbers of 1 and 2 bytes are widened to 32 bits in pieces of 256 and take the way of floats, whose bits stay.
///
/// Model of : -
/// Cost     : 16 numbers: simd/compress.hpp and moves; floats by positions of 2:4: simd/pick.hpp.
/// Promise  : exactly the values and numbers named are touched, whatever the positions are.
/// Source   : -

#include "skive/simd/compress.hpp"
#include "skive/simd/pick.hpp"
#include "skive/sparse/mask_codes.hpp"
#include "skive/sparse/raw_lanes.hpp"

namespace skive::detail {

/// The kept numbers of a row, one after another; returns how many.
template <class Arch, class T>
constexpr std::size_t gather_kept(std::span<T const> row, std::span<std::byte const> mask, T* values) noexcept {
  std::size_t i = 0;
  std::size_t n = 0;
  if constexpr (simd::vector_arch<Arch> && sizeof(T) == 4)
    if (!std::is_constant_evaluated())
      for (; i + 16 <= row.size(); i += 16) {
        auto const bits = std::to_integer<std::uint32_t>(mask[i / 8]) | std::to_integer<std::uint32_t>(mask[i / 8 + 1]) << 8;
        n += simd::compress_store<Arch>(load_raw<Arch>(row.data() + i), bits, reinterpret_cast<float*>(values + n));
      }
  if constexpr (simd::vector_arch<Arch> && sizeof(T) < 4 && has_lanes<T>)
    if (!std::is_constant_evaluated()) {
      alignas(64) float wide[256 + 16];
      std::size_t held = 0;  // fewer than 16 between steps
      for (; i + 16 <= row.size(); i += 16) {
        auto const bits = std::to_integer<std::uint32_t>(mask[i / 8]) | std::to_integer<std::uint32_t>(mask[i / 8 + 1]) << 8;
        held += simd::compress_store<Arch>(load_raw<Arch>(row.data() + i), bits, wide + held);
        if (held < 256 && i + 32 <= row.size()) continue;
        std::size_t done = 0;
        for (; done + 16 <= held; done += 16, n += 16) store_raw<Arch>(simd::floats<Arch>::load(wide + done), values + n);
        for (std::size_t k = done; k < held; ++k) wide[k - done] = wide[k];
        held -= done;
      }
      for (std::size_t k = 0; k < held; ++k) {
        T narrow;
        auto const word = std::bit_cast<std::uint32_t>(wide[k]);
        if constexpr (sizeof(T) == 2) narrow = std::bit_cast<T>(static_cast<std::uint16_t>(word));
        if constexpr (sizeof(T) == 1) narrow = std::bit_cast<T>(static_cast<std::uint8_t>(word));
        values[n++] = narrow;
      }
    }
  for (; i < row.size(); ++i)
    if ((std::to_integer<unsigned>(mask[i / 8]) >> (i % 8) & 1) != 0) values[n++] = row[i];
  return n;
}

/// Whole steps of gather_at, as many entries as are done; `values` has room for 16 numbers more than the row keeps.
template <int N, int M, position_layout Layout, class Arch>
std::size_t gather_steps(std::span<float const> row, std::span<std::byte const> positions, float* values, bool& good) noexcept {
  constexpr std::size_t read_ahead = 4096;  // bytes
  constexpr auto entries = step_entries<N, M>;
  std::size_t i = 0;
  if constexpr (N == 2 && M == 4 && Layout == position_layout::combinadic && simd::has_picker<Arch>) {
    simd::picker_2_of_4<Arch> picker;
    auto const readable =
        positions.size() < 4 ? 0 : (positions.size() - 4) / 3 + 1;  // steps: each reads one byte more than it takes
    auto const steps = row.size() / 32 < readable ? row.size() / 32 : readable;
    auto const* codes = positions.data();
    auto const* x = row.data();
    auto const pick = [&](std::size_t s) noexcept { picker.pick(x + 32 * s, codes + 3 * s).store(values + 16 * s); };
    std::size_t s = 0;
    if constexpr (simd::has_wide_picker<Arch>)
      for (; s + 16 <= steps && 3 * (s + 16) + 4 <= positions.size(); s += 16) {
        simd::prefetch<Arch>(codes + 3 * s, read_ahead);
        for (std::size_t k = s; k < s + 16; k += 4) {
          simd::floats<Arch> kept[4];
          picker.pick_128(x + 32 * k, codes + 3 * k, kept);
          for (std::size_t j = 0; j < 4; ++j) kept[j].store(values + 16 * (k + j));
        }
      }
    for (; s + 16 <= steps; s += 16) {
      simd::prefetch<Arch>(codes + 3 * s, read_ahead);
      for (std::size_t k = 0; k < 16; k += 4) {
        pick(s + k);
        pick(s + k + 1);
        pick(s + k + 2);
        pick(s + k + 3);
      }
    }
    for (; s < steps; ++s) pick(s);
    i = 32 * steps;
    good = good && !picker.met_wrong_code();
  }
  int wrong = 0;
  for (; i + entries <= row.size(); i += entries) {
    if (i % 512 == 0)
      simd::prefetch<Arch>(positions.data() + i / M * static_cast<std::size_t>(position_code<N, M, Layout>::bits) / 8,
                           read_ahead);
    auto const mask = lane_mask<N, M, Layout, Arch>(positions, i);
    wrong |= std::popcount(mask) - static_cast<int>(step_values<N, M>);
    auto* const to = values + i / M * N;
    simd::compress_store_16<Arch>(simd::floats<Arch>::load(row.data() + i), mask & 0xFFFF, to);
    if constexpr (entries == 32)
      simd::compress_store_16<Arch>(simd::floats<Arch>::load(row.data() + i + 16), mask >> 16, to + std::popcount(mask & 0xFFFF));
  }
  good = good && wrong == 0;
  return i;
}

/// The numbers of a row at the kept places, one after another; `values` has room for 16 more. Are all codes good?
template <int N, int M, position_layout Layout, class Arch>
constexpr bool gather_at(std::span<float const> row, std::span<std::byte const> positions, float* values) noexcept {
  bool good = true;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch> && fits_lanes<M>)
    if (!std::is_constant_evaluated()) i = gather_steps<N, M, Layout, Arch>(row, positions, values, good);
  auto* to = values + i / M * N;
  for (; i < row.size(); i += M) {
    auto const mask = group_mask<N, M, Layout, Arch>(positions, i / M);
    good = good && mask != 0;
    for (std::size_t k = 0; k < M; ++k)
      if ((mask >> k & 1) != 0) *to++ = row[i + k];
  }
  return good;
}

/// The kept numbers among up to 64 entries from i on, a multiple of 64, added to `held` ones; there is room for 80 more than are
/// kept.
template <class Arch>
constexpr void gather_next(std::span<float const> row, std::span<std::byte const> mask, std::size_t& i, float* values,
                           std::size_t& held) noexcept {
  auto word = mask_word(mask, i);
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated() && i + 64 <= row.size()) {
      if (i % 512 == 0) simd::prefetch<Arch>(mask.data() + i / 8, 4096);
      for (std::size_t k = 0; k < 64; k += 16) {
        auto const bits = static_cast<std::uint32_t>(word >> k) & 0xFFFF;
        simd::compress_store_16<Arch>(simd::floats<Arch>::load(row.data() + i + k), bits, values + held);
        held += static_cast<std::size_t>(std::popcount(bits));
      }
      i += 64;
      return;
    }
  for (auto const end = row.size() - i < 64 ? row.size() : i + 64; i < end; ++i, word >>= 1)
    if ((word & 1) != 0) values[held++] = row[i];
}

}  // namespace skive::detail
