// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/batch_product.hpp - Y = X W^T for plain packed rows W and many vectors X: rows are interleaved on the way.
///
///   batch_product(codec, m, x, y)     x from interleave_floats(), interleave_rows() (bytes), interleave_bfloat16() or
///                                     interleave_bfloat16_rows()
///
/// Sixteen rows are turned in registers and then meet the vectors as interleaved rows do (kernel/interleaved_product.hpp,
/// kernel/interleaved_bfloat16.hpp), so that weights keep the layout in which they were stored. For one vector and few:
/// kernel/matrix_vector.hpp, kernel/matrix_matrix.hpp.
///
/// Model of : -
/// Cost     : that of interleaved rows and, for each 32 vectors, a transposition of the codes and scales (kernel/plain_tiles.hpp);
///            no scratch, 16 KiB of stack.
/// Accuracy : as for interleaved rows.
/// Promise  : the bits of interleaved_product() with the same rows. Sizes are checked before the first write.
/// Source   : -

#include "skive/kernel/interleaved_bfloat16.hpp"
#include "skive/kernel/interleaved_product.hpp"
#include "skive/kernel/plain_tiles.hpp"

namespace skive {

namespace detail {

template <class Codec, class Vectors>
constexpr status check_batch(Codec const& codec, packed_matrix<Codec::plane_count> const& m, Vectors const& x,
                             matrix_view<float> const& y, row_range range, std::uint32_t order) noexcept {
  if (y.rows != x.count || y.cols != range.count || !y.valid()) return errc::size_mismatch;
  if (auto const s = check_rows(codec, m, x.size, range); !s) return s;
  if (x.order != order) return errc::invalid_argument;
  return errc::ok;
}

}  // namespace detail

/// y: one row for each vector, one column for each row of the range. Fails with size_mismatch, or invalid_argument if the vectors
/// were made for other codes or groups, or groups end within 16 numbers.
template <class Arch = native_arch, class Scheme>
  requires detail::integer_lanes<Scheme, Arch>
status batch_product(grouped<Scheme> const& codec, packed_matrix<grouped<Scheme>::plane_count> const& m,
                     interleaved_vectors const& x, matrix_view<float> y, row_range range) noexcept {
  auto const order = detail::query_order<Scheme>(codec.order());
  if (auto const s = detail::check_batch(codec, m, x, y, range, order); !s) return s;
  detail::plain_tiles<Scheme, Arch> const rows{codec, m, x.size, range};
  return detail::multiply_integers<Scheme, Arch>(rows, x, y, {0, (range.count + 15) / 16});
}
template <class Arch = native_arch, detail::bfloat16_scheme Scheme>
  requires simd::vector_arch<Arch>
status batch_product(grouped<Scheme> const& codec, packed_matrix<grouped<Scheme>::plane_count> const& m,
                     bfloat16_vectors const& x, matrix_view<float> y, row_range range) noexcept {
  auto const order = detail::bfloat16_order<Scheme>(codec.order());
  if (auto const s = detail::check_batch(codec, m, x, y, range, order); !s) return s;
  detail::plain_tiles<Scheme, Arch> const rows{codec, m, x.size, range};
  if (rows.group() < rows.numbers() && rows.group() % 16 != 0) return errc::invalid_argument;
  detail::multiply_bfloat16<Scheme, Arch>(rows, x, y, {0, (range.count + 15) / 16});
  return errc::ok;
}

/// All rows.
template <class Arch = native_arch, class Scheme, class Vectors>
  requires std::is_same_v<Vectors, interleaved_vectors> || std::is_same_v<Vectors, bfloat16_vectors>
status batch_product(grouped<Scheme> const& codec, packed_matrix<grouped<Scheme>::plane_count> const& m, Vectors const& x,
                     matrix_view<float> y) noexcept {
  return batch_product<Arch>(codec, m, x, y, {0, m.rows});
}

}  // namespace skive
