// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/picked_vector.hpp: what masks keep, 64 numbers at a time; wrong codes in any step; nothing past the ends (sanitizers see it).
#include "skive/sparse/picked_vector.hpp"

#include "skive/sparse/packed_n_of_m.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch>
void check(std::size_t kept, std::mt19937& random) {
  std::vector<float> x(2 * kept), expected;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  std::vector<std::byte> mask(mask_bytes(2 * kept)), positions(packed_n_of_m<2, 4>::position_bytes(2 * kept));
  for (std::size_t g = 0; g < kept / 2; ++g) {
    auto const set = std::array{3U, 5U, 6U, 9U, 10U, 12U}[random() % 6];
    mask[g / 2] |= static_cast<std::byte>(set << (g % 2 * 4));
    for (std::size_t k = 0; k < 4; ++k)
      if ((set >> k & 1) != 0) expected.push_back(x[4 * g + k]);
  }
  REQUIRE(packed_n_of_m<2, 4>::pack_positions(mask, 2 * kept, positions));
  auto const walk = [&](auto each) {
    detail::picked_vector<Arch> picked{positions.data(), kept, x.data()};
    for (std::size_t i = 0; i < kept; i += 64) {
      simd::floats<Arch> out[4];
      picked.next(out);
      each(i, out);
    }
    return picked.good();
  };
  REQUIRE(walk([&](std::size_t i, simd::floats<Arch> const(&out)[4]) {
    alignas(64) float lane[64];
    for (std::size_t k = 0; k < 4; ++k) out[k].store(lane + 16 * k);
    for (std::size_t k = 0; k < 64; ++k) REQUIRE(lane[k] == expected[i + k]);
  }));
  auto const wrong = random() % (kept / 2);
  for (auto const bit : {3 * wrong + 1, 3 * wrong + 2}) positions[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
  REQUIRE(!walk([](std::size_t, simd::floats<Arch> const(&)[4]) {}));
}

}  // namespace

TEST_CASE("picked_vector: what masks keep, step after step", "[sparse]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_picker<Arch>)
      for (std::size_t const kept : {64U, 128U, 192U, 1024U})
        for (int round = 0; round < 20; ++round) check<Arch>(kept, random);
  });
  SUCCEED("machines without pickers have nothing to check");
}
