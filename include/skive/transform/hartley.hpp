// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hartley.hpp - the orthonormal Hartley matrix of any order, applied across blocks of equal width.
///
///   y_i = sum_j c(i j mod p) x_j,   c(k) = (cos(2 pi k / p) + sin(2 pi k / p)) / sqrt(p);   symmetric, its own inverse
///
/// c is kept to multiples of 2^-(28 + floor(log2(p) / 2)), 29 bits: a product with a float is then exact in double, so that
/// neither contraction nor the width of registers changes a sum. Results are rounded to multiples of 2^-120, then to float.
/// Doubles take c to all its digits, and one product and one sum after another.
///
/// Model of : -
/// Cost     : p multiply-adds in double a number, 16 columns at a time; a table of p coefficients. Scratch: 17 p doubles.
/// Accuracy : ||error|| <= (1 + sqrt(p) / 16) u ||x||; of doubles (p + 8) u, u = 2^-53.
/// Promise  : the same code and bits for every Arch.
/// Source   : R. N. Bracewell, "Discrete Hartley transform", J. Opt. Soc. Am. 73, 1983.

#include "skive/transform/inverse_root.hpp"
#include "skive/transform/safe_range.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace skive::detail {

// sin(pi / 4 t) and cos(pi / 4 t) by their series, 0 <= t <= 1; the last terms left out are below 2^-53.
template <class Arch>
constexpr double sine_of_eighth(double t, bool cosine) noexcept {
  using real = exact_order<Arch>;
  constexpr double eighth = 0.78539816339744830962;
  real const a = real{eighth} * real{t};
  real const square = a * a;
  real sum{0.0};
  for (int k = cosine ? 16 : 17; k >= 2; k -= 2) sum = (sum + real{1.0}) * square * real{-1.0 / static_cast<double>(k * (k - 1))};
  return cosine ? sum.value + 1.0 : (a * (sum + real{1.0})).value;
}

// sin(2 pi k / p + pi / 4) = sin(pi a / (4 p)), a = 8 k + p, by octants.
template <class Arch>
constexpr double shifted_sine(std::uint64_t k, std::uint64_t p) noexcept {
  auto const a = (8 * k + p) % (8 * p);
  auto const quadrant = a / (2 * p);
  auto const rest = a % (2 * p);  // of two octants of length p
  bool const second = rest > p;
  auto const t = static_cast<double>(second ? 2 * p - rest : rest) / static_cast<double>(p);
  auto const value = sine_of_eighth<Arch>(t, (quadrant % 2 != 0) != second);
  return quadrant >= 2 ? -value : value;
}

// `Real` float: rounded so that products with floats are exact.
template <class Arch, class Real>
constexpr void hartley_coefficients(std::uint64_t p, double* c) noexcept {
  using real = exact_order<Arch>;
  auto const root = root_of_two_over<Arch>(p);
  auto const places = 28 + (static_cast<int>(std::bit_width(p)) - 1) / 2;
  auto const magic = 1.5 * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + 52 - places) << 52);
  for (std::uint64_t k = 0; k < p; ++k) {
    auto const exact = real{root} * real{shifted_sine<Arch>(k, p)};
    c[k] = std::is_same_v<Real, float> ? (exact.value + magic) - magic : exact.value;
  }
}

constexpr std::size_t hartley_doubles(std::size_t p) noexcept { return 17 * p; }

/// x: p blocks of `width` numbers; `room`: hartley_doubles(p).
template <class Arch>
constexpr void hartley_blocks(float* x, std::size_t width, std::size_t p, double* room) noexcept {
  hartley_coefficients<Arch, float>(p, room);
  auto* const tile = room + p;
  constexpr double multiple = 1.5 * 0x1p-68;  // sums with it are multiples of 2^-120
  for (std::size_t c = 0; c < width; c += 16) {
    auto const columns = width - c < 16 ? width - c : 16;
    for (std::size_t j = 0; j < p; ++j)
      for (std::size_t l = 0; l < 16; ++l) tile[16 * j + l] = l < columns ? static_cast<double>(x[j * width + c + l]) : 0.0;
    for (std::size_t i = 0; i < p; ++i) {
      double sum[16]{};
      for (std::size_t j = 0, k = 0; j < p; ++j) {
        auto const factor = room[k];
        for (std::size_t l = 0; l < 16; ++l) sum[l] += factor * tile[16 * j + l];
        k += i;
        if (k >= p) k -= p;
      }
      for (std::size_t l = 0; l < columns; ++l) x[i * width + c + l] = static_cast<float>((sum[l] + multiple) - multiple);
    }
  }
}

// Of doubles: one product and one sum after another.
template <class Arch>
constexpr void hartley_blocks(double* x, std::size_t width, std::size_t p, double* room) noexcept {
  hartley_coefficients<Arch, double>(p, room);
  auto* const column = room + p;
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t j = 0; j < p; ++j) column[j] = x[j * width + c];
    for (std::size_t i = 0; i < p; ++i) {
      exact_order<Arch> sum{0.0};
      for (std::size_t j = 0, k = 0; j < p; ++j) {
        sum = sum + exact_order<Arch>{room[k]} * exact_order<Arch>{column[j]};
        k += i;
        if (k >= p) k -= p;
      }
      x[i * width + c] = sum.value;
    }
  }
}

}  // namespace skive::detail
