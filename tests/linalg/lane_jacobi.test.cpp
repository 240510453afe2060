// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/lane_jacobi.hpp: columns of sixteen matrices become orthogonal, the longer one first; a lane does not see the others.
#include "skive/linalg/lane_jacobi.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

template <class T, class Arch>
void becomes_orthogonal(std::size_t count, std::size_t length, unsigned seed = 15) {
  CAPTURE(count, length, seed);
  std::mt19937 random{seed};
  std::vector<T> columns(16 * count * length), squares(24 * count);
  for (T& x : columns) x = skive::test::uniform<T>(random);
  auto const before = columns;
  auto const tolerance = 4 * std::numeric_limits<T>::epsilon();
  skive::detail::lane_jacobi<T, Arch> const job{columns, squares, length, tolerance};
  REQUIRE(job.run(60) != 0);
  auto const product = [&](std::vector<T> const& x, std::size_t i, std::size_t j, std::size_t lane) {
    double sum = 0;
    for (std::size_t k = 0; k < length; ++k)
      sum += static_cast<double>(x[(i * length + k) * 16 + lane]) * static_cast<double>(x[(j * length + k) * 16 + lane]);
    return sum;
  };
  auto const eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (std::size_t lane = 0; lane < 16; ++lane) {
    double trace = 0;
    double kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      trace += product(before, i, i, lane);
      kept += product(columns, i, i, lane);
      CHECK(std::abs(product(columns, i, i, lane) - static_cast<double>(squares[16 * i + lane])) <= 40 * eps * trace);
      for (std::size_t j = 0; j < i; ++j) {
        auto const bound = std::sqrt(product(columns, i, i, lane) * product(columns, j, j, lane));
        CHECK((std::abs(product(columns, i, j, lane)) <= 20 * eps * bound + eps * eps * trace || count > length));
      }
    }
    CHECK(std::abs(trace - kept) <= 100 * eps * trace);
  }
  for (std::size_t lane = 0; lane < 16; lane += count < 20 ? 1 : 5) {  // beside zeros, whose pairs never turn
    auto alone = before;
    for (std::size_t k = 0; k < alone.size(); ++k)
      if (k % 16 != lane) alone[k] = T(0);
    std::vector<T> other(24 * count);
    REQUIRE(skive::detail::lane_jacobi<T, Arch>{alone, other, length, tolerance}.run(60) != 0);
    bool same = true;
    for (std::size_t k = lane; k < alone.size(); k += 16) same &= alone[k] == columns[k];
    CAPTURE(lane);
    CHECK(same);
  }
}

}  // namespace

TEST_CASE("lane_jacobi: orthogonal columns in every lane, each for itself", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    becomes_orthogonal<float, Arch>(2, 5);
    becomes_orthogonal<float, Arch>(12, 12);
  });
  for (unsigned const seed : {1U, 2U, 15U}) becomes_orthogonal<float, skive::native_arch>(64, 70, seed);
  becomes_orthogonal<double, skive::native_arch>(10, 11);
}
