// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/group_outliers.hpp - a fixed number of numbers of a group that are kept as float16: KVQuant's and GEAR's sparse part.
///
///   [positions: 16 bits each, token x head size + channel, ascending][numbers: float16]
///
/// A fixed count makes groups of fixed size: 32 count / numbers bits a number.
///
/// Model of : -
/// Cost     : choosing takes 33 passes over the group; restoring one pass over the list.
/// Accuracy : float16.
/// Promise  : the positions with the largest scores, ties to the lower one.
/// Source   : C. Hooper et al., "KVQuant", NeurIPS 2024; H. Kang et al., "GEAR", arXiv:2403.05527.

#include "skive/format/half.hpp"
#include "skive/kv/selection.hpp"

#include <cstring>

namespace skive::detail {

constexpr std::size_t outlier_bytes(std::size_t count) noexcept { return 4 * count; }

/// Positions of the `count` largest scores and their numbers. Precondition: no score is NaN, count and positions fit.
inline void keep_outliers(matrix_view<float const> rows, std::span<float const> scores, std::span<std::uint32_t> positions,
                          std::byte* to) noexcept {
  if (positions.empty()) return;
  [[maybe_unused]] auto const kept = keep_top(scores, {}, positions);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    auto const at = static_cast<std::uint16_t>(positions[i]);
    auto const number = float16::encode(rows(at / rows.cols, at % rows.cols));
    std::memcpy(to + 2 * i, &at, 2);
    std::memcpy(to + 2 * (positions.size() + i), &number, 2);
  }
}

/// Puts the numbers of tokens first, first + 1 ... into place; positions past the group are passed over.
inline void restore_outliers(std::byte const* from, std::size_t count, std::size_t first, matrix_view<float> out) noexcept {
  if (out.cols == 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t at = 0;
    std::memcpy(&at, from + 2 * i, 2);
    auto const token = at / out.cols;
    if (token < first || token - first >= out.rows) continue;
    std::uint16_t code = 0;
    std::memcpy(&code, from + 2 * (count + i), 2);
    out(token - first, at % out.cols) = float16::decode(code);
  }
}

}  // namespace skive::detail
