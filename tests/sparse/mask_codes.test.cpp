// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/mask_codes.hpp: codes bit after bit as the definition has them, masks back for a group, a register and 64 entries, masks
// with one entry too many or too few, zeros past the ends. Positions end where their memory does: sanitizers see reads.
#include "skive/sparse/mask_codes.hpp"

#include "support/kept_groups.hpp"
#include "support/simd_arches.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
constexpr auto ranks = position_layout::combinadic;
constexpr auto lists = position_layout::index_list;

template <int N, int M, position_layout Layout, class Arch>
void check(std::size_t groups, std::mt19937& random) {
  CAPTURE(N, M, groups);
  test::kept_groups<N, M, Layout> row{groups, random};
  auto const n = row.size();
  std::vector<std::byte> written(row.positions.size() + 1, std::byte{0x5A});
  detail::write_positions<N, M, Layout, Arch>(row.mask, n, written.data());
  REQUIRE(written.back() == std::byte{0x5A});
  written.pop_back();
  REQUIRE((written == row.positions));

  REQUIRE(detail::keeps_n_of_m<N, M>(row.mask, n));
  for (std::size_t i = 0; i < 8 * row.mask.size(); ++i) {  // one entry more or less, also past the last
    auto other = row.mask;
    other[i / 8] ^= std::byte{1} << static_cast<int>(i % 8);
    REQUIRE(!detail::keeps_n_of_m<N, M>(other, n));
  }
  for (bool const spoiled : {false, true}) {
    if (spoiled && groups != 0) row.spoil(static_cast<std::size_t>(random() % groups));
    auto const masks = [&](std::size_t i, std::size_t entries) {
      std::uint64_t word = 0;
      for (std::size_t k = 0; k < entries; ++k) word |= static_cast<std::uint64_t>(row.kept(i + k)) << k;
      return word;
    };
    for (std::size_t g = 0; g < groups; ++g) REQUIRE(detail::group_mask<N, M, Layout, Arch>(row.positions, g) == row.groups[g]);
    auto const same = [&](std::uint64_t seen, std::uint64_t expected, std::size_t entries) {
      if (std::popcount(expected) == static_cast<int>(entries / M * N))
        REQUIRE(seen == expected);
      else
        REQUIRE(std::popcount(seen) < static_cast<int>(entries / M * N));
    };
    if constexpr (detail::fits_lanes<M>) {
      constexpr auto step = detail::step_entries<N, M>;
      for (std::size_t i = 0; i + step <= n; i += step)
        same(detail::lane_mask<N, M, Layout, Arch>(row.positions, i), masks(i, step), step);
      for (std::size_t i = 0; i + 64 <= n; i += 64)
        same(detail::mask_of_64<N, M, Layout, Arch>(row.positions, i), masks(i, 64), 64);
    }
  }
}

}  // namespace

TEST_CASE("mask_codes: masks to codes and back", "[sparse]") {
  test::for_each(test::arches<native_arch, scalar_arch>{}, []<class Arch>() {
    std::mt19937 random{1};
    for (std::size_t const groups : {0U, 1U, 3U, 8U, 16U, 33U, 70U}) {
      check<2, 4, ranks, Arch>(groups, random);
      check<2, 4, lists, Arch>(groups, random);
      check<3, 8, ranks, Arch>(groups, random);
      check<4, 8, ranks, Arch>(groups, random);
      check<4, 8, lists, Arch>(groups, random);
      check<8, 16, ranks, Arch>(groups, random);
      check<16, 32, ranks, Arch>(groups / 2, random);
      check<3, 5, ranks, Arch>(groups, random);
      check<5, 9, ranks, Arch>(groups, random);
    }
  });
}

TEST_CASE("mask_codes: words of a mask end with zeros", "[sparse]") {
  std::mt19937 random{2};
  for (std::size_t bytes = 0; bytes < 20; ++bytes) {
    std::vector<std::byte> mask(bytes);
    for (auto& b : mask) b = static_cast<std::byte>(random());
    for (std::size_t i = 0; i < 8 * bytes; i += 8) {
      std::uint64_t expected = 0;
      for (std::size_t k = 0; k < 64 && i + k < 8 * bytes; ++k) expected |= static_cast<std::uint64_t>(is_kept(mask, i + k)) << k;
      REQUIRE(detail::mask_word(mask, i) == expected);
    }
  }
}
