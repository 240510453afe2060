// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/randomized_svd.hpp: Halko's bounds, the Pythagoras of QB, adaptive rank, hard matrices, refusals.
#include "skive/linalg/randomized_svd.hpp"

#include "support/allocations.hpp"
#include "support/simd_arches.hpp"
#include "support/svd_checks.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::matrix_view;
using skive::randomized_svd_options;
using skive::sketch;
using skive::workspace;
using skive::test::matrix;
using skive::test::svd_results;

template <class T, class Arch = skive::native_arch>
skive::status decompose(matrix<T> const& a, svd_results<T>& to, randomized_svd_options const& options) {
  std::vector<std::byte> memory(skive::randomized_svd_scratch_bytes<T, Arch>(a.rows(), a.cols(), to.sigma.size(), options));
  return skive::randomized_svd<Arch, T>(a.view(), to.u.view(), to.sigma, to.vt.view(), options, workspace{memory});
}

template <class T>
svd_results<T> results(std::size_t m, std::size_t n, std::size_t k) {
  svd_results<T> r(m, n, k);
  r.sigma.resize(k);
  return r;
}

double tail(std::vector<double> const& values, std::size_t k) {
  double sum = 0;
  for (std::size_t i = k; i < values.size(); ++i) sum += values[i] * values[i];
  return std::sqrt(sum);
}

std::vector<double> harmonic(std::size_t n) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = 1.0 / static_cast<double>(i + 1);
  return v;
}

constexpr double float_rounding = 0x1p-24;

}  // namespace

TEST_CASE("randomized_svd: error within Halko's bound, orthonormal, values below the true ones", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    auto const values = harmonic(96);
    auto const a = skive::test::with_singular_values<float>(values, random);
    constexpr std::size_t k = 20;
    for (auto const kind : {sketch::gaussian, sketch::rademacher, sketch::sparse_sign, sketch::hadamard})
      for (std::size_t const power : {0U, 1U, 2U}) {
        CAPTURE(static_cast<int>(kind), power);
        double mean = 0;
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
          auto r = results<float>(96, 96, k);
          REQUIRE(decompose<float, Arch>(a, r, {10, power, kind, seed}));
          CHECK(skive::test::distance_from_orthonormal<double>(r.u, true) < 64 * float_rounding);
          CHECK(skive::test::distance_from_orthonormal<double>(r.vt, false) < 64 * float_rounding);
          auto const error = skive::test::distance_from_product<double>(a, r.u, r.sigma, r.vt);
          mean += error / tail(values, k) / 4;
          CHECK(error >= tail(values, k) * (1 - 1e-5));  // nothing of rank k is better
          for (std::size_t i = 0; i < k; ++i) CHECK(static_cast<double>(r.sigma[i]) <= values[i] + 1e-5);
        }
        // Of Q Q^T A the bound is sqrt(1 + k / (p - 1)) = 1.8; truncation to k adds its own part. Measured 1.32, 1.010, 1.001.
        CHECK(mean < (power == 0 ? 1.8 : power == 1 ? 1.02 : 1.002));
      }
  });
}

TEST_CASE("randomized_svd: the largest part that a sketch misses is within Halko's bound", "[linalg]") {
  std::mt19937 random{7};
  auto const values = harmonic(96);
  auto const a = skive::test::with_singular_values<double>(values, random);
  constexpr std::size_t k = 20, p = 10;
  for (std::size_t const power : {0U, 1U, 2U}) {
    double mean = 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      auto r = results<double>(96, 96, k + p);  // nothing is cut: Q Q^T A
      REQUIRE(decompose<double>(a, r, {0, power, sketch::gaussian, seed}));
      auto rest = a;
      rest.fill([&](std::size_t i, std::size_t j) {
        double x = a(i, j);
        for (std::size_t l = 0; l < k + p; ++l) x -= r.u(i, l) * r.sigma[l] * r.vt(l, j);
        return x;
      });
      mean += skive::test::singular_values_by_rotation<double>(rest)[0] / 3;
    }
    auto const exponent = static_cast<double>(2 * power + 1);
    double squares = 0;
    for (std::size_t i = k; i < 96; ++i) squares += std::pow(values[i], 2 * exponent);
    auto const bound = (1 + std::sqrt(static_cast<double>(k) / (p - 1))) * std::pow(values[k], exponent) +
        std::exp(1.0) * std::sqrt(static_cast<double>(k + p)) / p * std::sqrt(squares);
    CHECK(mean <= std::pow(bound, 1 / exponent));
    CHECK(mean <= values[k] * (power == 0 ? 2.5 : power == 1 ? 1.0 : 0.9));  // of sigma_21; sigma_31 is 0.68 of it
  }
}

TEST_CASE("randomized_svd: A - Q B and what truncation takes are at right angles", "[linalg]") {
  std::mt19937 random{2};
  auto const a = skive::test::random_matrix<double>(70, 50, random);
  auto const square = [&](std::size_t k, std::size_t oversampling) {
    auto r = results<double>(70, 50, k);
    REQUIRE(decompose(a, r, {oversampling, 0, sketch::gaussian, 5}));
    auto const d = skive::test::distance_from_product<double>(a, r.u, r.sigma, r.vt);
    double dropped = 0;  // the values of the same B from k on
    auto all = results<double>(70, 50, k + oversampling);
    REQUIRE(decompose(a, all, {0, 0, sketch::gaussian, 5}));
    for (std::size_t i = k; i < k + oversampling; ++i) dropped += all.sigma[i] * all.sigma[i];
    auto const whole = skive::test::distance_from_product<double>(a, all.u, all.sigma, all.vt);
    return std::array{d * d, whole * whole + dropped};
  };
  auto const [both, parts] = square(12, 8);
  CHECK(std::abs(both / parts - 1) < 1e-12);
}

TEST_CASE("randomized_svd: exact where the rank is small, whatever the shape and the range", "[linalg]") {
  std::mt19937 random{3};
  for (auto const& [m, n, k] : std::vector<std::array<std::size_t, 3>>{{40, 90, 3}, {90, 40, 3}, {7, 5, 5}, {1, 9, 1}, {9, 1, 1}})
    for (float const scale : {1.0f, 1e30f, 1e-30f}) {
      CAPTURE(m, n, k, scale);
      auto const left = skive::test::random_matrix<float>(m, k, random);
      auto const right = skive::test::random_matrix<float>(k, n, random);
      auto a = skive::test::product_by_definition<float, float>(left.view(), false, right.view(), false);
      a.fill([&](std::size_t i, std::size_t j) { return a(i, j) * scale; });
      auto r = results<float>(m, n, k);
      REQUIRE(decompose(a, r, {}));
      CHECK(skive::test::distance_from_product<double>(a, r.u, r.sigma, r.vt) <= 1e-5 * skive::test::frobenius_norm<double>(a));
      CHECK(skive::test::distance_from_orthonormal<double>(r.u, true) < 1e-5);
      CHECK(skive::test::distance_from_orthonormal<double>(r.vt, false) < 1e-5);
    }
  auto r = results<float>(30, 20, 6);
  REQUIRE(decompose(matrix<float>(30, 20), r, {}));
  CHECK(r.sigma == std::vector<float>(6, 0.0f));
  CHECK(skive::test::distance_from_orthonormal<double>(r.u, true) < 1e-5);
}

TEST_CASE("randomized_svd: what the sketch does not show is finite all the same, or refused", "[linalg]") {
  constexpr std::size_t n = 64, k = 10, p = 6;
  matrix<float> omega(n, n);
  skive::fill_sketch(omega.view(), sketch::hadamard, 3);
  std::mt19937 random{8};
  auto a = skive::test::random_matrix<float>(n, n, random);
  for (std::size_t i = 1; i < n; ++i)  // orthogonal to the sketch, and far beyond where squares are finite
    for (std::size_t j = 0; j < n; ++j) a(i, j) = std::ldexp(omega(j, k + p + i % (n - k - p)), 100);
  for (std::size_t const power : {0U, 2U}) {
    auto r = results<float>(n, n, k);
    REQUIRE(decompose(a, r, {p, power, sketch::hadamard, 3}));
    auto const all_finite = [](std::vector<float> const& numbers) {
      return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
    };
    CHECK((all_finite(r.u.memory()) && all_finite(r.sigma) && all_finite(r.vt.memory())));
    CHECK(skive::test::distance_from_orthonormal<double>(r.u, true) < 1e-5);
  }
  for (auto const kind : {sketch::gaussian, sketch::rademacher, sketch::sparse_sign, sketch::hadamard})
    for (float const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
      for (std::size_t const at : {0U, 31U, 63U}) {
        auto broken = skive::test::random_matrix<float>(n, n, random);
        broken(63 - at, at) = bad;
        auto r = results<float>(n, n, k);
        CHECK(decompose(broken, r, {p, 1, kind, 0}).error() == errc::not_finite);
        CHECK(r.sigma == std::vector<float>(k, 0.0f));
      }
}

TEST_CASE("randomized_svd_adaptive: the smallest rank for an error", "[linalg]") {
  std::mt19937 random{4};
  std::vector<double> values(80);
  for (std::size_t i = 0; i < 80; ++i) values[i] = std::pow(0.9, static_cast<double>(i));
  auto const a = skive::test::with_singular_values<float>(values, random);
  for (float const error : {0.5f, 0.1f, 0.02f}) {
    CAPTURE(error);
    auto r = results<float>(80, 80, 70);
    std::vector<std::byte> memory(skive::randomized_svd_adaptive_scratch_bytes<float>(80, 80, 70));
    auto const rank = skive::randomized_svd_adaptive<skive::native_arch, float>(a.view(), r.u.view(), r.sigma, r.vt.view(), error,
                                                                                {}, workspace{memory});
    REQUIRE(rank);
    auto const whole = tail(values, 0);
    CHECK(skive::test::distance_from_product<double>(a, r.u, r.sigma, r.vt) <= 1.001 * static_cast<double>(error) * whole);
    std::size_t least = 0;
    while (tail(values, least) > static_cast<double>(error) * whole) ++least;
    CHECK(*rank >= least);
    CHECK(*rank <= least + 1);
    for (std::size_t k = *rank; k < 70; ++k) CHECK((r.sigma[k] == 0 && r.u(3, k) == 0 && r.vt(k, 3) == 0));
    CHECK(skive::randomized_svd_adaptive<skive::native_arch, float>(a.view(), {}, std::span{r.sigma}.first(least - 1), {}, error,
                                                                    {}, workspace{memory})
              .error() == errc::no_convergence);
  }
  std::vector<float> sigma(20);
  std::vector<std::byte> memory(skive::randomized_svd_adaptive_scratch_bytes<float>(40, 40, 20));
  auto const adapt = [&](matrix<float> const& of, float error) {
    return skive::randomized_svd_adaptive<skive::native_arch, float>(of.view(), {}, sigma, {}, error, {}, workspace{memory});
  };
  CHECK(adapt(matrix<float>(40, 40), 0.1f));
  CHECK(*adapt(matrix<float>(40, 40), 0.1f) == 0);
  CHECK(*adapt(matrix<float>(40, 40).fill([](std::size_t i, std::size_t j) { return static_cast<float>((i + 1) * (j % 7)); }),
               0.01f) == 1);
  CHECK(adapt(matrix<float>(40, 40), 1e-3f).error() == errc::invalid_argument);
}

TEST_CASE("randomized_svd: refusals come before the first write", "[linalg]") {
  std::mt19937 random{6};
  auto a = skive::test::random_matrix<float>(9, 8, random);
  randomized_svd_options const options;
  std::vector<std::byte> memory(skive::randomized_svd_scratch_bytes<float>(9, 8, 3, options));
  auto r = results<float>(9, 8, 3);
  auto const run = [&](matrix_view<float const> from, matrix_view<float> u, std::span<float> sigma, std::size_t bytes) {
    return skive::randomized_svd<skive::native_arch, float>(from, u, sigma, r.vt.view(), options,
                                                            workspace{std::span{memory}.first(bytes)})
        .error();
  };
  std::vector<float> many(9);
  CHECK(run(a.view(), r.u.view(), many, memory.size()) == errc::size_mismatch);
  CHECK(run(a.view(), a.view(), r.sigma, memory.size()) == errc::size_mismatch);
  CHECK(run(a.view(), {a.view().data, 9, 3, 8}, r.sigma, memory.size()) == errc::overlap);
  CHECK(run(a.view(), r.u.view(), r.sigma, memory.size() - 1) == errc::workspace_too_small);
  auto broken = a;
  broken(8, 7) = std::numeric_limits<float>::quiet_NaN();
  CHECK(run(broken.view(), r.u.view(), r.sigma, memory.size()) == errc::not_finite);
  CHECK(r.sigma == std::vector<float>(3, 0.0f));
  auto const before = skive::test::allocations();
  auto const fine = run(a.view(), r.u.view(), r.sigma, memory.size());
  CHECK(skive::test::allocations() == before);
  CHECK(fine == errc::ok);
}
