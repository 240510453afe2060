// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/transposable.hpp: against exhaustive search, energies, refusals.
#include "skive/sparse/transposable.hpp"

#include "support/drawn_scores.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using bytes = std::vector<std::byte>;

using skive::test::drawn_scores;

// All 0/1 matrices of 4 x 4, those with two in every row and column: the best sum of kept scores.
double best_sum(float const* score, std::size_t stride, int& patterns) {
  double best = -1e300;
  patterns = 0;
  for (unsigned p = 0; p < 65536; ++p) {
    bool good = true;
    for (unsigned k = 0; k < 4; ++k) {
      good = good && __builtin_popcount(p >> (4 * k) & 15U) == 2;
      good = good && __builtin_popcount(p >> k & 0x1111U) == 2;
    }
    if (!good) continue;
    ++patterns;
    double sum = 0;
    for (unsigned i = 0; i < 16; ++i)
      if ((p >> i & 1U) != 0) sum += static_cast<double>(score[i / 4 * stride + i % 4]);
    best = std::max(best, sum);
  }
  return best;
}

}  // namespace

TEST_CASE("transposable: the best of ninety patterns", "[sparse]") {
  auto const scores = drawn_scores(16 * 12, 1, false);
  bytes masks(16 * 2);
  REQUIRE(select_transposable_2_of_4({scores.data(), 16, 12}, {masks.data(), 16, 2}));
  int patterns = 0;
  for (std::size_t r = 0; r < 16; r += 4)
    for (std::size_t c = 0; c < 12; c += 4) {
      double sum = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        int row = 0, col = 0;
        for (std::size_t j = 0; j < 4; ++j) {
          row += is_kept(std::span{masks}.subspan((r + i) * 2, 2), c + j) ? 1 : 0;
          col += is_kept(std::span{masks}.subspan((r + j) * 2, 2), c + i) ? 1 : 0;
          if (is_kept(std::span{masks}.subspan((r + i) * 2, 2), c + j)) sum += static_cast<double>(scores[(r + i) * 12 + c + j]);
        }
        REQUIRE((row == 2 && col == 2));
      }
      REQUIRE(std::fabs(sum - best_sum(scores.data() + r * 12 + c, 12, patterns)) < 1e-9);
    }
  CHECK(patterns == 90);
  CHECK(detail::transposable_patterns.back() == std::array<std::uint8_t, 4>{5, 5, 0, 0});
  std::vector<float> const equal(16, 1.0f);  // ties: the first pattern, low places first
  REQUIRE(select_transposable_2_of_4({equal.data(), 4, 4}, {masks.data(), 4, 1}));
  CHECK((masks[0] == std::byte{3} && masks[1] == std::byte{3} && masks[2] == std::byte{12} && masks[3] == std::byte{12}));
}

TEST_CASE("transposable: energy taken from Gaussian weights, refusals", "[sparse]") {
  auto scores = drawn_scores(512 * 512, 2);
  bytes masks(512 * 64);
  REQUIRE(select_transposable_2_of_4({scores.data(), 512, 512}, {masks.data(), 512, 64}));
  double lost = 0, all = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    all += static_cast<double>(scores[i]);
    if (!is_kept(masks, i)) lost += static_cast<double>(scores[i]);
  }
  CHECK(std::fabs(lost / all - 0.1776) < 0.002);
  auto const before = masks;
  CHECK(select_transposable_2_of_4({scores.data(), 510, 512}, {masks.data(), 510, 64}).error() == errc::size_mismatch);
  CHECK(select_transposable_2_of_4({scores.data(), 512, 512}, {masks.data(), 512, 63}).error() == errc::size_mismatch);
  scores[77777] = std::numeric_limits<float>::infinity();
  CHECK(select_transposable_2_of_4({scores.data(), 512, 512}, {masks.data(), 512, 64}).error() == errc::not_finite);
  CHECK((masks == before));
}
