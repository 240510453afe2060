// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/quadratic_character.hpp - which elements of a finite field of odd order q = p^e are squares.
///
///   chi(0) = 0;  chi(g^k) = (-1)^k for a generator g.   Element sum_i a_i X^i (0 <= a_i < p) has the number sum_i a_i p^i
///
/// The generator is X modulo the first monic polynomial of degree e, in the order of its coefficients' number, for which the
/// powers of X run through all elements but 0: such a polynomial is primitive. For e = 1 X is the least primitive root.
///
/// Model of : -
/// Cost     : about q steps for each polynomial tried, a few; 140 bytes.
/// Accuracy : exact.
/// Promise  : constexpr; one field, one numbering, everywhere.
/// Source   : R. Lidl, H. Niederreiter, "Finite Fields", 1997, sections 3.1 and 5.1.

#include "skive/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace skive {

namespace detail {

/// The number whose digits in base p are those of a minus those of b, each modulo p; for numbers below q, a power of p.
constexpr std::uint32_t digit_difference(std::uint32_t a, std::uint32_t b, std::uint32_t p, std::uint32_t q) noexcept {
  std::uint32_t out = 0;
  for (std::uint32_t place = 1; place < q; place *= p, a /= p, b /= p) out += (a % p + p - b % p) % p * place;
  return out;
}

}  // namespace detail

class quadratic_character {
 public:
  static constexpr std::uint32_t max_order = 1023;

  /// `q`: an odd prime power, at most 1023. Fails with invalid_argument.
  static constexpr result<quadratic_character> make(std::uint32_t q) noexcept {
    if (!is_order(q)) return errc::invalid_argument;
    quadratic_character chi;
    chi.q_ = q;
    chi.p_ = least_divisor(q);
    chi.top_ = q / chi.p_;
    for (std::uint32_t polynomial = 1; polynomial < q; ++polynomial)
      if (chi.mark_powers(polynomial)) return chi;
    return errc::no_convergence;  // does not happen: every finite field has a generator
  }

  /// Whether q is an odd prime power, at most 1023.
  static constexpr bool is_order(std::uint32_t q) noexcept {
    if (q < 3 || q % 2 == 0 || q > max_order) return false;
    auto const p = least_divisor(q);
    while (q % p == 0) q /= p;
    return q == 1;
  }

  constexpr quadratic_character() noexcept = default;
  constexpr std::uint32_t order() const noexcept { return q_; }
  /// chi(a) = -1, for an element's number.
  constexpr bool negative(std::uint32_t a) const noexcept { return (odd_[a / 64] >> (a % 64) & 1) != 0; }
  /// p.
  constexpr std::uint32_t characteristic() const noexcept { return p_; }
  /// The number of a - b.
  constexpr std::uint32_t difference(std::uint32_t a, std::uint32_t b) const noexcept {
    return detail::digit_difference(a, b, p_, q_);
  }
  /// chi(a - b) = -1.
  constexpr bool negative_difference(std::uint32_t a, std::uint32_t b) const noexcept {
    if (p_ == q_) return negative(a >= b ? a - b : a + q_ - b);
    return negative(difference(a, b));
  }

 private:
  static constexpr std::uint32_t least_divisor(std::uint32_t q) noexcept {  // of an odd number above 1
    std::uint32_t p = 3;
    while (q % p != 0) p = p * p > q ? q : p + 2;
    return p;
  }
  // X a modulo X^e - (the polynomial): what leaves at the top comes back times the polynomial.
  constexpr std::uint32_t times_x(std::uint32_t a, std::uint32_t polynomial) const noexcept {
    auto const carry = a / top_;
    auto rest = a % top_;
    std::uint32_t out = carry * (polynomial % p_) % p_;
    polynomial /= p_;
    for (std::uint32_t place = p_; place < q_; place *= p_, rest /= p_, polynomial /= p_)
      out += (rest % p_ + carry * (polynomial % p_)) % p_ * place;
    return out;
  }
  // Marks odd powers of X; whether its powers are all elements but 0.
  constexpr bool mark_powers(std::uint32_t polynomial) noexcept {
    odd_ = {};
    std::uint32_t a = 1;
    for (std::uint32_t k = 0; k < q_ - 1; ++k) {
      if (a == 0 || (k != 0 && a == 1)) return false;
      if (k % 2 != 0) odd_[a / 64] |= std::uint64_t{1} << (a % 64);
      a = times_x(a, polynomial);
    }
    return a == 1;
  }

  std::array<std::uint64_t, 16> odd_{};
  std::uint32_t q_ = 0;
  std::uint32_t p_ = 1;
  std::uint32_t top_ = 1;  // p^(e - 1)
};

}  // namespace skive
