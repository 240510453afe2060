// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_key_lanes.hpp - numbers among the levels of a table, sixteen at a time.
///
///   rank = how many keys lie below key(x), by bisection in a register of 16 keys (format/lookup_key.hpp)
///
/// Model of : -
/// Cost     : a comparison and three look-ups with one each, per 16 numbers.
/// Accuracy : exact.
/// Promise  : the same on every instruction set.
/// Source   : -

#include "skive/format/lookup.hpp"
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
  /// rank + Step where the key is above at.
  template <int Step>
  [[gnu::always_inline]] static integers next(integers const& key, integers const& at, integers const& rank) noexcept {
    return select(key > at, rank + integers::broadcast(Step), rank);
  }
};

// keys[i] decides between ranks i - 1 and i, those that there are not are above all numbers. Of these every `Stride`-th one.
template <class Format, std::size_t Size, std::size_t Stride = 1>
inline constexpr std::array<std::int32_t, Size> decision_keys = [] {
  std::array<std::int32_t, Size> k{};
  for (std::size_t i = 0; i < Size; ++i)
    k[i] = i == 0 || i * Stride >= Format::size ? std::numeric_limits<std::int32_t>::max()
                                                : Format::sorted.float_keys[i * Stride - 1];
  return k;
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
  template <int Step>
  [[gnu::always_inline]] static integers step(integers const& key, integers const& rank) noexcept {
    auto const at = look_up(simd::float_table<Arch>{keys_after<Step>}, simd::as<std::uint32_t>(rank));
    return key_lanes<Arch>::template next<Step>(key, simd::as<std::int32_t>(at), rank);
  }

 public:
  [[gnu::always_inline]] static integers rank(integers const& key) noexcept {
    auto const first = key_lanes<Arch>::template next<8>(key, integers::broadcast(Keys[8]), integers::broadcast(0));
    return step<1>(key, step<2>(key, step<4>(key, first)));
  }
};

template <class Format>
inline constexpr bool ranks_are_codes = [] {
  for (std::size_t i = 0; i < Format::size; ++i)
    if (Format::sorted.codes[i] != i) return false;
  return true;
}();

}  // namespace skive::detail
