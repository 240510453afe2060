// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/top_k.hpp - the k largest scores of a row, of each group of a row, or of a whole matrix, exactly.
///
///   chosen = all scores above t and the first of those equal to t, k in all;   t: the k-th largest score by radix select
///
///   top_k{k}              k of the row                     top_fraction{f}          round(f n) of a row of n
///   top_k_of_group{k, g}  k of each g, the last group in proportion, rounded up     select_largest(matrix, k, masks)  k of all
///
/// Model of : mask_pattern, outlier_rule
/// Cost     : three passes over the scores with a table of 2048 counts on the stack, one to write; no allocation.
/// Accuracy : exact; f n is rounded to the nearest integer, halves up, where n < 2^29.
/// Promise  : exactly as many as stated, ties to the lower index (in a matrix: row by row), the same bits on every instruction
///            set. NaN is refused before the first write.
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/sparse/mask.hpp"
#include "skive/sparse/score_order.hpp"

#include <limits>

namespace skive {

namespace detail {

/// Chosen: keys above `key`, and the first `ties` of those equal to it.
struct selection_limit {
  std::int32_t key = std::numeric_limits<std::int32_t>::max();
  std::size_t ties = 0;
};

/// each(f) calls f(key) for every key; there are k or more. Arch keeps units of different flags apart.
template <class Arch, class ForEach>
constexpr selection_limit limit_of_largest(ForEach each, std::size_t k) noexcept {
  if (k == 0) return {};
  constexpr std::uint32_t flip = 0x8000'0000;
  std::uint32_t prefix = 0;  // the digits of the k-th largest key that are known, and where
  std::uint32_t known = 0;
  for (int const shift : {21, 10, 0}) {
    std::uint32_t const digits = shift == 0 ? 0x3FF : 0x7FF;
    std::array<std::size_t, 2048> count{};
    each([&](std::int32_t key) noexcept {
      auto const u = static_cast<std::uint32_t>(key) ^ flip;
      if ((u & known) == prefix) ++count[(u >> shift) & digits];
    });
    std::uint32_t digit = digits;
    while (count[digit] < k) k -= count[digit--];
    prefix |= digit << shift;
    known |= digits << shift;
  }
  return {static_cast<std::int32_t>(prefix ^ flip), k};
}

/// take(first, bits): bit i says whether score first + i is chosen.
template <class Order, class Arch, class Take>
constexpr void take_largest(std::span<float const> scores, selection_limit& limit, Take take) noexcept {
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated()) {
      auto const t = simd::integers<Arch>::broadcast(limit.key);
      for (; i + 16 <= scores.size(); i += 16) {
        auto const keys = Order::template keys<Arch>(simd::floats<Arch>::load(scores.data() + i));
        auto bits = (keys > t).bits();
        for (auto equal = limit.ties == 0 ? 0U : (keys == t).bits(); equal != 0 && limit.ties != 0; equal &= equal - 1) {
          bits |= equal & (0U - equal);
          --limit.ties;
        }
        take(i, bits);
      }
    }
  for (; i < scores.size(); ++i) {
    auto const key = Order::key(scores[i]);
    bool const tie = key == limit.key && limit.ties != 0;
    if (tie) --limit.ties;
    take(i, key > limit.key || tie ? 1U : 0U);
  }
}

template <class Order, class Arch>
constexpr selection_limit limit_of_row(std::span<float const> scores, std::size_t k) noexcept {
  return limit_of_largest<Arch>(
      [scores](auto f) noexcept {
        for (auto const s : scores) f(Order::key(s));
      },
      k);
}

/// Sets bits `at` + i of the mask, which are zero; ties that are used up leave `limit`.
template <class Order, class Arch>
constexpr void mark_largest(std::span<float const> scores, selection_limit& limit, std::span<std::byte> mask,
                            std::size_t at = 0) noexcept {
  take_largest<Order, Arch>(scores, limit, [&](std::size_t first, std::uint32_t bits) noexcept {
    for (auto place = (at + first) / 8, shifted = std::size_t{bits} << ((at + first) % 8); shifted != 0; shifted >>= 8)
      mask[place++] |= static_cast<std::byte>(shifted & 0xFF);
  });
}

template <class Arch>
constexpr status select_mask(std::span<float const> scores, std::size_t k, std::span<std::byte> mask) noexcept {
  if (mask.size() != mask_bytes(scores.size())) return errc::size_mismatch;
  if (k > scores.size()) return errc::invalid_argument;
  if (kinds_of<Arch>(scores).nan) return errc::not_finite;
  for (auto& m : mask) m = std::byte{0};
  auto limit = limit_of_row<by_score, Arch>(scores, k);
  mark_largest<by_score, Arch>(scores, limit, mask);
  return errc::ok;
}

template <class Arch>
constexpr status select_indices(std::span<float const> scores, std::size_t k, std::span<std::uint32_t> indices) noexcept {
  if (k > scores.size() || scores.size() / 2 > std::numeric_limits<std::uint32_t>::max() / 2) return errc::invalid_argument;
  if (indices.size() != k) return errc::size_mismatch;
  if (kinds_of<Arch>(scores).nan) return errc::not_finite;
  auto limit = limit_of_row<by_score, Arch>(scores, k);
  std::size_t n = 0;
  take_largest<by_score, Arch>(scores, limit, [&](std::size_t first, std::uint32_t bits) noexcept {
    for (; bits != 0; bits &= bits - 1)
      indices[n++] = static_cast<std::uint32_t>(first + static_cast<std::size_t>(std::countr_zero(bits)));
  });
  return errc::ok;
}

}  // namespace detail

/// Masks fail with size_mismatch or not_finite; with invalid_argument if there are fewer than k scores.
struct top_k {
  std::size_t k = 0;

  constexpr std::size_t count(std::size_t) const noexcept { return k; }
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::byte> mask) const noexcept {
    return detail::select_mask<Arch>(scores, k, mask);
  }
  /// Ascending. Fails with invalid_argument also where an index needs more than 32 bits.
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::uint32_t> indices) const noexcept {
    return detail::select_indices<Arch>(scores, k, indices);
  }
};

/// `fraction` outside [0, 1] counts as its nearest end, NaN as 0.
struct top_fraction {
  float fraction = 0.0f;

  constexpr std::size_t count(std::size_t n) const noexcept {
    if (!(fraction > 0.0f)) return 0;
    if (fraction >= 1.0f) return n;
    auto const product = static_cast<double>(fraction) * static_cast<double>(n);
    auto const whole = static_cast<std::size_t>(product);
    auto const k = product - static_cast<double>(whole) >= 0.5 ? whole + 1 : whole;
    return k < n ? k : n;
  }
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::byte> mask) const noexcept {
    return detail::select_mask<Arch>(scores, count(scores.size()), mask);
  }
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::uint32_t> indices) const noexcept {
    return detail::select_indices<Arch>(scores, count(scores.size()), indices);
  }
};

struct top_k_of_group {
  std::size_t k = 0;
  std::size_t group = 1;

  constexpr std::size_t count(std::size_t n) const noexcept {
    return group == 0 ? 0 : n / group * k + (k * (n % group) + group - 1) / group;
  }
  /// Fails with size_mismatch or not_finite; with invalid_argument unless k <= group and group > 0.
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::byte> mask) const noexcept {
    if (group == 0 || k > group) return errc::invalid_argument;
    if (mask.size() != mask_bytes(scores.size())) return errc::size_mismatch;
    if (detail::kinds_of<Arch>(scores).nan) return errc::not_finite;
    for (auto& m : mask) m = std::byte{0};
    for (std::size_t first = 0; first < scores.size(); first += group) {
      auto const part = part_of(scores, first);
      auto limit = detail::limit_of_row<by_score, Arch>(part, count(part.size()));
      detail::mark_largest<by_score, Arch>(part, limit, mask, first);
    }
    return errc::ok;
  }
  /// Ascending: so many outliers in each group. Fails with invalid_argument also where an index needs more than 32 bits.
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::uint32_t> indices) const noexcept {
    if (group == 0 || k > group || scores.size() / 2 > std::numeric_limits<std::uint32_t>::max() / 2)
      return errc::invalid_argument;
    if (indices.size() != count(scores.size())) return errc::size_mismatch;
    if (detail::kinds_of<Arch>(scores).nan) return errc::not_finite;
    for (std::size_t first = 0; first < scores.size(); first += group) {
      auto const part = part_of(scores, first);
      auto const own = indices.first(count(part.size()));
      indices = indices.subspan(own.size());
      if (auto const s = detail::select_indices<Arch>(part, own.size(), own); !s) return s;
      for (auto& i : own) i += static_cast<std::uint32_t>(first);
    }
    return errc::ok;
  }

 private:
  constexpr std::span<float const> part_of(std::span<float const> scores, std::size_t first) const noexcept {
    return scores.subspan(first, scores.size() - first < group ? scores.size() - first : group);
  }
};

/// The k largest of a matrix; row r of `masks` is the mask of row r. Fails with size_mismatch, not_finite, or invalid_argument if
/// there are fewer than k scores.
template <class Arch = native_arch>
constexpr status select_largest(matrix_view<float const> scores, std::size_t k, matrix_view<std::byte> masks) noexcept {
  if (!scores.valid() || !masks.valid() || masks.rows != scores.rows || masks.cols != mask_bytes(scores.cols))
    return errc::size_mismatch;
  if (k > scores.rows * scores.cols) return errc::invalid_argument;
  for (std::size_t r = 0; r < scores.rows; ++r)
    if (detail::kinds_of<Arch>(scores.row(r)).nan) return errc::not_finite;
  auto limit = detail::limit_of_largest<Arch>(
      [scores](auto f) noexcept {
        for (std::size_t r = 0; r < scores.rows; ++r)
          for (auto const s : scores.row(r)) f(by_score::key(s));
      },
      k);
  for (std::size_t r = 0; r < scores.rows; ++r) {
    auto const mask = masks.row(r);
    for (auto& m : mask) m = std::byte{0};
    detail::mark_largest<by_score, Arch>(scores.row(r), limit, mask);
  }
  return errc::ok;
}

static_assert(mask_pattern<top_k> && mask_pattern<top_fraction> && mask_pattern<top_k_of_group>);
static_assert(outlier_rule<top_k> && outlier_rule<top_fraction> && outlier_rule<top_k_of_group>);

}  // namespace skive
