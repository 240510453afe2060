// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/page.hpp"

#include "support/simd_arches.hpp"

#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::page_shape;
namespace test = skive::test;

}  // namespace

TEST_CASE("page_shape: multiples of 8 channels and of 32 tokens", "[kv]") {
  for (std::size_t const size : {8U, 64U, 80U, 96U, 112U, 128U, 192U, 256U, 1024U}) CHECK(page_shape{size, 32}.valid());
  for (std::size_t const size : {0U, 4U, 12U, 1032U}) CHECK(!page_shape{size, 32}.valid());
  for (std::size_t const tokens : {0U, 16U, 33U, (1U << 24) + 32U}) CHECK(!page_shape{64, tokens}.valid());
}

TEST_CASE("page: ranges, groups and numbers are checked", "[kv]") {
  constexpr page_shape shape{8, 64};
  namespace detail = skive::detail;
  CHECK(detail::check_range({12, 64}, 10, 10, 0, 1).error() == errc::invalid_argument);
  CHECK(detail::check_range(shape, 10, 9, 0, 1).error() == errc::size_mismatch);
  CHECK(detail::check_range(shape, 10, 10, 64, 0));
  CHECK(detail::check_range(shape, 10, 10, 65, 0).error() == errc::size_mismatch);
  CHECK(detail::check_range(shape, 10, 10, 1, ~std::size_t{0}).error() == errc::size_mismatch);
  std::vector<float> numbers(64 * 8, 1.0f);
  auto const append = [&](std::size_t rows, std::size_t first) {
    return detail::check_append<skive::native_arch>(shape, 16, 10, 10, matrix_view<float const>{numbers.data(), rows, 8}, first,
                                                    2.0f)
        .error();
  };
  CHECK(append(64, 0) == errc::ok);
  CHECK(append(16, 48) == errc::ok);
  CHECK(append(16, 8) == errc::size_mismatch);
  CHECK(append(8, 16) == errc::size_mismatch);
  CHECK(append(32, 48) == errc::size_mismatch);
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const n : {1U, 15U, 16U, 17U, 40U})
      for (std::size_t bad = 0; bad < n; bad += 5) {
        std::vector<float> row(n, -2.0f);
        CHECK(detail::within<Arch>(row, 2.0f));
        for (float const x : {-2.5f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
          row[bad] = x;
          CHECK(!detail::within<Arch>(row, 2.0f));
        }
      }
  });
}

TEST_CASE("page: rows in fours, and what is left of them", "[kv]") {
  for (std::size_t rows = 0; rows < 12; ++rows) {
    std::size_t next = 0;
    skive::detail::in_fours(rows, [&]<std::size_t Rows>(std::size_t h) {
      CHECK(h == next);
      CHECK((Rows == 4 || h + Rows == rows));
      next += Rows;
    });
    CHECK(next == rows);
  }
}
