// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/kmeans.hpp, kmeans_seeding.hpp, kmeans_moments.hpp: optima of small problems by trying every partition, weights, empty
// and balanced clusters, cosine, bad input.
#include "skive/codebook/kmeans.hpp"

#include "skive/codebook/kmeans_moments.hpp"

#include "support/allocations.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr kmeans_seeding seedings[]{kmeans_seeding::plus_plus, kmeans_seeding::greedy, kmeans_seeding::farthest};

std::vector<float> gaussians(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{3, stream}.fill_gaussian(x);
  return x;
}

struct outcome {
  std::vector<float> codewords;
  std::vector<std::uint32_t> index;
  kmeans_report report;
};

template <class Arch = native_arch>
outcome run(matrix_view<float const> x, std::size_t k, kmeans_options const& o = {}, kmeans_weights const& w = {},
            std::vector<float> seeds = {}, matrix_view<float const> moments = {}) {
  outcome out{std::move(seeds), std::vector<std::uint32_t>(x.rows), {}};
  out.codewords.resize(k * x.cols);
  auto const plain = kmeans_bytes(x.rows, x.cols, k, w.numbers.data != nullptr, o.balanced);
  std::vector<std::byte> memory(moments.data == nullptr ? plain : kmeans_moments_bytes<Arch>(x.rows, x.cols, k, o.balanced));
  matrix_view<float> const to{out.codewords.data(), k, x.cols};
  auto const before = test::allocations();
  auto const r = moments.data == nullptr ? kmeans<Arch>(x, to, w, o, workspace{memory}, out.index)
                                         : kmeans_with_moments<Arch>(x, moments, to, w.samples, o, workspace{memory}, out.index);
  REQUIRE(test::allocations() == before);
  REQUIRE(r.error() == errc::ok);
  out.report = *r;
  return out;
}

// The error of the best partition into two, sample i weighed by weight(i, a, b) of numbers a and b.
template <class Weight>
double best_of_two(matrix_view<float const> x, Weight weight) {
  double least = 1e300;
  for (std::size_t mask = 0; mask < std::size_t{1} << (x.rows - 1); ++mask) {
    double error = 0;
    for (std::size_t side = 0; side < 2; ++side) {
      std::vector<double> mean(x.cols);
      for (std::size_t j = 0; j < x.cols; ++j) {
        double mass = 0;
        for (std::size_t i = 0; i < x.rows; ++i)
          if ((mask >> i & 1) == side) {
            mass += weight(i, j, j);
            mean[j] += weight(i, j, j) * static_cast<double>(x(i, j));
          }
        if (mass > 0) mean[j] /= mass;
      }
      for (std::size_t i = 0; i < x.rows; ++i)
        if ((mask >> i & 1) == side)
          for (std::size_t a = 0; a < x.cols; ++a)
            for (std::size_t b = 0; b < x.cols; ++b)
              error += weight(i, a, b) * (static_cast<double>(x(i, a)) - mean[a]) * (static_cast<double>(x(i, b)) - mean[b]);
    }
    least = std::min(least, error);
  }
  return least;
}

// The least error of many seeds: small problems are solved by some of them.
template <class Run>
double least_error(Run one) {
  double least = 1e300;
  for (auto const s : seedings)
    for (std::uint64_t seed = 0; seed < 12; ++seed) least = std::min(least, one(kmeans_options{s, 50, seed}).report.error);
  return least;
}

TEST_CASE("k-means finds the best partition of small problems", "[codebook]") {
  constexpr std::size_t n = 12;
  constexpr std::size_t d = 3;
  auto const data = gaussians(n * d, 1);
  auto const raw = gaussians(n * d, 2);
  std::vector<float> weights(n * d);
  for (std::size_t i = 0; i < n * d; ++i) weights[i] = i % 7 == 3 ? 0.0f : raw[i] * raw[i];
  matrix_view<float const> const x{data.data(), n, d};
  auto const same = [](std::size_t a, std::size_t b) { return a == b ? 1.0 : 0.0; };
  SECTION("equal weights") {
    auto const best = best_of_two(x, [&](std::size_t, std::size_t a, std::size_t b) { return same(a, b); });
    REQUIRE(least_error([&](kmeans_options const& o) { return run(x, 2, o); }) == Catch::Approx(best).epsilon(1e-5));
  }
  SECTION("a weight a sample") {
    auto const w = std::span{weights}.first(n);
    auto const best =
        best_of_two(x, [&](std::size_t i, std::size_t a, std::size_t b) { return same(a, b) * static_cast<double>(w[i]); });
    REQUIRE(least_error([&](kmeans_options const& o) { return run(x, 2, o, {w, {}}); }) == Catch::Approx(best).epsilon(1e-5));
  }
  SECTION("a weight a number") {
    auto const best = best_of_two(
        x, [&](std::size_t i, std::size_t a, std::size_t b) { return same(a, b) * static_cast<double>(weights[i * d + a]); });
    auto const w = kmeans_weights{{}, {weights.data(), n, d}};
    REQUIRE(least_error([&](kmeans_options const& o) { return run(x, 2, o, w); }) == Catch::Approx(best).epsilon(1e-5));
  }
  SECTION("full second moments") {
    std::vector<float> const h{4.0f, 1.5f, -0.5f, 1.5f, 1.0f, 0.3f, -0.5f, 0.3f, 2.0f};
    auto const w = std::span{weights}.first(n);
    auto const best = best_of_two(x, [&](std::size_t i, std::size_t a, std::size_t b) {
      return static_cast<double>(h[a * d + b]) * static_cast<double>(w[i]);
    });
    auto const one = [&](kmeans_options const& o) { return run(x, 2, o, {w, {}}, {}, {h.data(), d, d}); };
    REQUIRE(least_error(one) == Catch::Approx(best).epsilon(1e-4));
    // Codewords are means of their samples, in the coordinates of x.
    auto const out = one({});
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t j = 0; j < d; ++j) {
        double sum = 0;
        double mass = 0;
        for (std::size_t i = 0; i < n; ++i)
          if (out.index[i] == k) sum += static_cast<double>(w[i] * x(i, j)), mass += static_cast<double>(w[i]);
        if (mass > 0) REQUIRE(static_cast<double>(out.codewords[k * d + j]) == Catch::Approx(sum / mass).margin(1e-5));
      }
    // Given seeds are in the coordinates of x: the means again are a fixed point.
    auto const again = run(x, 2, {kmeans_seeding::given, 5}, {w, {}}, out.codewords, {h.data(), d, d});
    REQUIRE(again.index == out.index);
  }
}

TEST_CASE("Separated clusters are found from every seeding, and the error never grows", "[codebook]") {
  constexpr std::size_t k = 20;
  auto x = gaussians(400 * 4, 3);
  for (std::size_t i = 0; i < 400; ++i)
    for (std::size_t j = 0; j < 4; ++j) x[4 * i + j] += 100.0f * static_cast<float>((i % k >> j) % 5 * (j + 1));
  matrix_view<float const> const rows{x.data(), 400, 4};
  for (auto const s : {kmeans_seeding::greedy, kmeans_seeding::farthest}) {
    auto const out = run(rows, k, {s, 30});
    REQUIRE(out.report.converged);
    REQUIRE(out.report.used == k);
  }
  auto const cloud = gaussians(900 * 5, 4);
  matrix_view<float const> const samples{cloud.data(), 900, 5};
  double last = 1e300;
  for (int i = 0; i < 12; ++i) {
    auto const out = run(samples, 16, {kmeans_seeding::plus_plus, i, 5});
    if (i > 0) REQUIRE(out.report.error <= last * (1 + 1e-6));
    if (i > 0) last = out.report.error;
  }
}

TEST_CASE("Deterministic: the same codewords again, from another seed others", "[codebook]") {
  auto const x = gaussians(500 * 3, 5);
  matrix_view<float const> const rows{x.data(), 500, 3};
  auto const first = run(rows, 32);
  REQUIRE(run(rows, 32).codewords == first.codewords);
  REQUIRE(run(rows, 32, {kmeans_seeding::greedy, 25, 1}).codewords != first.codewords);
}

TEST_CASE("Empty clusters take the samples farthest from their codewords", "[codebook]") {
  auto const x = gaussians(64 * 2, 6);
  matrix_view<float const> const rows{x.data(), 64, 2};
  auto const out = run(rows, 8, {kmeans_seeding::given, 40}, {}, std::vector<float>(16, 0.25f));  // all codewords the same
  REQUIRE(out.report.used == 8);
  REQUIRE(out.report.error < 0.7 * run(rows, 2).report.error);
}

TEST_CASE("Duplicates, and more codewords than samples", "[codebook]") {
  std::vector<float> x;
  for (std::size_t i = 0; i < 40; ++i) x.insert(x.end(), {static_cast<float>(i % 3), 1.0f});
  for (auto const s : seedings) {
    auto const out = run({x.data(), 40, 2}, 7, {s, 10});  // three different samples
    REQUIRE(out.report.used == 3);
    REQUIRE(out.report.error == 0);
    for (auto const v : out.codewords) REQUIRE(is_finite(v));
    auto const few = run({x.data(), 2, 2}, 5, {s, 10});
    REQUIRE(few.report.used == 2);
    REQUIRE(few.report.error == 0);
    auto const one = run({x.data(), 1, 2}, 1, {s, 10});
    REQUIRE(one.codewords == std::vector<float>{0.0f, 1.0f});
    auto const zeros = run({std::vector<float>(20).data(), 10, 2}, 3, {s, 3});
    REQUIRE(zeros.report.used == 1);
  }
}

TEST_CASE("Samples of weight 0 do not count", "[codebook]") {
  auto x = gaussians(50 * 2, 7);
  std::vector<float> w(50, 1.0f);
  for (std::size_t i = 0; i < 50; i += 5) w[i] = 0.0f, x[2 * i] = 1e6f;
  for (auto const s : seedings) {
    auto const out = run({x.data(), 50, 2}, 6, {s, 20}, {w, {}});
    for (auto const v : out.codewords) REQUIRE(std::fabs(v) < 100.0f);
    REQUIRE(out.report.used == 6);
  }
}

TEST_CASE("Balanced clusters hold n / k samples each", "[codebook]") {
  auto const x = gaussians(103 * 2, 8);
  auto const out = run({x.data(), 103, 2}, 8, {kmeans_seeding::greedy, 15, 0, false, true});
  std::vector<std::size_t> size(8);
  for (auto const i : out.index) ++size[i];
  REQUIRE(*std::min_element(size.begin(), size.end()) == 12);
  REQUIRE(*std::max_element(size.begin(), size.end()) == 13);
  REQUIRE(out.report.error < 2.0 * run({x.data(), 103, 2}, 8).report.error);
  auto const few = run({x.data(), 3, 2}, 5, {kmeans_seeding::greedy, 5, 0, false, true});
  REQUIRE(std::set(few.index.begin(), few.index.end()).size() == 3);
}

TEST_CASE("Cosine: codewords of length 1, found by direction alone", "[codebook]") {
  auto x = gaussians(90 * 3, 9);
  for (std::size_t i = 0; i < 90; ++i) {
    auto const size = std::exp(static_cast<float>(i % 11) - 5.0f);
    for (std::size_t j = 0; j < 3; ++j) x[3 * i + j] = size * (0.1f * x[3 * i + j] + (i % 3 == j ? 1.0f : 0.0f));
  }
  for (std::size_t j = 0; j < 3; ++j) x[3 * 89 + j] = 0.0f;
  auto const out = run({x.data(), 90, 3}, 3, {kmeans_seeding::farthest, 20, 0, true});
  REQUIRE(out.report.used == 3);
  for (std::size_t k = 0; k < 3; ++k)
    REQUIRE(std::hypot(out.codewords[3 * k], out.codewords[3 * k + 1], out.codewords[3 * k + 2]) == Catch::Approx(1.0f));
  for (std::size_t i = 3; i < 89; ++i) REQUIRE(out.index[i] == out.index[i % 3]);
}

TEST_CASE("k-means without an iteration assigns samples to the seeds", "[codebook]") {
  std::vector<float> const x{0, 1, 9, 11, 4};
  for (bool const balanced : {false, true}) {
    std::vector<float> c{1, 10, 100};
    std::vector<std::uint32_t> index(5, 77);
    std::vector<std::byte> memory(kmeans_bytes(5, 1, 3, false, true));
    kmeans_options const options{kmeans_seeding::given, 0, 0, false, balanced};
    auto const r = kmeans({x.data(), 5, 1}, {c.data(), 3, 1}, {}, options, workspace{memory}, index);
    REQUIRE(r);
    REQUIRE(c == std::vector<float>{1, 10, 100});
    REQUIRE(r->iterations == 0);
    double error = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      REQUIRE(index[i] < 3);
      error += std::pow(static_cast<double>(x[i] - c[index[i]]), 2);
    }
    REQUIRE(r->error == error);
    if (!balanced) REQUIRE((index == std::vector<std::uint32_t>{0, 0, 1, 1, 0} && r->used == 2));
  }
}

TEST_CASE("k-means: refusals", "[codebook]") {
  std::vector<float> x(24, 1.0f);
  std::vector<float> c(8, 5.0f);
  std::vector<float> const h{1, 0, 0, 1};
  std::vector<float> w(12, 1.0f);
  std::vector<std::byte> memory(kmeans_moments_bytes(12, 2, 4));
  matrix_view<float const> const rows{x.data(), 12, 2};
  matrix_view<float> const to{c.data(), 4, 2};
  auto const call = [&](matrix_view<float const> a, matrix_view<float> b, kmeans_weights const& weights = {},
                        kmeans_options o = {}) { return kmeans(a, b, weights, o, workspace{memory}).error(); };
  REQUIRE(call(rows, {c.data(), 2, 4}) == errc::size_mismatch);
  REQUIRE(call(rows, to, {std::span{w}.first(11), {}}) == errc::size_mismatch);
  REQUIRE(call(rows, to, {{}, {w.data(), 6, 2}}) == errc::size_mismatch);
  REQUIRE(call(rows, {c.data(), 0, 2}) == errc::invalid_argument);
  REQUIRE(call({x.data(), 0, 2}, to) == errc::invalid_argument);
  REQUIRE(call(rows, {c.data(), std::size_t{0xFFFF'FFFF}, 2}) == errc::overflow);  // refused before it is touched
  REQUIRE(call(rows, to, {}, {kmeans_seeding::greedy, -1}) == errc::invalid_argument);
  w[3] = -1;
  REQUIRE(call(rows, to, {w, {}}) == errc::invalid_argument);
  REQUIRE(call(rows, to, {std::vector<float>(12), {}}) == errc::invalid_argument);
  for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x[7] = bad;
    REQUIRE(call(rows, to) == errc::not_finite);
    x[7] = 1;
    w[3] = bad;
    REQUIRE(call(rows, to, {w, {}}) == errc::invalid_argument);
    REQUIRE(call({x.data(), 6, 2}, to, {{}, {w.data(), 6, 2}}) == errc::invalid_argument);
    c[1] = bad;
    REQUIRE(call(rows, to, {}, {kmeans_seeding::given, 1}) == errc::not_finite);
    c[1] = 5;
  }
  auto const short_of = std::span{memory}.first(kmeans_bytes(12, 2, 4) - 1);
  REQUIRE(kmeans(rows, to, {}, {}, workspace{short_of}).error() == errc::workspace_too_small);
  std::vector<std::uint32_t> index(3);
  REQUIRE(kmeans(rows, to, {}, {}, workspace{memory}, index).error() == errc::size_mismatch);
  auto const moments = [&](matrix_view<float const> m, kmeans_options const& o, workspace s) {
    return kmeans_with_moments(rows, m, to, {}, o, s).error();
  };
  REQUIRE(moments({h.data(), 1, 2}, {}, workspace{memory}) == errc::size_mismatch);
  REQUIRE(moments({h.data(), 2, 2}, {kmeans_seeding::greedy, 5, 0, true}, workspace{memory}) == errc::unsupported);
  REQUIRE(moments({h.data(), 2, 2}, {}, workspace{std::span{memory}.first(memory.size() - 1)}) == errc::workspace_too_small);
  // Seeds that the caller gives are only turned into other coordinates once nothing can fail.
  kmeans_options const given{kmeans_seeding::given, 5};
  REQUIRE(moments({h.data(), 2, 2}, {kmeans_seeding::given, -1}, workspace{memory}) == errc::invalid_argument);
  std::vector<float> const steep{4, 0, 0, 4};
  REQUIRE(kmeans_with_moments(rows, {steep.data(), 2, 2}, to, {}, given, workspace{memory}, index).error() ==
          errc::size_mismatch);
  c[1] = std::numeric_limits<float>::infinity();
  REQUIRE(moments({steep.data(), 2, 2}, given, workspace{memory}) == errc::not_finite);
  c[1] = 5;
  std::vector<float> const huge{1e30f, 0, 0, 1e30f};  // products with its root overflow
  for (float* const p : {&x[7], &c[7]}) {
    auto const old = *p;
    *p = 1e30f;
    REQUIRE(moments({huge.data(), 2, 2}, given, workspace{memory}) == errc::not_finite);
    *p = old;
  }
  REQUIRE(c == std::vector<float>(8, 5.0f));
  REQUIRE(kmeans_moments_bytes(2, std::size_t{1} << 33, 2) == ~std::size_t{0});
}

}  // namespace
}  // namespace skive
