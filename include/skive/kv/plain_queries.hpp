// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/plain_queries.hpp - queries that need no preparation, and what all products with pages check first.
///
/// Model of : -
/// Cost     : one pass over the numbers.
/// Promise  : never writes.
/// Source   : -

#include "skive/kv/page.hpp"

namespace skive {

/// Queries as they are; the view must outlive them.
struct plain_queries {
  matrix_view<float const> rows;
};

namespace detail {

template <class Arch>
inline bool finite_rows(matrix_view<float const> rows) noexcept {
  for (std::size_t h = 0; h < rows.rows; ++h)
    if (!within<Arch>(rows.row(h), std::numeric_limits<float>::max())) return false;
  return true;
}

template <class Arch>
inline result<plain_queries> plain_query(matrix_view<float const> rows, std::size_t head_size) noexcept {
  if (!rows.valid() || rows.cols != head_size) return errc::size_mismatch;
  if (!finite_rows<Arch>(rows)) return errc::not_finite;
  return plain_queries{rows};
}

/// The tokens first, first + 1, ... of a page with the queries: a column of logits for each.
inline status check_dot(page_shape const& shape, std::size_t bytes, std::size_t page, std::size_t first, plain_queries const& q,
                        matrix_view<float> logits) noexcept {
  if (auto const s = check_range(shape, bytes, page, first, logits.cols); !s) return s;
  return logits.valid() && logits.rows == q.rows.rows && q.rows.cols == shape.head_size ? errc::ok : errc::size_mismatch;
}

template <class Arch>
inline status check_weights(matrix_view<float const> weights, matrix_view<float> sums, std::size_t head_size) noexcept {
  if (!weights.valid() || !sums.valid() || weights.rows != sums.rows || (sums.rows != 0 && sums.cols != head_size))
    return errc::size_mismatch;
  return finite_rows<Arch>(weights) ? errc::ok : errc::not_finite;
}

}  // namespace detail
}  // namespace skive
