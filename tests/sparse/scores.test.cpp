// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/scores.hpp: the formulas in long double, order of the layer losses of masks, refusals.
#include "skive/sparse/scores.hpp"

#include "skive/sparse/n_of_m.hpp"

#include "support/score_matrix.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::close;
using matrix = test::score_matrix;
using real = long double;

using formula = std::function<real(std::size_t, std::size_t)>;
void every(matrix const& scores, formula const& expected) {
  for (std::size_t i = 0; i < scores.rows; ++i)
    for (std::size_t j = 0; j < scores.cols; ++j) close(scores.data[i * scores.cols + j], expected(i, j));
}

matrix const w{13, 100, 1}, g{13, 100, 2};
std::vector<float> positive(std::size_t n, unsigned seed) {
  std::vector<float> v;
  for (auto const x : matrix{1, n, seed}.data) v.push_back(std::fabs(x) + 0.01f);
  return v;
}

}  // namespace

TEST_CASE("scores: formulas", "[sparse]") {
  auto const v = positive(100, 3);
  auto const u = positive(100, 4);
  auto const in = [](std::vector<float> const& x, std::size_t j) { return static_cast<real>(x[j]); };
  matrix s{13, 100, 9};
  REQUIRE(magnitude_scores(w.view(), s.view()));
  every(s, [&](auto i, auto j) { return std::fabs(w.at(i, j)); });
  REQUIRE(wanda_scores(w.view(), v, s.view()));
  every(s, [&](auto i, auto j) { return std::fabs(w.at(i, j)) * in(v, j); });
  REQUIRE(obs_scores(w.view(), v, s.view()));
  every(s, [&](auto i, auto j) { return w.at(i, j) * w.at(i, j) / in(v, j); });
  REQUIRE(sparse_gpt_scores(w.view(), v, s.view()));
  every(s, [&](auto i, auto j) { return w.at(i, j) * w.at(i, j) / (in(v, j) * in(v, j)); });
  REQUIRE(taylor_scores(w.view(), g.view(), s.view()));
  every(s, [&](auto i, auto j) { return std::fabs(w.at(i, j) * g.at(i, j)); });
  REQUIRE(fisher_scores(w.view(), g.view(), s.view()));
  every(s, [&](auto i, auto j) { return w.at(i, j) * w.at(i, j) * g.at(i, j); });
  REQUIRE(gblm_scores(w.view(), v, g.view(), 100.0f, s.view()));
  every(s, [&](auto i, auto j) { return std::fabs(w.at(i, j)) * (in(v, j) + 100 * std::fabs(g.at(i, j))); });
  REQUIRE(entropy_scores(w.view(), u, v, 0.5f, s.view()));
  every(s, [&](auto i, auto j) { return std::fabs(w.at(i, j)) * (in(u, j) + in(v, j) / 2); });
  REQUIRE(ria_scores(w.view(), v, s.view()));
  every(s, [&](auto i, auto j) {
    real row = 0, col = 0;
    for (std::size_t k = 0; k < 100; ++k) row += std::fabs(w.at(i, k));
    for (std::size_t k = 0; k < 13; ++k) col += std::fabs(w.at(k, j));
    return (std::fabs(w.at(i, j)) / col + std::fabs(w.at(i, j)) / row) * in(v, j);
  });
  std::vector<float> channel(100);
  REQUIRE(flap_scores(w.view(), v, channel));
  for (std::size_t j = 0; j < 100; ++j) {
    real sum = 0;
    for (std::size_t i = 0; i < 13; ++i) sum += w.at(i, j) * w.at(i, j);
    close(channel[j], sum * in(v, j));
  }
  matrix zeros{2, 3, 1};
  zeros.data.assign(6, 0.0f);
  REQUIRE(ria_scores(zeros.view(), positive(3, 1), zeros.view()));
  CHECK((zeros.data == std::vector<float>(6, 0.0f)));
}

TEST_CASE("scores: Wanda loses less of the output than magnitude where inputs differ", "[sparse]") {
  // Inputs with power-law scales and nothing else in common: the layer loss of a mask is sum w_ij^2 |x_j|^2 over what it drops.
  matrix const weights{64, 256, 5};
  std::vector<float> norms(256);
  for (std::size_t j = 0; j < 256; ++j) norms[j * 37 % 256] = 1.0f / static_cast<float>(j + 1);
  auto const loss = [&](matrix& s) {
    double lost = 0, all = 0;
    std::vector<std::byte> mask(32);
    for (std::size_t i = 0; i < 64; ++i) {
      REQUIRE(n_of_m<2, 4>{}.select(s.view().row(i), mask));
      for (std::size_t j = 0; j < 256; ++j) {
        auto const e = static_cast<double>(weights.data[i * 256 + j]) * static_cast<double>(norms[j]);
        all += e * e;
        if (!is_kept(mask, j)) lost += e * e;
      }
    }
    return lost / all;
  };
  matrix s{64, 256, 1};
  REQUIRE(magnitude_scores(weights.view(), s.view()));
  auto const by_magnitude = loss(s);
  REQUIRE(wanda_scores(weights.view(), norms, s.view()));
  CHECK(loss(s) < 0.5 * by_magnitude);
}

TEST_CASE("scores: refuse other sizes before the first write, spread NaN", "[sparse]") {
  matrix s{13, 99, 1};
  auto const before = s.data;
  std::vector<float> const v(100, 1.0f);
  CHECK(magnitude_scores(w.view(), s.view()).error() == errc::size_mismatch);
  CHECK(wanda_scores(w.view(), v, s.view()).error() == errc::size_mismatch);
  CHECK(ria_scores(w.view(), v, s.view()).error() == errc::size_mismatch);
  CHECK(taylor_scores(s.view(), g.view(), s.view()).error() == errc::size_mismatch);
  CHECK(obs_scores(s.view(), v, s.view()).error() == errc::size_mismatch);
  CHECK(gblm_scores(s.view(), std::span{v}.first(99), g.view(), 1.0f, s.view()).error() == errc::size_mismatch);
  CHECK(entropy_scores(s.view(), std::span{v}.first(99), v, 1.0f, s.view()).error() == errc::size_mismatch);
  CHECK((s.data == before));
  std::vector<float> out(99, 3.0f);
  CHECK(flap_scores(w.view(), v, out).error() == errc::size_mismatch);
  CHECK((out == std::vector<float>(99, 3.0f)));
  s.data[5] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(wanda_scores(s.view(), std::span{v}.first(99), s.view()));
  CHECK((std::isnan(s.data[5]) && !std::isnan(s.data[4])));
}
