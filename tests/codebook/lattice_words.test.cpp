// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lattice_words.hpp and code_rows.hpp: the codes' weights and sums, their numbering, counts by going through all z.
#include "skive/codebook/lattice_words.hpp"

#include "skive/codebook/code_rows.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Words>
void check_words(std::vector<int> const& weights) {
  std::vector<int> found(Words::dimension + 1);
  bool right = true;
  for (std::size_t g = 0; g < Words::words; ++g) {
    auto const w = Words::word(g);
    ++found[static_cast<std::size_t>(std::popcount(w))];
    right &= Words::index(w) == g;
    right &= Words::word(Words::index(w ^ Words::word(5 % Words::words))) == (w ^ Words::word(5 % Words::words));  // linear
    auto const& order = detail::words_by_weight<Words>;
    right &= order.at[order.place[g]] == g;
    right &= order.place[g] >= order.first[static_cast<std::size_t>(std::popcount(w))];
  }
  REQUIRE(right);
  REQUIRE(found == weights);
}

TEST_CASE("Words of the codes and their numbers", "[codebook]") {
  check_words<detail::e8_words>({1, 0, 0, 0, 0, 0, 0, 0, 1});
  check_words<detail::bw16_words>({1, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 1});
  check_words<detail::leech_words>({1, 0, 0, 0, 0, 0, 0, 0, 759, 0, 0, 0, 2576, 0, 0, 0, 759, 0, 0, 0, 0, 0, 0, 0, 1});
}

// All z of the last k places, by recursion.
std::uint64_t ways(std::size_t shift, int ones, int k, int units, unsigned parity) {
  if (k == 0) return parity == 0 && units >= 0 ? 1 : 0;
  std::uint64_t sum = 0;
  for (int z = -9; z <= 9; ++z) {
    auto const x = static_cast<int>(shift) + (k <= ones ? 2 : 0) + 4 * z;  // Leech's numbers
    auto const cost = shift == 1 ? (x * x - 1) / 8 : (x * x - (k <= ones ? 4 : 0)) / 16;
    if (cost <= units) sum += ways(shift, ones, k - 1, units - cost, (parity ^ static_cast<unsigned>(z)) & 1);
  }
  return sum;
}

TEST_CASE("Counts are those of all z", "[codebook]") {
  for (int k = 0; k <= 4; ++k)
    for (int u = 0; u <= 20; u += 5)
      for (unsigned p = 0; p < 2; ++p) {
        auto const at = [&](auto const& t) { return t.count[static_cast<std::size_t>(k)][u][p]; };
        REQUIRE(at(detail::ball_counts<detail::leech_words, 0, 0>) == ways(0, 0, k, u, p));
        REQUIRE(at(detail::ball_counts<detail::leech_words, 0, 8>) == ways(0, 8, k, u, p));
        REQUIRE(at(detail::ball_counts<detail::leech_words, 1, 12>) == ways(1, 12, k, u, p));
      }
}

TEST_CASE("Codes that do not fit rows, indices that are no codeword's", "[codebook]") {
  std::vector<float> x(12);
  std::vector<std::uint8_t> codes{0, 1, 2, 4, 0, 3};
  auto const rows = [&](std::size_t n, std::size_t d, std::size_t columns) {
    return detail::check_code_rows(matrix_view<float>{x.data(), 3, 4}, matrix_view<std::uint8_t>{codes.data(), n, 2}, d, columns)
        .error();
  };
  REQUIRE(rows(3, 4, 2) == errc::ok);
  REQUIRE(rows(2, 4, 2) == errc::size_mismatch);
  REQUIRE(rows(3, 5, 2) == errc::size_mismatch);
  REQUIRE(rows(3, 4, 3) == errc::size_mismatch);
  REQUIRE(
      detail::check_code_rows(matrix_view<float>{nullptr, 3, 4}, matrix_view<std::uint8_t>{codes.data(), 3, 2}, 4, 2).error() ==
      errc::invalid_argument);
  matrix_view<std::uint8_t const> const all{codes.data(), 3, 2};
  REQUIRE(detail::check_code_indices(all, 5));
  REQUIRE(detail::check_code_indices(all, 4).error() == errc::corrupt);
  REQUIRE(detail::check_code_indices(all, 256));
}

}  // namespace
}  // namespace skive
