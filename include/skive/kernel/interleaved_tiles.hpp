// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_tiles.hpp - what products read of interleaved rows: codes as bytes, scales and zero points of 16 rows.
///
///   load_group(tile, g)        scale of group g of each of the tile's rows, and minus its zero point
///   load_codes<N>(tile, w)     N registers of bytes, a code in each, from word w on: field 0 of a word, field 1, ...
///
/// Model of : -
/// Cost     : an instruction or three a register; scales as in block/group_parameters.hpp.
/// Accuracy : -
/// Promise  : reads inside of the planes that interleaved_rows::check() accepts.
/// Source   : -

#include "skive/kernel/interleaved_rows.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
class interleaved_tiles {
  static constexpr int width = Scheme::packing::width;
  static constexpr std::size_t fields = Scheme::field_bits.size();

 public:
  static constexpr std::size_t codes_of_byte = 8 / width;  ///< registers of bytes that a word gives
  using rows = interleaved_rows<grouped<Scheme>>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using from_planes = planes<std::byte const, 1 + fields>;

  interleaved_tiles(rows const& w, from_planes const& from) noexcept : rows_{w}, from_{from} {}

  rows const& layout() const noexcept { return rows_; }

  template <std::size_t Registers>
  [[gnu::always_inline]] void load_codes(std::size_t tile, std::size_t word, words (&byte)[Registers]) const noexcept {
    static_assert(Registers % codes_of_byte == 0);
    auto const* const from = from_[0].data + tile * rows_.code_tile_bytes() + word * 64;
    for (std::size_t k = 0; k < Registers / codes_of_byte; ++k) {
      simd::prefetch<Arch>(from + 64 * k, 4096);
      auto const codes = simd::load_words<Arch>(from + 64 * k);
      for (std::size_t r = 0; r < codes_of_byte; ++r) {
        byte[k * codes_of_byte + r] = codes;
        if constexpr (width < 8)
          byte[k * codes_of_byte + r] =
              (codes >> static_cast<int>(r * width)) & words::broadcast(((1U << width) - 1) * 0x01010101U);
      }
    }
  }

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

 private:
  rows const& rows_;
  from_planes const& from_;
};

}  // namespace skive::detail
