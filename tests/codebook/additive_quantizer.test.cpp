// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/additive_quantizer.hpp, additive_training.hpp: a beam as wide as there are sums finds the best of all, width 1 is
// greedy; least squares leave residuals that no codeword sees; corrupt codes, refusals.
#include "skive/codebook/additive_quantizer.hpp"

#include "skive/codebook/additive_training.hpp"

#include "support/allocations.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<float> gaussians(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{5, stream}.fill_gaussian(x);
  return x;
}

struct problem {
  std::size_t n, d, m, k;
  std::vector<float> x = gaussians(n * d, 1);
  std::vector<float> books = gaussians(m * k * d, 2);
  std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(n * m);

  matrix_view<float const> rows() const { return {x.data(), n, d}; }
  matrix_view<std::uint8_t> code_rows() { return {codes.data(), n, m}; }
  double error(std::size_t i, std::uint8_t const* code) const {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) {
      auto t = static_cast<double>(x[i * d + j]);
      for (std::size_t s = 0; s < m; ++s) t -= static_cast<double>(books[(s * k + code[s]) * d + j]);
      sum += t * t;
    }
    return sum;
  }
  double total() const {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += error(i, &codes[i * m]);
    return sum;
  }
  template <class Arch = native_arch>
  double encode(beam_search const& beam) {
    auto const q = *additive_quantizer::make(d, m, k, books);
    std::vector<std::byte> memory(q.scratch_bytes(beam));
    auto const before = test::allocations();
    auto const s = q.encode<Arch>(rows(), code_rows(), beam, workspace{memory});
    REQUIRE(test::allocations() == before);
    REQUIRE(s);
    REQUIRE(q.check(code_rows()));
    return total();
  }
  double best() const {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double least = 1e300;
      std::vector<std::uint8_t> code(m);
      for (std::size_t all = 0; all < (m == 3 ? k * k * k : k * k); ++all) {
        for (std::size_t s = 0, rest = all; s < m; ++s, rest /= k) code[s] = static_cast<std::uint8_t>(rest % k);
        least = std::min(least, error(i, code.data()));
      }
      sum += least;
    }
    return sum;
  }
};

TEST_CASE("A beam as wide as there are sums finds the best codes", "[codebook]") {
  problem two{40, 5, 2, 19};
  auto const best = two.best();
  REQUIRE(two.encode({19}) == Catch::Approx(best).epsilon(1e-5));
  REQUIRE(two.encode<scalar_arch>({19}) == Catch::Approx(best).epsilon(1e-5));
  REQUIRE(two.encode({3}) >= best * (1 - 1e-6));
  problem three{20, 8, 3, 8};
  auto const least = three.best();
  REQUIRE(three.encode({64}) == Catch::Approx(least).epsilon(1e-5));
  // Wider is better here, and sweeps never make it worse.
  auto const narrow = three.encode({1});
  auto const swept = three.encode({1, 3});
  REQUIRE(swept <= narrow * (1 + 1e-6));
  REQUIRE(three.encode({8}) < narrow);
  REQUIRE(three.encode({16, 4}) <= three.encode({16}) * (1 + 1e-6));
  REQUIRE(three.encode({16, 4}) >= least * (1 - 1e-6));
}

TEST_CASE("Width 1 takes the nearest codeword of each stage", "[codebook]") {
  problem p{30, 6, 4, 33};
  static_cast<void>(p.encode({1}));
  for (std::size_t i = 0; i < p.n; ++i) {
    std::vector<float> rest(p.x.begin() + static_cast<std::ptrdiff_t>(i * p.d),
                            p.x.begin() + static_cast<std::ptrdiff_t>((i + 1) * p.d));
    for (std::size_t s = 0; s < p.m; ++s) {
      std::size_t at = 0;
      double least = 1e300;
      for (std::size_t k = 0; k < p.k; ++k) {
        double e = 0;
        for (std::size_t j = 0; j < p.d; ++j) {
          auto const t = static_cast<double>(rest[j]) - static_cast<double>(p.books[(s * p.k + k) * p.d + j]);
          e += t * t;
        }
        if (e < least) least = e, at = k;
      }
      REQUIRE(p.codes[i * p.m + s] == at);
      for (std::size_t j = 0; j < p.d; ++j) rest[j] -= p.books[(s * p.k + at) * p.d + j];
    }
  }
}

TEST_CASE("Least squares: nothing that a codeword sees is left", "[codebook]") {
  problem p{500, 4, 3, 16};
  auto const before = p.encode({4});
  std::vector<std::byte> memory(update_codewords_bytes(p.n, p.d, p.m, p.k));
  auto const e = update_codewords(p.rows(), p.code_rows(), p.k, p.books, workspace{memory});
  REQUIRE(e);
  REQUIRE(*e == Catch::Approx(p.total()).epsilon(1e-5));
  REQUIRE(*e < 0.8 * before);
  std::vector<double> left(p.m * p.k * p.d);
  for (std::size_t i = 0; i < p.n; ++i)
    for (std::size_t j = 0; j < p.d; ++j) {
      auto t = static_cast<double>(p.x[i * p.d + j]);
      for (std::size_t s = 0; s < p.m; ++s) t -= static_cast<double>(p.books[(s * p.k + p.codes[i * p.m + s]) * p.d + j]);
      for (std::size_t s = 0; s < p.m; ++s) left[(s * p.k + p.codes[i * p.m + s]) * p.d + j] += t;
    }
  for (auto const v : left) REQUIRE(std::fabs(v) < 1e-3);
  // What was made of codewords comes back.
  problem made{300, 6, 2, 8};
  for (std::size_t i = 0; i < made.n; ++i) {
    for (std::size_t s = 0; s < 2; ++s) made.codes[i * 2 + s] = static_cast<std::uint8_t>((i * (s + 3) + i / 8) % 7);
    for (std::size_t j = 0; j < made.d; ++j)
      made.x[i * made.d + j] =
          made.books[made.codes[2 * i] * made.d + j] + made.books[(made.k + made.codes[2 * i + 1]) * made.d + j];
  }
  auto const unused = std::vector<float>(made.books.begin() + 7 * 6, made.books.begin() + 8 * 6);
  for (std::size_t i = 0; i < 7 * 6; ++i) made.books[i] = 0.0f;
  std::vector<std::byte> own(update_codewords_bytes(made.n, made.d, made.m, made.k));
  auto const none = update_codewords(made.rows(), made.code_rows(), made.k, made.books, workspace{own});
  REQUIRE(none);
  REQUIRE(*none < 1e-6);
  REQUIRE(std::vector<float>(made.books.begin() + 7 * 6, made.books.begin() + 8 * 6) == unused);
}

TEST_CASE("Training: residual stages, then better together", "[codebook]") {
  problem p{2000, 8, 2, 64};
  beam_search const beam{8, 1};
  std::vector<std::byte> memory(train_additive_bytes(p.n, p.d, p.m, p.k, beam));
  auto const staged = train_residual(p.rows(), p.m, p.k, p.books, {kmeans_seeding::plus_plus, 15}, {1}, workspace{memory});
  REQUIRE(staged);
  REQUIRE(p.encode({1}) == Catch::Approx(*staged).epsilon(1e-4));
  auto const together = train_additive(p.rows(), p.m, p.k, p.books, {kmeans_seeding::plus_plus, 15}, beam, 4, workspace{memory});
  REQUIRE(together);
  REQUIRE(*together < 0.9 * *staged);
  REQUIRE(p.encode(beam) <= *together * 1.02);
}

TEST_CASE("Additive quantizers: refusals and corrupt codes", "[codebook]") {
  using q_type = additive_quantizer;
  std::vector<float> books(2 * 4 * 3, 1.0f);
  REQUIRE(q_type::make(3, 17, 4, books).error() == errc::invalid_argument);
  REQUIRE(q_type::make(3, 2, 0, books).error() == errc::invalid_argument);
  REQUIRE(q_type::make(3, 2, 3, books).error() == errc::size_mismatch);
  auto const q = *q_type::make(3, 2, 4, books);
  std::vector<float> x(6, 2.0f);
  std::vector<std::uint8_t> codes{0, 1, 3, 4};
  std::vector<std::byte> memory(train_additive_bytes(2, 3, 2, 4, {4}));
  matrix_view<std::uint8_t> const rows{codes.data(), 2, 2};
  REQUIRE(q.decode(rows, {x.data(), 2, 3}).error() == errc::corrupt);
  REQUIRE(update_codewords({x.data(), 2, 3}, rows, 4, books, workspace{memory}).error() == errc::corrupt);
  codes[3] = 0;
  REQUIRE(q.decode(rows, {x.data(), 2, 2}).error() == errc::size_mismatch);
  REQUIRE(q.encode({x.data(), 2, 3}, rows, {0}, workspace{memory}).error() == errc::invalid_argument);
  REQUIRE(q.encode({x.data(), 2, 3}, rows, {65}, workspace{memory}).error() == errc::invalid_argument);
  REQUIRE(q.encode({x.data(), 1, 3}, rows, {4}, workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(q.encode({x.data(), 2, 3}, rows, {4}, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(update_codewords({x.data(), 2, 3}, rows, 4, books, workspace{}).error() == errc::workspace_too_small);
  auto const residual = [&](kmeans_options const& o, workspace w) {
    return train_residual({x.data(), 2, 3}, 2, 4, books, o, {4}, w).error();
  };
  REQUIRE(residual({kmeans_seeding::greedy, 5, 0, true}, workspace{memory}) == errc::unsupported);
  REQUIRE(residual({}, workspace{}) == errc::workspace_too_small);
  REQUIRE(residual({kmeans_seeding::given, -1}, workspace{memory}) == errc::invalid_argument);
  books[23] = std::numeric_limits<float>::quiet_NaN();  // a seed of the second stage: the first is not begun
  REQUIRE(residual({kmeans_seeding::given, 5}, workspace{memory}) == errc::not_finite);
  books[23] = 1;
  x[1] = std::numeric_limits<float>::infinity();
  REQUIRE(residual({}, workspace{memory}) == errc::not_finite);
  REQUIRE(update_codewords({x.data(), 2, 3}, rows, 4, books, workspace{memory}).error() == errc::not_finite);
  REQUIRE(books == std::vector<float>(24, 1.0f));
  REQUIRE(q.encode({x.data(), 2, 3}, rows, {4}, workspace{memory}));  // any number gets codes
  REQUIRE(q.check(rows));
}

}  // namespace
}  // namespace skive
