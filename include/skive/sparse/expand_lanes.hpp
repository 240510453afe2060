// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/expand_lanes.hpp - between rows with N of M numbers kept and the kept ones side by side, sixteen at a time.
///
///   write_positions(mask)    codes of groups           group_mask(positions, g), lane_mask(positions, i)    and back
///   gather_kept(row, mask)   kept numbers              spread_kept(values, positions)                       and back
///   gather_at(row, positions)   the numbers of another row at the kept places
///
/// Numbers of 1 and 2 bytes are widened to 32 bits in pieces of 256 and take the way of floats, whose bits stay; with VBMI
/// 2:4 spreads them as they are.
///
/// Model of : -
/// Cost     : 16 numbers: one or two look-ups, simd/compress.hpp, and moves.
/// Promise  : exactly the values and numbers named are touched, whatever the positions are.
/// Source   : -

#include "skive/simd/bytes.hpp"
#include "skive/simd/compress.hpp"
#include "skive/simd/pick.hpp"
#include "skive/simd/spread.hpp"
#include "skive/sparse/position_code.hpp"

#include <bit>

namespace skive::detail {

/// 64 entries of a mask from entry i on, a multiple of 8; zeros past its end.
[[gnu::always_inline]] constexpr std::uint64_t mask_word(std::span<std::byte const> mask, std::size_t i) noexcept {
  if (mask.size() >= 8 && i / 8 <= mask.size() - 8) return load_8(mask.data() + i / 8, bit_order::low_first);
  std::uint64_t word = 0;
  for (std::size_t b = i / 8; b < mask.size(); ++b) word |= std::to_integer<std::uint64_t>(mask[b]) << (8 * (b - i / 8));
  return word;
}

/// Bits per field of 2, 4, ... 32, in fields of Width bits.
template <int Width>
[[gnu::always_inline]] constexpr std::uint64_t counts_of_fields(std::uint64_t x) noexcept {
  if constexpr (Width >= 2) x -= (x >> 1) & 0x5555'5555'5555'5555;
  if constexpr (Width >= 4) x = (x & 0x3333'3333'3333'3333) + ((x >> 2) & 0x3333'3333'3333'3333);
  if constexpr (Width >= 8) x = (x + (x >> 4)) & 0x0F0F'0F0F'0F0F'0F0F;
  if constexpr (Width >= 16) x = (x + (x >> 8)) & even_bytes;
  if constexpr (Width >= 32) x = (x + (x >> 16)) & even_pairs;
  return x;
}

/// Every group of the mask of n entries keeps N, and nothing lies past the last.
template <int N, int M>
constexpr bool keeps_n_of_m(std::span<std::byte const> mask, std::size_t n) noexcept {
  if constexpr (64 % M == 0) {
    constexpr std::uint64_t expected = (M == 64 ? 1 : ~std::uint64_t{0} / ((std::uint64_t{1} << M) - 1)) * N;
    for (std::size_t i = 0; i < n; i += 64) {
      auto const inside = n - i < 64 ? (std::uint64_t{1} << (n - i)) - 1 : ~std::uint64_t{0};
      if (counts_of_fields<M>(mask_word(mask, i)) != (expected & inside)) return false;
    }
    return true;
  } else {
    for (std::size_t i = 0; i < n; i += M)
      if (std::popcount(read_bits(mask, i, M)) != N) return false;
    return n % 8 == 0 || (std::to_integer<unsigned>(mask[n / 8]) >> (n % 8)) == 0;
  }
}

template <int N, int M, position_layout Layout, class Arch>
[[gnu::flatten]] constexpr void write_positions(std::span<std::byte const> mask, std::size_t n, std::byte* positions) noexcept {
  using code = position_code<N, M, Layout>;
  bit_writer out{positions};
  std::size_t i = 0;
  if constexpr (8 % M == 0 && code::bits * (8 / M) <= 16)
    for (; i + 8 <= n; i += 8)
      out.append(code_table<N, M, Layout, Arch>[std::to_integer<std::size_t>(mask[i / 8])], code::bits * (8 / M));
  for (; i < n; i += M)
    out.append(code_of_mask<N, M, Layout, Arch>(static_cast<std::uint32_t>(read_bits(mask, i, M))), code::bits);
  out.finish();
}

/// The mask of group g; 0 where its code is none.
template <int N, int M, position_layout Layout, class Arch>
[[gnu::flatten]] constexpr std::uint32_t group_mask(std::span<std::byte const> positions, std::size_t g) noexcept {
  using code = position_code<N, M, Layout>;
  return mask_of_code<N, M, Layout, Arch>(read_bits(positions, g * static_cast<std::size_t>(code::bits), code::bits));
}

/// Whole registers of 16 lanes are made of whole groups, or whole groups of registers.
template <int M>
inline constexpr bool fits_lanes = 16 % M == 0 || M == 32;
/// Entries of one step, and the values that they keep.
template <int N, int M>
inline constexpr std::size_t step_entries = M == 32 ? 32 : 16;
template <int N, int M>
inline constexpr std::size_t step_values = step_entries<N, M> / M * N;

/// Masks of the entries of a step from entry i on; fewer bits than step_values where a code is none.
template <int N, int M, position_layout Layout, class Arch>
[[gnu::always_inline]] constexpr std::uint32_t lane_mask(std::span<std::byte const> positions, std::size_t i) noexcept {
  using code = position_code<N, M, Layout>;
  constexpr int at_once = groups_of_table<N, M, Layout>;
  if constexpr (at_once != 0) {
    constexpr int look_ups = 16 / (at_once * M);
    constexpr int bits = at_once * code::bits;
    static_assert(look_ups * bits <= 57);
    auto const codes = read_bits(positions, i / M * static_cast<std::size_t>(code::bits), look_ups * bits);
    std::uint32_t mask = 0;
    for (int k = 0; k < look_ups; ++k)
      mask |= std::uint32_t{mask_table<N, M, Layout, Arch>[(codes >> (k * bits)) % (std::uint64_t{1} << bits)]}
          << (k * at_once * M);
    return mask;
  } else {
    std::uint32_t mask = 0;
    for (std::size_t g = 0; g < step_entries<N, M> / M; ++g)
      mask |= group_mask<N, M, Layout, Arch>(positions, i / M + g) << (g * M);
    return mask;
  }
}

template <class T>
inline constexpr bool has_lanes = sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4;

template <class Arch, class T>
[[gnu::always_inline]] inline simd::floats<Arch> load_raw(T const* from) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return simd::floats<Arch>::load(from);
  else if constexpr (sizeof(T) == 4)
    return simd::as<float>(simd::words<Arch>::load(reinterpret_cast<std::uint32_t const*>(from)));
  if constexpr (sizeof(T) == 2) return simd::as<float>(simd::load_halves<Arch>(reinterpret_cast<std::byte const*>(from)));
  if constexpr (sizeof(T) == 1) return simd::as<float>(simd::load_bytes<Arch>(reinterpret_cast<std::byte const*>(from)));
}
template <class Arch, class T>
[[gnu::always_inline]] inline void store_raw(simd::floats<Arch> const& x, T* to) noexcept {
  auto const w = simd::as<std::uint32_t>(x);
  if constexpr (std::is_same_v<T, float>)
    x.store(to);
  else if constexpr (sizeof(T) == 4)
    w.store(reinterpret_cast<std::uint32_t*>(to));
  if constexpr (sizeof(T) == 2) simd::store_halves<Arch>(w, reinterpret_cast<std::byte*>(to));
  if constexpr (sizeof(T) == 1) simd::store_bytes<Arch>(w, reinterpret_cast<std::byte*>(to));
}

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
        for (std::size_t k = s; k < s + 16; k += 4) picker.pick_128(x + 32 * k, codes + 3 * k, values + 16 * k);
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
