// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_product.hpp - Y = X W^T for interleaved rows W and vectors X of bytes: integer products throughout.
///
///   y(t, r) = sum over segments of  scale_g(r) (s_t (sum_i (byte(code_ri) - bias) q_ti - zero_g(r) sum_i q_ti))
///
/// A lane is a row. The codes of a segment (16 or 32 numbers) of 32 rows are unpacked to bytes once and stay in registers while
/// all vectors pass; a vector's four bytes are broadcast to all rows. Segments are added in ascending order, in float.
///
/// Model of : -
/// Cost     : for 32 numbers, 32 rows and a vector: 16 byte products, 8 broadcasts, 2 of each of conversion, product and sum. No
///            scratch; 4 KiB of stack.
/// Accuracy : sums of a segment are exact: 32 products of at most 255 * 128 and a term of 128 * 32 * 128 stay below 2^21, whatever
///            the length. |y - exact| <= (segments + 3) 2^-24 sum_i |w_i q_i s_i| for levels that bytes hold exactly.
/// Promise  : the bits of y(t, r) depend on row r, vector t and the vectors' segment only: not on the range, the batch or the
///            instruction set, but for whether it fuses.
/// Source   : -

#include "skive/kernel/interleaved_tiles.hpp"
#include "skive/kernel/interleaved_vectors.hpp"
#include "skive/kernel/tile_products.hpp"

namespace skive {

namespace detail {

/// Products of kernel/tile_products.hpp: segments of bytes.
template <class Scheme, class Arch, std::size_t Segment>
class integer_segments {
  static constexpr int width = Scheme::packing::width;
  static constexpr std::size_t registers = Segment / 4;  // of bytes
  using levels = integer_levels<typename Scheme::element>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

 public:
  static constexpr std::size_t numbers = Segment;
  static constexpr bool possible = 8 % width != 0 || registers % (8 / static_cast<std::size_t>(width)) == 0;
  struct codes {
    words byte[registers];
  };

  explicit integer_segments(interleaved_vectors const& x) noexcept : x_{x} {}

  template <class Reader>
  [[gnu::always_inline]] void unpack(Reader& reader, std::size_t i, std::size_t s, floats const&, codes& out) const noexcept {
    reader.load_codes(i, s * Segment / 16, out.byte);
    for (auto& b : out.byte) b = level_.bytes(b);
  }

  template <std::size_t Tiles>
  [[gnu::always_inline]] void add(codes const (&of)[Tiles], std::size_t s, std::size_t v, floats const (&scale)[Tiles],
                                  floats const (&minus_zero)[Tiles], float (&total)[Tiles][16]) const noexcept {
    auto const* const q = x_.bytes + (s * Segment / 32 * x_.count + v) * 32 + s * Segment % 32;
    auto const term = x_.terms[s * x_.count + v];
    auto const x_scale = floats::broadcast(x_.scales[s * x_.count + v]);
    integers dot[Tiles];
    for (auto& d : dot) d = integers::broadcast(has_zero_point<Scheme> ? 0 : term);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < registers; ++k) {
      std::uint32_t four = 0;
      std::memcpy(&four, q + 4 * k, 4);
      auto const all = words::broadcast(four);
      for (std::size_t i = 0; i < Tiles; ++i) dot[i] = simd::dot4<levels::largest>(dot[i], of[i].byte[k], all);
    }
    for (std::size_t i = 0; i < Tiles; ++i) {
      auto d = simd::to_float<Arch>(dot[i]);
      if constexpr (has_zero_point<Scheme>) d = simd::fused(minus_zero[i], floats::broadcast(static_cast<float>(term)), d);
      simd::fused(simd::product<Arch>(d, x_scale), scale[i], floats::load(total[i])).store(total[i]);
    }
  }

 private:
  interleaved_vectors x_;
  typename levels::template lanes<Arch> level_;
};

/// Tiles `tiles` of `rows`, whose groups end where segments do, with vectors that fit the codes.
template <class Scheme, class Arch, class Rows>
status multiply_integers(Rows const& rows, interleaved_vectors const& x, matrix_view<float> y, row_range tiles) noexcept {
  auto const last = tiles.first + tiles.count;
  auto const in_groups = [&rows](std::size_t segment) noexcept {
    return rows.group() >= rows.numbers() || rows.group() % segment == 0;
  };
  if (!in_groups(x.segment == 32 ? 32 : 16)) return errc::invalid_argument;
  if (x.segment == 32) {
    using segments = integer_segments<Scheme, Arch, 32>;
    tile_products<Rows, segments, Arch>{rows, segments{x}}(tiles.first, last, x.count, y);
    return errc::ok;
  }
  if constexpr (integer_segments<Scheme, Arch, 16>::possible)
    if (x.segment == 16) {
      using segments = integer_segments<Scheme, Arch, 16>;
      tile_products<Rows, segments, Arch>{rows, segments{x}}(tiles.first, last, x.count, y);
      return errc::ok;
    }
  return errc::invalid_argument;
}

}  // namespace detail

/// y: one row for each vector, one column for each row of the tiles first_tile .. first_tile + tiles - 1 (threads share a product
/// by tiles). Fails with size_mismatch, or invalid_argument if the vectors were made for other codes or groups.
template <class Arch = native_arch, class Scheme>
  requires detail::integer_lanes<Scheme, Arch>
status interleaved_product(interleaved_rows<grouped<Scheme>> const& w,
                           planes<std::byte const, 1 + Scheme::field_bits.size()> from, interleaved_vectors const& x,
                           matrix_view<float> y, row_range tiles) noexcept {
  if (tiles.first > w.tiles() || tiles.count > w.tiles() - tiles.first) return errc::size_mismatch;
  auto const end = detail::smaller(w.rows(), 16 * (tiles.first + tiles.count));
  auto const columns = tiles.count == 0 ? 0 : end - 16 * tiles.first;
  if (x.size != w.row_numbers() || y.rows != x.count || y.cols != columns || !y.valid()) return errc::size_mismatch;
  if (auto const s = w.check(from); !s) return s;
  if (x.order != detail::query_order<Scheme>(w.codec().order())) return errc::invalid_argument;
  return detail::multiply_integers<Scheme, Arch>(detail::interleaved_tiles<Scheme, Arch>{w, from}, x, y, tiles);
}

/// All rows.
template <class Arch = native_arch, class Scheme>
  requires detail::integer_lanes<Scheme, Arch>
status interleaved_product(interleaved_rows<grouped<Scheme>> const& w,
                           planes<std::byte const, 1 + Scheme::field_bits.size()> from, interleaved_vectors const& x,
                           matrix_view<float> y) noexcept {
  return interleaved_product<Arch>(w, from, x, y, {0, w.tiles()});
}

}  // namespace skive
