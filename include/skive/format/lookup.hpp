// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/lookup.hpp - formats whose codes are indices into a table of float32 levels: NF4 and its kin, or your own.
///
///   value = levels[code];   between neighbours a < b:   code(x) = code of b where x > pivot, code of a where x < pivot
///
/// A table is a type: `levels` in code order (any order, all different; -0 and +0 count as two; 2 to 1024 of them), and if it
/// likes `tie` (what x == pivot becomes; else lower) and `pivots` in the order of values (else the exact midpoints). x outside
/// the levels takes the nearest end, so does an infinity; NaN becomes what 0 becomes; codes past the table decode to 0.
///
///   struct my_table { static constexpr std::array<float, 4> levels{-1.0f, -0.25f, 0.25f, 1.0f}; };
///   using my_format = skive::lookup_format<my_table>;
///
/// The policies nearest_even and nearest_away both mean this rule. Any other policy is asked with drop_bits = 32, keep = rank
/// (place among the ascending levels) of the neighbour on the side of zero, drop = nu 2^32 rounded down and held in
/// [1, 2^32 - 1], where nu = (x - that neighbour) / (the other - that neighbour) in double.
///
/// Model of : scalar_format (lookup_format); lookup_view is the same rule over sorted levels in the caller's memory.
/// Cost     : encode log2(levels) integer comparisons (lookup_view: and six double additions each), decode one load.
/// Accuracy : exact nearest level for any float or double x, where the table brings no pivots of its own.
/// Promise  : x meets pivots as integers of the same order as doubles, so that the code is the same under every FTZ/DAZ and
///            contraction setting: a sum of two floats is a multiple of 2^-149, never a subnormal double.
/// Source   : T. Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023 (NF4); others in format/lookup_table.hpp.

#include "skive/core/ieee.hpp"
#include "skive/core/real_bits.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"
#include "skive/core/status.hpp"
#include "skive/format/lookup_key.hpp"
#include "skive/format/lookup_table.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace skive {
namespace detail {

// Unsigned numbers in the order of the floats, -0 before +0.
constexpr std::uint32_t total_order(float x) noexcept {
  auto const b = std::bit_cast<std::uint32_t>(x);
  return (b >> 31) != 0 ? ~b : b | 0x8000'0000;
}

// Bottom-up: few enough steps for the limits of constant evaluation, and none for a table that ascends, as most do.
template <std::size_t Size>
consteval void merge_sort(std::array<std::uint64_t, Size>& v) noexcept {
  std::size_t ascending = 1;
  while (ascending < Size && v[ascending - 1] < v[ascending]) ++ascending;
  if (ascending == Size) return;
  for (std::size_t width = 1; width < Size; width *= 2) {
    auto const from = v;
    for (std::size_t begin = 0; begin < Size; begin += 2 * width) {
      auto const middle = begin + width < Size ? begin + width : Size;
      auto const end = middle + width < Size ? middle + width : Size;
      for (std::size_t i = begin, j = middle, out = begin; out < end; ++out)
        v[out] = j == end || (i < middle && from[i] < from[j]) ? from[i++] : from[j++];
    }
  }
}

// A table sorted at compile time: levels and their codes by rank, and the keys between them.
template <class Table>
struct sorted_table {
  static constexpr std::size_t size = Table::levels.size();
  static constexpr lookup_tie tie = [] {
    if constexpr (requires { Table::tie; })
      return Table::tie;
    else
      return lookup_tie::lower;
  }();
  std::array<float, size> levels{};
  std::array<std::uint16_t, size> codes{};
  std::array<std::int64_t, size - 1> double_keys{};
  std::array<std::int32_t, size - 1> float_keys{};
  bool valid = true;

  consteval sorted_table() noexcept {
    std::array<std::uint64_t, size> entries{};
    for (std::size_t i = 0; i < size; ++i) {
      entries[i] = (std::uint64_t{total_order(Table::levels[i])} << 32) | i;
      valid = valid && is_finite(Table::levels[i]);
    }
    merge_sort(entries);
    for (std::size_t i = 0; i < size; ++i) {
      codes[i] = static_cast<std::uint16_t>(entries[i] & 0xffff);
      levels[i] = Table::levels[codes[i]];
    }
    for (std::size_t i = 0; i + 1 < size; ++i) {
      valid = valid && (entries[i] >> 32) < (entries[i + 1] >> 32);
      if constexpr (requires { Table::pivots; })
        double_keys[i] = pivot_key(order_key(exact_double(Table::pivots[i])), tie);
      else
        double_keys[i] = midpoint_key(levels[i], levels[i + 1], tie);
      float_keys[i] = narrow_key(double_keys[i]);
      valid = valid && (i == 0 || double_keys[i - 1] <= double_keys[i]);
    }
  }
};

}  // namespace detail

/// The format of a table type (see the top of this file).
template <class Table>
struct lookup_format {
  static constexpr std::size_t size = Table::levels.size();
  static_assert(2 <= size && size <= 1024, "skive::lookup_format takes 2 to 1024 levels");
  static constexpr detail::sorted_table<Table> sorted{};
  static_assert(sorted.valid, "skive::lookup_format takes finite, different levels, and ascending pivots");

  using code_type = std::conditional_t<(size <= 256), std::uint8_t, std::uint16_t>;
  static constexpr int bits = static_cast<int>(std::bit_width(size - 1));
  static constexpr float max_finite = sorted.levels[size - 1];
  static constexpr float min_finite = sorted.levels[0];

  code_type code{};

  static constexpr float decode(code_type c) noexcept { return c < size ? Table::levels[c] : 0.0f; }

  template <class Real, rounding_policy R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy /*no special codes*/ = {}) noexcept {
    return static_cast<code_type>(sorted.codes[rank(detail::without_nan(x), rounding)]);
  }
  friend constexpr bool operator==(lookup_format, lookup_format) noexcept = default;

 private:
  template <class Real, rounding_policy R>
  static constexpr std::size_t rank(Real x, R const& rounding) noexcept {
    static_assert(std::is_same_v<Real, float> || std::is_same_v<Real, double>, "skive: encode takes float or double");
    if constexpr (!detail::rounds_to_nearest<R>)
      return detail::choose_rank(detail::exact_double(x), size, [](std::size_t i) { return sorted.levels[i]; }, rounding);
    else if constexpr (std::is_same_v<Real, float>)
      return detail::count_below(detail::order_key(x), size - 1, [](std::size_t i) { return sorted.float_keys[i]; });
    else
      return detail::count_below(detail::order_key(x), size - 1, [](std::size_t i) { return sorted.double_keys[i]; });
  }
};

/// The rule of lookup_format over ascending levels that the caller owns and keeps alive; code = rank.
class lookup_view {
 public:
  using code_type = std::uint16_t;

  constexpr lookup_view() noexcept = default;
  /// Refuses fewer than 2 or more than 65536 levels and an order that is not strictly ascending (invalid_argument), NaN and
  /// infinities (not_finite).
  static constexpr result<lookup_view> make(std::span<float const> levels, lookup_tie tie = lookup_tie::lower) noexcept {
    if (levels.size() < 2 || levels.size() > 65536) return errc::invalid_argument;
    for (float const v : levels)
      if (!is_finite(v)) return errc::not_finite;
    for (std::size_t i = 1; i < levels.size(); ++i)
      if (detail::order_key(levels[i - 1]) >= detail::order_key(levels[i])) return errc::invalid_argument;
    return lookup_view{levels, tie};
  }

  constexpr std::span<float const> levels() const noexcept { return levels_; }
  constexpr int bits() const noexcept { return levels_.empty() ? 0 : static_cast<int>(std::bit_width(levels_.size() - 1)); }
  constexpr float max_finite() const noexcept { return levels_.empty() ? 0.0f : levels_.back(); }
  constexpr float decode(code_type c) const noexcept { return c < levels_.size() ? levels_[c] : 0.0f; }

  template <class Real, rounding_policy R = nearest_even>
  constexpr code_type encode(Real x, R rounding = {}, overflow_policy /*no special codes*/ = {}) const noexcept {
    if (levels_.size() < 2) return 0;
    double const y = detail::exact_double(detail::without_nan(x));
    if constexpr (detail::rounds_to_nearest<R>) {
      auto const key_at = [this](std::size_t i) { return detail::midpoint_key(levels_[i], levels_[i + 1], tie_); };
      return static_cast<code_type>(detail::count_below(detail::order_key(y), levels_.size() - 1, key_at));
    } else {
      auto const level_at = [this](std::size_t i) { return levels_[i]; };
      return static_cast<code_type>(detail::choose_rank(y, levels_.size(), level_at, rounding));
    }
  }

 private:
  constexpr lookup_view(std::span<float const> levels, lookup_tie tie) noexcept : levels_{levels}, tie_{tie} {}
  std::span<float const> levels_;
  lookup_tie tie_ = lookup_tie::lower;
};

using nf4 = lookup_format<nf4_table>;
using nf3 = lookup_format<nf3_table>;
using nf2 = lookup_format<nf2_table>;
using fp4_bnb = lookup_format<fp4_bnb_table>;
using dynamic8 = lookup_format<dynamic8_table>;
using dynamic8_unsigned = lookup_format<dynamic8_unsigned_table>;
using af4 = lookup_format<af4_table>;
using sf4 = lookup_format<sf4_table>;
using iq4_nl = lookup_format<iq4_nl_table>;

static_assert(scalar_format<nf4> && scalar_format<nf3> && scalar_format<nf2> && scalar_format<fp4_bnb>);
static_assert(scalar_format<dynamic8> && scalar_format<dynamic8_unsigned> && scalar_format<af4> && scalar_format<sf4>);
static_assert(scalar_format<iq4_nl> && primitive<lookup_view>);
static_assert(sizeof(nf4) == 1 && std::is_trivially_copyable_v<nf4> && std::is_trivially_copyable_v<lookup_view>);

}  // namespace skive
