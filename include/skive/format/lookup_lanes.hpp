// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup_lanes.hpp - tables of levels, sixteen numbers at a time.
///
///   encode: rank = how many decision keys lie below key(x), by bisection in a register of 16 keys; code = code of that rank
///   decode: a look-up in a register of 16 levels
///
/// Keys are the integers of format/lookup_key.hpp, in the order of the numbers. Tables of more than 16 levels gather keys, levels
/// and codes from memory.
///
/// Model of : -
/// Cost     : encode 4 look-ups and 4 comparisons per 16 numbers, decode one look-up. Large tables: 4 to 7 gathers, decode one.
/// Accuracy : exact nearest.
/// Promise  : equal to lookup_format's scalar rule on all 2^32 floats and all codes.
/// Source   : -

#include "skive/format/lanes.hpp"
#include "skive/format/lookup_key_lanes.hpp"
#include "skive/format/lookup_rounding_lanes.hpp"
#include "skive/format/sixty_four_lanes.hpp"

namespace skive {

namespace detail {

/// What tables of any length share: Lanes::code_of_rank() knows the codes.
template <class Format, class Lanes, class Arch>
struct table_encoding {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  using keys = key_lanes<Arch>;

  template <overflow_policy = saturating>
  [[gnu::always_inline]] static words encode(floats const& x) noexcept {
    return code_of<nearest_even>(keys::without_nan(simd::as<std::int32_t>(x)));
  }
  [[gnu::always_inline]] static words encode_finite(floats const& x, floats const& /*zero has one code*/) noexcept {
    if constexpr (compares_numbers<Format, nearest_even>)
      return Lanes::code_of_rank(rank_search<Format, nearest_even, Arch>::rank(x));
    else
      return code_of<nearest_even>(simd::as<std::int32_t>(x));
  }
  static constexpr int bits_in_ulps = 1;  // any number of random bits will do
  /// Directed rounding, or to nearest.
  template <class Rounding>
    requires requires { typename Rounding::policy; }
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding const&, std::uint64_t) noexcept {
    return code_of<typename Rounding::policy>(keys::without_nan(simd::as<std::int32_t>(x)));
  }
  /// Stochastic rounding (format/lookup_rounding_lanes.hpp); x stands at positions i .. i + 15.
  template <class Rounding>
    requires(rounds_between_levels<Format> && requires(Rounding const& r) { r.bits_at(std::uint64_t{}); })
  [[gnu::always_inline]] static words encode_rounded(floats const& x, Rounding const& rounding, std::uint64_t i) noexcept {
    if constexpr (levels_show_tiny<Format>) {
      auto const magnitude = simd::as<std::int32_t>(x) & integers::broadcast(0x7FFF'FFFF);
      auto const least = integers::broadcast(std::bit_cast<std::int32_t>(0x1p-60f));
      if (((magnitude > integers::broadcast(0)) & (magnitude < least)).bits() != 0) [[unlikely]]
        return by_rule(x, policy_of_lanes<Arch>(rounding, i));
    }
    return Lanes::code_of_rank(between_levels<Format, Arch>::rank(x, rounding, i));
  }

 private:
  template <class Rounding>
  [[gnu::noinline]] static words by_rule(floats const& x, Rounding rounding) noexcept {
    alignas(64) float number[16];
    x.store(number);
    return simd::generate<std::uint32_t, Arch>(
        [&](std::size_t l) { return std::uint32_t{Format::encode(number[l], rounding(l))}; });
  }
  // Of the bits of numbers that are not NaN.
  template <class Rounding>
  [[gnu::always_inline]] static words code_of(integers const& bits) noexcept {
    return Lanes::code_of_rank(rank_search<Format, Rounding, Arch>::rank(keys::of(bits)));
  }
};

}  // namespace detail

template <class Table, class Arch>
  requires(lookup_format<Table>::size <= 16)
struct format_lanes<lookup_format<Table>, Arch>
    : detail::table_encoding<lookup_format<Table>, format_lanes<lookup_format<Table>, Arch>, Arch> {
  friend detail::table_encoding<lookup_format<Table>, format_lanes, Arch>;
  using format = lookup_format<Table>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;

  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    auto const value = look_up(simd::float_table<Arch>{levels}, codes);
    if constexpr (format::size == 16) return value;
    return select(simd::as<float>(codes < words::broadcast(format::size)), value, floats::broadcast(0.0f));
  }

 private:
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

  [[gnu::always_inline]] static words code_of_rank(words const& rank) noexcept {
    if constexpr (detail::ranks_are_codes<format>) return rank;
    return simd::as<std::uint32_t>(look_up(simd::float_table<Arch>{codes_of_ranks}, rank));
  }
};

template <class Table, class Arch>
  requires(16 < lookup_format<Table>::size)
struct format_lanes<lookup_format<Table>, Arch>
    : detail::table_encoding<lookup_format<Table>, format_lanes<lookup_format<Table>, Arch>, Arch> {
  friend detail::table_encoding<lookup_format<Table>, format_lanes, Arch>;
  using format = lookup_format<Table>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;

  [[gnu::always_inline]] static floats decode(words const& codes) noexcept {
    if constexpr (capacity == 256) return simd::as<float>(simd::gather<Arch>(levels.data(), codes));  // of a byte each
    auto const there = codes < words::broadcast(capacity);
    auto const value = simd::gather<Arch>(levels.data(), codes & words::broadcast(capacity - 1));
    return simd::as<float>(select(there, value, words::broadcast(0)));
  }

 private:
  static constexpr std::uint32_t capacity = detail::table_capacity<format>;
  static constexpr std::array<std::uint32_t, capacity> levels = [] {
    std::array<std::uint32_t, capacity> l{};
    for (std::size_t i = 0; i < format::size; ++i) l[i] = std::bit_cast<std::uint32_t>(Table::levels[i]);
    return l;
  }();
  static constexpr std::array<std::uint32_t, capacity> codes_of_ranks = [] {
    std::array<std::uint32_t, capacity> c{};
    for (std::size_t i = 0; i < format::size; ++i) c[i] = format::sorted.codes[i];
    return c;
  }();

  [[gnu::always_inline]] static words code_of_rank(words const& rank) noexcept {
    if constexpr (detail::ranks_are_codes<format>) return rank;
    return simd::gather<Arch>(codes_of_ranks.data(), rank);
  }
};

// Sixty-four codes of four bits: the packing is what is cheaper.
template <class Table, class Arch>
  requires(lookup_format<Table>::bits == 4 && detail::ranks_are_codes<lookup_format<Table>> &&
           detail::compares_numbers<lookup_format<Table>, nearest_even> && simd::has_saturate<Arch>)
struct detail::sixty_four<lookup_format<Table>, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q, simd::floats<Arch> const& x) noexcept {
    return simd::as<std::int32_t>(format_lanes<lookup_format<Table>, Arch>::encode_finite(q, x));
  }
  [[gnu::always_inline]] static void store(lane_type const (&n)[4], bit_order order, std::byte* to) noexcept {
    simd::store_unsigned<4, Arch>(n, order, to);
  }
};

}  // namespace skive
