// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/distribution.hpp - densities with the partial moments that an optimal scalar quantizer needs.
///
///   density(x) = f(x),   between(a, b) = { int_a^b f, int_a^b x f },   variance(),   [low(), high()]: where f > 0,
///   is_symmetric: f(-x) = f(x),   bulk(): half the width of an interval about 0, or the support, that holds nearly all of f
///
/// gaussian: N(0, 1). laplace: variance 1. student_t: nu > 2 degrees of freedom. density_of: any callable on a finite interval,
/// normalised here, such as a coordinate of a random unit vector, (1 - t^2)^((d - 3) / 2).
///
/// Model of : distribution
/// Cost     : closed forms, but for the probability of student_t and all of density_of, which integrate.
/// Accuracy : closed forms: some ulp of the larger of the two tails. Integrals: until two step sizes agree within 32 epsilon.
/// Promise  : any real type whose exp, erfc, sqrt, pow, atan, sinh, cosh, log, abs argument-dependent lookup or std finds.
/// Source   : H. Takahasi, M. Mori, "Double exponential formulas for numerical integration", Publ. RIMS 9, 1974.

#include "skive/version.hpp"

#include <cmath>
#include <limits>

namespace skive {

template <class Real>
struct partial_moments {
  Real probability{};
  Real first{};  ///< int x f, not divided by the probability
};

/// What lloyd_max asks of a density.
template <class D>
concept distribution = requires(D const d, typename D::real_type x) {
  { d.density(x) } noexcept;
  { d.between(x, x).first } noexcept;
  { d.variance() } noexcept;
  { d.low() } noexcept;
  { d.high() } noexcept;
  { d.bulk() } noexcept;
};

namespace detail {

template <class Real>
Real half_pi() noexcept {
  using std::atan;
  return 2 * atan(Real{1});
}

// int_a^b f: nodes middle +- half tanh(u), u = pi/2 sinh t; the step of t is halved until nothing changes.
template <class Real, class F>
Real integrate(F const& f, Real a, Real b) noexcept {
  using std::abs, std::cosh, std::exp, std::log, std::sinh;
  auto const eps = std::numeric_limits<Real>::epsilon();
  Real const last = -log(eps);  // beyond this u the weights are below epsilon squared
  Real const half = (b - a) / 2;
  Real const quarter = half_pi<Real>();
  Real sum = quarter * f(Real{(a + b) / 2});
  Real step = 1;
  Real value = 0;
  for (int level = 0; level < 10; ++level, step /= 2) {
    for (int i = 1;; i += level == 0 ? 1 : 2) {
      Real const t = i * step;
      Real const u = quarter * sinh(t);
      if (u > last) break;
      Real const c = cosh(u);
      Real const gap = half * exp(-u) / c;  // from the nearer end, without cancellation
      sum += quarter * cosh(t) / (c * c) * (f(Real{a + gap}) + f(Real{b - gap}));
    }
    Real const next = sum * step * half;
    bool const settled = level > 2 && abs(Real{next - value}) <= 32 * eps * abs(next);
    value = next;
    if (settled) break;
  }
  return value;
}

}  // namespace detail

/// N(0, 1).
template <class Real = double>
struct gaussian {
  using real_type = Real;
  static constexpr bool is_symmetric = true;
  Real density(Real const& x) const noexcept {
    using std::exp, std::sqrt;
    return exp(Real{-x * x / 2}) / sqrt(Real{4 * detail::half_pi<Real>()});
  }
  partial_moments<Real> between(Real const& a, Real const& b) const noexcept {
    return {a > 0 ? Real{beyond(a) - beyond(b)} : Real{beyond(Real{-b}) - beyond(Real{-a})}, density(a) - density(b)};
  }
  Real variance() const noexcept { return 1; }
  Real low() const noexcept { return -high(); }
  Real high() const noexcept { return std::numeric_limits<Real>::infinity(); }
  Real bulk() const noexcept { return 6; }

 private:
  static Real beyond(Real const& x) noexcept {
    using std::erfc, std::sqrt;
    return erfc(Real{x / sqrt(Real{2})}) / 2;
  }
};

/// exp(-sqrt(2) |x|) / sqrt(2).
template <class Real = double>
struct laplace {
  using real_type = Real;
  static constexpr bool is_symmetric = true;
  Real density(Real const& x) const noexcept { return rate() / 2 * tail(x < 0 ? Real{-x} : x); }
  partial_moments<Real> between(Real const& a, Real const& b) const noexcept {
    if (a < 0 && b > 0) {
      auto const left = beyond_zero(Real{0}, Real{-a});
      auto const right = beyond_zero(Real{0}, b);
      return {left.probability + right.probability, right.first - left.first};
    }
    if (b > 0) return beyond_zero(a, b);
    auto const m = beyond_zero(Real{-b}, Real{-a});
    return {m.probability, -m.first};
  }
  Real variance() const noexcept { return 1; }
  Real low() const noexcept { return -high(); }
  Real high() const noexcept { return std::numeric_limits<Real>::infinity(); }
  Real bulk() const noexcept { return 12; }

 private:
  static Real rate() noexcept {
    using std::sqrt;
    return sqrt(Real{2});
  }
  static Real tail(Real const& x) noexcept {
    using std::exp;
    return exp(Real{-rate() * x});
  }
  // 0 <= a <= b: the integral of x f from x on is (x + 1 / rate) tail(x) / 2.
  static partial_moments<Real> beyond_zero(Real const& a, Real const& b) noexcept {
    bool const open = b == std::numeric_limits<Real>::infinity();
    Real const end = open ? Real{0} : tail(b);
    Real const moment = open ? Real{0} : Real{(b + 1 / rate()) * end / 2};
    return {(tail(a) - end) / 2, (a + 1 / rate()) * tail(a) / 2 - moment};
  }
};

/// nu degrees of freedom, nu > 2: proportional to (1 + x^2 / nu)^(-(nu + 1) / 2). With x = sqrt(nu) tan(angle) the density of the
/// angle is proportional to cos^(nu - 1).
template <class Real = double>
class student_t {
 public:
  using real_type = Real;
  static constexpr bool is_symmetric = true;
  explicit student_t(Real nu) noexcept : nu_{nu} { constant_ = 1 / angles(-detail::half_pi<Real>(), detail::half_pi<Real>()); }

  Real density(Real const& x) const noexcept {
    using std::pow, std::sqrt;
    return constant_ / sqrt(nu_) * pow(Real{1 + x * x / nu_}, Real{-(nu_ + 1) / 2});
  }
  partial_moments<Real> between(Real const& a, Real const& b) const noexcept {
    return {constant_ * angles(angle(a), angle(b)), moment(a) - moment(b)};
  }
  Real variance() const noexcept { return nu_ / (nu_ - 2); }
  Real low() const noexcept { return -high(); }
  Real high() const noexcept { return std::numeric_limits<Real>::infinity(); }
  Real bulk() const noexcept { return 30; }

 private:
  Real angle(Real const& x) const noexcept {
    using std::atan, std::sqrt;
    return atan(Real{x / sqrt(nu_)});
  }
  Real angles(Real const& a, Real const& b) const noexcept {
    using std::cos, std::pow;
    return detail::integrate([this](Real const& t) { return Real{pow(Real{cos(t)}, Real{nu_ - 1})}; }, a, b);
  }
  // int_x^inf t f = nu / (nu - 1) (1 + x^2 / nu) f(x).
  Real moment(Real const& x) const noexcept {
    using std::abs;
    if (abs(x) == std::numeric_limits<Real>::infinity()) return 0;
    return nu_ / (nu_ - 1) * (1 + x * x / nu_) * density(x);
  }

  Real nu_;
  Real constant_{};
};

/// Proportional to f on [low, high], both finite. f: a noexcept callable, smooth inside; its ends may be zeros of any order.
template <class F, class Real = double>
class density_of {
 public:
  using real_type = Real;
  density_of(F f, Real low, Real high) noexcept : f_{f}, low_{low}, high_{high} {
    constant_ = 1 / detail::integrate([this](Real const& x) { return Real{f_(x)}; }, low_, high_);
    Real const mean = between(low_, high_).first;
    variance_ = constant_ * detail::integrate([&](Real const& x) { return Real{(x - mean) * (x - mean) * f_(x)}; }, low_, high_);
    second_ = variance_ + mean * mean;
  }
  Real density(Real const& x) const noexcept { return constant_ * f_(x); }
  partial_moments<Real> between(Real const& a, Real const& b) const noexcept {
    return {constant_ * detail::integrate([this](Real const& x) { return Real{f_(x)}; }, a, b),
            constant_ * detail::integrate([this](Real const& x) { return Real{x * f_(x)}; }, a, b)};
  }
  Real variance() const noexcept { return variance_; }
  Real second_moment() const noexcept { return second_; }
  Real low() const noexcept { return low_; }
  Real high() const noexcept { return high_; }
  Real bulk() const noexcept { return high_ - low_; }

 private:
  F f_;
  Real low_;
  Real high_;
  Real constant_ = 1;
  Real variance_{};
  Real second_{};
};

static_assert(distribution<gaussian<>> && distribution<laplace<>> && distribution<student_t<>>);

}  // namespace skive
