// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/power_of_two.hpp - levels that multiply by shifting: powers of two, and sums of a few of them (APoT).
///
///   code = sign (top bit) | magnitude field of m bits;   value = +-g(field) / g_max, so that the largest level is 1
///   power_of_two<b> : m = b - 1,  g(0) = 0,  g(f) = 2^(f - (2^m - 1))                       levels 0, +-2^-(2^m - 2) ... +-1
///   apot<b>         : m = b - 1;   apot_unsigned<b> : m = b, no sign;  g = p_0 + ... + p_(n-1) (+ q if m is odd),  n = m / 2
///                     bits 2t, 2t + 1 of the field choose p_t among 0, 2^-(t+1), 2^-(t+1+n), 2^-(t+1+2n) (+1 in the last
///                     exponent if m is odd), the top bit of an odd field chooses q among 0, 2^-(2n+1)
///
/// These are the terms of base width k = 2: every exponent occurs once, so that all sums differ. With a sign there is a code
/// of -0, which a negative x near 0 takes. Levels of apot are the quotients g / g_max rounded once to float32.
///
/// Model of : scalar_format
/// Cost     : that of format/lookup.hpp, tables made at compile time.
/// Accuracy : nearest level, exact; ties go to the smaller magnitude, which the paper leaves open.
/// Promise  : that of format/lookup.hpp.
/// Source   : Y. Li, X. Dong, W. Wang, "Additive Powers-of-Two Quantization", ICLR 2020, equations (3), (5) and, for odd m, the
///            authors' published level sets (m = 3, 5; m = 1, 7, 8 continue their rule). Equation (3) counts 2^b + 1 levels for b
///            bits; this table leaves out the smallest pair.

#include "skive/core/scalar_format.hpp"
#include "skive/format/lookup.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive {
namespace detail {

// g in units of the smallest power in use, as an integer; every exponent is at most 3 n + 1 <= 13.
template <int MagnitudeBits>
constexpr std::uint32_t additive_sum(std::uint32_t field) noexcept {
  constexpr int n = MagnitudeBits / 2;
  constexpr int odd = MagnitudeBits % 2;
  constexpr int last = 3 * n + odd;
  std::uint32_t sum = 0;
  for (int t = 0; t < n; ++t) {
    int const choice = static_cast<int>(field >> (2 * t)) & 3;
    if (choice != 0) sum += std::uint32_t{1} << (last - (t + 1 + (choice - 1) * n + (choice == 3 ? odd : 0)));
  }
  if (odd != 0 && (field >> (2 * n)) != 0) sum += std::uint32_t{1} << (last - (2 * n + 1));
  return sum;
}

template <int MagnitudeBits>
constexpr float additive_level(std::uint32_t field) noexcept {
  // Every term at its largest: choice 1 of each p, and q.
  constexpr std::uint32_t odd_bit = MagnitudeBits % 2 != 0 ? 1u << (MagnitudeBits - 1) : 0;
  constexpr auto largest = additive_sum<MagnitudeBits>((0x5555u & ((1u << (MagnitudeBits / 2 * 2)) - 1)) | odd_bit);
  return static_cast<float>(additive_sum<MagnitudeBits>(field)) / static_cast<float>(largest);
}

template <int MagnitudeBits>
constexpr float shift_level(std::uint32_t field) noexcept {
  if (field == 0) return 0.0f;
  return std::bit_cast<float>((field + 127 - ((1u << MagnitudeBits) - 1)) << 23);
}

}  // namespace detail

/// Levels of power_of_two<Bits>.
template <int Bits>
struct power_of_two_table {
  static_assert(2 <= Bits && Bits <= 8, "skive::power_of_two holds 2 to 8 bits");
  static constexpr lookup_tie tie = lookup_tie::toward_zero;
  static constexpr auto levels = [] {
    std::array<float, std::size_t{1} << Bits> v{};
    for (std::size_t i = 0; i < v.size() / 2; ++i) {
      v[i] = detail::shift_level<Bits - 1>(static_cast<std::uint32_t>(i));
      v[i + v.size() / 2] = -v[i];
    }
    return v;
  }();
};

/// Levels of apot<Bits>.
template <int Bits>
struct apot_table {
  static_assert(2 <= Bits && Bits <= 8, "skive::apot holds 2 to 8 bits");
  static constexpr lookup_tie tie = lookup_tie::toward_zero;
  static constexpr auto levels = [] {
    std::array<float, std::size_t{1} << Bits> v{};
    for (std::size_t i = 0; i < v.size() / 2; ++i) {
      v[i] = detail::additive_level<Bits - 1>(static_cast<std::uint32_t>(i));
      v[i + v.size() / 2] = -v[i];
    }
    return v;
  }();
};

/// Levels of apot_unsigned<Bits>.
template <int Bits>
struct apot_unsigned_table {
  static_assert(1 <= Bits && Bits <= 8, "skive::apot_unsigned holds 1 to 8 bits");
  static constexpr lookup_tie tie = lookup_tie::toward_zero;
  static constexpr auto levels = [] {
    std::array<float, std::size_t{1} << Bits> v{};
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = detail::additive_level<Bits>(static_cast<std::uint32_t>(i));
    return v;
  }();
};

/// Zero and signed powers of two.
template <int Bits>
using power_of_two = lookup_format<power_of_two_table<Bits>>;
/// Additive powers of two with a sign, for weights.
template <int Bits>
using apot = lookup_format<apot_table<Bits>>;
/// Additive powers of two without a sign, for activations that are never negative.
template <int Bits>
using apot_unsigned = lookup_format<apot_unsigned_table<Bits>>;

static_assert(scalar_format<power_of_two<4>> && scalar_format<apot<4>> && scalar_format<apot_unsigned<4>>);

}  // namespace skive
