// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/rounding.hpp - which of two neighbouring codes a number becomes, and what happens past the largest.
///
///   |x| / ulp = keep + drop / 2^drop_bits,   0 <= drop < 2^drop_bits;   the result is keep or keep + 1
///
/// `keep` and `drop` are bit fields of the magnitude, so that one policy serves every format and source. Parity is that of
/// `keep` as the caller forms it: for a format of one significand bit (E8M0, P3109 with P = 1) callers pass the code.
///
/// Model of : rounding_policy
/// Cost     : a handful of integer instructions; a policy is a value of 0 to 16 bytes.
/// Accuracy : exact numbers stay (the caller never asks when drop == 0, and every policy says no to it).
/// Promise  : integer arithmetic only: the same answer on every platform and under every compiler flag.
/// Source   : IEEE 754-2019 section 4.3; IEEE P3109 interim report v4.0 (stochastic A, B and C).

#include "skive/core/primitive.hpp"

#include <concepts>
#include <cstdint>

namespace skive {

/// Decides up or down from kept and dropped magnitude bits, so that one policy serves every format.
/// Law: the result is one of the two neighbours; exact stays; a stochastic policy is unbiased and reproducible.
template <class R>
concept rounding_policy =
    primitive<R> && requires(R const r, std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) {
      { r.increments(keep, drop, drop_bits, negative) } noexcept -> std::same_as<bool>;
    };

/// Round to nearest, ties to the even code: IEEE 754 roundTiesToEven.
struct nearest_even {
  constexpr bool increments(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool /*negative*/) const noexcept {
    return drop + (keep & 1) > std::uint64_t{1} << (drop_bits - 1);  // no branch: which half it is cannot be predicted
  }
};

/// Round to nearest, ties away from zero: IEEE 754 roundTiesToAway.
struct nearest_away {
  constexpr bool increments(std::uint64_t /*keep*/, std::uint64_t drop, int drop_bits, bool /*negative*/) const noexcept {
    return drop >= std::uint64_t{1} << (drop_bits - 1);
  }
};

/// Truncate the magnitude.
struct toward_zero {
  constexpr bool increments(std::uint64_t, std::uint64_t, int, bool) const noexcept { return false; }
};

/// Round toward +infinity.
struct toward_positive {
  constexpr bool increments(std::uint64_t, std::uint64_t drop, int, bool negative) const noexcept {
    return drop != 0 && !negative;
  }
};

/// Round toward -infinity.
struct toward_negative {
  constexpr bool increments(std::uint64_t, std::uint64_t drop, int, bool negative) const noexcept {
    return drop != 0 && negative;
  }
};

/// Round to the odd neighbour: an intermediate of at least two more bits then rounds on without a double rounding.
struct toward_odd {
  constexpr bool increments(std::uint64_t keep, std::uint64_t drop, int, bool) const noexcept {
    return drop != 0 && (keep & 1) == 0;
  }
};

/// The published ways to compare the dropped part nu = drop / 2^drop_bits with R of N random bits:
/// a: floor(nu 2^N) + R >= 2^N,   b: floor(nu 2^(N+1)) + 2R + 1 >= 2^(N+1),   c: nearest-even integer of nu 2^N, + R >= 2^N.
enum class stochastic_variant : std::uint8_t { a, b, c };

/// Round up with a probability equal to the dropped part (up to 2^-N; variant a is biased toward zero by half of that).
/// The caller owns the bits: the same bits give the same code on every platform. `count`: N, 1..32; `random` < 2^N.
struct stochastic {
  std::uint32_t random = 0;
  int count = 32;
  stochastic_variant variant = stochastic_variant::c;

  constexpr bool increments(std::uint64_t, std::uint64_t drop, int drop_bits, bool) const noexcept {
    auto const one = std::uint64_t{1} << count;
    auto const r = std::uint64_t{random} & (one - 1);
    switch (variant) {
      case stochastic_variant::a: return scaled_floor(drop, drop_bits, count) + r >= one;
      case stochastic_variant::b: return scaled_floor(drop, drop_bits, count + 1) + 2 * r + 1 >= 2 * one;
      case stochastic_variant::c: break;
    }
    return scaled_nearest(drop, drop_bits, count) + r >= one;
  }

 private:
  // floor(drop * 2^n / 2^drop_bits); n <= 33 and drop < 2^drop_bits, so that the shift left cannot lose bits.
  static constexpr std::uint64_t scaled_floor(std::uint64_t drop, int drop_bits, int n) noexcept {
    return drop_bits > n ? drop >> (drop_bits - n) : drop << (n - drop_bits);
  }
  static constexpr std::uint64_t scaled_nearest(std::uint64_t drop, int drop_bits, int n) noexcept {
    if (drop_bits <= n) return drop << (n - drop_bits);
    int const cut = drop_bits - n;
    auto const keep = drop >> cut;
    return keep + (nearest_even{}.increments(keep, drop & ((std::uint64_t{1} << cut) - 1), cut, false) ? 1 : 0);
  }
};

static_assert(rounding_policy<nearest_even> && rounding_policy<nearest_away> && rounding_policy<toward_zero>);
static_assert(rounding_policy<toward_positive> && rounding_policy<toward_negative> && rounding_policy<toward_odd>);
static_assert(rounding_policy<stochastic>);

/// What a magnitude past the largest finite code becomes.
enum class overflow_action : std::uint8_t {
  saturate,    ///< the largest finite code of its sign
  to_special,  ///< infinity where the format has one, else NaN where it has one, else the largest finite code
};

/// Finite overflow and infinite input are separate choices: peers differ in exactly this (OCP SAT: both saturate).
struct overflow_policy {
  overflow_action finite = overflow_action::saturate;
  overflow_action infinite = overflow_action::saturate;
};

inline constexpr overflow_policy saturating{};  // OCP SAT, P3109 SatFinite
inline constexpr overflow_policy non_saturating{overflow_action::to_special, overflow_action::to_special};   // OCP NONSAT
inline constexpr overflow_policy saturating_finite{overflow_action::saturate, overflow_action::to_special};  // P3109 SatPropagate

namespace detail {

// floor(significand / 2^drop_bits) was kept: is the rest rounded away from zero? drop_bits > 0 may be past 63: the bits that
// policies can see (at most 34) stay exact, the rest becomes a sticky one.
template <rounding_policy R>
constexpr bool rounds_away(R const& rounding, std::uint64_t keep, std::uint64_t significand, int drop_bits,
                           bool negative) noexcept {
  if (drop_bits <= 63) {
    auto const drop = significand & ((std::uint64_t{1} << drop_bits) - 1);
    return drop != 0 && rounding.increments(keep, drop, drop_bits, negative);
  }
  int const cut = drop_bits - 63;
  auto const shifted = cut < 64 ? significand >> cut : 0;
  bool const exact = cut < 64 && (shifted << cut) == significand;
  return rounding.increments(keep, shifted | (exact ? 0U : 1U), 63, negative);
}

// base + significand / 2^drop_bits rounded to an integer, whose parity is that of the sum. Preconditions: significand is not
// zero where drop_bits > 63; the sum fits into 64 bits.
template <rounding_policy R>
constexpr std::uint64_t rounded_shift(R const& rounding, std::uint64_t base, std::uint64_t significand, int drop_bits,
                                      bool negative) noexcept {
  if (drop_bits <= 0) return base + (significand << -drop_bits);
  auto const keep = base + (drop_bits <= 63 ? significand >> drop_bits : 0);
  return keep + (rounds_away(rounding, keep, significand, drop_bits, negative) ? 1 : 0);
}

}  // namespace detail
}  // namespace skive
