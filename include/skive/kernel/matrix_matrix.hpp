// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/matrix_matrix.hpp - Y = X W^T for packed rows W and a batch of prepared vectors X.
///
///   y(t, i) = dot(row first + i, q_t),   0 <= t < vectors, 0 <= i < count
///
/// Blocks of rows that stay in the second-level cache (about 256 KiB of codes) meet the vectors four at a time: each block comes
/// from memory once, and the codes of a row are unpacked once for four vectors. For many vectors that need not have dot()'s bits
/// kernel/batch_product.hpp is several times as fast.
///
/// Model of : -
/// Cost     : for many vectors that of the multiply-adds; no allocation, no scratch.
/// Accuracy : the codec's.
/// Promise  : integer products have the bits of the codec's dot(); products with floats its error bound, and the same bits for
///            every range of rows. Sizes are checked before the first write.
/// Source   : -

#include "skive/kernel/matrix_vector.hpp"

namespace skive {

namespace detail {

/// Rows of a block.
template <class Codec>
constexpr std::size_t rows_at_once(Codec const& codec, std::size_t n) noexcept {
  auto const bytes = total_bytes(codec.plane_bytes(n));
  std::size_t const rows = bytes == 0 ? 64 : (std::size_t{1} << 18) / bytes;
  return rows < 4 ? 4 : rows;
}

template <class Arch, class Codec, class Query>
constexpr void multiply_rows(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::span<Query const> queries,
                             matrix_view<float> y, row_range rows, std::size_t column) noexcept {
  auto const layout = codec.layout(queries[0].size);
  auto const first = m.row(rows.first);
  std::size_t t = 0;
  for (; t + 4 <= queries.size(); t += 4)
    codec.template multiply<Arch, 4>({first, m.pitch, rows.count, &y(t, column), y.row_stride}, layout, queries.data() + t);
  if constexpr (requires { queries[0].kind; })  // bytes: the codes of a row are unpacked once for two of the last three
    if (t + 2 <= queries.size()) {
      codec.template multiply<Arch, 2>({first, m.pitch, rows.count, &y(t, column), y.row_stride}, layout, queries.data() + t);
      t += 2;
    }
  for (; t < queries.size(); ++t)
    codec.template multiply<Arch, 1>({first, m.pitch, rows.count, &y(t, column), y.row_stride}, layout, queries.data() + t);
}

}  // namespace detail

/// y: one row for each query, one column for each row of the range. Fails with size_mismatch, also where queries differ in
/// length, or invalid_argument if they differ in kind or were made for another codec.
template <class Arch = native_arch, class Codec, class Query>
  requires detail::takes_query<Codec, Query>
constexpr status matrix_matrix(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::span<Query const> queries,
                               matrix_view<float> y, row_range range) noexcept {
  if (y.rows != queries.size() || y.cols != range.count) return errc::size_mismatch;
  if (queries.empty()) return errc::ok;
  for (auto const& q : queries) {
    if (q.size != queries[0].size) return errc::size_mismatch;
    if constexpr (requires { q.kind; })
      if (q.kind != queries[0].kind) return errc::invalid_argument;
    if constexpr (requires { codec.accepts(q); })
      if (!codec.accepts(q)) return errc::invalid_argument;
  }
  if (auto const s = detail::check_rows(codec, m, queries[0].size, range); !s) return s;
  if constexpr (detail::multiplies_rows<Codec, Query, Arch>) {
    auto const block = detail::rows_at_once(codec, queries[0].size);
    for (std::size_t i = 0; i < range.count; i += block) {
      auto const count = range.count - i < block ? range.count - i : block;
      detail::multiply_rows<Arch>(codec, m, queries, y, {range.first + i, count}, i);
    }
  } else if constexpr (detail::multiplies_batches_checked<Codec, Query, Arch>) {
    auto const block = detail::rows_at_once(codec, queries[0].size);
    for (std::size_t i = 0; i < range.count; i += block) {
      auto const count = range.count - i < block ? range.count - i : block;
      if (auto const s =
              codec.template multiply_batch<Arch>({m.row(range.first + i), m.pitch, count, &y(0, i), y.row_stride}, queries);
          !s)
        return s;
    }
  } else {
    for (std::size_t i = 0; i < range.count; ++i)
      for (std::size_t t = 0; t < queries.size(); ++t) {
        auto const product = with_arch<Arch>::dot(codec, m.row(range.first + i), queries[t]);
        if (!product) return product.error();
        y(t, i) = *product;
      }
  }
  return errc::ok;
}

/// All rows.
template <class Arch = native_arch, class Codec, class Query>
  requires detail::takes_query<Codec, Query>
constexpr status matrix_matrix(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::span<Query const> queries,
                               matrix_view<float> y) noexcept {
  return matrix_matrix<Arch>(codec, m, queries, y, {0, m.rows});
}

}  // namespace skive
