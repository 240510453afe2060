// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/matrix_vector.hpp - y = W x for packed rows and a prepared vector.
///
///   y_i = dot(row first + i, q),   0 <= i < count
///
/// Any codec and any of its queries: floats, or bytes from prepare_int8(). Threads share a product by taking ranges of rows.
///
/// Model of : -
/// Cost     : that of the codec's products, which stream each packed byte once; no allocation, no scratch.
/// Accuracy : the codec's.
/// Promise  : y_i has the bits of the codec's dot(). Sizes are checked before the first write; only a codec that finds rows
///            corrupt stops in between.
/// Source   : -

#include "skive/kernel/packed_matrix.hpp"

namespace skive {

/// Fails with size_mismatch, or invalid_argument if the query was made for another codec.
template <class Arch = native_arch, class Codec, class Query>
  requires detail::takes_query<Codec, Query>
constexpr status matrix_vector(Codec const& codec, packed_matrix<Codec::plane_count> const& m, Query const& q, std::span<float> y,
                               row_range range) noexcept {
  if (y.size() != range.count) return errc::size_mismatch;
  if (auto const s = detail::check_rows(codec, m, q.size, range); !s) return s;
  if constexpr (detail::multiplies_rows<Codec, Query, Arch>) {
    if (!codec.accepts(q)) return errc::invalid_argument;
    codec.template multiply<Arch, 1>({m.row(range.first), m.pitch, range.count, y.data(), 0}, codec.layout(q.size), &q);
  } else if constexpr (detail::multiplies_rows_checked<Codec, Query, Arch>) {
    if (!codec.accepts(q)) return errc::invalid_argument;
    return codec.template multiply_rows<Arch>({m.row(range.first), m.pitch, range.count, y.data(), 0}, q);
  } else {
    for (std::size_t i = 0; i < range.count; ++i) {
      auto const product = with_arch<Arch>::dot(codec, m.row(range.first + i), q);
      if (!product) return product.error();
      y[i] = *product;
    }
  }
  return errc::ok;
}

/// All rows.
template <class Arch = native_arch, class Codec, class Query>
  requires detail::takes_query<Codec, Query>
constexpr status matrix_vector(Codec const& codec, packed_matrix<Codec::plane_count> const& m, Query const& q,
                               std::span<float> y) noexcept {
  return matrix_vector<Arch>(codec, m, q, y, {0, m.rows});
}

}  // namespace skive
