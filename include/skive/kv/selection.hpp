// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/selection.hpp - which tokens (or pages, or channels) stay when a cache is cut down: indices from scores and budgets.
///
///   keep_top(scores, {sinks, recent}, kept)   the first `sinks`, the last `recent`, and the best of the others: kept.size() in all
///   keep_streaming(n, sinks, kept)            the first `sinks` and the last ones                                   StreamingLLM
///   pyramid_budgets(total, slope, budgets)    falling linearly from layer to layer, total in all                       PyramidKV
///   adaptive_budgets(scores of all heads, total, least, budgets)   heads get what their tokens earn among all            Ada-KV
///
/// Model of : -
/// Cost     : keep_top, adaptive_budgets: 33 passes over the scores (a bisection of the threshold's bits); no scratch.
/// Accuracy : exact.
/// Promise  : indices ascend, none twice; ties go to the lower index (adaptive: the lower head first). NaN is refused. Nothing
///            is written unless the sizes fit.
/// Source   : G. Xiao et al., StreamingLLM, ICLR 2024; Z. Cai et al., PyramidKV, arXiv:2406.02069; Y. Feng et al., Ada-KV,
///            arXiv:2407.11550.

#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// What stays whatever its score.
struct kept_ends {
  std::size_t sinks = 0;
  std::size_t recent = 0;
};

namespace detail {

// Unsigned integers in the order of floats; -0 counts as 0.
constexpr std::uint32_t score_key(float x) noexcept {
  auto const bits = is_zero(x) ? 0U : std::bit_cast<std::uint32_t>(x);
  return (bits & 0x8000'0000U) != 0 ? ~bits : bits | 0x8000'0000U;
}
constexpr bool any_nan(std::span<float const> scores) noexcept {
  for (auto const s : scores)
    if (is_nan(s)) return true;
  return false;
}

/// The largest threshold that at least `count` keys reach (0 for none), and how many are above it.
struct threshold {
  std::uint32_t key = 0;
  std::size_t above = 0;
};
template <class Each>
constexpr threshold find_threshold(std::size_t count, Each each) noexcept {
  auto const reach = [&each](std::uint32_t least) noexcept {
    std::size_t n = 0;
    each([&n, least](std::uint32_t key) noexcept { n += key >= least ? 1 : 0; });
    return n;
  };
  std::uint32_t key = 0;
  for (std::uint32_t bit = 0x8000'0000U; bit != 0; bit >>= 1)
    if (reach(key | bit) >= count) key |= bit;
  return {key, key == 0xFFFF'FFFFU ? 0 : reach(key + 1)};
}

constexpr std::size_t nearest_count(double x) noexcept {
  auto const whole = static_cast<std::size_t>(x);
  return x - static_cast<double>(whole) >= 0.5 ? whole + 1 : whole;
}

}  // namespace detail

/// Fails with size_mismatch when kept does not hold the ends or is longer than the scores, not_finite (NaN).
constexpr status keep_top(std::span<float const> scores, kept_ends ends, std::span<std::uint32_t> kept) noexcept {
  auto const n = scores.size();
  if (n > 0xFFFF'FFFFU || kept.size() > n || ends.sinks > kept.size() || ends.recent > kept.size() - ends.sinks)
    return errc::size_mismatch;
  if (detail::any_nan(scores)) return errc::not_finite;
  auto const first = ends.sinks;
  auto const last = n - ends.recent;
  auto const wanted = kept.size() - ends.sinks - ends.recent;
  auto const limit = detail::find_threshold(wanted, [&](auto use) noexcept {
    for (std::size_t i = first; i < last; ++i) use(detail::score_key(scores[i]));
  });
  auto ties = wanted - (wanted == 0 ? 0 : limit.above);
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    bool keep = i < first || i >= last;
    if (!keep && wanted != 0) {
      auto const key = detail::score_key(scores[i]);
      keep = key > limit.key || (key == limit.key && ties != 0);
      if (key == limit.key && keep) --ties;
    }
    if (keep) kept[at++] = static_cast<std::uint32_t>(i);
  }
  return errc::ok;
}

/// Fails with size_mismatch when kept is shorter than `sinks` or longer than n.
constexpr status keep_streaming(std::size_t n, std::size_t sinks, std::span<std::uint32_t> kept) noexcept {
  if (n > 0xFFFF'FFFFU || kept.size() > n || sinks > kept.size()) return errc::size_mismatch;
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = static_cast<std::uint32_t>(i < sinks ? i : n - (kept.size() - i));
  return errc::ok;
}

/// Budgets of layers: the last gets 1 / slope of the mean, the first so much more (2 - 1 / slope), between them a line; they add
/// up to `total`. Fails with size_mismatch (no layer), invalid_argument unless slope >= 1.
constexpr status pyramid_budgets(std::size_t total, double slope, std::span<std::size_t> budgets) noexcept {
  if (budgets.empty()) return errc::size_mismatch;
  if (!(slope >= 1.0) || std::uint64_t{total} > (std::uint64_t{1} << 40)) return errc::invalid_argument;
  auto const layers = static_cast<double>(budgets.size());
  auto const mean = static_cast<double>(total) / layers;
  auto const fall = budgets.size() == 1 ? 0.0 : 2.0 * (1.0 - 1.0 / slope) * mean / (layers - 1.0);
  double exact = 0;
  std::size_t given = 0;
  for (std::size_t i = 0; i < budgets.size(); ++i) {  // rounded sums, so that nothing is lost
    exact += mean + fall * ((layers - 1.0) / 2.0 - static_cast<double>(i));
    auto const until = i + 1 == budgets.size() ? total : detail::nearest_count(exact);
    budgets[i] = until > given ? until - given : 0;
    given += budgets[i];
  }
  return errc::ok;
}

/// Budgets of heads (rows of scores): `least` each, the rest to the best of all other scores. Fails with size_mismatch when total
/// is less than the heads' least or more than there is, or least more than a row; not_finite.
constexpr status adaptive_budgets(matrix_view<float const> scores, std::size_t total, std::size_t least,
                                  std::span<std::size_t> budgets) noexcept {
  if (!scores.valid() || budgets.size() != scores.rows || least > scores.cols) return errc::size_mismatch;
  if (total > scores.rows * scores.cols || total < scores.rows * least) return errc::size_mismatch;
  for (std::size_t h = 0; h < scores.rows; ++h)
    if (detail::any_nan(scores.row(h))) return errc::not_finite;
  // The best `least` of each head stay; the threshold is found among what is left of every head.
  auto const rest = total - scores.rows * least;
  auto const each = [&](auto use) noexcept {
    for (std::size_t h = 0; h < scores.rows; ++h) {
      auto const row = scores.row(h);
      auto const own = detail::find_threshold(least, [row](auto f) noexcept {
        for (auto const s : row) f(detail::score_key(s));
      });
      auto ties = least == 0 ? 0 : least - own.above;
      for (auto const s : row) {
        auto const key = detail::score_key(s);
        if (least != 0 && key > own.key) continue;
        if (least != 0 && key == own.key && ties != 0) {
          --ties;
          continue;
        }
        use(h, key);
      }
    }
  };
  auto const limit =
      detail::find_threshold(rest, [&](auto use) noexcept { each([&](std::size_t, std::uint32_t key) { use(key); }); });
  for (auto& b : budgets) b = least;
  if (rest == 0) return errc::ok;
  auto ties = rest - limit.above;
  each([&](std::size_t h, std::uint32_t key) noexcept {
    if (key > limit.key) ++budgets[h];
    if (key == limit.key && ties != 0) {
      ++budgets[h];
      --ties;
    }
  });
  return errc::ok;
}

}  // namespace skive
