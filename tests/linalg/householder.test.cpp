// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/householder.hpp: one reflector at any end of the range, a block of them as one after another.
#include "skive/linalg/householder.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::workspace;
using skive::test::digits50;
using skive::test::matrix;

// H x = (beta, 0, ..., 0) by definition in Wide, 1 <= tau <= 2, |beta| = |x|, H H = 1: tau |v|^2 = 2.
template <class Wide, class Arch, class T>
void reflects(std::vector<T> const& x, Wide bound) {
  using std::abs;
  using std::sqrt;
  auto v = x;
  auto const tau = skive::detail::make_reflector<Arch>(v.data(), v.size());
  REQUIRE((tau >= T(1) && tau <= T(2)));
  REQUIRE((v[0] < T(0)) == (x[0] >= T(0)));
  Wide const unit = Wide(1) / Wide(abs(v[0]));  // numbers of order one, whatever the range
  Wide length(0);
  Wide along = Wide(x[0]) * unit;
  Wide squares(1);
  for (std::size_t i = 0; i < x.size(); ++i) length += Wide(x[i]) * unit * (Wide(x[i]) * unit);
  for (std::size_t i = 1; i < x.size(); ++i) {
    along += Wide(v[i]) * Wide(x[i]) * unit;
    squares += Wide(v[i]) * Wide(v[i]);
  }
  CHECK(abs(sqrt(length) - 1) <= bound);
  CHECK(abs(Wide(tau) * squares - 2) <= bound);
  CHECK(abs(Wide(x[0]) * unit - Wide(tau) * along - Wide(v[0]) * unit) <= bound);
  for (std::size_t i = 1; i < x.size(); ++i) CHECK(abs(Wide(x[i]) * unit - Wide(tau) * along * Wide(v[i])) <= bound);
}

template <class T, class Wide, class Arch>
void reflectors_of_every_length() {
  std::mt19937 random{81};
  auto const u = static_cast<Wide>(std::numeric_limits<T>::epsilon()) / 2;
  for (std::size_t const n : {2U, 3U, 17U, 64U, 101U})
    for (int const exponent : {0, std::numeric_limits<T>::max_exponent - 10, std::numeric_limits<T>::min_exponent + 3}) {
      CAPTURE(n, exponent);
      std::vector<T> x(n);
      for (T& number : x) number = std::ldexp(skive::test::uniform<T>(random), exponent);
      // near the smallest normal number entries themselves have fewer digits: as many roundings of the range's end
      auto const lost = std::ldexp(Wide(1), std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits - exponent);
      reflects<Wide, Arch>(x, 4 * static_cast<Wide>(n + 4) * (u + lost));
      x[0] = T(0);
      reflects<Wide, Arch>(x, 4 * static_cast<Wide>(n + 4) * (u + lost));
    }
}

template <class Arch>
void a_block_is_one_after_another(std::size_t m, std::size_t k, std::size_t n) {
  CAPTURE(m, k, n);
  std::mt19937 random{82};
  matrix<double> vt(k, m), t(k, k), gram(k, k);
  std::vector<double> tau(k);
  for (std::size_t i = 0; i < k; ++i) {  // reflector i starts at i, as those of QR do
    std::vector<double> x(m - i);
    for (double& number : x) number = skive::test::uniform<double>(random);
    tau[i] = i == 2 ? 0.0 : skive::detail::make_reflector<Arch>(x.data(), x.size());  // and one that is H = 1
    for (std::size_t l = i; l < m; ++l) vt(i, l) = l == i ? 1.0 : x[l - i];
  }
  std::vector<std::byte> memory(skive::product_scratch_bytes<double, Arch>(m, m + n, m));
  skive::detail::make_block_factor<Arch>(std::as_const(vt).view(), std::span<double const>{tau}, t.view(), gram.view(),
                                         workspace{memory});
  auto const c = skive::test::random_matrix<double>(m, n, random, 1);
  auto expected = c;
  auto turned = c;
  std::vector<double> column(m);
  auto const one_by_one = [&](matrix<double>& to, bool backwards) {
    for (std::size_t step = 0; step < k; ++step) {
      auto const i = backwards ? k - 1 - step : step;
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t l = i; l < m; ++l) column[l] = to(l, j);
        skive::detail::reflect<Arch>(&vt(i, i), tau[i], column.data() + i, m - i);
        for (std::size_t l = i; l < m; ++l) to(l, j) = column[l];
      }
    }
  };
  one_by_one(expected, true);  // H_0 H_1 ... H_(k-1) C: the last one first
  one_by_one(turned, false);
  std::vector<double> w(2 * k * n);
  for (bool const transposed : {false, true}) {
    auto block = c;
    auto const factor = transposed ? skive::transposed(std::as_const(t).view()) : skive::operand<double>{std::as_const(t).view()};
    skive::detail::reflect_block<Arch>(std::as_const(vt).view(), factor, block.view(), std::span{w}, workspace{memory});
    CHECK(skive::test::largest_difference(transposed ? turned : expected, block) < 1e-13);
  }
}

}  // namespace

TEST_CASE("make_reflector: every length, ends of the range included", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    reflectors_of_every_length<float, double, Arch>();
    reflectors_of_every_length<double, long double, Arch>();
  });
  reflects<digits50, skive::native_arch>(std::vector<digits50>{3, 4, 12}, digits50("1e-47"));
  std::vector<float> zeros(5, 0.0f);
  zeros[0] = 7;  // nothing to be done
  CHECK(skive::detail::make_reflector<skive::native_arch>(zeros.data(), 5) == 0);
  CHECK(zeros[0] == 7);
}

TEST_CASE("reflect_block: as one reflection after another, both ways", "[linalg]") {
  a_block_is_one_after_another<skive::native_arch>(40, 9, 21);
  a_block_is_one_after_another<skive::native_arch>(9, 9, 3);
  a_block_is_one_after_another<skive::scalar_arch>(12, 5, 4);
}
