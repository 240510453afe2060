// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_tiles.hpp - what products read of interleaved rows: codes as bytes, scales and zero points of 16 rows.
///
///   unpack_words<Width>(from, half, order, byte)   codes of sixteen numbers (or more) as bytes, from number 16 half on, of words
///                                                  [word][row] at `from`
///
///   Width 1, 2, 4, 8: a register holds field 0 of each byte of a word, the next one field 1, ...; a byte's fields in ascending
///   order of bits. Others: register k holds numbers 4 k .. 4 k + 3, number 4 k + b in byte b.
///
/// Model of : -
/// Cost     : an instruction or three a register; widths that do not divide 8 about 12. Scales as in block/group_parameters.hpp.
/// Accuracy : -
/// Promise  : reads inside of the planes that interleaved_rows::check() accepts.
/// Source   : -

#include "skive/kernel/interleaved_rows.hpp"

namespace skive::detail {

// Bytes of each word in the other order.
template <class Arch>
[[gnu::always_inline]] inline simd::words<Arch> reversed_bytes(simd::words<Arch> const& w) noexcept {
  auto const mask = simd::words<Arch>::broadcast(0x00FF00FF);
  auto const pairs = ((w & mask) << 8) | ((w >> 8) & mask);
  return (pairs << 16) | (pairs >> 16);
}

// Four numbers of Width bits that start at bit `at` of the words of a row, a byte each.
template <int Width, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> spread_four(simd::words<Arch> const* word, int at, bool low_first) noexcept {
  using words = simd::words<Arch>;
  auto const i = at / 32;
  auto const shift = at % 32;
  bool const straddles = shift + 4 * Width > 32;
  auto const low = words::broadcast((1U << (2 * Width)) - 1);
  auto const byte = words::broadcast(((1U << Width) - 1) * 0x00010001U);
  if (low_first) {
    auto four = word[i] >> shift;
    if (straddles) four = four | (word[i + 1] << (32 - shift));
    auto const pairs = (four & low) | (((four >> (2 * Width)) & low) << 16);
    return (pairs & byte) | (((pairs >> Width) & byte) << 8);
  }
  auto four = word[i] << shift;
  if (straddles) four = four | (word[i + 1] >> (32 - shift));
  four = four >> (32 - 4 * Width);
  auto const pairs = (four >> (2 * Width)) | ((four & low) << 16);
  return ((pairs >> Width) & byte) | ((pairs & byte) << 8);
}

template <int Width, class Arch, std::size_t Registers>
[[gnu::always_inline]] inline void unpack_words(std::byte const* from, std::size_t half, [[maybe_unused]] bit_order order,
                                                simd::words<Arch> (&byte)[Registers]) noexcept {
  using words = simd::words<Arch>;
  if constexpr (8 % Width == 0) {
    constexpr std::size_t fields = 8 / Width;
    static_assert(Registers % fields == 0);
    from += half * (Width * 32);
    for (std::size_t k = 0; k < Registers / fields; ++k) {
      auto const codes = simd::load_words<Arch>(from + 64 * k);
      for (std::size_t r = 0; r < fields; ++r) {
        byte[k * fields + r] = codes;
        if constexpr (Width < 8)
          byte[k * fields + r] = (codes >> static_cast<int>(r * Width)) & words::broadcast(((1U << Width) - 1) * 0x01010101U);
      }
    }
  } else {
    static_assert(Registers == 4 || Registers == 8);
    bool const low_first = order == bit_order::low_first;
    words word[static_cast<std::size_t>(Width)];
    for (std::size_t i = 0; i < Width; ++i) {
      word[i] = simd::load_words<Arch>(from + half / 2 * (Width * 64) + 64 * i);
      if (!low_first) word[i] = reversed_bytes(word[i]);
    }
    auto const take = [&](auto first) noexcept {
      for (int k = 0; k < static_cast<int>(Registers); ++k)
        byte[k] = spread_four<Width>(word, 4 * Width * (decltype(first)::value + k), low_first);
    };
    if (Registers == 8 || half % 2 == 0)
      take(std::integral_constant<int, 0>{});
    else
      take(std::integral_constant < int, Registers == 4 ? 4 : 0 > {});
  }
}

/// Rows of kernel/tile_products.hpp.
template <class Scheme, class Arch>
class interleaved_tiles {
  static constexpr int width = Scheme::packing::width;
  static constexpr std::size_t fields = Scheme::field_bits.size();

 public:
  using layout_type = interleaved_rows<grouped<Scheme>>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using from_planes = planes<std::byte const, 1 + fields>;

  interleaved_tiles(layout_type const& w, from_planes const& from) noexcept : rows_{w}, from_{from} {}

  std::size_t rows() const noexcept { return rows_.rows(); }
  std::size_t group() const noexcept { return rows_.group(); }
  std::size_t numbers() const noexcept { return rows_.row_numbers(); }

  template <std::size_t Tiles>
  class reader {
   public:
    reader(interleaved_tiles const& w, std::size_t tile) noexcept : w_{w}, tile_{tile} {}
    template <std::size_t Registers>
    [[gnu::always_inline]] void load_codes(std::size_t i, std::size_t half, words (&byte)[Registers]) const noexcept {
      auto const* const tile = w_.from_[0].data + (tile_ + i) * w_.rows_.code_tile_bytes();
      constexpr std::size_t bytes = Registers * width * 8;
      for (std::size_t k = 0; k < bytes; k += 64) simd::prefetch<Arch>(tile + half * (width * 32) + k, 4096);
      unpack_words<width, Arch>(tile, half, w_.rows_.codec().order(), byte);
    }
    [[gnu::always_inline]] void load_group(std::size_t g, floats (&scale)[Tiles], floats (&minus_zero)[Tiles]) const noexcept {
      for (std::size_t i = 0; i < Tiles; ++i) w_.load_group(tile_ + i, g, scale[i], minus_zero[i]);
    }

   private:
    interleaved_tiles const& w_;
    std::size_t tile_;
  };

 private:
  [[gnu::always_inline]] void load_group(std::size_t tile, std::size_t g, floats& scale, floats& minus_zero) const noexcept {
    auto const& scheme = rows_.codec().scheme();
    auto const order = rows_.codec().order();
    auto const at = tile * rows_.groups() + g;
    if constexpr (fields == 0) {
      scale = floats::broadcast(scheme.scale);
    } else {
      scale = load_scales<typename Scheme::scale_format, Scheme::field_bits[0], Arch>(
          from_[1].data + at * rows_.field_group_bytes(0), order);
      if constexpr (requires { scheme.scale_factor(); })
        scale = simd::product<Arch>(scale, floats::broadcast(scheme.scale_factor()));
    }
    if constexpr (has_zero_point<Scheme>) {
      auto const z = simd::load_fields<Scheme::field_bits[1], Arch>(from_[2].data + at * rows_.field_group_bytes(1), order);
      minus_zero = floats::broadcast(0.0f) - simd::to_float<Arch>(simd::as<std::int32_t>(z));
    } else {
      minus_zero = floats::broadcast(0.0f);
    }
  }

  layout_type const& rows_;
  from_planes const& from_;
};

}  // namespace skive::detail
