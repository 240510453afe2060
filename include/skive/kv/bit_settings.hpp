// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/bit_settings.hpp - which quantizer each layer or head gets under a budget: KVTuner's and AsymKV's settings.
///
///   choose_settings     minimise sum_l error(l, c_l)  subject to  sum_l cost(l, c_l) <= budget
///   asymmetric_setting  the first layers get more bits, for keys and values apart        AsymKV
///
/// A setting is anything with a cost: a pair of widths for keys and values, a quantizer. Errors come from the caller (sensitivity
/// on calibration data). Every row starts at its cheapest setting; of all rows the step along its lower convex hull that saves most
/// error for each unit of cost is taken next, while it fits.
///
/// Model of : -
/// Cost     : steps taken times rows times settings^2; no scratch.
/// Accuracy : optimal for every budget that a step just fills; else above the optimum by less than the last step that did not fit
///            would have saved.
/// Promise  : the budget is kept; ties go to the lower row, then to the lower setting. Nothing is written on failure.
/// Source   : X. Li et al., "KVTuner", ICML 2025; Q. Tao et al., "AsymKV", COLING 2025; Y. Shoham, A. Gersho, "Efficient Bit
///            Allocation for an Arbitrary Set of Quantizers", IEEE Trans. ASSP 36(9), 1988.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstdint>

namespace skive {
namespace detail {

/// The cheapest setting of a row, of equal costs the one with the least error.
constexpr std::size_t cheapest_setting(matrix_view<double const> errors, matrix_view<double const> costs,
                                       std::size_t row) noexcept {
  std::size_t best = 0;
  for (std::size_t c = 1; c < costs.cols; ++c)
    if (costs(row, c) < costs(row, best) || (costs(row, c) == costs(row, best) && errors(row, c) < errors(row, best))) best = c;
  return best;
}

struct setting_step {
  std::size_t row = 0;
  std::size_t setting = 0;
  double slope = 0;  ///< error saved for a unit of cost; 0: no step
};

/// The steepest step from where a row stands.
constexpr setting_step next_setting(matrix_view<double const> errors, matrix_view<double const> costs, std::size_t row,
                                    std::size_t now) noexcept {
  setting_step best{row, now, 0};
  for (std::size_t c = 0; c < costs.cols; ++c) {
    auto const more = costs(row, c) - costs(row, now);
    auto const saved = errors(row, now) - errors(row, c);
    if (!(more > 0) || !(saved > 0)) continue;
    auto const slope = saved / more;
    if (slope > best.slope || (slope == best.slope && best.slope > 0 && costs(row, c) > costs(row, best.setting)))
      best = {row, c, slope};
  }
  return best;
}

}  // namespace detail

/// `errors`, `costs`: a row for each layer or head, a column for each setting. `chosen`: a column for each row. Fails with
/// size_mismatch, not_finite, overflow (a budget below the cheapest settings).
constexpr status choose_settings(matrix_view<double const> errors, matrix_view<double const> costs, double budget,
                                 std::span<std::uint16_t> chosen) noexcept {
  if (!errors.valid() || !costs.valid() || errors.rows != costs.rows || errors.cols != costs.cols) return errc::size_mismatch;
  if (chosen.size() != errors.rows || errors.cols == 0 || errors.cols > 65535) return errc::size_mismatch;
  double spent = 0;
  for (std::size_t r = 0; r < errors.rows; ++r) {
    for (std::size_t c = 0; c < errors.cols; ++c)
      if (!(errors(r, c) > -1e300 && errors(r, c) < 1e300 && costs(r, c) > -1e300 && costs(r, c) < 1e300))
        return errc::not_finite;
    spent += costs(r, detail::cheapest_setting(errors, costs, r));
  }
  if (!(spent <= budget)) return budget == budget ? errc::overflow : errc::not_finite;
  for (std::size_t r = 0; r < errors.rows; ++r)
    chosen[r] = static_cast<std::uint16_t>(detail::cheapest_setting(errors, costs, r));
  for (;;) {
    detail::setting_step best{};
    for (std::size_t r = 0; r < errors.rows; ++r) {
      auto const step = detail::next_setting(errors, costs, r, chosen[r]);
      if (step.slope > best.slope && spent + (costs(r, step.setting) - costs(r, chosen[r])) <= budget) best = step;
    }
    if (!(best.slope > 0)) return errc::ok;
    spent += costs(best.row, best.setting) - costs(best.row, chosen[best.row]);
    chosen[best.row] = static_cast<std::uint16_t>(best.setting);
  }
}

struct bit_setting {
  std::uint8_t key_bits = 4;
  std::uint8_t value_bits = 4;
  friend constexpr bool operator==(bit_setting, bit_setting) noexcept = default;
};

/// Of layer `layer`: `many` bits for keys in the first `key_layers` layers and for values in the first `value_layers`, else `few`.
constexpr bit_setting asymmetric_setting(std::size_t layer, std::size_t key_layers, std::size_t value_layers, std::uint8_t many,
                                         std::uint8_t few) noexcept {
  return {layer < key_layers ? many : few, layer < value_layers ? many : few};
}

}  // namespace skive
