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

#include "skive/core/checked.hpp"
#include "skive/kernel/interleaved_tiles.hpp"
#include "skive/kernel/interleaved_vectors.hpp"

namespace skive {

namespace detail {

template <class Scheme, class Arch, std::size_t Segment>
class integer_tiles {
  using tiles = interleaved_tiles<Scheme, Arch>;
  static constexpr std::size_t registers = Segment / 4;  // of bytes
  static constexpr std::size_t words_read = registers / tiles::codes_of_byte;
  static constexpr std::size_t most_vectors = 32;
  using levels = integer_levels<typename Scheme::element>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;

 public:
  static constexpr bool possible = registers % tiles::codes_of_byte == 0;
  static constexpr std::size_t tiles_at_once = simd::has_avx512<Arch> ? 2 : 1;

  integer_tiles(tiles const& w, interleaved_vectors const& x) noexcept : w_{w}, x_{x} {}

  /// Tiles first .. last - 1; y's column 0 is row 16 first.
  void multiply(std::size_t first, std::size_t last, matrix_view<float> y) const noexcept {
    for (std::size_t t = 0; t < x_.count; t += most_vectors) {
      auto const some = smaller(most_vectors, x_.count - t);
      auto tile = first;
      for (; tile + tiles_at_once <= last; tile += tiles_at_once) multiply_tiles<tiles_at_once>(tile, t, some, first, y);
      for (; tile < last; ++tile) multiply_tiles<1>(tile, t, some, first, y);
    }
  }

 private:
  template <std::size_t Tiles>
  [[gnu::noinline]] void multiply_tiles(std::size_t tile, std::size_t t, std::size_t some, std::size_t first,
                                        matrix_view<float> y) const noexcept {
    alignas(64) float total[most_vectors][Tiles][16];
    for (std::size_t v = 0; v < some; ++v)
      for (auto& of_tile : total[v])
        for (auto& sum : of_tile) sum = 0.0f;
    typename levels::template lanes<Arch> const level;
    auto const group = w_.layout().group();
    auto const segments = (x_.size + Segment - 1) / Segment;
    floats scale[Tiles];
    floats minus_zero[Tiles];
    std::size_t left = 0;  // segments until the next group
    for (std::size_t s = 0, g = 0; s < segments; ++s, --left) {
      if (left == 0) {
        left = (group + Segment - 1) / Segment;
        for (std::size_t i = 0; i < Tiles; ++i) w_.load_group(tile + i, g, scale[i], minus_zero[i]);
        ++g;
      }
      words byte[Tiles][registers];
      for (std::size_t i = 0; i < Tiles; ++i) load_codes(level, tile + i, s, byte[i]);
      auto const* const q = x_.bytes + (s * Segment / 32 * x_.count + t) * 32 + s * Segment % 32;
      auto const* const terms = x_.terms + s * x_.count + t;
      auto const* const scales = x_.scales + s * x_.count + t;
      for (std::size_t v = 0; v < some; ++v) add(byte, q + 32 * v, terms[v], scales[v], scale, minus_zero, total[v]);
    }
    for (std::size_t i = 0; i < Tiles; ++i) {
      auto const r = 16 * (tile + i);
      auto const count = smaller(16, w_.layout().rows() - r);
      for (std::size_t v = 0; v < some; ++v) std::memcpy(&y(t + v, r - 16 * first), total[v][i], count * sizeof(float));
    }
  }

  template <std::size_t Tiles>
  [[gnu::always_inline]] static void add(words const (&byte)[Tiles][registers], std::byte const* q, std::int32_t term,
                                         float x_scale, floats const (&scale)[Tiles], floats const (&minus_zero)[Tiles],
                                         float (&total)[Tiles][16]) noexcept {
    integers dot[Tiles];
    for (auto& d : dot) d = integers::broadcast(has_zero_point<Scheme> ? 0 : term);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < registers; ++k) {
      std::uint32_t four = 0;
      std::memcpy(&four, q + 4 * k, 4);
      auto const all = words::broadcast(four);
      for (std::size_t i = 0; i < Tiles; ++i) dot[i] = simd::dot4<levels::largest>(dot[i], byte[i][k], all);
    }
    for (std::size_t i = 0; i < Tiles; ++i) {
      auto d = simd::to_float<Arch>(dot[i]);
      if constexpr (has_zero_point<Scheme>) d = simd::fused(minus_zero[i], floats::broadcast(static_cast<float>(term)), d);
      d = simd::product<Arch>(d, floats::broadcast(x_scale));
      simd::fused(d, scale[i], floats::load(total[i])).store(total[i]);
    }
  }

  [[gnu::always_inline]] void load_codes(typename levels::template lanes<Arch> const& level, std::size_t tile, std::size_t s,
                                         words (&byte)[registers]) const noexcept {
    w_.load_codes(tile, s * words_read, byte);
    for (auto& b : byte) b = level.bytes(b);
  }

  tiles const& w_;
  interleaved_vectors const& x_;
};

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
  detail::interleaved_tiles<Scheme, Arch> const loads{w, from};
  auto const last = tiles.first + tiles.count;
  if (x.segment == 32) {
    if (w.groups() > 1 && w.group() % 32 != 0) return errc::invalid_argument;
    detail::integer_tiles<Scheme, Arch, 32>{loads, x}.multiply(tiles.first, last, y);
    return errc::ok;
  }
  if constexpr (detail::integer_tiles<Scheme, Arch, 16>::possible)
    if (x.segment == 16) {
      detail::integer_tiles<Scheme, Arch, 16>{loads, x}.multiply(tiles.first, last, y);
      return errc::ok;
    }
  return errc::invalid_argument;
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
