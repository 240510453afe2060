// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/n_of_m.hpp: the scalar rule by the laws and in constant expressions, energies.
#include "skive/sparse/n_of_m.hpp"

#include "laws/mask_pattern.hpp"

#include <array>
#include <cmath>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::n_of_m;

constexpr unsigned mask_of(std::array<float, 8> const& scores) {
  std::array<std::byte, 1> mask{};
  return n_of_m<2, 4>{}.select(scores, mask) ? std::to_integer<unsigned>(mask[0]) : 0U;
}
static_assert(mask_of({3, 1, 2, 4, 1, 1, 1, 1}) == 0b0011'1001);
static_assert(mask_of({-1, -2, -4, -3, 0.0f, -0.0f, 0.0f, 5}) == 0b1001'0011);

template <int N, int M>
void scalar_rule_keeps_the_laws() {
  test::check_masks<skive::scalar_arch>(n_of_m<N, M>{}, {0, M, 3 * M, 17 * M}, M, [](std::size_t) { return std::size_t{N}; });
  test::check_mask_refusals<skive::scalar_arch>(n_of_m<N, M>{}, std::size_t{5} * M);
}

std::vector<float> const& gaussian() {
  static auto const row = [] {
    std::mt19937 random{5};
    std::normal_distribution<float> normal;
    std::vector<float> r(std::size_t{1} << 20);
    for (auto& x : r) x = normal(random);
    return r;
  }();
  return row;
}

double energy_lost(std::vector<std::byte> const& mask) {
  double lost = 0;
  double all = 0;
  for (std::size_t i = 0; i < gaussian().size(); ++i) {
    auto const x = static_cast<double>(gaussian()[i]);
    all += x * x;
    if (!skive::is_kept(mask, i)) lost += x * x;
  }
  return lost / all;
}
template <int N, int M>
double energy_lost() {
  std::vector<std::byte> mask(gaussian().size() / 8);
  REQUIRE(n_of_m<N, M>{}.select_magnitudes(gaussian(), mask));
  REQUIRE(skive::count_kept(mask) == gaussian().size() / M * N);
  return energy_lost(mask);
}

}  // namespace

TEST_CASE("n_of_m: the scalar rule keeps the laws", "[sparse]") {
  scalar_rule_keeps_the_laws<2, 4>();
  scalar_rule_keeps_the_laws<3, 7>();
  scalar_rule_keeps_the_laws<8, 16>();
  scalar_rule_keeps_the_laws<16, 32>();
}

TEST_CASE("n_of_m: energy that masks take from Gaussian weights", "[sparse]") {
  CHECK(std::fabs(energy_lost<2, 4>() - 0.1325) < 0.002);
  CHECK(std::fabs(energy_lost<4, 8>() - 0.1034) < 0.002);
  CHECK(std::fabs(energy_lost<8, 16>() - 0.0876) < 0.002);
  CHECK(std::fabs(energy_lost<16, 32>() - 0.0795) < 0.002);
  CHECK(std::fabs(energy_lost<1, 4>() - 0.382) < 0.002);
  CHECK(std::fabs(energy_lost<2, 8>() - 0.335) < 0.002);
  CHECK(std::fabs(energy_lost<3, 4>() - 0.030) < 0.002);
}

TEST_CASE("n_of_m: refuses lengths that are no multiple of a group", "[sparse]") {
  std::vector<float> const scores(9, 1.0f);
  std::vector<std::byte> mask(2, std::byte{7});
  for (std::size_t const n : {1U, 5U, 9U})
    CHECK(n_of_m<2, 4>{}.select(std::span{scores}.first(n), std::span{mask}.first((n + 7) / 8)).error() == errc::size_mismatch);
  CHECK((mask[0] == std::byte{7} && mask[1] == std::byte{7}));
}
