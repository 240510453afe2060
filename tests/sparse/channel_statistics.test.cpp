// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/channel_statistics.hpp: the formulas in long double, columns past 64, refusals before the first write, NaN.
#include "skive/sparse/channel_statistics.hpp"

#include "support/score_matrix.hpp"

#include <algorithm>

namespace {

using namespace skive;
using test::close;
using matrix = test::score_matrix;
using real = long double;

matrix const w{13, 100, 1};

}  // namespace

TEST_CASE("channel_statistics: norms, variances, entropies, sums", "[sparse]") {
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

TEST_CASE("channel_statistics: refusals, one row, NaN and subnormal numbers", "[sparse]") {
  matrix s{13, 99, 1};
  std::vector<float> out(98, 3.0f);
  CHECK(column_norms(s.view(), channel_norm::l2, out).error() == errc::size_mismatch);
  CHECK(row_norms(s.view(), channel_norm::l2, out).error() == errc::size_mismatch);
  CHECK(column_variances(s.view(), out).error() == errc::size_mismatch);
  CHECK(column_entropies(s.view(), 8, out).error() == errc::size_mismatch);
  CHECK(group_sums(w.data, 3, out).error() == errc::size_mismatch);
  CHECK(group_sums(w.data, 0, out).error() == errc::size_mismatch);
  CHECK(group_sums(std::span{w.data}.first(980), 5, out).error() == errc::size_mismatch);
  out.resize(99, 3.0f);
  CHECK(column_entropies(s.view(), 0, out).error() == errc::invalid_argument);
  CHECK(column_entropies(s.view(), 257, out).error() == errc::invalid_argument);
  s.data[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(column_entropies(s.view(), 8, out).error() == errc::not_finite);
  CHECK((out == std::vector<float>(99, 3.0f)));
  for (auto const kind : {channel_norm::l1, channel_norm::l2, channel_norm::largest}) {
    REQUIRE(column_norms(s.view(), kind, out));
    for (std::size_t j = 0; j < 99; ++j) CHECK(std::isnan(out[j]) == (j == 5));
  }
  matrix one{1, 99, 2};
  REQUIRE(column_variances(one.view(), out));
  CHECK((out == std::vector<float>(99, 0.0f)));
  one.data.assign(99, 0x1p-130f);  // counts as 0 in every processor mode
  REQUIRE(column_norms(one.view(), channel_norm::l1, out));
  CHECK((out == std::vector<float>(99, 0.0f)));
}
