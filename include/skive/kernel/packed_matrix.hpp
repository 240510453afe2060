// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/packed_matrix.hpp - equally long packed rows at equal distances, and a range of them.
///
///   plane i of row r starts at  first[i].data + r pitch[i];   first[i].size: bytes from there that belong to all rows
///
/// Model of : -
/// Cost     : views; checking takes a few divisions for the whole matrix.
/// Promise  : never writes; check_rows() refuses planes that are too small for the rows, whatever the pitch.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/simd/arch.hpp"

namespace skive {

template <std::size_t Planes>
struct packed_matrix {
  planes<std::byte const, Planes> first;
  std::array<std::size_t, Planes> pitch{};
  std::size_t rows = 0;

  constexpr planes<std::byte const, Planes> row(std::size_t r) const noexcept {
    auto out = first;
    for (std::size_t i = 0; i < Planes; ++i) {
      out[i].data += r * pitch[i];
      out[i].size -= r * pitch[i];
    }
    return out;
  }
};

/// Rows first .. first + count - 1: what one thread does of a product.
struct row_range {
  std::size_t first = 0;
  std::size_t count = 0;
};

namespace detail {

/// Rows of n numbers lie in the planes, and the range in the matrix; else size_mismatch. Rows that overlap are the caller's wish.
template <class Codec>
constexpr status check_rows(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::size_t n,
                            row_range range) noexcept {
  if (range.first > m.rows || range.count > m.rows - range.first) return errc::size_mismatch;
  if (m.rows == 0) return errc::ok;
  for (std::size_t i = 0; i < Codec::plane_count; ++i)
    if (m.pitch[i] != 0 && (m.rows - 1) > m.first[i].size / m.pitch[i]) return errc::size_mismatch;
  return check_blocks(codec, n, m.row(m.rows - 1));
}

/// Codecs with unchecked products: all sizes are checked once for all rows.
template <class Codec, class Query, class Arch>
concept multiplies_rows = requires(Codec const c, row_products<Codec::plane_count> const& rows, Query const* q) {
  { c.accepts(*q) } noexcept -> std::same_as<bool>;
  c.template multiply<Arch, 1>(rows, c.layout(q->size), q);
};

/// Codecs whose rows may be corrupt: products of rows stop at the first that is.
template <class Codec, class Query, class Arch>
concept multiplies_rows_checked = requires(Codec const c, row_products<Codec::plane_count> const& rows, Query const& q) {
  { c.accepts(q) } noexcept -> std::same_as<bool>;
  { c.template multiply_rows<Arch>(rows, q) } noexcept -> std::same_as<status>;
};
template <class Codec, class Query, class Arch>
concept multiplies_batches_checked = multiplies_rows_checked<Codec, Query, Arch> &&
    requires(Codec const c, row_products<Codec::plane_count> const& rows, std::span<Query const> q) {
      { c.template multiply_batch<Arch>(rows, q) } noexcept -> std::same_as<status>;
    };

/// A codec whose dot() takes this kind of query.
template <class Codec, class Query>
concept takes_query =
    block_codec<Codec> && requires(Codec const c, planes<std::byte const, Codec::plane_count> const& row, Query const& q) {
      { q.size } -> std::convertible_to<std::size_t>;
      { c.dot(row, q) } noexcept -> std::same_as<result<float>>;
    };

}  // namespace detail
}  // namespace skive
