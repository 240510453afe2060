// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/score_order.hpp: keys order as numbers do, in lanes as by rule; what a row holds.
#include "skive/sparse/score_order.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::array<float, 16> numbers{-infinity, -3e38f,    -2.0f, -1.0f, -0x1p-126f, -0x1p-149f, -0.0f,    0.0f,
                                        0x1p-149f, 0x1p-126f, 0.5f,  1.0f,  2.0f,       3e38f,      infinity, 7.0f};

template <class Order, class Arch>
void lanes_are_the_rule(std::array<float, 16> const& x) {
  std::array<std::int32_t, 16> keys;
  Order::template keys<Arch>(simd::floats<Arch>::load(x.data())).store(keys.data());
  for (std::size_t i = 0; i < 16; ++i) REQUIRE(keys[i] == Order::key(x[i]));
}

}  // namespace

TEST_CASE("score_order: keys order as numbers and magnitudes do", "[sparse]") {
  for (auto const a : numbers)
    for (auto const b : numbers) {
      REQUIRE((by_score::key(a) < by_score::key(b)) == (a < b));
      REQUIRE((by_magnitude::key(a) < by_magnitude::key(b)) == (std::fabs(a) < std::fabs(b)));
    }
  for (std::uint32_t const nan : {0x7FC0'0000U, 0xFF80'0001U, 0xFFFF'FFFFU})
    REQUIRE(by_magnitude::key(std::bit_cast<float>(nan)) > by_magnitude::key(infinity));
  test::for_each_arch([]<class Arch>() {
    lanes_are_the_rule<by_score, Arch>(numbers);
    lanes_are_the_rule<by_magnitude, Arch>(numbers);
  });
}

TEST_CASE("score_order: NaN and signs are found wherever they stand", "[sparse]") {
  test::for_each(test::arches<native_arch, scalar_arch>{}, []<class Arch>() {
    for (std::size_t const n : {1U, 16U, 63U, 64U, 65U, 200U})
      for (std::size_t at = 0; at < n; at += n < 70 ? 1 : 13) {
        std::vector<float> x(n, 1.0f);
        auto kinds = detail::kinds_of<Arch>(x);
        REQUIRE((!kinds.nan && !kinds.signs));
        x[at] = -0.0f;
        kinds = detail::kinds_of<Arch>(x);
        REQUIRE((!kinds.nan && kinds.signs));
        x[at] = std::bit_cast<float>(0x7F80'0001U);
        kinds = detail::kinds_of<Arch>(x);
        REQUIRE((kinds.nan && !kinds.signs));
      }
  });
  std::vector<float> x(12, infinity);
  CHECK(!detail::all_finite({x.data(), 3, 4}));
  x.assign(12, 1.0f);
  CHECK(detail::all_finite({x.data(), 3, 4}));
}
