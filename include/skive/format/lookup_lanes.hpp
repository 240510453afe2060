// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_lanes.hpp - tables of at most 16 levels, sixteen numbers at a time.
///
///   encode: rank = how many decision keys lie below key(x), by bisection in a register of 16 keys; code = code of that rank
///   decode: a look-up in a register of 16 levels
///
/// Keys are the integers of format/lookup_key.hpp, in the order of the numbers. Larger tables take the general form.
///
/// Model of : -
/// Cost     : encode 4 look-ups and 4 comparisons per 16 numbers, decode one look-up.
/// Accuracy : exact nearest.
/// Promise  : equal to lookup_format's scalar rule on all 2^32 floats and all codes.
/// Source   : -

#include "skive/format/lanes.hpp"
#include "skive/format/lookup.hpp"
#include "skive/simd/lookup.hpp"

#include <limits>

namespace skive {

template <class Table, class Arch>
  requires(lookup_format<Table>::size <= 16)
struct format_lanes<lookup_format<Table>, Arch> {
  using format = lookup_format<Table>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

  template <overflow_policy = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    auto const bits = simd::as<std::int32_t>(x);
    auto const magnitude = bits & integers::broadcast(0x7FFF'FFFF);
    auto const zero = integers::broadcast(0);
    return rank_to_code(rank(select(magnitude > integers::broadcast(0x7F80'0000), zero, bits)));
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& /*zero has one code*/) noexcept {
    return rank_to_code(rank(simd::as<std::int32_t>(x)));
  }

  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const value = look_up(simd::float_table<Arch>{levels}, codes);
    if constexpr (format::size == 16) return value;
    return select(simd::as<float>(codes < words::broadcast(format::size)), value, floats::broadcast(0.0f));
  }

 private:
  // Padded with keys above all numbers. keys[0] is not a key: key i decides between ranks i - 1 and i.
  static constexpr std::array<float, 16> keys = [] {
    std::array<float, 16> k{};
    for (std::size_t i = 0; i < 16; ++i)
      k[i] = std::bit_cast<float>(i == 0 || i >= format::size ? std::numeric_limits<std::int32_t>::max()
                                                              : format::sorted.float_keys[i - 1]);
    return k;
  }();
  // The key Step ranks later; ranks are multiples of 2 Step.
  template <int Step>
  static constexpr std::array<float, 16> keys_after = [] {
    std::array<float, 16> k{};
    for (std::size_t i = 0; i + Step < 16; ++i) k[i] = keys[i + Step];
    return k;
  }();
  static constexpr std::array<float, 16> levels = [] {
    std::array<float, 16> l{};
    for (std::size_t i = 0; i < format::size; ++i) l[i] = Table::levels[i];
    return l;
  }();
  static constexpr std::array<float, 16> codes_of_ranks = [] {
    std::array<float, 16> c{};
    for (std::size_t i = 0; i < format::size; ++i) c[i] = std::bit_cast<float>(std::uint32_t{format::sorted.codes[i]});
    return c;
  }();
  static constexpr bool ranks_are_codes = [] {
    for (std::size_t i = 0; i < format::size; ++i)
      if (format::sorted.codes[i] != i) return false;
    return true;
  }();

  [[gnu::always_inline]] static words rank(integers const& bits) noexcept {
    auto const sign = bits >> 31;  // -1 below zero: the key is then minus the magnitude
    auto const key = ((bits & integers::broadcast(0x7FFF'FFFF)) ^ sign) - sign;
    auto const step = [&]<int Step>(integers const& rank, std::integral_constant<int, Step>) noexcept {
      auto const at = simd::as<std::int32_t>(look_up(simd::float_table<Arch>{keys_after<Step>}, simd::as<std::uint32_t>(rank)));
      return select(key > at, rank + integers::broadcast(Step), rank);
    };
    auto const middle = integers::broadcast(std::bit_cast<std::int32_t>(keys[8]));
    auto rank = select(key > middle, integers::broadcast(8), integers::broadcast(0));
    rank = step(rank, std::integral_constant<int, 4>{});
    rank = step(rank, std::integral_constant<int, 2>{});
    rank = step(rank, std::integral_constant<int, 1>{});
    return simd::as<std::uint32_t>(rank);
  }
  [[gnu::always_inline]] static words rank_to_code(words const& rank) noexcept {
    if constexpr (ranks_are_codes) return rank;
    return simd::as<std::uint32_t>(look_up(simd::float_table<Arch>{codes_of_ranks}, rank));
  }
};

}  // namespace skive
