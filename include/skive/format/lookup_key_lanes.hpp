// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_key_lanes.hpp - numbers among the levels of a table, sixteen at a time.
///
///   rank = how many keys lie below key(x), by bisection in a register of 16 keys (format/lookup_key.hpp)
///
/// Directed rounding has keys of its own, which are those of the levels or one less: it costs what the nearest rule does.
///
/// Model of : -
/// Cost     : a comparison and three look-ups with one each, per 16 numbers (AVX2 of 8 keys each); past 16 levels four gathers
///            besides, past 256 six.
/// Accuracy : exact.
/// Promise  : the same on every instruction set.
/// Source   : -

#include "skive/format/lookup.hpp"
#include "skive/simd/gather.hpp"
#include "skive/simd/lookup.hpp"

#include <limits>

namespace skive::detail {

/// Order keys of floats; the place of a key among the keys of a table.
template <class Arch>
struct key_lanes {
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  /// Of numbers without NaN.
  [[gnu::always_inline]] static integers of(integers const& bits) noexcept {
    auto const sign = bits >> 31;  // -1 below zero: the key is then minus the magnitude
    return ((bits & integers::broadcast(0x7FFF'FFFF)) ^ sign) - sign;
  }
  /// NaN as zero.
  [[gnu::always_inline]] static integers without_nan(integers const& bits) noexcept {
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    return select(magnitude > integers::broadcast(0x7F80'0000), integers::broadcast(0), bits);
  }
  /// Where a key is above `at`; numbers are compared with the numbers whose keys are given.
  [[gnu::always_inline]] static typename integers::mask above(integers const& key, integers const& at) noexcept {
    return key > at;
  }
  [[gnu::always_inline]] static typename integers::mask above(simd::floats<Arch> const& x, integers const& at) noexcept {
    return simd::as<std::int32_t>(x > simd::as<float>(at));
  }
  /// rank + Step where the key is above at.
  template <int Step, class Key>
  [[gnu::always_inline]] static integers next(Key const& key, integers const& at, integers const& rank) noexcept {
    return select(above(key, at), rank + integers::broadcast(Step), rank);
  }
  /// rank with one more digit: 2 rank, and 1 where the key is above at.
  template <class Key>
  [[gnu::always_inline]] static integers append(Key const& key, integers const& at, integers const& rank) noexcept
    requires(simd::has_avx2<Arch>)
  {
    using batch = typename integers::batch;
    auto longer = rank + rank;
    auto const mask = above(key, at);
#pragma GCC unroll 2
    for (std::size_t i = 0; i < longer.registers; ++i) longer.part[i] = longer.part[i] - batch(mask.part[i].data);  // it is -1
    return longer;
  }
};

// Between neighbours a < b, of ranks r - 1 and r, a policy's rank is r where key(x) is above this: floor and ceiling are the upper
// neighbour from b on and past a. The two neighbours -0 and +0 part nothing: no number that is rounded lies there, zero is +0.
template <class Format, class Rounding>
constexpr std::int32_t rank_key(std::size_t r) noexcept {
  if constexpr (rounds_to_nearest<Rounding>) return Format::sorted.float_keys[r - 1];
  auto const a = order_key(Format::sorted.levels[r - 1]);
  auto const b = order_key(Format::sorted.levels[r]);
  auto const floor = b - 1;
  if (a == b) return floor;
  if constexpr (std::is_same_v<Rounding, toward_positive>) return a;
  if constexpr (std::is_same_v<Rounding, toward_zero>) return b > 0 ? floor : a;
  if constexpr (std::is_same_v<Rounding, toward_odd>) return r % 2 != 0 ? a : floor;
  return floor;  // toward_negative, and what looks further itself
}

// keys[i] decides between ranks i - 1 and i, those that there are not are above all numbers. Of these every `Stride`-th one.
template <class Format, class Rounding, std::size_t Size, std::size_t Stride = 1>
inline constexpr std::array<std::int32_t, Size> decision_keys = [] {
  std::array<std::int32_t, Size> k{};
  for (std::size_t i = 0; i < Size; ++i)
    k[i] =
        i == 0 || i * Stride >= Format::size ? std::numeric_limits<std::int32_t>::max() : rank_key<Format, Rounding>(i * Stride);
  return k;
}();

// The numbers of these keys; what is above all numbers becomes NaN, which no number is above.
template <class Format, class Rounding>
inline constexpr std::array<std::int32_t, 16> decision_numbers = [] {
  auto k = decision_keys<Format, Rounding, 16>;
  for (auto& key : k) key = key < 0 ? -key | std::numeric_limits<std::int32_t>::min() : key;
  return k;
}();

// May numbers be compared with those? Not with zero and subnormal ones, nor where inexact quotients (below 2^-38) show.
template <class Format, class Rounding>
inline constexpr bool compares_numbers = [] {
  for (std::size_t i = 1; i < Format::size; ++i) {
    auto const key = rank_key<Format, Rounding>(i);
    if ((key < 0 ? -key : key) < std::bit_cast<std::int32_t>(0x1p-38f)) return false;
  }
  return Format::size <= 16;
}();

/// How many of the keys 1 .. 15 lie below.
template <std::array<std::int32_t, 16> const& Keys, class Arch>
class key_search {
  using integers = simd::integers<Arch>;
  // The key Step ranks later; ranks are multiples of 2 Step.
  template <int Step>
  static constexpr std::array<float, 16> keys_after = [] {
    std::array<float, 16> k{};
    for (std::size_t i = 0; i + Step < 16; ++i) k[i] = std::bit_cast<float>(Keys[i + Step]);
    return k;
  }();
  template <int Step, class Key>
  [[gnu::always_inline]] static integers step(Key const& key, integers const& rank) noexcept {
    auto const at = look_up(simd::float_table<Arch>{keys_after<Step>}, simd::as<std::uint32_t>(rank));
    return key_lanes<Arch>::template next<Step>(key, simd::as<std::int32_t>(at), rank);
  }
  // The keys in the middle of each of 8 / Step parts.
  template <int Step>
  static constexpr std::array<float, 8> middle_keys = [] {
    std::array<float, 8> k{};
    for (std::size_t i = 0; i < 8 / Step; ++i) k[i] = std::bit_cast<float>(Keys[2 * Step * i + Step]);
    return k;
  }();
  template <int Step, class Key>
  [[gnu::always_inline]] static integers digit(Key const& key, integers const& rank) noexcept {
    auto const at = simd::look_up_8<Arch>(middle_keys<Step>.data(), simd::as<std::uint32_t>(rank));
    return key_lanes<Arch>::append(key, simd::as<std::int32_t>(at), rank);
  }

 public:
  template <class Key>
  [[gnu::always_inline]] static integers rank(Key const& key) noexcept {
    if constexpr (simd::has_avx2<Arch>) {  // digit by digit: no part has more than eight keys, which are one look-up
      auto const first = key_lanes<Arch>::append(key, integers::broadcast(Keys[8]), integers::broadcast(0));
      return digit<1>(key, digit<2>(key, digit<4>(key, first)));
    }
    auto const first = key_lanes<Arch>::template next<8>(key, integers::broadcast(Keys[8]), integers::broadcast(0));
    return step<1>(key, step<2>(key, step<4>(key, first)));
  }
};

/// Entries of a table's arrays: as many as ranks that a search can end at.
template <class Format>
inline constexpr std::size_t table_capacity = Format::size <= 16 ? 16
    : Format::size <= 256                                        ? 256
                                                                 : 1024;

/// The ranks of order keys in a table, by a policy that needs no more than to compare. Past 16 levels every sixteenth or
/// sixty-fourth key is in the register; the four or six steps between two of them gather theirs.
template <class Format, class Rounding, class Arch>
class rank_search {
  using integers = simd::integers<Arch>;
  using words = simd::words<Arch>;
  static constexpr std::size_t capacity = table_capacity<Format>;
  static_assert(Format::size <= capacity);
  template <int Step>
  [[gnu::always_inline]] static integers step(integers const& key, integers const& rank) noexcept {
    static constexpr auto const& all = decision_keys<Format, Rounding, capacity>;
    auto const* const from = reinterpret_cast<std::uint32_t const*>(all.data() + Step);
    auto const at = simd::gather<Arch>(from, simd::as<std::uint32_t>(rank));
    return key_lanes<Arch>::template next<Step>(key, simd::as<std::int32_t>(at), rank);
  }
  // The rank of the upper one of two levels between which zero lies.
  static constexpr std::size_t past_zero = [] {
    for (std::size_t r = 1; r < Format::size; ++r)
      if (Format::sorted.levels[r - 1] < 0.0f && Format::sorted.levels[r] > 0.0f) return r;
    return std::size_t{0};
  }();

 public:
  /// Of numbers, not of their keys.
  [[gnu::always_inline]] static words rank(simd::floats<Arch> const& x) noexcept
    requires compares_numbers<Format, Rounding>
  {
    return simd::as<std::uint32_t>(key_search<decision_numbers<Format, Rounding>, Arch>::rank(x));
  }
  [[gnu::always_inline]] static words rank(integers const& key) noexcept {
    auto r = key_search<decision_keys<Format, Rounding, 16, capacity / 16>, Arch>::rank(key);
    if constexpr (capacity > 16) r = r << (capacity > 256 ? 6 : 4);
    if constexpr (capacity > 256) r = step<16>(key, step<32>(key, r));
    if constexpr (capacity > 16) r = step<1>(key, step<2>(key, step<4>(key, step<8>(key, r))));
    if constexpr (std::is_same_v<Rounding, toward_zero> && past_zero != 0) {  // below zero the upper one, above it the lower one
      auto const low = integers::broadcast(order_key(Format::sorted.levels[past_zero - 1]));
      auto const between = (key > low) & (key < integers::broadcast(0));
      r = select(between, integers::broadcast(static_cast<std::int32_t>(past_zero)), r);
    }
    return simd::as<std::uint32_t>(r);
  }
};

template <class Format>
inline constexpr bool ranks_are_codes = [] {
  for (std::size_t i = 0; i < Format::size; ++i)
    if (Format::sorted.codes[i] != i) return false;
  return true;
}();

}  // namespace skive::detail
