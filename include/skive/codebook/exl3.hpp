// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/exl3.hpp - tensors as exllamav3 stores them (EXL3): tiles of 16 x 16 numbers in a bitshift trellis of 16 bits.
///
///   W = diag(suh) H T H diag(svh)    T: in x out, of tiles; H: blocks of 128 of the orthonormal Walsh-Hadamard transform
///   a tile is a cyclic string of 256 K bits: bit n is bit 31 - n % 32 of its little-endian 32-bit word n / 32
///   number p = 8 l + 4 h + j of a tile is code(bits (p + 1) K - 16 ... (p + 1) K - 1, the first one highest);
///   it stands in row 2 (l % 4) + (j < 2 ? j : j + 6), column l / 4 + 8 h
///   inst3, mcg: codebook/trellis_code.hpp;   mul1: f16(1024 + sum of the bytes of 83DCD12D s) 0x1EEE + 0xC931, rounded once
///
/// Tiles lie row after row, in / 16 rows of out / 16 tiles; each takes 32 K bytes. The file names the parts NAME.trellis, .suh,
/// .svh, and has NAME.mcg or NAME.mul1 where the code is not inst3. Older files hold signs, .su and .sv, for the scales.
///
/// Model of : primitive
/// Cost     : a window, a multiplication and a few operations a number; decode(): two transforms of 128 more.
/// Accuracy : tiles are exact: halves. decode() works in float, 7 + 7 additions and 4 products; exllamav3 rounds to half in
///            between.
/// Promise  : any bytes decode; scales may be anything. The same bits everywhere.
/// Source   : github.com/turboderp-org/exllamav3: quant/pack.cu, exl3_dq.cuh, codebook.cuh, reconstruct.cu,
///            modules/quant/exl3.py.

#include "skive/codebook/trellis_code.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/format/half.hpp"
#include "skive/simd/arch.hpp"
#include "skive/transform/walsh_hadamard.hpp"

namespace skive {

enum class exl3_codebook : std::uint8_t { inst3, mcg, mul1 };

namespace detail {
inline constexpr float exl3_factor = float16::decode(0x1EEE);
inline constexpr float exl3_offset = float16::decode(0xC931);

/// The word that a state is multiplied to, and the number that the word becomes, a half.
constexpr std::uint32_t exl3_word(exl3_codebook book, std::uint32_t state) noexcept {
  switch (book) {
    case exl3_codebook::mul1: return state * 0x83DCD12DU;
    case exl3_codebook::mcg: return state * 0xCBAC1FEDU;
    default: return state * 89226354U + 64248484U;
  }
}
constexpr float exl3_number(exl3_codebook book, std::uint32_t x) noexcept {
  if (book != exl3_codebook::mul1) return static_cast<float>(half_sum_level(x)) * 0x1p-13f;
  auto const sum = 1024 + (x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24);
  // Products are multiples of 2^-18 below 16, and so are the sums: all exact in float before the one rounding.
  return float16::decode(float16::encode(static_cast<float>(sum) * exl3_factor + exl3_offset));
}
}  // namespace detail

/// The number of a state, a half.
constexpr float exl3_value(exl3_codebook book, std::uint32_t state) noexcept {
  return detail::exl3_number(book, detail::exl3_word(book, state));
}

/// A stored tensor: views of its parts.
class exl3_tensor {
 public:
  static constexpr std::size_t tile = 16;
  static constexpr std::size_t block = 128;  ///< of the transforms

  constexpr exl3_tensor() noexcept = default;
  /// suh: `in` halves in little-endian bytes; svh: `out` of them. Fails with invalid_argument unless in and out are multiples of
  /// 128 and not 0, or where the trellis does not have 1 to 8 whole bits a number; size_mismatch where scales are short or long.
  static constexpr result<exl3_tensor> make(std::size_t in, std::size_t out, std::span<std::byte const> trellis,
                                            std::span<std::byte const> suh, std::span<std::byte const> svh,
                                            exl3_codebook book) noexcept {
    if (in == 0 || out == 0 || in % block != 0 || out % block != 0) return errc::invalid_argument;
    auto const tiles = saturating_multiply(in / tile, out / tile);
    auto const bits = trellis.size() / 32 / tiles;
    if (bits < 1 || bits > 8 || trellis.size() != saturating_multiply(tiles, 32 * bits)) return errc::invalid_argument;
    if (suh.size() != 2 * in || svh.size() != 2 * out) return errc::size_mismatch;
    exl3_tensor t;
    t.trellis_ = trellis.data();
    t.suh_ = suh.data();
    t.svh_ = svh.data();
    t.in_ = in;
    t.out_ = out;
    t.bits_ = bits;
    t.book_ = book;
    return t;
  }

  constexpr std::size_t in() const noexcept { return in_; }
  constexpr std::size_t out() const noexcept { return out_; }
  constexpr std::size_t bits() const noexcept { return bits_; }
  constexpr exl3_codebook codebook() const noexcept { return book_; }
  float input_scale(std::size_t i) const noexcept { return half_at(suh_, i); }
  float output_scale(std::size_t o) const noexcept { return half_at(svh_, o); }

  /// Where number p of a tile stands, row by row.
  static constexpr std::size_t place(std::size_t p) noexcept {
    auto const lane = p / 8;
    auto const j = p % 4;
    return (lane % 4 * 2 + (j < 2 ? j : j + 6)) * tile + lane / 4 + (p % 8 < 4 ? 0 : 8);
  }
  /// State p of a tile.
  constexpr std::uint32_t state(std::size_t row, std::size_t column, std::size_t p) const noexcept {
    auto const bytes = 32 * bits_;
    auto const* const from = trellis_ + (row * (out_ / tile) + column) * bytes;
    auto const first = ((p + 1) * bits_ + 8 * bytes - 16) % (8 * bytes);
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3; ++i) word = word << 8 | std::to_integer<std::uint32_t>(from[((first / 8 + i) % bytes) ^ 3]);
    return word >> (8 - first % 8) & 0xFFFF;
  }
  /// exl3_word() of all states of a tile, in their order.
  void multiplied_states(std::size_t row, std::size_t column, std::uint32_t* to) const noexcept {
    auto const count = 8 * bits_;
    auto const* const from = trellis_ + (row * (out_ / tile) + column) * 4 * count;
    std::uint32_t word[65];  // the last one first, since the string is cyclic
    for (std::size_t i = 0; i < count; ++i) {
      word[i + 1] = 0;
      for (std::size_t b = 0; b < 4; ++b) word[i + 1] |= std::to_integer<std::uint32_t>(from[4 * i + b]) << (8 * b);
    }
    word[0] = word[count];
    for (std::size_t p = 0; p < 256; ++p) {
      auto const first = (p + 1) * bits_ + 16;  // 32 bits stand before the string
      auto const two = std::uint64_t{word[first / 32]} << 32 | (first / 32 < count ? word[first / 32 + 1] : 0U);
      to[p] = detail::exl3_word(book_, static_cast<std::uint32_t>(two >> (48 - first % 32)) & 0xFFFF);
    }
  }
  /// The 256 numbers of a tile of T, row by row: rows are inputs. Precondition: row < in / 16, column < out / 16.
  constexpr void decode_tile(std::size_t row, std::size_t column, std::span<float, 256> to) const noexcept {
    for (std::size_t p = 0; p < 256; ++p) to[place(p)] = exl3_value(book_, state(row, column, p));
  }

  /// The weights, a row for each output, as matrices stand elsewhere here. Fails with size_mismatch unless w is out x in, or
  /// invalid_argument (a view); nothing is then written.
  template <class Arch = native_arch>
  status decode(matrix_view<float> w) const noexcept {
    if (w.rows != out_ || w.cols != in_) return errc::size_mismatch;
    if (!w.valid()) return errc::invalid_argument;
    auto const transform = *walsh_hadamard::make(block);
    for (std::size_t i = 0; i < in_; i += block)
      for (std::size_t o = 0; o < out_; o += block) {
        float part[block][block];  // rows are outputs
        load_block(i / tile, o / tile, part);
        for (auto& row : part) static_cast<void>(transform.template forward<Arch>(std::span<float>{row}, workspace{}));
        for (std::size_t c = 0; c < block; ++c) {
          float column[block];
          auto const s = half_at(suh_, i + c);
          for (std::size_t r = 0; r < block; ++r) column[r] = ieee_multiply(part[r][c], s);
          static_cast<void>(transform.template forward<Arch>(std::span<float>{column}, workspace{}));
          for (std::size_t r = 0; r < block; ++r) w(o + r, i + c) = ieee_multiply(column[r], half_at(svh_, o + r));
        }
      }
    return errc::ok;
  }

 private:
  static float half_at(std::byte const* from, std::size_t i) noexcept {
    return float16::decode(
        static_cast<std::uint16_t>(std::to_integer<unsigned>(from[2 * i]) | std::to_integer<unsigned>(from[2 * i + 1]) << 8));
  }
  void load_block(std::size_t row, std::size_t column, float (&part)[block][block]) const noexcept {
    float numbers[256];
    for (std::size_t r = 0; r < block / tile; ++r)
      for (std::size_t c = 0; c < block / tile; ++c) {
        decode_tile(row + r, column + c, numbers);
        for (std::size_t i = 0; i < 256; ++i) part[c * tile + i % tile][r * tile + i / tile] = numbers[i];
      }
  }

  std::byte const* trellis_ = nullptr;
  std::byte const* suh_ = nullptr;
  std::byte const* svh_ = nullptr;
  std::size_t in_ = 0;
  std::size_t out_ = 0;
  std::size_t bits_ = 1;
  exl3_codebook book_ = exl3_codebook::inst3;
};

static_assert(primitive<exl3_tensor>);

}  // namespace skive
