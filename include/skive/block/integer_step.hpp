// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/integer_step.hpp - a step of a product with bytes: 64 bytes of codes of a few rows meet their numbers of a few vectors.
///
///   lane j of 16:  total += scale_g (s_b float(sum_(i in lane) (byte(code_i) - bias) q_i - zero_g sum_(i in lane) q_i))
///
/// The codes of a row are unpacked once for all vectors. block/integer_dot.hpp has the loop.
///
/// Model of : -
/// Cost     : that of integer_dot.hpp, of which this is nearly all.
/// Accuracy : sums of bytes are exact; three float roundings a lane.
/// Promise  : reads 64 bytes of codes a row, and a record a vector.
/// Source   : -

#include "skive/block/integer_rule.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/dot_halves.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
concept integer_lanes = integer_scheme<Scheme> && lane_scheme<Scheme, Arch>;

/// Levels past 127 meet the vector as signed bytes where that is cheaper, and there is no bias then.
template <class Scheme, class Arch>
inline constexpr bool meets_signed = simd::has_dot4_by_signs<Arch> && integer_levels<typename Scheme::element>::largest > 127 &&
    integer_levels<typename Scheme::element>::bias != 0;

/// Signed: no byte of the vectors is -128.
template <class Scheme, class Arch, std::size_t Queries, bool Signed>
class integer_step {
  static constexpr int width = Scheme::packing::width;
  using steps = code_steps<width>;
  using levels = integer_levels<typename Scheme::element>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  // Signed codes of a few bits become levels while several are in a byte; AVX-512 does it for nothing with the mask.
  static constexpr bool flips = levels::flips_sign && steps::fields == 2 && !simd::has_avx512<Arch>;
  static constexpr std::uint32_t levels_of_signs = 0xFFFF'FFFFU / ((1U << width) - 1) << (width - 1);
  // Codes of 2 bits: a look-up of 16 does the masking too, where shuffles of bytes are cheap.
  static constexpr bool quarters = width == 2 && simd::has_avx2<Arch>;
  using level_lanes = std::conditional_t<quarters, level_quarters<levels, Arch>, typename levels::template lanes<Arch, Signed>>;

 public:
  explicit integer_step(bit_order order) noexcept : order_{order} {}

  /// The codes of a step, one or more to a byte.
  [[gnu::always_inline]] words spread_codes(std::byte const* from) const noexcept {
    if constexpr (steps::folded) {
      return simd::load_words<Arch>(from);
    } else {
      alignas(64) std::byte bytes[64];
      for (std::size_t i = 0; i < 4; ++i)
        simd::store_bytes(simd::load_fields<width, Arch>(from + 2 * i * width, order_), bytes + 16 * i);
      return simd::load_words<Arch>(bytes);
    }
  }

  /// vector(q): the record of vector q (block/int8_query.hpp); cursor: the scales of the lanes, moved on to those of the next step.
  template <bool PerBlock, std::size_t Rows, class Vector, class Cursor>
  [[gnu::always_inline]] void add(words const (&codes)[Rows], Vector const& vector, Cursor& cursor,
                                  floats (&total)[Rows][Queries]) const noexcept {
    words byte[Rows][steps::fields];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Rows; ++i) {
      if constexpr (quarters) {
        level_.bytes(codes[i], byte[i]);
      } else {
        auto const flipped = flips ? codes[i] ^ words::broadcast(levels_of_signs) : codes[i];
#pragma GCC unroll 8
        for (std::size_t r = 0; r < steps::fields; ++r) byte[i][r] = flips ? field(flipped, r) : level_.bytes(field(flipped, r));
      }
    }
#pragma GCC unroll 4
    for (std::size_t q = 0; q < Queries; ++q) {
      auto const x = vector_step<steps::fields, PerBlock, Arch>::load(vector(q), 0);
      integers sums[Rows];
#pragma GCC unroll 4
      for (auto& all : sums) all = has_zero_point<Scheme> || Signed ? integers::broadcast(0) : simd::as<std::int32_t>(x.term);
      if constexpr (Signed) {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < steps::fields; ++r) sums[0] = simd::dot4_by_signs(sums[0], byte[0][r], x.bytes[r]);
      } else if constexpr (Rows == 1) {
        sums[0] = simd::dot4_of<levels::largest>(sums[0], byte[0], x.bytes);
      } else {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < steps::fields; ++r) {
#pragma GCC unroll 4
          for (std::size_t i = 0; i < Rows; ++i) sums[i] = simd::dot4<levels::largest>(sums[i], byte[i][r], x.bytes[r]);
        }
      }
#pragma GCC unroll 4
      for (std::size_t i = 0; i < Rows; ++i) {
        auto t = simd::to_float<Arch>(sums[i]);
        if constexpr (has_zero_point<Scheme>) t = simd::fused(cursor.minus_zero_point(i), simd::as<float>(x.term), t);
        if constexpr (PerBlock) t = simd::product<Arch>(t, x.scale);
        total[i][q] = simd::fused(t, cursor.scale(i), total[i][q]);
      }
    }
    cursor.advance();
  }

 private:
  [[gnu::always_inline]] static words field(words const& codes, std::size_t r) noexcept {
    if constexpr (width == 8 || !steps::folded) return codes;
    return (codes >> static_cast<int>(r * width)) & words::broadcast(((1U << width) - 1) * 0x01010101U);
  }

  level_lanes level_;
  bit_order order_;
};

}  // namespace skive::detail
