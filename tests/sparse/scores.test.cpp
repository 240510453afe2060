// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/scores.hpp, sparse/channel_statistics.hpp: the formulas in long double, order of the layer losses of masks, refusals.
#include "skive/sparse/scores.hpp"

#include "skive/sparse/n_of_m.hpp"

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using real = long double;

struct matrix {
  std::size_t rows, cols;
  std::vector<float> data;
  matrix(std::size_t r, std::size_t c, unsigned seed) : rows{r}, cols{c}, data(r * c) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    for (auto& x : data) x = normal(random);
  }
  real at(std::size_t r, std::size_t c) const { return static_cast<real>(data[r * cols + c]); }
  matrix_view<float const> view() const { return {data.data(), rows, cols}; }
  matrix_view<float> view() { return {data.data(), rows, cols}; }
};

void close(float got, real expected) {
  CAPTURE(got, static_cast<double>(expected));
  REQUIRE(std::fabs(static_cast<real>(got) - expected) <= 0x1p-22L * std::fabs(expected) + 0x1p-125L);
}

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

TEST_CASE("scores: norms, variances, entropies, sums", "[sparse]") {
  std::vector<float> cols(100), rows(13);
  for (auto const kind : {channel_norm::l1, channel_norm::l2, channel_norm::largest}) {
    auto const norm = [&](std::size_t n, auto at) {
      real one = 0, two = 0, most = 0;
      for (std::size_t k = 0; k < n; ++k) {
        one += std::fabs(at(k));
        two += at(k) * at(k);
        most = std::max(most, std::fabs(at(k)));
      }
      return kind == channel_norm::l1 ? one : kind == channel_norm::l2 ? std::sqrt(two) : most;
    };
    REQUIRE(column_norms(w.view(), kind, cols));
    for (std::size_t j = 0; j < 100; ++j) close(cols[j], norm(13, [&](std::size_t k) { return w.at(k, j); }));
    REQUIRE(row_norms(w.view(), kind, rows));
    for (std::size_t i = 0; i < 13; ++i) close(rows[i], norm(100, [&](std::size_t k) { return w.at(i, k); }));
  }
  REQUIRE(column_variances(w.view(), cols));
  for (std::size_t j = 0; j < 100; ++j) {
    real mean = 0, sum = 0;
    for (std::size_t i = 0; i < 13; ++i) mean += w.at(i, j) / 13;
    for (std::size_t i = 0; i < 13; ++i) sum += (w.at(i, j) - mean) * (w.at(i, j) - mean);
    close(cols[j], sum / 12);
  }
  float const steps[] = {0, 5, 1, 5, 2, 5, 3, 5, 0, 5, 1, 5, 2, 5, 3, 5};  // column 0: four values twice; column 1: constant
  std::vector<float> entropy(2);
  REQUIRE(column_entropies({steps, 8, 2}, 4, entropy));
  CHECK((entropy[0] == 2.0f && entropy[1] == 0.0f));
  REQUIRE(column_entropies({steps, 8, 2}, 1, entropy));
  CHECK((entropy[0] == 0.0f && entropy[1] == 0.0f));
  std::vector<float> heads(4);
  REQUIRE(group_sums(std::span{steps}.first(16), 4, heads));
  CHECK((heads == std::vector<float>{11, 15, 11, 15}));
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
  CHECK(column_norms(w.view(), channel_norm::l2, out).error() == errc::size_mismatch);
  CHECK(row_norms(w.view(), channel_norm::l2, out).error() == errc::size_mismatch);
  CHECK(column_variances(w.view(), out).error() == errc::size_mismatch);
  CHECK(flap_scores(w.view(), v, out).error() == errc::size_mismatch);
  CHECK(column_entropies(s.view(), 0, out).error() == errc::invalid_argument);
  CHECK(column_entropies(s.view(), 257, out).error() == errc::invalid_argument);
  CHECK(group_sums(v, 3, out).error() == errc::size_mismatch);
  s.data[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(column_entropies(s.view(), 8, out).error() == errc::not_finite);
  CHECK((out == std::vector<float>(99, 3.0f)));
  REQUIRE(column_norms(s.view(), channel_norm::largest, out));
  CHECK(std::isnan(out[5]));
  REQUIRE(wanda_scores(s.view(), std::span{v}.first(99), s.view()));
  CHECK((std::isnan(s.data[5]) && !std::isnan(s.data[4])));
}
