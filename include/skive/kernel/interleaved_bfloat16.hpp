// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_bfloat16.hpp - Y = X W^T for interleaved rows W and vectors X of bfloat16.
///
///   y(t, r) = sum over segments of 16 numbers of  scale_g(r) s_t sum_i bf16(level(code_ri)) h_ti
///
/// Codes become bfloat16 levels by tables of bytes in registers, once for all vectors, and meet the vectors two numbers a lane
/// (AVX512_BF16 where the instruction set has it). Levels of at most 8 significant bits are exact: small floats, integers;
/// lookup tables (NF4) are rounded, by 2^-9 of the level at most.
///
/// Model of : -
/// Cost     : for 16 numbers, 32 rows and a vector: 16 products of pairs, 9 broadcasts, 2 products, 2 sums; 4 KiB of stack.
/// Accuracy : |y - exact| <= (n / 16 + 28) 2^-24 sum |w_i x_i|, w the rounded numbers, x the vector in bfloat16. Subnormal x may
///            count as zeros.
/// Promise  : the bits of y(t, r) depend on row r and vector t only. Groups of scale 0 are zeros, whatever their codes.
/// Source   : -

#include "skive/kernel/bfloat16_vectors.hpp"
#include "skive/kernel/interleaved_tiles.hpp"
#include "skive/kernel/tile_products.hpp"
#include "skive/simd/bfloat16_dot.hpp"

namespace skive {

namespace detail {

/// The two bytes of a format's levels, in tables of 64 entries.
template <class Format, class Arch>
class bfloat16_levels {
  static constexpr std::uint16_t half_of(std::size_t code) noexcept { return bfloat16_of_codes<Format>[code]; }
  // Is bit 7 of a code the sign, so that the tables of magnitudes serve all? The sign of NaN does not count.
  static constexpr bool has_sign = [] {
    if (Format::bits != 8) return false;
    for (std::size_t c = 0; c < 128; ++c)
      if ((half_of(c) & 0x7FFF) <= 0x7F80 && (half_of(c) ^ 0x8000) != half_of(c + 128)) return false;
    return true;
  }();
  static constexpr std::size_t entries = Format::bits <= 4 ? 16 : 64;
  static constexpr std::size_t tables = Format::bits <= 6 ? 1 : has_sign ? 2 : std::size_t{1} << (Format::bits - 6);
  using words = simd::words<Arch>;

  static constexpr std::array<std::uint8_t, entries> bytes(std::size_t table, int shift) noexcept {
    std::array<std::uint8_t, entries> out{};
    for (std::size_t i = 0; i < entries; ++i) {
      auto const code = (table * entries + i) & ((std::size_t{1} << Format::bits) - 1);
      auto const level = half_of(code);
      out[i] = static_cast<std::uint8_t>(level >> shift);
    }
    return out;
  }
  [[gnu::always_inline]] static words look_up(simd::byte_table<entries, Arch> const& table, words codes) noexcept {
    for (auto& p : codes.part) p = xsimd::bitwise_cast<std::uint32_t>(look_up_bytes(table, xsimd::bitwise_cast<std::uint8_t>(p)));
    return codes;
  }

 public:
  /// Two registers of halves from a register of codes.
  [[gnu::always_inline]] void pairs(words const& codes, words& even, words& odd) const noexcept {
    words low;
    words high;
    if constexpr (tables == 1) {
      low = look_up(low_[0], codes);
      high = look_up(high_[0], codes);
    } else if constexpr (has_sign) {
      auto const index = codes & words::broadcast(0x3F3F3F3F);
      auto const bit = (codes >> 6) & words::broadcast(0x01010101);
      auto const upper = (bit << 8) - bit;
      low = merge(upper, look_up(low_[1], index), look_up(low_[0], index));
      high = merge(upper, look_up(high_[1], index), look_up(high_[0], index)) | (codes & words::broadcast(0x80808080));
    } else {
      auto const index = codes & words::broadcast(0x3F3F3F3F);
      low = words::broadcast(0);
      high = low;
      for (std::size_t t = 0; t < tables; ++t) {
        auto const here = equal_bytes(codes & words::broadcast(0xC0C0C0C0), static_cast<std::uint32_t>(t) * 0x40404040U);
        low = low | (look_up(low_[t], index) & here);
        high = high | (look_up(high_[t], index) & here);
      }
    }
    even = simd::pair_even_bytes(low, high);
    odd = simd::pair_odd_bytes(low, high);
  }

 private:
  [[gnu::always_inline]] static words merge(words const& mask, words const& yes, words const& no) noexcept {
    return no ^ ((no ^ yes) & mask);
  }
  // FF in the bytes that equal those of `all`, whose lower six bits are 0 on both sides.
  [[gnu::always_inline]] static words equal_bytes(words const& w, std::uint32_t all) noexcept {
    auto const different = w ^ words::broadcast(all);
    auto const any = (different | (different << 1)) & words::broadcast(0x80808080);
    auto const equal = (any ^ words::broadcast(0x80808080)) >> 7;  // 1 in such bytes
    return (equal << 8) - equal;
  }
  template <std::size_t... T>
  [[gnu::always_inline]] static auto all_tables(int shift, std::index_sequence<T...>) noexcept {
    return std::array<simd::byte_table<entries, Arch>, tables>{simd::byte_table<entries, Arch>{bytes(T, shift)}...};
  }

  std::array<simd::byte_table<entries, Arch>, tables> low_ = all_tables(0, std::make_index_sequence<tables>{});
  std::array<simd::byte_table<entries, Arch>, tables> high_ = all_tables(8, std::make_index_sequence<tables>{});
};

/// Products of kernel/tile_products.hpp: segments of sixteen numbers of bfloat16.
template <class Scheme, class Arch>
class bfloat16_segments {
  static constexpr std::size_t registers = 8;  // of pairs
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;

 public:
  static constexpr std::size_t numbers = 16;
  struct codes {
    words pair[registers];
  };

  explicit bfloat16_segments(bfloat16_vectors const& x) noexcept : x_{x} {}

  template <class Reader>
  [[gnu::always_inline]] void unpack(Reader& reader, std::size_t i, std::size_t s, floats const& scale,
                                     codes& out) const noexcept {
    words byte[registers / 2];
    reader.load_codes(i, s, byte);
    for (std::size_t k = 0; k < registers / 2; ++k) level_.pairs(byte[k], out.pair[2 * k], out.pair[2 * k + 1]);
    if constexpr (requires { requires Scheme::element::has_nan; }) {  // of scale 0: zeros, whatever their codes
      auto const magnitude = simd::as<std::int32_t>(scale) & simd::integers<Arch>::broadcast(0x7FFF'FFFF);
      auto const some = simd::as<std::uint32_t>(magnitude > simd::integers<Arch>::broadcast(0));
      for (auto& p : out.pair) p = select(some, p, words::broadcast(0));
    }
  }

  template <std::size_t Tiles>
  [[gnu::always_inline]] void add(codes const (&of)[Tiles], std::size_t s, std::size_t v, floats const (&scale)[Tiles],
                                  floats const (&)[Tiles], float (&total)[Tiles][16]) const noexcept {
    auto const* const x = x_.data + (s * x_.count + v) * 32;
    floats sum[Tiles];
    for (auto& d : sum) d = floats::broadcast(0.0f);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < registers; ++k) {
      std::uint32_t two = 0;
      std::memcpy(&two, x + 4 * k, 4);
      auto const all = words::broadcast(two);
      for (std::size_t i = 0; i < Tiles; ++i) sum[i] = simd::dot2<Arch>(sum[i], of[i].pair[k], all);
    }
    auto const x_scale = floats::broadcast(x_.scales[s * x_.count + v]);
    for (std::size_t i = 0; i < Tiles; ++i)
      simd::fused(simd::product<Arch>(sum[i], x_scale), scale[i], floats::load(total[i])).store(total[i]);
  }

 private:
  bfloat16_vectors x_;
  bfloat16_levels<typename Scheme::element, Arch> level_;
};

template <class Scheme, class Arch, class Rows>
void multiply_bfloat16(Rows const& rows, bfloat16_vectors const& x, matrix_view<float> y, row_range tiles) noexcept {
  using segments = bfloat16_segments<Scheme, Arch>;
  tile_products<Rows, segments, Arch>{rows, segments{x}}(tiles.first, tiles.first + tiles.count, x.count, y);
}

}  // namespace detail

/// As for bytes (kernel/interleaved_product.hpp). Fails with size_mismatch, or invalid_argument if the vectors were made for other
/// codes.
template <class Arch = native_arch, detail::bfloat16_scheme Scheme>
  requires simd::vector_arch<Arch>
status interleaved_product(interleaved_rows<grouped<Scheme>> const& w,
                           planes<std::byte const, 1 + Scheme::field_bits.size()> from, bfloat16_vectors const& x,
                           matrix_view<float> y, row_range tiles) noexcept {
  if (tiles.first > w.tiles() || tiles.count > w.tiles() - tiles.first) return errc::size_mismatch;
  auto const end = detail::smaller(w.rows(), 16 * (tiles.first + tiles.count));
  auto const columns = tiles.count == 0 ? 0 : end - 16 * tiles.first;
  if (x.size != w.row_numbers() || y.rows != x.count || y.cols != columns || !y.valid()) return errc::size_mismatch;
  if (auto const s = w.check(from); !s) return s;
  if (x.order != detail::bfloat16_order<Scheme>(w.codec().order())) return errc::invalid_argument;
  detail::multiply_bfloat16<Scheme, Arch>(detail::interleaved_tiles<Scheme, Arch>{w, from}, x, y, tiles);
  return errc::ok;
}

/// All rows.
template <class Arch = native_arch, detail::bfloat16_scheme Scheme>
  requires simd::vector_arch<Arch>
status interleaved_product(interleaved_rows<grouped<Scheme>> const& w,
                           planes<std::byte const, 1 + Scheme::field_bits.size()> from, bfloat16_vectors const& x,
                           matrix_view<float> y) noexcept {
  return interleaved_product<Arch>(w, from, x, y, {0, w.tiles()});
}

}  // namespace skive
