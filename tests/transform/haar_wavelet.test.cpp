// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/haar_wavelet.hpp, cosine_matrix.hpp, outlier_rotation.hpp: definitions, laws, refusals, peaks that sink.
#include "skive/transform/haar_wavelet.hpp"

#include "laws/transform.hpp"
#include "skive/transform/cosine_matrix.hpp"
#include "skive/transform/dense.hpp"
#include "skive/transform/outlier_rotation.hpp"

#include <numbers>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::haar_wavelet;
using skive::matrix_view;
using arch = skive::native_arch;

}  // namespace

TEST_CASE("haar_wavelet: sums and differences of neighbours", "[transform]") {
  for (std::size_t const n : {1U, 2U, 12U, 64U, 96U, 1024U})
    for (int levels = 0; levels <= std::countr_zero(n); ++levels) {
      CAPTURE(n, levels);
      auto const t = *haar_wavelet::make(n, levels);
      auto const x = test::gaussian_vector(n, 4);
      std::vector<double> exact(x.begin(), x.end());
      for (auto size = n; size > n >> levels; size /= 2) {
        auto const old = exact;
        for (std::size_t i = 0; i < size / 2; ++i) {
          exact[i] = (old[2 * i] + old[2 * i + 1]) * std::sqrt(0.5);
          exact[size / 2 + i] = (old[2 * i] - old[2 * i + 1]) * std::sqrt(0.5);
        }
      }
      CHECK(test::distance(test::transformed<arch>(t, x), exact) <= (levels + 2) * 0x1p-24 * test::norm(x));
      test::check_transform<arch>(t, (levels + 2) * 0x1p-24);
      if (n < 100) test::check_bits<arch>(t);
    }
  test::check_refusals<arch>(*haar_wavelet::make(96, 5));
  CHECK(haar_wavelet::make(96, 6).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(96, -1).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(0, 0).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(std::size_t{1} << 27, 27).error() == errc::invalid_argument);
}

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
