// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/reflections.hpp: definitions in double, isometry, equal bits in every mode, Haar measure, refusals.
#include "skive/transform/reflections.hpp"

#include "laws/transform.hpp"
#include "skive/transform/dense.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::givens_sequence;
using skive::givens_step;
using skive::householder_product;
using skive::matrix_view;
using arch = skive::native_arch;

std::vector<float> orthogonal(std::size_t n, std::uint64_t seed) {
  std::vector<float> q(n * n, 7.0f);
  test::scratch_memory scratch{skive::random_orthogonal_bytes(n)};
  REQUIRE(skive::random_orthogonal(seed, matrix_view<float>{q.data(), n, n}, scratch.get()));
  return q;
}

}  // namespace

TEST_CASE("random_orthogonal: orthogonal, of one seed, without preferred direction", "[transform]") {
  for (std::size_t const n : {1U, 2U, 3U, 17U, 64U, 128U}) {
    auto const q = orthogonal(n, 5);
    CAPTURE(n);
    CHECK(*skive::orthogonality({q.data(), n, n}) < 2 * std::sqrt(static_cast<double>(n)) * 0x1p-24);
    CHECK(q == orthogonal(n, 5));
    if (n > 1) CHECK(q != orthogonal(n, 6));
    std::vector<float> scalar(n * n);
    test::scratch_memory scratch{skive::random_orthogonal_bytes(n)};
    REQUIRE(skive::random_orthogonal<skive::scalar_arch>(5, matrix_view<float>{scalar.data(), n, n}, scratch.get()));
    CHECK(test::same_bits(scalar, q));
  }
  // Every entry has mean 0 and variance 1 / n, and so has the trace with variance 1.
  constexpr std::size_t n = 4;
  constexpr int seeds = 4000;
  std::vector<double> mean(n * n), square(n * n);
  double determinant = 0;
  for (int s = 0; s < seeds; ++s) {
    auto const q = orthogonal(n, static_cast<std::uint64_t>(s));
    for (std::size_t i = 0; i < n * n; ++i) {
      mean[i] += static_cast<double>(q[i]) / seeds;
      square[i] += static_cast<double>(q[i]) * static_cast<double>(q[i]) / seeds;
    }
    auto m = std::vector<double>(q.begin(), q.end());
    double d = 1;
    for (std::size_t k = 0; k < n; ++k) {
      std::size_t p = k;
      for (std::size_t r = k; r < n; ++r)
        if (std::fabs(m[r * n + k]) > std::fabs(m[p * n + k])) p = r;
      if (p != k) d = -d;
      for (std::size_t c = 0; c < n; ++c) std::swap(m[p * n + c], m[k * n + c]);
      d *= m[k * n + k];
      for (std::size_t r = k + 1; r < n; ++r)
        for (std::size_t c = n; c-- > k;) m[r * n + c] -= m[r * n + k] / m[k * n + k] * m[k * n + c];
    }
    determinant += d / seeds;
  }
  for (std::size_t i = 0; i < n * n; ++i) {
    CHECK(std::fabs(mean[i]) < 4.5 / std::sqrt(4.0 * seeds));
    CHECK(std::fabs(square[i] - 0.25) < 4.5 * 0.25 / std::sqrt(seeds));
  }
  CHECK(std::fabs(determinant) < 4.5 / std::sqrt(seeds));
  std::vector<float> q(6);
  CHECK(skive::random_orthogonal(1, matrix_view<float>{q.data(), 2, 3}, {}).error() == errc::size_mismatch);
  CHECK(skive::random_orthogonal(1, matrix_view<float>{q.data(), 2, 2}, {}).error() == errc::workspace_too_small);
}

TEST_CASE("householder_product: reflections one after another", "[transform]") {
  for (std::size_t const n : {1U, 7U, 33U, 64U}) {
    constexpr std::size_t count = 3;
    auto const v = test::gaussian_vector(n * count, 4);
    auto const t = *householder_product::make({v.data(), count, n});
    auto const x = test::gaussian_vector(n, 3);
    std::vector<double> exact(x.begin(), x.end());
    for (std::size_t k = 0; k < count; ++k) {
      double product = 0, square = 0;
      for (std::size_t i = 0; i < n; ++i) {
        product += static_cast<double>(v[k * n + i]) * exact[i];
        square += static_cast<double>(v[k * n + i]) * static_cast<double>(v[k * n + i]);
      }
      for (std::size_t i = 0; i < n; ++i) exact[i] -= 2 * product / square * static_cast<double>(v[k * n + i]);
    }
    CHECK(test::distance(test::transformed<arch>(t, x), exact) <= 2 * count * 0x1p-24 * test::norm(x));
    test::check_transform<arch>(t, 2 * count * 0x1p-24);
    test::check_bits<arch>(t);
    test::check_refusals<arch>(t);
  }
  std::vector<float> v{1.0f, 0.0f, 0.0f, 0.0f};
  CHECK(householder_product::make({v.data(), 2, 2}).error() == errc::invalid_argument);  // a row of zeros
  v[2] = 0x1p-61f;
  CHECK(householder_product::make({v.data(), 2, 2}).error() == errc::invalid_argument);
  CHECK(householder_product::make({v.data(), 1, 2}));
}

TEST_CASE("givens_sequence: plane rotations one after another", "[transform]") {
  constexpr std::size_t n = 20;
  std::mt19937 random{6};
  std::vector<givens_step> steps;
  for (int k = 0; k < 50; ++k) {
    auto const angle = static_cast<double>(random()) * 1e-8;
    auto const i = static_cast<std::uint32_t>(random() % n);
    steps.push_back({i, (i + 1 + static_cast<std::uint32_t>(random() % (n - 1))) % static_cast<std::uint32_t>(n),
                     static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
  }
  auto const t = *givens_sequence::make(n, steps);
  auto const x = test::gaussian_vector(n, 3);
  std::vector<double> exact(x.begin(), x.end());
  for (auto const& g : steps) {
    auto const a = exact[g.i], b = exact[g.j];
    exact[g.i] = static_cast<double>(g.cosine) * a - static_cast<double>(g.sine) * b;
    exact[g.j] = static_cast<double>(g.sine) * a + static_cast<double>(g.cosine) * b;
  }
  CHECK(test::distance(test::transformed<arch>(t, x), exact) <= 50 * 0x1p-24 * test::norm(x));
  test::check_transform<arch>(t, 100 * 0x1p-24);
  test::check_bits<arch>(t);
  test::check_refusals<arch>(t);
  auto const refused = [&](givens_step const& g) {
    std::vector<givens_step> const one{g};
    return givens_sequence::make(n, one).error() == errc::invalid_argument;
  };
  CHECK(refused({0, 20, 1.0f, 0.0f}));
  CHECK(refused({3, 3, 1.0f, 0.0f}));
  CHECK(refused({0, 1, 1.0f, 0.1f}));
  CHECK(refused({0, 1, NAN, 0.0f}));
  CHECK(!refused({0, 1, -1.0f, 0.0f}));
}
