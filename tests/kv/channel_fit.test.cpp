// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/channel_fit.hpp: scales and orders of small rows by hand, principal rows of rows that lie in a subspace.
#include "skive/kv/channel_fit.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;

constexpr float infinite = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("channel_fit: scales are roots of the largest distance from the center", "[kv]") {
  std::vector<float> values{1,  -9, 0, 5,  //
                            -4, 3,  0, 6};
  skive::matrix_view<float const> const rows{values.data(), 2, 4};
  std::vector<float> scales(4);
  REQUIRE(skive::separable_scales(rows, {}, scales));
  CHECK(scales == std::vector<float>{2, 3, 1, std::sqrt(6.0f)});  // a channel of zeros keeps its scale
  std::vector<float> const center{0, -9, 0, 5};
  REQUIRE(skive::separable_scales(rows, center, scales));
  CHECK(scales == std::vector<float>{2, std::sqrt(12.0f), 1, 1});
  CHECK(skive::separable_scales(rows, std::span{center}.first(3), scales).error() == errc::size_mismatch);
  CHECK(skive::separable_scales(rows, {}, std::span{scales}.first(3)).error() == errc::size_mismatch);
  values[5] = infinite;
  CHECK(skive::separable_scales(rows, {}, scales).error() == errc::not_finite);
}

TEST_CASE("channel_fit: channels by their ranges, equal ones as they were", "[kv]") {
  std::vector<float> values{0, 5, 1, -1, 7,  //
                            3, 5, 4, 9,  7};
  skive::matrix_view<float const> const rows{values.data(), 2, 5};
  std::vector<float> ranges(5);
  std::vector<std::uint16_t> order(5);
  REQUIRE(skive::range_order(rows, ranges, order));
  CHECK(ranges == std::vector<float>{3, 0, 3, 10, 0});
  CHECK(order == std::vector<std::uint16_t>{1, 4, 0, 2, 3});
  CHECK(skive::range_order(rows, std::span{ranges}.first(4), order).error() == errc::size_mismatch);
  values[0] = -infinite;
  CHECK(skive::range_order(rows, ranges, order).error() == errc::not_finite);
}

TEST_CASE("channel_fit: principal rows carry what lies in a subspace", "[kv]") {
  test::number_rows const some{3, 24, 1};
  test::number_rows const factor{40, 3, 2};
  std::vector<float> center(24, 0.5f);
  test::number_rows rows{40, 24};
  for (std::size_t t = 0; t < 40; ++t)
    for (std::size_t d = 0; d < 24; ++d) {
      rows(t, d) = center[d];
      for (std::size_t r = 0; r < 3; ++r) rows(t, d) += factor(t, r) * some(r, d);
    }
  test::number_rows basis{3, 24};
  test::scratch_bytes_of scratch{skive::principal_rows_scratch_bytes(24, 3)};
  REQUIRE(skive::principal_rows(rows.view(), center, basis.view(), scratch.get()));
  auto const dot = [](auto const& a, std::size_t i, auto const& b, std::size_t k) {
    double sum = 0;
    for (std::size_t d = 0; d < 24; ++d) sum += static_cast<double>(a(i, d)) * static_cast<double>(b(k, d));
    return sum;
  };
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k <= i; ++k) CHECK(std::fabs(dot(basis, i, basis, k) - (i == k ? 1.0 : 0.0)) < 1e-5);
  double left = 0;
  double square = 0;
  for (std::size_t t = 0; t < 40; ++t) {
    for (std::size_t d = 0; d < 24; ++d) rows(t, d) -= center[d];
    square += dot(rows, t, rows, t);
    left += dot(rows, t, rows, t);
    for (std::size_t r = 0; r < 3; ++r) left -= std::pow(dot(rows, t, basis, r), 2);
  }
  CHECK(std::fabs(left) < 1e-5 * square);
  CHECK(skive::principal_rows(rows.view(), {}, basis.view(), {}).error() == errc::workspace_too_small);
  rows(7, 7) = infinite;
  CHECK(skive::principal_rows(rows.view(), {}, basis.view(), scratch.get()).error() == errc::not_finite);
}
