// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/packed_product.hpp - Y = A B^T of two packed matrices: FP8 x FP8, MX x MX, NVFP4 x NVFP4, int8 x int8, ...
///
///   y(t, i) = sum_k a_tk b_ik,    a, b the numbers that the codes stand for
///
/// Any block codec for A, any dot_codec for B. Scales are the codecs' own: a token or row (group 0), groups along it,
/// the tensor (static_scale, NVFP4's T); matrix_strip() gives a row of tiles of `tiles`. Where both elements have levels in exact
/// bytes (integers without zero points for A, E2M1, E2M3, signs, ternary) codes meet codes as integers (kernel/batch_product.hpp;
/// kernel/packed_query.hpp for few rows and short groups). Where bfloat16 holds both elements' levels (FP8, FP6) and AVX512_BF16
/// multiplies them, they meet as such: exact products, sums of 16 numbers scaled by both sides' scales and added in ascending
/// order. Else rows of A are decoded, up to 32 at a time, and meet B's codes in float registers.
///
/// Model of : -
/// Cost     : A is unpacked once; B's codes once for 32 rows of A.
/// Accuracy : |y - exact| <= (n / 16 + 28) 2^-24 sum_k |a b| for integers and bfloat16; floats: that of B's dot().
/// Promise  : sizes are checked before the first write. A row or group that was not finite gives NaN.
/// Source   : -

#include "skive/block/tiles.hpp"
#include "skive/core/checked.hpp"
#include "skive/kernel/batch_product.hpp"
#include "skive/kernel/matrix_matrix.hpp"

namespace skive {

namespace detail {

inline constexpr std::size_t product_batch = 32;
inline constexpr std::size_t least_interleaved = 8;  // rows of A: below, turning the rows of B costs more than it saves

template <class A, class B>
constexpr bool product_of_bytes(A const& a, std::size_t n) noexcept {
  if constexpr (multiplies_bytes<A, B>) return groups_are_lanes<typename B::scheme_type>(a.layout(n));
  return false;
}

// Do groups end where segments do?
template <class Codec>
constexpr bool groups_are_segments(Codec const& c, std::size_t n, std::size_t segment) noexcept {
  auto const l = c.layout(n);
  return l.groups <= 1 || l.group % segment == 0;
}
// Both sides meet as interleaved bytes.
template <class A, class B, class Arch>
inline constexpr bool multiplies_segments = false;
template <class A, class B, class Arch>
  requires multiplies_bytes<A, B>
inline constexpr bool multiplies_segments<A, B, Arch> = integer_lanes<typename B::scheme_type, Arch>;
// Both sides meet as bfloat16 numbers, by one instruction.
template <class A, class B, class Arch>
inline constexpr bool multiplies_halves = false;
template <bfloat16_rows A, bfloat16_rows B, class Arch>
  requires(!multiplies_bytes<A, B>)
inline constexpr bool multiplies_halves<A, B, Arch> = simd::has_bfloat16_dot<Arch>;

// Workspace for one row of A.
template <class A, class B>
constexpr std::size_t product_row_bytes(A const& a, B const& b, std::size_t n) noexcept {
  if constexpr (multiplies_bytes<A, B>)
    if (product_of_bytes<A, B>(a, n)) return b.int8_query_bytes(n);
  return saturating_add(workspace::bytes<float>(n), b.query_bytes(n));
}
// For `batch` rows, whichever way they take.
template <class A, class B>
constexpr std::size_t product_batch_bytes(A const& a, B const& b, std::size_t n, std::size_t batch) noexcept {
  auto most = saturating_multiply(batch, product_row_bytes(a, b, n));
  if constexpr (multiplies_bytes<A, B>) most = larger(most, interleaved_vectors_bytes(batch, n));
  if constexpr (bfloat16_rows<A> && bfloat16_rows<B>) most = larger(most, bfloat16_vectors_bytes(batch, n));
  return most;
}

// The products of rows `first` .. of A, as many as there are queries, with all of B.
template <class Arch, class B, class Query>
inline status product_of_rows(B const& b, packed_matrix<B::plane_count> const& of_b, std::span<Query const> queries,
                              matrix_view<float> y, std::size_t first) noexcept {
  return matrix_matrix<Arch>(b, of_b, queries, {&y(first, 0), queries.size(), y.cols, y.row_stride});
}

// Rows first .. first + count - 1 of A become queries, each in `each` bytes of `memory`, and meet B.
template <class Arch, class A, class B>
inline status product_batch_of_bytes(A const& a, packed_matrix<A::plane_count> const& of_a, B const& b,
                                     packed_matrix<B::plane_count> const& of_b, std::size_t n, matrix_view<float> y,
                                     row_range rows, std::span<std::byte> memory) noexcept {
  auto const each = product_row_bytes(a, b, n);
  std::array<int8_query, product_batch> queries;
  for (std::size_t t = 0; t < rows.count; ++t) {
    auto const q = packed_query<Arch>(b, a, of_a.row(rows.first + t), n, workspace{memory.subspan(t * each, each)});
    if (!q) return q.error();
    queries[t] = *q;
  }
  return product_of_rows<Arch>(b, of_b, std::span<int8_query const>{queries}.first(rows.count), y, rows.first);
}
template <class Arch, class A, class B>
inline status product_batch_of_floats(A const& a, packed_matrix<A::plane_count> const& of_a, B const& b,
                                      packed_matrix<B::plane_count> const& of_b, std::size_t n, matrix_view<float> y,
                                      row_range rows, std::span<std::byte> memory, workspace scratch) noexcept {
  auto const each = product_row_bytes(a, b, n);
  std::array<typename B::query, product_batch> queries;
  for (std::size_t t = 0; t < rows.count; ++t) {
    workspace w{memory.subspan(t * each, each)};
    auto const x = w.take<float>(n);
    if (auto const s = with_arch<Arch>::decode(a, of_a.row(rows.first + t), x, scratch); !s) return s;
    auto const q = with_arch<Arch>::prepare(b, std::span<float const>{x}, w);
    if (!q) return q.error();
    queries[t] = *q;
  }
  return product_of_rows<Arch>(b, of_b, std::span<typename B::query const>{queries}.first(rows.count), y, rows.first);
}

template <class Arch, class A, class B>
inline status product_batch_of(A const& a, packed_matrix<A::plane_count> const& of_a, B const& b,
                               packed_matrix<B::plane_count> const& of_b, std::size_t n, matrix_view<float> y, row_range rows,
                               std::span<std::byte> memory, workspace scratch) noexcept {
  bool const many = y.rows >= least_interleaved;
  matrix_view<float> const out{&y(rows.first, 0), rows.count, y.cols, y.row_stride};
  if constexpr (multiplies_segments<A, B, Arch>) {
    constexpr std::size_t least = integer_segments<typename B::scheme_type, Arch, 16>::possible ? 16 : 32;
    if (many && groups_are_segments(a, n, least) && groups_are_segments(b, n, least)) {
      auto const x = interleave_rows<Arch>(b, a, of_a, n, rows, workspace{memory});
      return x ? batch_product<Arch>(b, of_b, *x, out) : status{x.error()};
    }
  }
  if constexpr (multiplies_bytes<A, B>)
    if (product_of_bytes<A, B>(a, n)) return product_batch_of_bytes<Arch>(a, of_a, b, of_b, n, y, rows, memory);
  if constexpr (multiplies_halves<A, B, Arch>)
    if (many && groups_are_segments(a, n, 16) && groups_are_segments(b, n, 16)) {
      auto const x = interleave_bfloat16_rows<Arch>(b, a, of_a, n, rows, workspace{memory});
      return x ? batch_product<Arch>(b, of_b, *x, out) : status{x.error()};
    }
  return product_batch_of_floats<Arch>(a, of_a, b, of_b, n, y, rows, memory, scratch);
}

}  // namespace detail

/// Workspace that serves `batch` rows of A at a time, 1 <= batch <= 32; packed_product() takes as many as fit.
template <class A, class B>
constexpr std::size_t packed_product_bytes(A const& a, B const& b, std::size_t n, std::size_t batch = 32) noexcept {
  return saturating_add(workspace::bytes<std::byte>(detail::product_batch_bytes(a, b, n, batch)),
                        workspace::bytes<std::byte>(a.scratch_bytes(n)));
}

/// y: a row for each row of A, a column for each row of B; rows of both have n numbers. Fails with size_mismatch, or with
/// workspace_too_small below the bytes for one row. Codecs that find bytes corrupt, or numbers that they refuse, stop in between.
template <class Arch = native_arch, block_codec A, dot_codec B>
status packed_product(A const& a, packed_matrix<A::plane_count> const& of_a, B const& b,
                      packed_matrix<B::plane_count> const& of_b, std::size_t n, matrix_view<float> y, workspace w) noexcept {
  if (y.rows != of_a.rows || y.cols != of_b.rows || !y.valid()) return errc::size_mismatch;
  if (auto const s = detail::check_rows(a, of_a, n, {0, of_a.rows}); !s) return s;
  if (auto const s = detail::check_rows(b, of_b, n, {0, of_b.rows}); !s) return s;
  if (w.size() < packed_product_bytes(a, b, n, 1)) return errc::workspace_too_small;
  if (y.rows == 0 || y.cols == 0) return errc::ok;
  std::size_t batch = 1;
  while (batch < detail::product_batch && batch < y.rows && w.size() >= packed_product_bytes(a, b, n, batch + 1)) ++batch;
  auto const memory = w.take<std::byte>(detail::product_batch_bytes(a, b, n, batch));
  for (std::size_t first = 0; first < y.rows; first += batch) {
    row_range const rows{first, y.rows - first < batch ? y.rows - first : batch};
    if (auto const s = detail::product_batch_of<Arch>(a, of_a, b, of_b, n, y, rows, memory, w); !s) return s;
  }
  return errc::ok;
}

/// The codec of a row of a matrix in tiles: a tile's columns are a group.
template <class Scheme>
constexpr grouped<Scheme> strip_codec(tiles<Scheme> const& t) noexcept {
  return grouped<Scheme>{t.tile_cols(), t.scheme(), Scheme::default_order};
}

/// Row i of tiles of a rows x cols matrix as a packed matrix for strip_codec(t): its rows share their metadata, so the pitch of
/// those is 0. Fails with size_mismatch, or invalid_argument if tiles end within a byte of codes.
template <class Scheme>
constexpr result<packed_matrix<tiles<Scheme>::plane_count>> matrix_strip(
    tiles<Scheme> const& t, planes<std::byte const, tiles<Scheme>::plane_count> const& from, std::size_t rows, std::size_t cols,
    std::size_t i) noexcept {
  auto const need = t.plane_bytes(rows, cols);
  for (std::size_t p = 0; p < need.size(); ++p)
    if (from[p].size < need[p]) return errc::size_mismatch;
  if (rows == 0 || i > (rows - 1) / t.tile_rows()) return errc::size_mismatch;
  if (cols > t.tile_cols() && !Scheme::packing::fills_bytes(t.tile_cols() % Scheme::packing::period))
    return errc::invalid_argument;
  auto const across = cols / t.tile_cols() + (cols % t.tile_cols() != 0 ? 1 : 0);
  auto const row_bytes = Scheme::packing::bytes(cols);
  packed_matrix<tiles<Scheme>::plane_count> m;
  m.rows = rows - i * t.tile_rows() < t.tile_rows() ? rows - i * t.tile_rows() : t.tile_rows();
  m.first[0] = {from[0].data + i * t.tile_rows() * row_bytes, m.rows * row_bytes, Scheme::packing::bytes(t.tile_cols())};
  m.pitch[0] = row_bytes;
  for (std::size_t f = 0; f < Scheme::field_bits.size(); ++f) {
    auto const each = detail::field_bytes(across, Scheme::field_bits[f]);
    m.first[1 + f] = {from[1 + f].data + i * each, each, detail::field_bytes(1, Scheme::field_bits[f])};
  }
  return m;
}

/// The same product with B in tiles, of_b.rows x n; y and the workspace as for strip_codec(b).
template <class Arch = native_arch, block_codec A, class Scheme>
status packed_product(A const& a, packed_matrix<A::plane_count> const& of_a, tiles<Scheme> const& b,
                      planes<std::byte const, tiles<Scheme>::plane_count> const& of_b, std::size_t n, matrix_view<float> y,
                      workspace w) noexcept {
  if (y.rows != of_a.rows || !y.valid()) return errc::size_mismatch;
  auto const codec = strip_codec(b);
  if (auto const s = detail::check_rows(a, of_a, n, {0, of_a.rows}); !s) return s;
  if (w.size() < packed_product_bytes(a, codec, n, 1)) return errc::workspace_too_small;
  for (std::size_t c = 0; c < y.cols; c += b.tile_rows()) {
    auto const strip = matrix_strip(b, of_b, y.cols, n, c / b.tile_rows());
    if (!strip) return strip.error();
    auto const columns = matrix_view<float>{y.data + c, y.rows, strip->rows, y.row_stride};
    if (auto const s = packed_product<Arch>(a, of_a, codec, *strip, n, columns, w); !s) return s;
  }
  return errc::ok;
}

}  // namespace skive
