// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lloyd_max.hpp - the scalar quantizer of least mean square error for a given density.
///
///   levels c_1 < ... < c_n with   c_i = int_cell x f / int_cell f,   cells end at midpoints (c_i + c_(i+1)) / 2
///
/// Newton's method on F_i(c) = int_cell (x - c_i) f, whose Jacobian is tridiagonal, from the levels of the companding law
/// (density f^(1/3)). Steps that would change a distance of neighbours by more than half are shortened; where the Jacobian is not
/// definite, Lloyd's step is taken instead.
///
/// Model of : -
/// Cost     : 5 to 8 steps of n cells and O(n) arithmetic; Lloyd's iteration alone takes 800 steps for 16 Gaussian levels, and
///            45 000 for 128.
/// Accuracy : levels to about n epsilon of the real type; the error of the mean square error is of second order in that, plus
///            the rounding of variance - sum.
/// Promise  : the only solution for log-concave densities (Gaussian, Laplace); a stationary point for others. Real types that
///            are not trivially copyable are welcome: scratch is a span of them.
/// Source   : J. Max, "Quantizing for minimum distortion", IRE Trans. IT-6, 1960; S. P. Lloyd, "Least squares quantization in
///            PCM", IEEE Trans. IT-28, 1982; P. E. Fleischer, "Sufficient conditions for achieving minimum distortion in a
///            quantizer", IEEE Int. Conv. Rec., 1964 (uniqueness).

#include "skive/codebook/distribution.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <span>

namespace skive {

/// Numbers of scratch for n levels.
constexpr std::size_t lloyd_max_scratch(std::size_t n) noexcept {
  return n > static_cast<std::size_t>(-1) / 4 ? static_cast<std::size_t>(-1) : 4 * n;
}

namespace detail {

// Levels at the quantiles (i + 1/2) / n of the density f^(1/3), by a Riemann sum.
template <distribution D, class Real>
void companded_levels(D const& d, std::span<Real> levels) noexcept {
  using std::cbrt, std::isfinite, std::pow;
  auto const n = levels.size();
  Real const bulk = d.bulk();
  Real const low = d.low() < -bulk ? Real{-bulk} : Real{d.low()};
  Real const high = d.high() > bulk ? bulk : Real{d.high()};
  auto const points = 8 * n + 128;
  Real const step = (high - low) / Real(points);
  auto const compressed = [&](std::size_t i) {
    return Real{pow(Real{d.density(Real{low + (Real(i) + Real{1} / 2) * step})}, Real{Real{1} / 3})};
  };
  Real total = 0;
  for (std::size_t i = 0; i < points; ++i) total += compressed(i);
  Real sum = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < points; ++i) {
    Real const here = compressed(i);
    Real const after = sum + here;
    for (; next < n; ++next) {
      Real const wanted = total * (2 * Real(next) + 1) / Real(2 * n);
      if (wanted > after) break;
      levels[next] = low + (Real(i) + (wanted - sum) / here) * step;
    }
    sum = after;
  }
  for (; next < n; ++next) levels[next] = high;  // rounding of the sum
}

template <distribution D, class Real>
Real upper_end(D const& d, std::span<Real const> levels, std::size_t i) noexcept {
  return i + 1 == levels.size() ? Real{d.high()} : Real{(levels[i] + levels[i + 1]) / 2};
}

// Symmetric densities: the upper half alone is unknown, which also takes out the direction in which Laplace's Jacobian of two
// levels is singular.
template <distribution D>
constexpr bool is_symmetric = requires { requires D::is_symmetric; };

/// One step of Newton's method for the levels c, what lies below them being fixed: `step` becomes what to add, `centroid`
/// Lloyd's new levels. `below`: 0, a fixed level below c[0], or none: then c[0]'s cell starts at `low`. False: F has no minimum
/// of the quadratic model here.
template <distribution D, class Real>
bool lloyd_max_step(D const& d, std::span<Real const> c, bool below, Real low, std::span<Real> const (&out)[4]) noexcept {
  auto const& [step, centroid, upper, diagonal] = out;
  auto const n = c.size();
  Real before = 0;  // coupling to the level below: f(end) (distance of the levels) / 4
  if (below) {
    low = c[0] / 2;
    before = d.density(low) * c[0] / 4;
  }
  for (std::size_t i = 0; i < n; ++i) {
    Real const high = upper_end<D, Real>(d, c, i);
    auto const m = d.between(low, high);
    Real const coupling = i + 1 == n ? Real{0} : Real{d.density(high) * (c[i + 1] - c[i]) / 4};
    centroid[i] = m.first / m.probability;
    step[i] = m.first - c[i] * m.probability;
    diagonal[i] = m.probability - coupling - before;
    upper[i] = coupling;
    before = coupling;
    low = high;
  }
  for (std::size_t i = 0; i < n; ++i) {  // (diagonal - upper - lower) step = F: elimination without pivots
    if (i > 0) {
      Real const factor = upper[i - 1] / diagonal[i - 1];
      diagonal[i] -= factor * upper[i - 1];
      step[i] += factor * step[i - 1];
    }
    if (!(diagonal[i] > 0)) return false;
  }
  for (std::size_t i = n; i-- > 0;) step[i] = (step[i] + (i + 1 == n ? Real{0} : Real{upper[i] * step[i + 1]})) / diagonal[i];
  return true;
}

// The share of a step, at most 1, that changes no distance of neighbours by more than half of it.
template <class Real>
Real safe_share(std::span<Real const> c, std::span<Real const> step) noexcept {
  using std::abs;
  Real share = 1;
  for (std::size_t i = 0; i + 1 < c.size(); ++i) {
    Real const limit = (c[i + 1] - c[i]) / 2;
    Real const change = abs(Real{step[i + 1] - step[i]});
    if (change * share > limit) share = limit / change;
  }
  return share;
}

}  // namespace detail

/// Fills `levels`. Fails with invalid_argument for no levels, workspace_too_small below lloyd_max_scratch(n) numbers, or
/// no_convergence, `levels` then holding the last iterate.
template <distribution D, class Real = typename D::real_type>
status lloyd_max(D const& d, std::span<Real> levels, std::span<Real> scratch) noexcept {
  using std::abs;
  auto const n = levels.size();
  if (n == 0) return errc::invalid_argument;
  if (scratch.size() < lloyd_max_scratch(n)) return errc::workspace_too_small;
  constexpr bool symmetric = detail::is_symmetric<D>;
  detail::companded_levels(d, levels);
  auto const fixed = symmetric ? (n + 1) / 2 : 0;
  if (symmetric && n % 2 != 0) levels[n / 2] = 0;
  auto const c = levels.subspan(fixed);
  auto const m = c.size();
  std::span<Real> const parts[4]{scratch.subspan(0, m), scratch.subspan(m, m), scratch.subspan(2 * m, m),
                                 scratch.subspan(3 * m, m)};
  Real smallest = std::numeric_limits<Real>::max();
  int worse = 0;
  bool found = m == 0;
  for (int iteration = 0; iteration < 1000 && !found; ++iteration) {
    bool const newton =
        detail::lloyd_max_step<D, Real>(d, c, symmetric && n % 2 != 0, symmetric ? Real{0} : Real{d.low()}, parts);
    Real const share = newton ? detail::safe_share<Real>(c, parts[0]) : Real{1};
    Real change = 0;
    for (std::size_t i = 0; i < m; ++i) {
      Real const next = newton ? Real{c[i] + share * parts[0][i]} : parts[1][i];
      Real const moved = abs(Real{next - c[i]});
      if (!(moved <= change)) change = moved;
      c[i] = next;
    }
    if (!(change < std::numeric_limits<Real>::max())) return errc::no_convergence;
    if (!newton || share < 1) continue;
    worse = change < smallest ? 0 : worse + 1;  // rounding alone is left once steps stop shrinking
    if (change < smallest) smallest = change;
    found = change <= 4 * std::numeric_limits<Real>::epsilon() * abs(c[m - 1]) ||
        (worse == 3 && smallest * smallest < std::numeric_limits<Real>::epsilon());
  }
  for (std::size_t i = 0; symmetric && i < m; ++i) levels[n / 2 - 1 - i] = -c[i];
  return found ? errc::ok : errc::no_convergence;
}

/// int (x - nearest level)^2 f.
template <distribution D, class Real = typename D::real_type>
Real quantization_error(D const& d, std::span<Real const> levels) noexcept {
  Real error = d.variance();
  if constexpr (requires { d.second_moment(); }) error = d.second_moment();
  Real low = d.low();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Real const high = detail::upper_end<D, Real>(d, levels, i);
    auto const m = d.between(low, high);
    error += levels[i] * (levels[i] * m.probability - 2 * m.first);
    low = high;
  }
  return error;
}

}  // namespace skive
