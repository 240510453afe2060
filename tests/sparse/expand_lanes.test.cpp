// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/expand_lanes.hpp: numbers put at their places one by one are what comes; wrong codes are seen wherever they are, and
// nothing outside is touched then either (values and positions end where their memory does: sanitizers see reads).
#include "skive/sparse/expand_lanes.hpp"

#include "support/kept_groups.hpp"
#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::drawn_numbers;

template <int N, int M, position_layout Layout, class Arch, class T>
void spreads(std::size_t groups, std::size_t shift, std::mt19937& random) {
  test::kept_groups<N, M, Layout> row{groups, random};
  auto const n = row.size();
  auto const values = drawn_numbers<T>(groups * N, random);
  std::vector<T> out(n + shift + 1, T{77});
  auto const to = std::span{out}.subspan(shift, n);
  REQUIRE(detail::spread_kept<N, M, Layout, Arch>(values.data(), row.positions, to));
  CAPTURE(N, M, groups, shift, sizeof(T));
  for (std::size_t i = 0, k = 0; i < n; ++i) REQUIRE(to[i] == (row.kept(i) ? values[k++] : T{}));
  REQUIRE((out.back() == T{77} && (shift == 0 || out.front() == T{77})));
  if (groups == 0) return;
  for (auto const g : {std::size_t{0}, groups / 2, groups - 1, static_cast<std::size_t>(random() % groups)}) {
    auto wrong = row;
    wrong.spoil(g);
    REQUIRE(!detail::spread_kept<N, M, Layout, Arch>(values.data(), wrong.positions, to));
    REQUIRE((out.back() == T{77} && (shift == 0 || out.front() == T{77})));
  }
}

template <class Arch, class T>
void spreads_all(std::mt19937& random) {
  constexpr auto ranks = position_layout::combinadic;
  for (std::size_t const groups : {0U, 1U, 7U, 8U, 63U, 64U, 65U, 130U, 512U, 700U})
    for (std::size_t const shift : {0U, 1U, 3U}) {
      spreads<2, 4, ranks, Arch, T>(groups, shift, random);
      spreads<4, 8, ranks, Arch, T>(groups, shift, random);
    }
  if constexpr (sizeof(T) == 2) return;  // the other patterns take the ways of one and four bytes
  for (std::size_t const groups : {1U, 64U, 67U, 140U}) {
    spreads<3, 8, ranks, Arch, T>(groups, 1, random);
    spreads<2, 4, position_layout::index_list, Arch, T>(groups, 1, random);
    spreads<8, 16, ranks, Arch, T>(groups, 1, random);
    spreads<16, 32, ranks, Arch, T>(groups / 8, 1, random);
    spreads<3, 5, ranks, Arch, T>(groups, 1, random);
  }
}

}  // namespace

TEST_CASE("expand_lanes: numbers come to the places that positions name", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    spreads_all<Arch, float>(random);
    if constexpr (std::is_same_v<Arch, native_arch>) {
      spreads_all<Arch, std::uint16_t>(random);
      spreads_all<Arch, std::uint8_t>(random);
    }
  });
  std::mt19937 random{2};
  spreads<2, 4, position_layout::combinadic, native_arch, double>(33, 1, random);
  spreads<4, 8, position_layout::combinadic, scalar_arch, std::uint8_t>(33, 1, random);
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const groups : {1U, 65U, 700U})
      spreads<4, 8, position_layout::combinadic, Arch, std::uint8_t>(groups, 1, random);
  });
}

TEST_CASE("expand_lanes: numbers come to the places that a mask names", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{3};
    for (std::size_t const n : {0U, 1U, 15U, 16U, 31U, 33U, 1000U})
      for (unsigned const percent : {0U, 30U, 100U}) {
        std::vector<std::byte> mask(mask_bytes(n));
        for (std::size_t i = 0; i < n; ++i) set_kept(mask, i, random() % 100 < percent);
        auto const values = drawn_numbers<float>(count_kept(mask), random);
        std::vector<float> out(n + 1, -7.0f);
        detail::spread_masked<Arch>(values.data(), mask, std::span{out}.first(n));
        for (std::size_t i = 0, k = 0; i < n; ++i) REQUIRE(out[i] == (is_kept(mask, i) ? values[k++] : 0.0f));
        REQUIRE(out.back() == -7.0f);
      }
  });
}
