// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/registers.hpp: multiply-adds round once where the instruction set fuses, ends of rows, transposes, the order of a sum.
#include "skive/linalg/registers.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

template <class T, class Arch>
std::vector<T> lanes_of(xsimd::batch<T, Arch> const& x) {
  std::vector<T> lane(xsimd::batch<T, Arch>::size);
  x.store_unaligned(lane.data());
  return lane;
}

// (1 + e)^2 - 1: 2 e + e^2 with one rounding, 2 e with two.
template <class T, class Arch>
void multiply_adds_round_once() {
  using batch = xsimd::batch<T, Arch>;
  T const e = std::numeric_limits<T>::epsilon();
  T const expected = skive::simd::fuses<Arch> ? 2 * e + e * e : 2 * e;
  for (T const x : lanes_of(skive::detail::multiply_add(batch(1 + e), batch(1 + e), batch(T(-1))))) CHECK(x == expected);
  for (T const x : lanes_of(skive::detail::multiply_subtract(batch(1 + e), batch(1 + e), batch(T(1))))) CHECK(x == -expected);
}

template <class T, class Arch>
void ends_of_rows() {
  constexpr auto lanes = xsimd::batch<T, Arch>::size;
  for (std::size_t n = 0; n <= lanes; ++n) {
    std::vector<T> from(n);  // no number more: a sanitizer sees what is read behind them
    for (std::size_t i = 0; i < n; ++i) from[i] = static_cast<T>(i + 1);
    auto const x = skive::detail::load_some<T, Arch>(from.data(), n);
    auto const lane = lanes_of(x);
    for (std::size_t i = 0; i < lanes; ++i) CHECK(lane[i] == (i < n ? static_cast<T>(i + 1) : T(0)));
    std::vector<T> to(n + 1, T(-5));
    skive::detail::store_some(x, to.data(), n);
    for (std::size_t i = 0; i <= n; ++i) CHECK(to[i] == (i < n ? static_cast<T>(i + 1) : T(-5)));
  }
}

template <class T, class Arch>
void transposes() {
  using batch = xsimd::batch<T, Arch>;
  constexpr auto lanes = batch::size;
  T numbers[lanes * lanes];
  for (std::size_t i = 0; i < lanes * lanes; ++i) numbers[i] = static_cast<T>(i);
  batch x[lanes];
  for (std::size_t i = 0; i < lanes; ++i) x[i] = batch::load_unaligned(numbers + i * lanes);
  skive::detail::transpose(x);
  for (std::size_t i = 0; i < lanes; ++i)
    for (std::size_t j = 0; j < lanes; ++j) CHECK(lanes_of(x[i])[j] == numbers[j * lanes + i]);
}

// Lanes i and i + n / 2 meet first: a huge pair there cancels before the small ones come in, and nowhere else.
template <class T, class Arch>
void sums_meet_by_halves() {
  constexpr auto lanes = xsimd::batch<T, Arch>::size;
  T const huge = 4 / std::numeric_limits<T>::epsilon();
  std::vector<T> lane(lanes, T(1));
  lane[0] = huge;
  lane[lanes / 2] = -huge;
  CHECK(skive::detail::sum_of_lanes(xsimd::batch<T, Arch>::load_unaligned(lane.data())) == static_cast<T>(lanes - 2));
}

}  // namespace

TEST_CASE("registers of floats and doubles, on every instruction set", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    multiply_adds_round_once<float, Arch>();
    multiply_adds_round_once<double, Arch>();
    ends_of_rows<float, Arch>();
    ends_of_rows<double, Arch>();
    transposes<float, Arch>();
    transposes<double, Arch>();
    sums_meet_by_halves<float, Arch>();
    sums_meet_by_halves<double, Arch>();
  });
}
