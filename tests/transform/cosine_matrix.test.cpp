// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/cosine_matrix.hpp: entries by their definition in long double, orthogonality, refusals.
#include "skive/transform/cosine_matrix.hpp"

#include "laws/transform.hpp"
#include "skive/transform/dense.hpp"

#include <numbers>

namespace {

namespace test = skive::test;
using skive::errc;
using arch = skive::native_arch;

}  // namespace

TEST_CASE("cosine_matrix: the DCT-II", "[transform]") {
  for (std::size_t const n : {1U, 2U, 3U, 8U, 15U, 64U}) {
    std::vector<float> q(n * n);
    REQUIRE(skive::cosine_matrix({q.data(), n, n}));
    CHECK(*skive::orthogonality({q.data(), n, n}) < 2 * 0x1p-24);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        auto const angle = std::numbers::pi_v<long double> * static_cast<long double>((2 * j + 1) * i % (4 * n)) /
            static_cast<long double>(2 * n);
        auto const exact = std::cos(angle) * std::sqrt((i == 0 ? 1.0L : 2.0L) / static_cast<long double>(n));
        CAPTURE(n, i, j);
        REQUIRE(std::fabs(static_cast<long double>(q[i * n + j]) - exact) <= 0.51L * 0x1p-23L * std::fabs(exact) + 1e-18L);
      }
    auto const t = skive::dense_rotation::make({q.data(), n, n});
    REQUIRE(t);
    test::check_transform<arch>(*t, 4 * 0x1p-24);
  }
  std::vector<float> q(6);
  CHECK(skive::cosine_matrix({q.data(), 2, 3}).error() == errc::size_mismatch);
}
