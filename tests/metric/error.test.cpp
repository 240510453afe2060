// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// metric/error.hpp: sums against exact arithmetic, the order of summation to the bit, pieces and merges, extreme numbers,
// refusals.
#include "skive/metric/error.hpp"  // first and alone: proves that the header includes what it uses

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::error_sums;
using rational = boost::multiprecision::cpp_rational;

constexpr double of_constants() {
  std::array<float, 3> const x{1.0f, 2.0f, -4.0f};
  std::array<float, 3> const y{1.5f, 2.0f, -3.0f};
  error_sums s;
  return s.add(x, y) ? s.squared_error() : -1;
}
static_assert(of_constants() == 1.25);
static_assert(skive::bits_per_weight(18, 32) == 4.5 && skive::bits_per_weight(7, 0) == 0);

struct pair_of_rows {
  std::vector<float> x, y;
};

pair_of_rows numbers(std::size_t n, std::uint32_t seed) {
  pair_of_rows r;
  std::uint32_t state = seed;
  auto const next = [&] { return state = state * 1664525u + 1013904223u; };
  for (std::size_t i = 0; i < n; ++i) {
    float const x =
        static_cast<float>(static_cast<std::int32_t>(next())) * std::ldexp(1.0f, -31 - static_cast<int>(next() >> 29));
    r.x.push_back(x);
    r.y.push_back(x + static_cast<float>(static_cast<std::int32_t>(next())) * 0x1p-36f);
  }
  return r;
}

error_sums sums_of(pair_of_rows const& r) {
  error_sums s;
  REQUIRE(s.add(r.x, r.y));
  return s;
}

double relative(rational const& exact, double got) {
  return exact == 0 ? std::fabs(got) : static_cast<double>(abs(rational(got) / exact - 1));
}

// The promised order, written out: lane i mod 16, then halves.
template <class Term>
double by_lanes(std::size_t n, Term term) {
  std::array<double, 16> lane{};
  for (std::size_t i = 0; i < n; ++i) {
    double const t = term(i);
    lane[i % 16] += t;
  }
  for (std::size_t half : {8u, 4u, 2u, 1u})
    for (std::size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  return lane[0];
}

}  // namespace

TEST_CASE("sums are right to the stated bound and in the stated order", "[metric]") {
  for (std::size_t const n : {0u, 1u, 15u, 16u, 17u, 31u, 1000u}) {
    CAPTURE(n);
    auto const r = numbers(n, 5 + static_cast<std::uint32_t>(n));
    auto const s = sums_of(r);
    rational error = 0, squares = 0, others = 0, dot = 0, magnitude = 0;
    double largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      rational const x = r.x[i];
      rational const y = r.y[i];
      error += (y - x) * (y - x);
      squares += x * x;
      others += y * y;
      dot += x * y;
      magnitude += abs(x * y);
      largest = std::max(largest, std::fabs(static_cast<double>(r.y[i]) - static_cast<double>(r.x[i])));
    }
    double const bound = (static_cast<double>(n) / 16 + 5) * 0x1p-53;
    CHECK(s.count() == n);
    CHECK(relative(error, s.squared_error()) <= bound + 0x1p-25);
    CHECK(relative(squares, s.reference_squares()) <= bound);
    CHECK(relative(others, s.approximation_squares()) <= bound);
    CHECK(static_cast<double>(abs(rational(s.dot()) - dot)) <= bound * static_cast<double>(magnitude));
    CHECK(s.max_error() == largest);
    CHECK(s.reference_squares() ==
          by_lanes(n, [&](std::size_t i) { return static_cast<double>(r.x[i]) * static_cast<double>(r.x[i]); }));
    CHECK(s.dot() == by_lanes(n, [&](std::size_t i) { return static_cast<double>(r.x[i]) * static_cast<double>(r.y[i]); }));
    if (n == 0) continue;
    CHECK(s.relative_mse() == s.squared_error() / s.reference_squares());
    CHECK(std::fabs(s.sqnr_db() + 10 * std::log10(s.relative_mse())) < 1e-12);
    CHECK(std::fabs(s.cosine() - s.dot() / std::sqrt(s.reference_squares() * s.approximation_squares())) < 1e-15);
  }
}

TEST_CASE("any pieces give the sums of the whole; merging is lane by lane", "[metric]") {
  auto const r = numbers(997, 9);
  auto const whole = sums_of(r);
  for (std::size_t const piece : {1u, 3u, 16u, 17u, 500u}) {
    error_sums s;
    for (std::size_t i = 0; i < r.x.size(); i += piece) {
      auto const n = std::min(piece, r.x.size() - i);
      REQUIRE(s.add(std::span{r.x}.subspan(i, n), std::span{r.y}.subspan(i, n)));
    }
    CAPTURE(piece);
    CHECK(s.squared_error() == whole.squared_error());
    CHECK(s.reference_squares() == whole.reference_squares());
    CHECK(s.dot() == whole.dot());
    CHECK(s.max_error() == whole.max_error());
  }
  auto left = sums_of({{1.0f, 2.0f}, {1.0f, 4.0f}});
  left.merge(sums_of({{3.0f}, {0.0f}}));
  CHECK(left.count() == 3);
  CHECK(left.squared_error() == 13);
  CHECK(left.reference_squares() == 14);
  CHECK(left.max_error() == 3);
  CHECK(left.mean_squared_error() == 13.0 / 3);
}

TEST_CASE("differences keep 26 bits, and every factor is short enough for an exact product", "[metric]") {
  // 1 + 2^-30 needs 31 bits: as 1 it squares to 1; a float difference that fits is squared exactly.
  CHECK(sums_of({{0x1p-30f}, {1.0f + 0x1p-23f}}).squared_error() == (1 + 0x1p-23) * (1 + 0x1p-23));
  CHECK(sums_of({{-0x1p-30f}, {1.0f}}).squared_error() == 1);
  CHECK(sums_of({{-0x1p-30f}, {1.0f}}).max_error() == 1 + 0x1p-30);
  std::uint64_t longest = 0;
  for (std::uint32_t i = 1; i < 5000; ++i) {
    double const d = skive::detail::round_to_26_bits(std::ldexp(1.0 + i * 0x1.3579bdfp-13, static_cast<int>(i % 600) - 300));
    longest = std::max(
        longest,
        std::uint64_t{52} - static_cast<std::uint64_t>(std::countr_zero(std::bit_cast<std::uint64_t>(d) | (1ull << 52))) + 1);
  }
  CHECK(longest <= 26);
}

TEST_CASE("extreme numbers", "[metric]") {
  float const tiny = 0x1p-149f;
  float const huge = std::numeric_limits<float>::max();
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const infinity = std::numeric_limits<float>::infinity();
  CHECK(sums_of({{tiny}, {-tiny}}).squared_error() == 0x1p-296);
  CHECK(sums_of({{tiny}, {-tiny}}).relative_mse() == 4);
  CHECK(sums_of({{0x1.8p-127f}, {0.0f}}).reference_squares() == 0x1.2p-253);
  CHECK(std::isfinite(sums_of({{huge, huge}, {-huge, huge}}).squared_error()));
  CHECK(std::isnan(sums_of({{1.0f, nan, 1.0f}, {1.0f, 1.0f, 9.0f}}).max_error()));
  CHECK(std::isnan(sums_of({{1.0f, nan}, {1.0f, 1.0f}}).relative_mse()));
  CHECK(std::isinf(sums_of({{1.0f}, {infinity}}).squared_error()));
  CHECK(std::isnan(sums_of({{infinity}, {infinity}}).squared_error()));
  error_sums none;
  CHECK(none.relative_mse() == 0);
  CHECK(none.cosine() == 1);
  CHECK(std::isinf(none.sqnr_db()));
  CHECK(std::isinf(sums_of({{0.0f}, {1.0f}}).relative_mse()));
  CHECK(sums_of({{0.0f}, {1.0f}}).cosine() == 0);
  CHECK(none.add(std::vector<float>(3), std::vector<float>(4)).error() == errc::size_mismatch);
  CHECK(none.count() == 0);
}
