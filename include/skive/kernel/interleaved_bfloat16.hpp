// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_bfloat16.hpp - Y = X W^T for interleaved rows W and vectors X of bfloat16.
///
///   y(t, r) = sum over segments of 16 numbers of  scale_g(r) sum_i bf16(level(code_ri)) bf16(x_ti)
///
/// Codes become bfloat16 levels by tables of bytes in registers, once for all vectors, and meet the vectors two numbers a lane
/// (AVX512_BF16 where the instruction set has it). Levels of at most 8 significant bits are exact: small floats, integers;
/// lookup tables (NF4) are rounded, by 2^-9 of the level at most.
///
/// Model of : -
/// Cost     : for 16 numbers, 32 rows and a vector: 16 products of pairs, 8 broadcasts, 2 sums. Vectors take 2 bytes a number of
///            workspace; 4 KiB of stack.
/// Accuracy : |y - exact| <= (n / 16 + 27) 2^-24 sum |w_i x_i|, w the rounded numbers, x the vector in bfloat16. Subnormal x may
///            count as zeros.
/// Promise  : the bits of y(t, r) depend on row r and vector t only. Groups of scale 0 are zeros, whatever their codes.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/format/half.hpp"
#include "skive/kernel/interleaved_tiles.hpp"
#include "skive/simd/bfloat16_dot.hpp"

namespace skive {

/// Vectors of bfloat16 as interleaved rows ask for them.
struct bfloat16_vectors {
  std::byte const* data = nullptr;  ///< [16 numbers][vector]{32 bytes}
  std::size_t count = 0;
  std::size_t size = 0;
  std::uint32_t order = 0;  ///< width of the codes they fit and their bit order
};
static_assert(primitive<bfloat16_vectors>);

namespace detail {

template <class Scheme>
concept bfloat16_scheme = linear_scheme<Scheme> && !has_zero_point<Scheme> && requires { Scheme::packing::width; } &&
    (Scheme::packing::width == 2 || Scheme::packing::width == 4 || Scheme::packing::width == 8);

template <class Scheme>
constexpr std::uint32_t bfloat16_order(bit_order order) noexcept {
  return static_cast<std::uint32_t>(Scheme::packing::width) |
      (order == bit_order::high_first && Scheme::packing::width < 8 ? 1U << 8 : 0U);
}

/// Place of number i of 16 among 16 halves: registers of bytes, of each bytes 0, 2, then 1, 3.
template <int Width>
constexpr std::size_t bfloat16_place(std::size_t i, bit_order order) noexcept {
  constexpr std::size_t fields = 8 / Width;
  auto const r = i % fields;
  auto const field = order == bit_order::low_first ? r : fields - 1 - r;
  auto const byte = i / fields % 4;
  return (i / (4 * fields) * fields + field) * 4 + byte % 2 * 2 + byte / 2;
}

/// The two bytes of a format's levels, in tables of 64 entries.
template <class Format, class Arch>
class bfloat16_levels {
  static constexpr std::uint16_t half_of(std::size_t code) noexcept {
    auto const level = Format::decode(static_cast<typename Format::code_type>(code));
    return static_cast<std::uint16_t>(bfloat16::encode(level, nearest_even{}, non_saturating));
  }
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

template <class Scheme, class Arch>
class bfloat16_tiles {
  using tiles = interleaved_tiles<Scheme, Arch>;
  static constexpr std::size_t registers = 8;  // of pairs, for 16 numbers
  static constexpr std::size_t most_vectors = 32;
  using levels = bfloat16_levels<typename Scheme::element, Arch>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;

 public:
  static constexpr std::size_t tiles_at_once = simd::has_avx512<Arch> ? 2 : 1;

  bfloat16_tiles(tiles const& w, bfloat16_vectors const& x) noexcept : w_{w}, x_{x} {}

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
    levels const level;
    auto const segments = (x_.size + 15) / 16;
    auto const of_group = (w_.layout().group() + 15) / 16;
    floats scale[Tiles];
    std::size_t left = 0;
    for (std::size_t s = 0, g = 0; s < segments; ++s, --left) {
      if (left == 0) {
        left = of_group;
        floats none;
        for (std::size_t i = 0; i < Tiles; ++i) w_.load_group(tile + i, g, scale[i], none);
        ++g;
      }
      words pair[Tiles][registers];
      for (std::size_t i = 0; i < Tiles; ++i) load_pairs(level, tile + i, s, scale[i], pair[i]);
      for (std::size_t v = 0; v < some; ++v) add(pair, x_.data + (s * x_.count + t + v) * 32, scale, total[v]);
    }
    for (std::size_t i = 0; i < Tiles; ++i) {
      auto const r = 16 * (tile + i);
      auto const count = smaller(16, w_.layout().rows() - r);
      for (std::size_t v = 0; v < some; ++v) std::memcpy(&y(t + v, r - 16 * first), total[v][i], count * sizeof(float));
    }
  }

  template <std::size_t Tiles>
  [[gnu::always_inline]] static void add(words const (&pair)[Tiles][registers], std::byte const* x, floats const (&scale)[Tiles],
                                         float (&total)[Tiles][16]) noexcept {
    floats sum[Tiles];
    for (auto& d : sum) d = floats::broadcast(0.0f);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < registers; ++k) {
      std::uint32_t two = 0;
      std::memcpy(&two, x + 4 * k, 4);
      auto const all = words::broadcast(two);
      for (std::size_t i = 0; i < Tiles; ++i) sum[i] = simd::dot2<Arch>(sum[i], pair[i][k], all);
    }
    for (std::size_t i = 0; i < Tiles; ++i) simd::fused(sum[i], scale[i], floats::load(total[i])).store(total[i]);
  }

  [[gnu::always_inline]] void load_pairs(levels const& level, std::size_t tile, std::size_t s, floats const& scale,
                                         words (&pair)[registers]) const noexcept {
    words byte[registers / 2];
    w_.load_codes(tile, s * (registers / 2) / tiles::codes_of_byte, byte);
    for (std::size_t k = 0; k < registers / 2; ++k) level.pairs(byte[k], pair[2 * k], pair[2 * k + 1]);
    if constexpr (requires { requires Scheme::element::has_nan; }) {  // of scale 0: zeros, whatever their codes
      auto const magnitude = simd::as<std::int32_t>(scale) & simd::integers<Arch>::broadcast(0x7FFF'FFFF);
      auto const some = simd::as<std::uint32_t>(magnitude > simd::integers<Arch>::broadcast(0));
      for (auto& p : pair) p = select(some, p, words::broadcast(0));
    }
  }

  tiles const& w_;
  bfloat16_vectors const& x_;
};

}  // namespace detail

/// Memory for `count` vectors of n numbers.
constexpr std::size_t bfloat16_vectors_bytes(std::size_t count, std::size_t n) noexcept {
  return workspace::bytes<std::byte>(saturating_multiply(32, saturating_multiply(count, n / 16 + (n % 16 != 0 ? 1 : 0))));
}

/// Rows of x, float (rounded to nearest even) or bfloat16. Fails with overflow or workspace_too_small.
template <class Arch = native_arch, class Codec, class T>
  requires detail::bfloat16_scheme<typename Codec::scheme_type> && (std::is_same_v<T, float> || std::is_same_v<T, bfloat16>)
result<bfloat16_vectors> interleave_bfloat16(Codec const& codec, matrix_view<T const> x, workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  if (!x.valid()) return errc::overflow;
  if (w.size() < bfloat16_vectors_bytes(x.rows, x.cols)) return errc::workspace_too_small;
  auto const segments = (x.cols + 15) / 16;
  auto const out = w.take<std::uint16_t>(16 * x.rows * segments);
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t s = 0; s < segments; ++s)
      for (std::size_t i = 0; i < 16; ++i) {
        auto const at = detail::bfloat16_place<scheme::packing::width>(i, codec.order());
        std::uint16_t half = 0;
        if (16 * s + i < x.cols) half = bfloat16::encode(detail::widen(x(t, 16 * s + i)), nearest_even{}, non_saturating);
        out[(s * x.rows + t) * 16 + at] = half;
      }
  return bfloat16_vectors{reinterpret_cast<std::byte const*>(out.data()), x.rows, x.cols,
                          detail::bfloat16_order<scheme>(codec.order())};
}

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
  detail::interleaved_tiles<Scheme, Arch> const loads{w, from};
  detail::bfloat16_tiles<Scheme, Arch>{loads, x}.multiply(tiles.first, tiles.first + tiles.count, y);
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
