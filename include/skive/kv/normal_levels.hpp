// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/normal_levels.hpp - 1 to 4 bits by the levels that suit normal numbers best, and one scale for a token.
///
///   level c = S (u_c - 127.5) / 127.5,   u_c a byte: Lloyd-Max levels of a normal number, the largest being 127.5 (or 0)
///   code: the nearest level;   S from the length |y| / sqrt n, then four times the least-squares scale of the codes so far
///   least_squares   S = 127.5 y.h / h.h,   h = u_c - 127.5        smallest error
///   unbiased        S = 127.5 y.y / y.h                           no shrinkage along y: inner products keep their mean
///
/// Numbers of a rotated vector are nearly normal, so that no minimum is needed: b + 16 / n bits a number. Levels are bytes, so
/// that products look a code up and go on as with even levels.
///
/// Model of : -
/// Cost     : append: five passes of 2^(b - 1) comparisons a number.
/// Accuracy : squared error / |y|^2 of normal numbers: .36, .12, .035, .0095 for 1 to 4 bits and long vectors.
/// Promise  : the same bytes on every instruction set: sums run over 16 lanes in a fixed order, no product is contracted.
/// Source   : A. Zandieh et al., "TurboQuant", arXiv:2504.19874; J. Gao, C. Long, "RaBitQ", SIGMOD 2024 (the unbiased scale); J.
///            Max, "Quantizing for minimum distortion", IRE Trans. Information Theory 6(1), 1960.

#include "skive/core/ieee.hpp"
#include "skive/kv/page.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/lookup.hpp"

#include <array>
#include <cmath>

namespace skive {

/// Levels at equal distances, with a minimum and a step: kv/affine_lanes.hpp.
struct even_levels {};

enum class level_scale : std::uint8_t { least_squares, unbiased };

template <int Bits, level_scale Scale = level_scale::least_squares>
struct normal_levels {
  static_assert(1 <= Bits && Bits <= 4, "skive::normal_levels holds 1 to 4 bits");
  static constexpr std::size_t count = std::size_t{1} << (Bits - 1);  ///< of one sign
  /// Distances from 127.5 of the levels above it, and the largest level of a normal number.
  static constexpr std::array<float, 8> distance = Bits == 1 ? std::array<float, 8>{127.5f}
      : Bits == 2                                            ? std::array<float, 8>{38.5f, 127.5f}
      : Bits == 3                                            ? std::array<float, 8>{14.5f, 44.5f, 79.5f, 127.5f}
                  : std::array<float, 8>{5.5f, 18.5f, 30.5f, 43.5f, 58.5f, 75.5f, 96.5f, 127.5f};
  static constexpr float largest = Bits == 1 ? 0.7979f : Bits == 2 ? 1.5104f : Bits == 3 ? 2.1519f : 2.7326f;

  /// u of each code; codes ascend with the levels.
  static constexpr std::array<std::uint8_t, 16> bytes() noexcept {
    std::array<std::uint8_t, 16> u{};
    for (std::size_t i = 0; i < count; ++i) {
      u[count + i] = static_cast<std::uint8_t>(127.5f + distance[i]);
      u[count - 1 - i] = static_cast<std::uint8_t>(127.5f - distance[i]);
    }
    return u;
  }

  /// The code of the nearest level; inverse: 127.5 / S, 0 for S = 0.
  template <class Arch>
  [[gnu::always_inline]] static simd::words<Arch> code(simd::floats<Arch> const& y, simd::floats<Arch> const& inverse) noexcept {
    using words = simd::words<Arch>;
    auto const size = simd::as<float>(simd::as<std::uint32_t>(y) & words::broadcast(0x7FFF'FFFF));
    auto const t = simd::product<Arch>(size, inverse);
    auto index = words::broadcast(0);
    for (std::size_t i = 0; i + 1 < count; ++i) {
      auto const middle = simd::floats<Arch>::broadcast((distance[i] + distance[i + 1]) / 2);
      index = select(simd::as<std::uint32_t>(t > middle), words::broadcast(static_cast<std::uint32_t>(i + 1)), index);
    }
    auto const negative = simd::as<std::uint32_t>(y) >> 31;
    auto const flip = words::broadcast(0) - negative;
    return (index + words::broadcast(count)) ^ (flip & words::broadcast((1U << Bits) - 1));
  }

  struct settled {
    std::uint16_t scale = 0;  ///< float16
    float inverse = 0.0f;     ///< what codes are made with
  };
  /// Precondition: |y| <= 65504.
  template <class Arch>
  static settled settle(float const* y, std::size_t n) noexcept {
    auto const square = product<Arch>(y, n, 0.0f).of_y;
    auto s = kept(std::sqrt(square / static_cast<float>(n)) * largest);
    for (int round = 0; round < 4; ++round) {
      auto const p = product<Arch>(y, n, inverse_of(s));
      if (p.of_h > 0) s = kept(127.5f * (p.of_both / p.of_h));
    }
    auto const inverse = inverse_of(s);
    if constexpr (Scale == level_scale::unbiased) {
      auto const p = product<Arch>(y, n, inverse);
      if (p.of_both > 0) s = kept(127.5f * (square / p.of_both));
    }
    return {float16::encode(s), inverse};
  }

 private:
  static float kept(float s) noexcept { return float16::decode(float16::encode(s)); }
  static float inverse_of(float s) noexcept { return s > 0 ? 127.5f / s : 0.0f; }

  struct products {
    float of_y, of_both, of_h;  // y.y, y.h, h.h
  };
  template <class Arch>
  static products product(float const* y, std::size_t n, float inverse) noexcept {
    using floats = simd::floats<Arch>;
    auto const table = simd::float_table<Arch>{level_floats()};
    floats yy, yh, hh;
    yy = yh = hh = floats::broadcast(0.0f);
    for (std::size_t d = 0; d < n; d += 16) {
      auto const x = detail::load_some<Arch>(y + d, n - d);
      auto h = simd::look_up(table, code<Arch>(x, floats::broadcast(inverse)));
      if (n - d < 16) {
        alignas(64) float lane[16];
        h.store(lane);
        for (std::size_t i = n - d; i < 16; ++i) lane[i] = 0.0f;
        h = floats::load(lane);
      }
      yy = yy + simd::product<Arch>(x, x);
      yh = yh + simd::product<Arch>(x, h);
      hh = hh + simd::product<Arch>(h, h);
    }
    return {simd::sum(yy), simd::sum(yh), simd::sum(hh)};
  }
  static constexpr std::array<float, 16> level_floats() noexcept {
    std::array<float, 16> h{};
    for (std::size_t c = 0; c < 2 * count; ++c) h[c] = static_cast<float>(bytes()[c]) - 127.5f;
    return h;
  }
};

}  // namespace skive
