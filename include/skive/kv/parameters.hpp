// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/parameters.hpp - how the steps and minima of groups are stored: as float16, or as E4M3 in half the room.
///
///   half_parameters   2 bytes, up to 65504        e4m3_parameters   1 byte, up to 448, 2^-9 at least
///
/// E4M3 keeps four significant bits: a minimum is off by up to 1/16 of itself, which affine_fit::searched takes into account.
/// With b-bit codes a number takes b + 16 / group bits instead of b + 32 / group.
///
/// Model of : -
/// Cost     : simd/half.hpp, format/minifloat_lanes.hpp.
/// Accuracy : one rounding to nearest even.
/// Promise  : the same bytes on every instruction set. Precondition of store: |x| <= largest.
/// Source   : H. Duanmu et al., "SKVQ: Sliding-window Key and Value Cache Quantization for Large Language Models", COLM 2024.

#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/minifloat_lanes.hpp"
#include "skive/simd/half.hpp"

#include <cstring>

namespace skive {

struct half_parameters {
  static constexpr std::size_t bytes = 2;
  static constexpr float largest = 65504.0f;

  /// Sixteen numbers.
  template <class Arch>
  [[gnu::always_inline]] static void store(simd::floats<Arch> const& x, std::byte* to) noexcept {
    simd::store_float16<Arch>(x, to);
  }
  template <class Arch>
  [[gnu::always_inline]] static simd::floats<Arch> load(std::byte const* from) noexcept {
    return simd::load_float16<Arch>(from);
  }
  template <class Arch>
  static float one(std::byte const* from) noexcept {
    std::uint16_t code = 0;
    std::memcpy(&code, from, 2);
    return float16::decode(code);
  }
};

struct e4m3_parameters {
  static constexpr std::size_t bytes = 1;
  static constexpr float largest = 448.0f;

  template <class Arch>
  [[gnu::always_inline]] static void store(simd::floats<Arch> const& x, std::byte* to) noexcept {
    simd::store_bytes(format_lanes<e4m3fn, Arch>::encode(x), to);
  }
  template <class Arch>
  [[gnu::always_inline]] static simd::floats<Arch> load(std::byte const* from) noexcept {
    return format_lanes<e4m3fn, Arch>::decode(simd::load_bytes<Arch>(from));
  }
  template <class Arch>
  static float one(std::byte const* from) noexcept {
    return e4m3fn::decode(std::to_integer<std::uint8_t>(*from));
  }
};

}  // namespace skive
