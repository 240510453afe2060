// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/read_ahead.hpp - how far ahead of the bytes that are read others are asked for, where packed rows follow each other.
///
///   short rows       those of the row that comes next in the same place
///   long rows        those 4096 bytes further on; at the row's end the first ones of the row that comes next
///
/// Model of : primitive
/// Cost     : a comparison and a choice a step.
/// Promise  : only distances: asking for bytes past the last row is harmless, and does nothing.
/// Source   : -

#include "skive/core/primitive.hpp"

#include <cstddef>

namespace skive::detail {

class read_ahead {
 public:
  static constexpr std::size_t cached =
      32768;                                 ///< bytes of all rows that are read at once: more would leave the first-level cache
  static constexpr std::size_t lead = 4096;  ///< bytes of each: hides the latency of memory in a loop this short

  constexpr read_ahead() noexcept = default;
  /// Rows of row_bytes; to_next: from a row to the one that comes next in its place, at least row_bytes, or 0: there is none.
  constexpr read_ahead(std::size_t row_bytes, std::size_t to_next) noexcept
      : whole_{to_next <= cached && to_next != 0},
        stop_{row_bytes > lead && !whole_ ? row_bytes - lead : 0},
        past_stop_{whole_                    ? to_next
                       : to_next < row_bytes ? lead
                                             : to_next - row_bytes + lead} {}

  /// Are they the next row's?
  constexpr bool whole() const noexcept { return whole_; }
  /// The distance when byte `at` of a row is read.
  constexpr std::size_t from(std::size_t at) const noexcept { return at < stop_ ? lead : past_stop_; }
  /// Up to which of the steps of so many bytes that distance stays; `last` at most.
  constexpr std::size_t last_with(std::size_t distance, std::size_t step_bytes, std::size_t last) const noexcept {
    auto const stop = (stop_ + step_bytes - 1) / step_bytes;
    return distance == past_stop_ || last < stop ? last : stop;
  }

  /// Rows of that pitch that are read one by one: how many further on the one is that comes neither too late nor too early.
  static constexpr std::size_t rows_ahead(std::size_t pitch) noexcept {
    return pitch == 0 || pitch >= 2 * lead ? 1 : (2 * lead + pitch - 1) / pitch;
  }

 private:
  bool whole_ = false;
  std::size_t stop_ = 0;
  std::size_t past_stop_ = 0;
};

/// The same for all rows of a matrix, `at_once` side by side: worked out once, since it takes a division that short rows would feel.
struct matrix_ahead {
  std::size_t rows;  ///< from a row to the one that is asked for meanwhile
  read_ahead next;
  constexpr matrix_ahead(std::size_t row_bytes, std::size_t pitch, std::size_t at_once) noexcept
      : rows{at_once == 1 ? read_ahead::rows_ahead(pitch) : at_once}, next{row_bytes, rows * pitch} {}
};

static_assert(primitive<read_ahead>);

}  // namespace skive::detail
