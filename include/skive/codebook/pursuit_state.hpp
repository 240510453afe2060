// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/pursuit_state.hpp - the atoms that a matching pursuit has taken, and the projection of x on them.
///
///   sum_j G_ij coefficient_j = <a_i, x>,   G_ij = <a_i, a_j> = L L^T;   an atom more is a row of L more
///
/// Model of : -
/// Cost     : take: t^2 operations beside t atoms, twice that to solve.
/// Accuracy : double throughout. An atom of which less than 10^-6 (squared) stands out of the others is not taken.
/// Promise  : the same bits for one instruction set.
/// Source   : codebook/matching_pursuit.hpp.

#include "skive/core/ieee.hpp"
#include "skive/simd/reduce.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive::detail {

inline constexpr std::size_t pursuit_most = 64;

/// The atoms taken so far, and the projection on them.
class pursuit_state {
 public:
  std::size_t count = 0;
  std::uint32_t atom[pursuit_most];
  double coefficient[pursuit_most];

  /// Takes atom k; products[j]: with the atoms taken before; `own`: with itself; `with_x`: with x. False if it depends on them.
  bool take(std::uint32_t k, double const* products, double own, double with_x) noexcept {
    auto* const row = factor_[count];
    for (std::size_t j = 0; j < count; ++j) {
      double sum = products[j];
      for (std::size_t i = 0; i < j; ++i) sum -= row[i] * factor_[j][i];
      row[j] = sum / factor_[j][j];
      own -= row[j] * row[j];
    }
    if (!(own > 1e-6)) return false;
    row[count] = std::sqrt(own);
    atom[count] = k;
    target_[count] = with_x;
    ++count;
    solve();
    return true;
  }
  /// Sum of coefficients times products with x: what |x|^2 - |r|^2 is.
  double explained() const noexcept {
    double sum = 0;
    for (std::size_t j = 0; j < count; ++j) sum += coefficient[j] * target_[j];
    return sum;
  }

 private:
  void solve() noexcept {
    double y[pursuit_most];
    for (std::size_t i = 0; i < count; ++i) {
      y[i] = target_[i];
      for (std::size_t j = 0; j < i; ++j) y[i] -= factor_[i][j] * y[j];
      y[i] /= factor_[i][i];
    }
    for (std::size_t i = count; i-- > 0;) {
      auto sum = y[i];
      for (std::size_t j = i + 1; j < count; ++j) sum -= factor_[j][i] * coefficient[j];
      coefficient[i] = sum / factor_[i][i];
    }
  }
  double factor_[pursuit_most][pursuit_most];
  double target_[pursuit_most];
};

/// The first of the largest |c_k|, or c.size() if that is not above `least`.
template <class Arch>
std::size_t strongest(std::span<float const> c, float least) noexcept {
  std::uint32_t most = 0;  // bits of magnitudes: in order as integers
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>) {
    using words = simd::words<Arch>;
    auto all = words::broadcast(0);
    auto const mask = words::broadcast(0x7FFF'FFFFU);
    for (; i + 16 <= c.size(); i += 16) all = max(all, simd::as<std::uint32_t>(simd::floats<Arch>::load(c.data() + i)) & mask);
    most = simd::largest(all);
  }
  for (; i < c.size(); ++i) most = magnitude_bits(c[i]) > most ? magnitude_bits(c[i]) : most;
  if (!(std::bit_cast<float>(most) > least)) return c.size();
  std::size_t k = 0;
  while (magnitude_bits(c[k]) != most) ++k;
  return k;
}

}  // namespace skive::detail
