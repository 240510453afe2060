// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/gather_lanes.hpp: kept numbers as a loop over all entries finds them; exactly their memory is written; wrong codes.
#include "skive/sparse/gather_lanes.hpp"

#include "support/kept_groups.hpp"
#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using test::drawn_numbers;

template <class Arch, class T>
void by_mask(std::size_t n, unsigned percent, std::mt19937& random) {
  CAPTURE(n, percent, sizeof(T));
  auto const row = drawn_numbers<T>(n, random);
  std::vector<std::byte> mask(mask_bytes(n));
  std::vector<T> expected;
  for (std::size_t i = 0; i < n; ++i) {
    bool const kept = random() % 100 < percent;
    set_kept(mask, i, kept);
    if (kept) expected.push_back(row[i]);
  }
  std::vector<T> values(expected.size() + 1, T{251});
  REQUIRE(detail::gather_kept<Arch>(std::span<T const>{row}, mask, values.data()) == expected.size());
  REQUIRE(values.back() == T{251});
  values.pop_back();
  REQUIRE((values == expected));
  if constexpr (std::is_same_v<T, float>) {
    std::vector<float> next(expected.size() + 80, -7.0f);
    std::size_t held = 0;
    for (std::size_t i = 0; i < n;) detail::gather_next<Arch>(std::span<float const>{row}, mask, i, next.data(), held);
    REQUIRE(held == expected.size());
    next.resize(held);
    REQUIRE((next == expected));
  }
}

template <int N, int M, position_layout Layout, class Arch>
void by_positions(std::size_t groups, std::mt19937& random) {
  CAPTURE(N, M, groups);
  test::kept_groups<N, M, Layout> kept{groups, random};
  auto const row = drawn_numbers<float>(kept.size(), random);
  std::vector<float> expected;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (kept.kept(i)) expected.push_back(row[i]);
  std::vector<float> values(expected.size() + 17, -7.0f);  // room for 16 more
  REQUIRE(detail::gather_at<N, M, Layout, Arch>(row, kept.positions, values.data()));
  REQUIRE(std::equal(expected.begin(), expected.end(), values.begin()));
  REQUIRE(values.back() == -7.0f);
  if (groups == 0) return;
  for (auto const g : {std::size_t{0}, groups - 1, static_cast<std::size_t>(random() % groups)}) {
    auto wrong = kept;
    wrong.spoil(g);
    REQUIRE(!detail::gather_at<N, M, Layout, Arch>(row, wrong.positions, values.data()));
    REQUIRE(values.back() == -7.0f);
  }
}

}  // namespace

TEST_CASE("gather_lanes: what a mask keeps, one after another", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{1};
    for (std::size_t const n : {0U, 1U, 15U, 16U, 17U, 64U, 500U, 513U, 1600U})
      for (unsigned const percent : {0U, 10U, 50U, 100U}) {
        by_mask<Arch, float>(n, percent, random);
        by_mask<Arch, std::uint16_t>(n, percent, random);
        by_mask<Arch, std::uint8_t>(n, percent, random);
      }
  });
  std::mt19937 random{2};
  by_mask<native_arch, double>(100, 40, random);
  by_mask<scalar_arch, float>(100, 40, random);
}

TEST_CASE("gather_lanes: what positions keep, and codes that name no places", "[sparse]") {
  constexpr auto ranks = position_layout::combinadic;
  test::for_each(test::few_arches{}, []<class Arch>() {
    std::mt19937 random{3};
    for (std::size_t const groups : {0U, 1U, 7U, 8U, 31U, 128U, 129U, 300U}) {
      by_positions<2, 4, ranks, Arch>(groups, random);
      by_positions<2, 4, position_layout::index_list, Arch>(groups, random);
      by_positions<4, 8, ranks, Arch>(groups, random);
      by_positions<16, 32, ranks, Arch>(groups / 4, random);
      by_positions<3, 5, ranks, Arch>(groups, random);
    }
  });
  std::mt19937 random{4};
  by_positions<2, 4, ranks, scalar_arch>(40, random);
}
