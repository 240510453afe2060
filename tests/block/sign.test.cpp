// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/sign.hpp: the laws for binary and ternary in both packings, numbers against the formulas, bytes of trits.
#include "skive/block/sign.hpp"

#include "laws/stepwise_codec.hpp"
#include "support/kept_half.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

namespace test = skive::test;

template <class Codec>
void keeps_the_laws(Codec const& codec) {
  test::check_block_codec(codec, {0, 1, 9, 128, 391});
  test::check_stepwise_codec(codec, {0, 1, 9, 128, 391});
}

std::vector<float> oracle(std::vector<float> const& row, std::size_t group, bool ternary) {
  std::vector<float> out;
  for (std::size_t first = 0; first < row.size(); first += group) {
    auto const end = std::min(row.size(), first + group);
    long double sum = 0;
    for (auto i = first; i < end; ++i) sum += static_cast<long double>(std::fabs(row[i]));
    double const s = test::kept_half(static_cast<double>(static_cast<float>(sum / static_cast<long double>(end - first))));
    for (auto i = first; i < end; ++i) {
      double const ratio = s == 0 ? 0 : static_cast<double>(static_cast<float>(static_cast<double>(row[i]) / s));
      double const level = ternary ? std::clamp(std::nearbyint(ratio), -1.0, 1.0) : row[i] < 0 ? -1 : 1;
      out.push_back(static_cast<float>(level * s));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("sign: binary and ternary keep the laws", "[block]") {
  for (std::size_t const group : {1U, 7U, 10U, 32U, 128U, 0U}) {
    keeps_the_laws(skive::binary{group});
    keeps_the_laws(skive::ternary{group});
    keeps_the_laws(skive::ternary_dense{group});
  }
  keeps_the_laws(skive::binary{128, {}, skive::bit_order::high_first});
  keeps_the_laws(skive::ternary{128, {}, skive::bit_order::high_first});
}

TEST_CASE("sign: numbers are those of the formula", "[block]") {
  for (unsigned seed = 0; seed < 30; ++seed) {
    auto const row = test::mixed_row(517, seed);
    for (std::size_t const group : {32U, 128U}) {
      REQUIRE(test::through(skive::binary{group}, row) == oracle(row, group, false));
      REQUIRE(test::through(skive::ternary{group}, row) == oracle(row, group, true));
      REQUIRE(test::through(skive::ternary_dense{group}, row) == oracle(row, group, true));
    }
  }
}

TEST_CASE("sign: sizes and bytes", "[block]") {
  CHECK((skive::binary{}.plane_bytes(128) == std::array<std::size_t, 2>{16, 2}));
  CHECK((skive::ternary{}.plane_bytes(128) == std::array<std::size_t, 2>{32, 2}));
  CHECK((skive::ternary_dense{}.plane_bytes(640) == std::array<std::size_t, 2>{128, 10}));
  // mean 1: signs + - - + + + + -; bit i is number i.
  CHECK(test::encoded(skive::binary{8}, {1, -1, -1, 1, 1, 1, 1, -1})[0][0] == std::byte{0x86});
  // trits 0 1 2 2 0 (-1 0 1 1 -1): 0*81 + 27 + 18 + 6 + 0 = 51, ceil(51 * 256 / 243) = 54
  CHECK(test::encoded(skive::ternary_dense{5}, {-1, 0, 1, 1, -1})[0][0] == std::byte{54});
  CHECK((test::encoded(skive::ternary_dense{5}, {-1, -1, -1, -1, -1})[0][0] == std::byte{0}));
  CHECK((test::encoded(skive::ternary_dense{5}, {1, 1, 1, 1, 1})[0][0] == std::byte{255}));  // ceil(242 * 256 / 243)
}

TEST_CASE("sign: zero, NaN, code 3, and the Gaussian error of one bit", "[block]") {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  auto const out = test::through(skive::binary{4}, {0, -0.0f, 0, 0, 1, nan, 1, 1, -2, 2, 4, -4});
  for (std::size_t i = 0; i < 4; ++i) CHECK(out[i] == 0);
  for (std::size_t i = 4; i < 8; ++i) CHECK(std::isnan(out[i]));
  CHECK((out[8] == -3 && out[9] == 3 && out[10] == 3 && out[11] == -3));
  std::array<std::byte, 3> const three{std::byte{0xFF}, std::byte{0x00}, std::byte{0x3C}};  // four times code 3, scale 1
  std::array<float, 4> decoded{};
  skive::planes<std::byte const, 2> from;
  REQUIRE(skive::planar(skive::ternary{4}, 4, std::span<std::byte const>{three}, from));
  REQUIRE(skive::ternary{4}.decode(from, std::span<float>{decoded}));
  for (auto const v : decoded) CHECK(v == 1);

  std::mt19937 random{4};
  std::normal_distribution<float> normal;
  std::vector<float> x(100'000);
  for (auto& v : x) v = normal(random);
  auto const y = test::through(skive::binary{0}, x);
  double error = 0;
  double energy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    energy += std::pow(static_cast<double>(x[i]), 2);
  }
  CHECK(std::fabs(error / energy - 0.3634) < 0.005);
}
