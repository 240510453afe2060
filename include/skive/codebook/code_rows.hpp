// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/code_rows.hpp - what quantizers of vectors refuse: codes that do not fit the rows, indices that are no
/// codeword's.
///
/// Model of : -
/// Cost     : check_code_indices: a comparison an index where there are less than 256 codewords.
/// Promise  : reads only.
/// Source   : -

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <cstdint>

namespace skive::detail {

/// size_mismatch unless x has rows of `dimension` numbers and as many rows of `columns` codes stand beside them; invalid_argument
/// for views that are none.
template <class Number, class Index>
constexpr status check_code_rows(matrix_view<Number> x, matrix_view<Index> codes, std::size_t dimension,
                                 std::size_t columns) noexcept {
  if (x.cols != dimension || codes.cols != columns || codes.rows != x.rows) return errc::size_mismatch;
  return x.valid() && codes.valid() ? errc::ok : errc::invalid_argument;
}

/// corrupt if an index is no codeword's.
constexpr status check_code_indices(matrix_view<std::uint8_t const> codes, std::size_t codewords) noexcept {
  if (codewords < 256)
    for (std::size_t i = 0; i < codes.rows; ++i)
      for (auto const c : codes.row(i))
        if (c >= codewords) return errc::corrupt;
  return errc::ok;
}

}  // namespace skive::detail
