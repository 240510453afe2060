// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/vector.hpp: all tail lengths and offsets against long double, norms at the ends of the range, NaN, fifty digits.
#include "skive/linalg/vector.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::test::digits50;

template <class T>
std::vector<T> random_vector(std::size_t n, std::mt19937& random) {
  std::vector<T> x(n);
  for (T& v : x) v = skive::test::uniform<T>(random);
  return x;
}

template <class T, class Arch>
void sums_stay_within_their_bound() {
  std::mt19937 random{1};
  for (std::size_t n = 0; n < 150; ++n)
    for (std::size_t const offset : {0U, 1U, 3U}) {
      auto const x = random_vector<T>(n + offset, random);
      auto const y = random_vector<T>(n + offset + 1, random);
      T const* const a = x.data() + offset;
      T const* const b = y.data() + offset + 1;
      long double sum = 0;
      long double size = 0;
      long double squares = 0;
      for (std::size_t i = 0; i < n; ++i) {
        auto const product = static_cast<long double>(a[i]) * static_cast<long double>(b[i]);
        sum += product;
        size += std::fabs(product);
        squares += static_cast<long double>(a[i]) * static_cast<long double>(a[i]);
      }
      auto const u = static_cast<long double>(std::numeric_limits<T>::epsilon()) / 2;
      constexpr auto lanes = 4 * xsimd::batch<T, Arch>::size;
      auto const bound = u * size * static_cast<long double>(n / lanes + std::bit_width(lanes) + 3);
      REQUIRE(std::fabs(static_cast<long double>(skive::detail::dot<Arch>(a, b, n)) - sum) <= bound);
      auto const norm = static_cast<long double>(skive::detail::norm<Arch>(a, n));
      REQUIRE(std::fabs(norm - std::sqrt(squares)) <= (bound == 0 ? 1.0L : 12.0L) * u * std::sqrt(squares));
      if constexpr (std::is_same_v<T, float>)
        REQUIRE(std::fabs(static_cast<long double>(skive::detail::wide_dot<Arch>(a, b, n)) - sum) <= 0x1p-48L * size);
      auto largest = T(0);
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(a[i]));
      REQUIRE(skive::detail::largest_magnitude<Arch>(a, n) == largest);
    }
}

// Against two roundings of each product and sum; what lies behind n stays.
template <class T, class Arch>
void elementwise_operations_keep_to_their_range() {
  std::mt19937 random{2};
  auto const u = std::numeric_limits<T>::epsilon() / 2;
  for (std::size_t n = 0; n < 70; ++n) {
    auto const x = random_vector<T>(n + 2, random);
    auto const y = random_vector<T>(n + 2, random);
    auto const a = skive::test::uniform<T>(random);
    auto const b = skive::test::uniform<T>(random);
    auto const near = [u](T value, T exact) { return std::fabs(value - exact) <= 4 * u; };
    auto z = y;
    skive::detail::axpy<Arch>(a, x.data() + 1, z.data() + 1, n);
    auto p = x;
    auto q = y;
    skive::detail::rotate<Arch>(p.data() + 1, q.data() + 1, a, b, n);
    auto s = x;
    skive::detail::scale<Arch>(a, s.data() + 1, n);
    auto l = x;
    auto r = y;
    skive::detail::exchange<Arch>(l.data() + 1, r.data() + 1, n);
    for (std::size_t i = 0; i < n + 2; ++i) {
      bool const inside = i >= 1 && i <= n;
      REQUIRE((inside ? near(z[i], y[i] + a * x[i]) : z[i] == y[i]));
      REQUIRE((inside ? near(p[i], a * x[i] - b * y[i]) : p[i] == x[i]));
      REQUIRE((inside ? near(q[i], b * x[i] + a * y[i]) : q[i] == y[i]));
      REQUIRE((inside ? s[i] == a * x[i] : s[i] == x[i]));
      REQUIRE((l[i] == (inside ? y[i] : x[i]) && r[i] == (inside ? x[i] : y[i])));
    }
  }
}

// Position in a vector changes nothing: each part has the bits of the whole.
template <class T, class Arch>
void rotations_of_parts_are_those_of_the_whole() {
  std::mt19937 random{3};
  auto const x = random_vector<T>(77, random);
  auto const y = random_vector<T>(77, random);
  auto p = x, q = y, l = x, r = y;
  skive::detail::rotate<Arch>(p.data(), q.data(), T(0.8), T(0.6), 77);
  skive::detail::axpy<Arch>(T(0.3), p.data(), q.data(), 77);
  for (std::size_t i = 0; i < 77; i += 11) {
    skive::detail::rotate<Arch>(l.data() + i, r.data() + i, T(0.8), T(0.6), 11);
    skive::detail::axpy<Arch>(T(0.3), l.data() + i, r.data() + i, 11);
  }
  REQUIRE(std::memcmp(p.data(), l.data(), 77 * sizeof(T)) == 0);
  REQUIRE(std::memcmp(q.data(), r.data(), 77 * sizeof(T)) == 0);
}

template <class T, class Arch>
void norms_use_the_whole_range() {
  auto const norm = [](std::vector<T> const& x) { return skive::detail::norm<Arch>(x.data(), x.size()); };
  using limits = std::numeric_limits<T>;
  auto const near = [](T value, T exact) { return std::fabs(value - exact) <= 4 * limits::epsilon() * exact; };
  REQUIRE(norm({}) == T(0));
  REQUIRE(norm({T(0), T(-0.0), T(0)}) == T(0));
  auto const huge = limits::max() / 8;
  REQUIRE(near(norm({3 * huge, -4 * huge}), 5 * huge));
  auto const tiny = limits::min() * 8;
  REQUIRE(near(norm({3 * tiny, T(0), -4 * tiny}), 5 * tiny));
  REQUIRE(near(norm({3 * tiny, T(1), huge}), huge));
  REQUIRE(norm({limits::infinity(), T(1)}) == limits::infinity());
  REQUIRE(std::isnan(norm({T(1), limits::quiet_NaN(), huge})));
  REQUIRE(std::isnan(norm({limits::quiet_NaN()})));
  REQUIRE(std::isnan(norm({limits::infinity(), limits::quiet_NaN()})));
}

}  // namespace

TEST_CASE("dot products and norms of every length", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    sums_stay_within_their_bound<float, Arch>();
    sums_stay_within_their_bound<double, Arch>();
    norms_use_the_whole_range<float, Arch>();
    norms_use_the_whole_range<double, Arch>();
  });
  norms_use_the_whole_range<double, skive::scalar_arch>();
}

TEST_CASE("axpy, rotate, scale and exchange of every length", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    elementwise_operations_keep_to_their_range<float, Arch>();
    elementwise_operations_keep_to_their_range<double, Arch>();
    rotations_of_parts_are_those_of_the_whole<float, Arch>();
    rotations_of_parts_are_those_of_the_whole<double, Arch>();
  });
  elementwise_operations_keep_to_their_range<float, skive::scalar_arch>();
}

TEST_CASE("fifty digits: vectors, and numbers made in a workspace", "[linalg]") {
  alignas(64) std::byte memory[skive::workspace::bytes<digits50>(9)];
  skive::workspace scratch{memory};
  auto const x = skive::take_reals<digits50>(scratch, 9);
  REQUIRE(x.size() == 9);
  REQUIRE(skive::take_reals<digits50>(scratch, 2).empty());
  for (std::size_t i = 0; i < 9; ++i) x[i] = digits50(static_cast<int>(i)) / 3;
  using arch = skive::native_arch;
  REQUIRE(abs(skive::detail::dot<arch>(x.data(), x.data(), 9) - digits50(204) / 9) < digits50("1e-47"));
  REQUIRE(abs(skive::detail::norm<arch>(x.data(), 9) - sqrt(digits50(204)) / 3) < digits50("1e-47"));
  digits50 y[2] = {3, 1};
  digits50 z[2] = {4, 2};
  skive::detail::rotate<arch>(y, z, digits50("0.6"), digits50("-0.8"), 2);
  REQUIRE(abs(y[0] - 5) < digits50("1e-48"));
  REQUIRE(abs(z[0]) < digits50("1e-48"));
}
