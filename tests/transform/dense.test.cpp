// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/dense.hpp: products with the matrix in double, laws, equal bits, refusals.
#include "skive/transform/dense.hpp"

#include "laws/transform.hpp"
#include "skive/transform/reflections.hpp"

namespace {

namespace test = skive::test;
using skive::dense_rotation;
using skive::errc;
using skive::matrix_view;
using arch = skive::native_arch;

}  // namespace

TEST_CASE("dense_rotation: products with the matrix", "[transform]") {
  for (std::size_t const n : {1U, 5U, 16U, 40U, 100U}) {
    std::vector<float> q(n * n);
    test::scratch_memory scratch{skive::random_orthogonal_bytes(n)};
    REQUIRE(skive::random_orthogonal(9, matrix_view<float>{q.data(), n, n}, scratch.get()));
    auto const t = *dense_rotation::make({q.data(), n, n});
    auto const x = test::gaussian_vector(n, 2);
    for (bool const back : {false, true}) {
      std::vector<double> exact(n);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          exact[i] += static_cast<double>(back ? q[j * n + i] : q[i * n + j]) * static_cast<double>(x[j]);
      CHECK(test::distance(test::transformed<arch>(t, x, back), exact) <= 0x1.1p-24 * test::norm(x));
    }
    test::check_transform<arch>(t, (2 + 2 * std::sqrt(static_cast<double>(n))) * 0x1p-24);
    test::check_bits<arch>(t);
    test::check_refusals<arch>(t);
  }
  std::vector<float> q{1.0f, 0.0f, 0.0f, 1.0f};
  CHECK(dense_rotation::make({q.data(), 1, 2}).error() == errc::size_mismatch);
  for (float const bad : {1.01f, 0x1p-130f, INFINITY, NAN}) {
    q[1] = bad;
    CHECK(dense_rotation::make({q.data(), 2, 2}).error() == errc::invalid_argument);
  }
}
