// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup_table.hpp: the published constructions, derived again in 50 digits, and the agreement that the header states.
#include "skive/format/lookup_table.hpp"  // first and alone: proves that the header includes what it uses

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <boost/math/constants/constants.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using real = boost::multiprecision::cpp_bin_float_50;

// Normal distribution function by the Taylor series of erf: for |x| < 3 no term exceeds 50, so 48 digits remain.
real normal_cdf(real const& x) {
  real const t = x * x / 2;
  real term = x;
  real sum = x;
  for (int n = 1; n < 200; ++n) {
    term *= -t / n;
    sum += term / (2 * n + 1);
  }
  return real(0.5) + sum / sqrt(2 * boost::math::constants::pi<real>());
}

// Student's t with 5 degrees of freedom, closed form.
real student5_cdf(real const& x) {
  real const angle = atan(x / sqrt(real(5)));
  real const c = cos(angle);
  return real(0.5) + (angle + sin(angle) * c * (1 + 2 * c * c / 3)) / boost::math::constants::pi<real>();
}

template <class Cdf>
real quantile(Cdf cdf, real const& p) {
  real low = 0;
  real high = 8;
  for (int i = 0; i < 170; ++i) {
    real const middle = (low + high) / 2;
    (cdf(middle) < p ? low : high) = middle;
  }
  return low;
}

// 2^(k-1) quantiles evenly spaced in probability from delta down to 1/2 (excluded), one fewer below 0, and 0; over the largest.
template <class Cdf>
std::vector<real> quantile_levels(Cdf cdf, int k, real const& delta) {
  int const n = 1 << (k - 1);
  std::vector<real> v{real(0)};
  for (int i = 0; i < n; ++i)
    v.push_back(quantile([&](real const& x) { return x > 7 ? real(1) : cdf(x); }, delta + (real(0.5) - delta) * i / n));
  for (int i = 0; i < n - 1; ++i)
    v.push_back(-quantile([&](real const& x) { return x > 7 ? real(1) : cdf(x); }, delta + (real(0.5) - delta) * i / (n - 1)));
  std::sort(v.begin(), v.end());
  real const largest = v.back();
  for (real& x : v) x /= largest;
  return v;
}

template <std::size_t N>
double largest_gap(std::array<float, N> const& table, std::vector<real> const& derived) {
  REQUIRE(derived.size() == N);
  real worst = 0;
  for (std::size_t i = 0; i < N; ++i) worst = std::max(worst, real(abs(derived[i] - real(table[i]))));
  return static_cast<double>(worst);
}

real delta_of(int k) { return 1 - (1 / real(2 * ((1 << k) - 1)) + 1 / real(2 * (1 << k))) / 2; }

// The dynamic map: the split of [0.1, 1] in float32, everything after it exact, one rounding.
std::vector<float> dynamic_map(bool is_signed) {
  std::vector<float> v{0.0f, 1.0f};
  for (int i = 0; i <= 6; ++i) {
    int const parts = 1 << (is_signed ? i : i + 1);
    auto const split = [&](int j) { return real(static_cast<float>(real(1) / 10 + real(9) / 10 * j / parts)); };
    for (int j = 0; j < parts; ++j) {
      real const value = (split(j) + split(j + 1)) / 2 / pow(real(10), 6 - i);
      v.push_back(static_cast<float>(value));
      if (is_signed) v.push_back(-static_cast<float>(value));
    }
  }
  std::sort(v.begin(), v.end());
  return v;
}

// Distribution of a normal number over its block's absmax (block of 64, the extreme itself excluded), by Simpson's rule in
// double.
double over_absmax_cdf(double x) {
  auto const phi = [](double t) { return 0.5 * std::erfc(-t / std::sqrt(2.0)); };
  constexpr int steps = 2000;
  constexpr double from = 0.3;
  constexpr double width = (7.0 - from) / steps;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    double const m = from + width * i;
    double const inside = 2 * phi(m) - 1;
    double const density = 64 * std::pow(inside, 63) * 2 * std::exp(-m * m / 2) / std::sqrt(2 * 3.14159265358979323846);
    double const weight = (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * width / 3;
    sum += weight * density * (phi(x * m) - phi(-m)) / inside;
  }
  return sum;
}

}  // namespace

TEST_CASE("normal-float and Student-float tables follow from their construction", "[format]") {
  CHECK(largest_gap(skive::nf4_table::levels, quantile_levels(normal_cdf, 4, real("0.9677083"))) < 1.2e-7);
  CHECK(largest_gap(skive::nf3_table::levels, quantile_levels(normal_cdf, 3, delta_of(3))) < 1.0e-7);
  CHECK(largest_gap(skive::nf2_table::levels, quantile_levels(normal_cdf, 2, delta_of(2))) < 1.5e-8);
  CHECK(largest_gap(skive::sf4_table::levels, quantile_levels(student5_cdf, 4, real("0.9677083"))) < 6e-7);
  CHECK(static_cast<double>(abs(delta_of(4) - real("0.9677083"))) < 1e-7);
}

TEST_CASE("the dynamic maps follow from their construction to the bit", "[format]") {
  auto const same = [](auto const& table, std::vector<float> const& derived) {
    return std::equal(table.begin(), table.end(), derived.begin(), derived.end());
  };
  CHECK(same(skive::dynamic8_table::levels, dynamic_map(true)));
  CHECK(same(skive::dynamic8_unsigned_table::levels, dynamic_map(false)));
}

TEST_CASE("AF4: every level is the median of its cell", "[format]") {  // cells end at midpoints, at 0, and at +-1
  auto const& q = skive::af4_table::levels;
  double worst = 0;
  for (std::size_t i = 1; i < 15; ++i) {
    if (q[i] == 0) continue;
    auto const at = [&](std::size_t k) { return static_cast<double>(q[k]); };
    double const low = at(i - 1) == 0 ? 0 : (at(i - 1) + at(i)) / 2;
    double const high = at(i + 1) == 0 ? 0 : (at(i) + at(i + 1)) / 2;
    worst = std::max(worst, std::fabs(over_absmax_cdf(at(i)) - (over_absmax_cdf(low) + over_absmax_cdf(high)) / 2));
  }
  CHECK(worst < 3e-8);
}

TEST_CASE("FP4 of bitsandbytes: twelfths rounded to float32", "[format]") {
  constexpr std::array<double, 8> twelfths{0, 0.0625, 8, 12, 4, 6, 2, 3};
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(skive::fp4_bnb_table::levels[i] == static_cast<float>(real(twelfths[i]) / 12));
    CHECK(skive::fp4_bnb_table::levels[i + 8] == -skive::fp4_bnb_table::levels[i]);
  }
}
