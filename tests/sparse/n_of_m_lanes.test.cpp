// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/n_of_m_lanes.hpp: the laws on every kind of register, all residues of the row's length.
#include "skive/sparse/n_of_m.hpp"

#include "laws/mask_pattern.hpp"

namespace {

namespace test = skive::test;
using skive::n_of_m;

template <int N, int M>
void keeps_the_laws() {
  std::vector<std::size_t> lengths{0};
  for (std::size_t groups = 1; groups * M < 200; ++groups) lengths.push_back(groups * M);
  lengths.push_back(M * 100);
  auto const on = [&]<class Arch>() {
    test::check_masks<Arch>(n_of_m<N, M>{}, lengths, M, [](std::size_t) { return std::size_t{N}; });
    test::check_mask_refusals<Arch>(n_of_m<N, M>{}, std::size_t{5} * M);
  };
  test::for_each(test::few_arches{}, on);
}

}  // namespace

TEST_CASE("n_of_m: groups of up to eight", "[sparse]") {
  keeps_the_laws<2, 4>();
  keeps_the_laws<4, 8>();
  keeps_the_laws<3, 7>();
}

TEST_CASE("n_of_m: groups of up to thirty-two", "[sparse]") {
  keeps_the_laws<1, 9>();
  keeps_the_laws<20, 23>();
  keeps_the_laws<8, 16>();
}

TEST_CASE("n_of_m: magnitudes, NaN above infinity", "[sparse]") {
  auto const on = []<class Arch>() {
    std::vector<float> weights(320);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = (i % 3 == 0 ? -1.0f : 1.0f) * static_cast<float>(i * 7 % 16);
    for (unsigned const nan : {0x7FFF'FFFFU, 0xFFFF'FFFFU, 0x7F80'0001U, 0xFFC0'0000U}) {
      auto row = weights;
      for (std::size_t i = 3; i < row.size(); i += 40) row[i] = std::bit_cast<float>(nan);
      for (std::size_t i = 4; i < row.size(); i += 40) row[i] = -std::numeric_limits<float>::infinity();
      auto ranks = row;
      for (auto& x : ranks) x = x != x ? std::numeric_limits<float>::infinity() : std::isinf(x) ? 1e30f : std::fabs(x);
      std::vector<std::byte> mask(40);
      REQUIRE(n_of_m<1, 8>{}.select_magnitudes<Arch>(row, mask));
      REQUIRE((mask == test::expected_mask(ranks, 8, [](std::size_t) { return 1U; })));
      REQUIRE(n_of_m<2, 16>{}.select_magnitudes<Arch>(row, mask));
      REQUIRE((mask == test::expected_mask(ranks, 16, [](std::size_t) { return 2U; })));
    }
  };
  test::for_each(test::few_arches{}, on);
  test::for_each(test::arches<skive::scalar_arch>{}, on);
}
