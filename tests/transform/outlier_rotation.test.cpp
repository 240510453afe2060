// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/outlier_rotation.hpp: peaks that sink, a matrix that does what the search saw, refusals.
#include "skive/transform/outlier_rotation.hpp"

#include "laws/transform.hpp"
#include "skive/transform/dense.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::matrix_view;
using arch = skive::native_arch;

}  // namespace

TEST_CASE("outlier_rotation: a loud channel is spread, and Q does what the search saw", "[transform]") {
  constexpr std::size_t rows = 40;
  constexpr std::size_t n = 32;
  auto x = test::gaussian_vector(rows * n, 3);
  for (std::size_t r = 0; r < rows; ++r) x[r * n + 5] *= 40.0f, x[r * n + 20] *= 25.0f;
  std::vector<float> q(n * n);
  test::scratch_memory scratch{skive::outlier_rotation_bytes(rows, n)};
  matrix_view<float const> const activations{x.data(), rows, n};
  auto const found = skive::outlier_rotation(activations, 24, 1, matrix_view<float>{q.data(), n, n}, scratch.get());
  REQUIRE(found);
  CHECK(found->steps > 0);
  CHECK(found->after < 0.4f * found->before);
  CHECK(*skive::orthogonality({q.data(), n, n}) < 2 * (24 + std::sqrt(32.0)) * 0x1p-24);
  auto const t = *skive::dense_rotation::make({q.data(), n, n});
  float largest = 0, before = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<float> const token(x.begin() + static_cast<long>(r * n), x.begin() + static_cast<long>(r * n + n));
    for (auto const v : token) before = std::max(before, std::fabs(v));
    for (auto const v : test::transformed<arch>(t, token)) largest = std::max(largest, std::fabs(v));
  }
  CHECK(before == found->before);
  CHECK(std::fabs(largest / found->after - 1) < 1e-5f);
  std::vector<float> again(n * n);
  REQUIRE(skive::outlier_rotation<skive::scalar_arch>(activations, 24, 1, matrix_view<float>{again.data(), n, n}, scratch.get()));
  CHECK(test::same_bits(again, q));
  REQUIRE(skive::outlier_rotation(activations, 0, 1, matrix_view<float>{q.data(), n, n}, scratch.get()));
  for (std::size_t i = 0; i < n * n; ++i) REQUIRE(q[i] == (i % (n + 1) == 0 ? 1.0f : 0.0f));
  CHECK(skive::outlier_rotation(activations, 1, 1, matrix_view<float>{q.data(), n, n - 1, n}, scratch.get()).error() ==
        errc::size_mismatch);
  CHECK(skive::outlier_rotation(activations, -1, 1, matrix_view<float>{q.data(), n, n}, scratch.get()).error() ==
        errc::invalid_argument);
  CHECK(skive::outlier_rotation(activations, 1, 1, matrix_view<float>{q.data(), n, n}, {}).error() == errc::workspace_too_small);
  x[7] = INFINITY;
  CHECK(skive::outlier_rotation(activations, 1, 1, matrix_view<float>{q.data(), n, n}, scratch.get()).error() ==
        errc::not_finite);
}
