// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/merging.hpp - tokens that leave a cache folded into those that stay, and layers into each other.
///
///   merge_nearest    evicted key k_e goes to the kept key of largest cosine c, if c >= threshold: both rows, keys and values,
///                    become (w x + e^c x_e) / (w + e^c), w the weight collected so far, e at first            D2O
///   merge_ahead      v_j += v_e m / count for the next `count` kept tokens j, m = min(1, s_e / mean_j s_j)     CaM (expected)
///   slerp            x_t: direction turned from x to y by a share t of their angle, of length 1               MiniCache
///   slerp_angle      angle / pi of two rows: pairs beyond a threshold are kept apart                          MiniCache
///
/// CaM draws a coin of probability m; its mean is added here, so that results need no seed. MiniCache keeps the lengths of both
/// layers' rows and one direction.
///
/// Model of : -
/// Cost     : merge_nearest: a product of each evicted with each kept row; the others one pass.
/// Accuracy : sums of doubles, rounded to float once a row.
/// Promise  : sizes and indices are checked before the first write; `kept` ascends, as kv/selection.hpp gives it.
/// Source   : Z. Wan et al., "D2O", ICLR 2025; Y. Zhang et al., "CaM: Cache Merging", ICML 2024; A. Liu et al., "MiniCache",
///            NeurIPS 2024.

#include "skive/kv/key_scores.hpp"

#include <cstdint>

namespace skive {
namespace detail {

constexpr bool ascending(std::span<std::uint32_t const> kept, std::size_t rows) noexcept {
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i] >= rows || (i != 0 && kept[i] <= kept[i - 1])) return false;
  return true;
}

}  // namespace detail

/// Kept rows of keys and values take up the others, in the order of tokens; rows that are not kept stay as they are. `weights`:
/// scratch of kept.size(). `merged`, if wanted: how many found a place. Fails with size_mismatch, invalid_argument (indices).
inline status merge_nearest(matrix_view<float> keys, matrix_view<float> values, std::span<std::uint32_t const> kept,
                            double threshold, std::span<double> weights, std::size_t* merged = nullptr) noexcept {
  if (!keys.valid() || !values.valid() || keys.rows != values.rows || weights.size() != kept.size()) return errc::size_mismatch;
  if (!detail::ascending(kept, keys.rows)) return errc::invalid_argument;
  for (auto& w : weights) w = std::exp(1.0);
  std::size_t count = 0;
  std::size_t next = 0;
  for (std::size_t e = 0; e < keys.rows; ++e) {
    if (next < kept.size() && kept[next] == e) {
      ++next;
      continue;
    }
    auto const length = detail::length_of(keys.row(e));
    std::size_t best = kept.size();
    double closest = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      auto const other = length * detail::length_of(keys.row(kept[i]));
      auto const cosine = other > 0 ? detail::product_of(keys.row(e), keys.row(kept[i])) / other : 0.0;
      if (best != kept.size() && cosine <= closest) continue;
      best = i;
      closest = cosine;
    }
    if (best == kept.size() || closest < threshold) continue;
    auto const share = std::exp(closest);
    auto const blend = [&](matrix_view<float> rows) noexcept {
      auto const to = rows.row(kept[best]);
      for (std::size_t d = 0; d < to.size(); ++d)
        to[d] = static_cast<float>((weights[best] * static_cast<double>(to[d]) + share * static_cast<double>(rows(e, d))) /
                                   (weights[best] + share));
    };
    blend(keys);
    blend(values);
    weights[best] += share;
    ++count;
  }
  if (merged != nullptr) *merged = count;
  return errc::ok;
}

/// The last kept tokens take up an evicted one that has fewer than `count` after it. `scores`: attention that tokens collected,
/// not negative. Fails with size_mismatch, invalid_argument (indices, no count), not_finite (a score that is negative or NaN).
inline status merge_ahead(matrix_view<float> values, std::span<float const> scores, std::span<std::uint32_t const> kept,
                          std::size_t count) noexcept {
  if (!values.valid() || values.rows != scores.size()) return errc::size_mismatch;
  if (count == 0 || !detail::ascending(kept, values.rows)) return errc::invalid_argument;
  for (auto const s : scores)
    if (!(s >= 0.0f) || !(s <= 3.4e38f)) return errc::not_finite;
  std::size_t next = 0;
  for (std::size_t e = 0; e < values.rows && next <= kept.size(); ++e) {
    if (next < kept.size() && kept[next] == e) {
      ++next;
      continue;
    }
    auto const last = kept.size() - next < count ? kept.size() : next + count;
    if (last == next) continue;
    auto const into = static_cast<double>(last - next);
    double mean = 0;
    for (std::size_t i = next; i < last; ++i) mean += static_cast<double>(scores[kept[i]]) / into;
    auto const own = static_cast<double>(scores[e]);
    auto const m = own >= mean ? (own > 0 ? 1.0 : 0.0) : own / mean;
    for (std::size_t i = next; i < last; ++i)
      for (std::size_t d = 0; d < values.cols; ++d)
        values(kept[i], d) =
            static_cast<float>(static_cast<double>(values(kept[i], d)) + static_cast<double>(values(e, d)) * m / into);
  }
  return errc::ok;
}

/// Angle between two rows, divided by pi: 0 alike, 1 opposite; rows of zeros are at 0.5 of all. Fails with size_mismatch.
inline result<float> slerp_angle(std::span<float const> x, std::span<float const> y) noexcept {
  if (x.size() != y.size()) return errc::size_mismatch;
  auto const lengths = detail::length_of(x) * detail::length_of(y);
  if (!(lengths > 0)) return 0.5f;
  auto const cosine = detail::product_of(x, y) / lengths;
  return static_cast<float>(std::acos(cosine > 1 ? 1.0 : cosine < -1 ? -1.0 : cosine) / 3.14159265358979323846);
}

/// The shared direction, 0 <= share <= 1. Fails with size_mismatch, invalid_argument (share), not_finite (a row of zeros, or two
/// opposite ones, which have no direction between them).
inline status slerp(std::span<float const> x, std::span<float const> y, double share, std::span<float> direction) noexcept {
  if (x.size() != y.size() || x.size() != direction.size()) return errc::size_mismatch;
  if (!(share >= 0 && share <= 1)) return errc::invalid_argument;
  auto const a = detail::length_of(x);
  auto const b = detail::length_of(y);
  if (!(a > 0) || !(b > 0)) return errc::not_finite;
  auto const cosine = detail::product_of(x, y) / (a * b);
  if (cosine < -0.999999) return errc::not_finite;
  auto const angle = std::acos(cosine > 1 ? 1.0 : cosine);
  auto const sine = std::sin(angle);
  bool const near = sine < 1e-6;  // the arc is its chord
  auto const first = near ? 1 - share : std::sin((1 - share) * angle) / sine;
  auto const second = near ? share : std::sin(share * angle) / sine;
  for (std::size_t d = 0; d < x.size(); ++d)
    direction[d] = static_cast<float>(first * static_cast<double>(x[d]) / a + second * static_cast<double>(y[d]) / b);
  return errc::ok;
}

}  // namespace skive
