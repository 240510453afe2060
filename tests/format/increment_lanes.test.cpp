// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/increment_lanes.hpp: the answer of the policies of core/rounding.hpp for each lane.
#include "skive/format/increment_lanes.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Arch, class Rounding>
void check(Rounding const& rounding) {
  using words = simd::words<Arch>;
  std::mt19937 random{9};
  detail::rounding_lanes<Rounding, Arch> policy{rounding, 1};
  for (std::uint64_t i = 0; i < 4000; i += 16) {
    std::array<std::uint32_t, 16> keep, drop, sign;
    for (std::size_t l = 0; l < 16; ++l) {
      constexpr std::uint32_t odd[] = {1, 0x7FFF'FFFF, 0x8000'0000, 0x8000'0001, 0xFFFF'FFFF, 0x0100'0000, 0x0080'0000};
      keep[l] = static_cast<std::uint32_t>(random() % 5);
      drop[l] = random() % 3 == 0 ? odd[random() % 7] : static_cast<std::uint32_t>(random());
      if constexpr (requires { rounding.at(i); })  // just so much that it carries, or not
        if (auto const r = rounding.at(i + l); random() % 2 == 0)
          drop[l] = 0U - (r.random << (32 - r.count)) - static_cast<std::uint32_t>(random() % 3 << (31 - r.count / 2));
      sign[l] = random() % 2 != 0 ? 0x8000'0000 : 0;
      if (drop[l] == 0) drop[l] = 5;  // exact numbers are not asked for
    }
    auto const negative = ~(words::load(sign.data()) == words::broadcast(0));
    auto const all = detail::increments<Arch>(policy.from(i), words::load(keep.data()), words::load(drop.data()), negative, i);
    std::uint32_t expected = 0;
    for (std::size_t l = 0; l < 16; ++l) {
      auto const one = [&] {
        if constexpr (requires { rounding.at(i); })
          return rounding.at(i + l);
        else
          return rounding;
      }();
      expected |= (one.increments(keep[l], drop[l], 32, sign[l] != 0) ? 1U : 0U) << l;
    }
    CAPTURE(Arch::name(), i, keep, drop, sign);
    REQUIRE(all.bits() == expected);
  }
}

}  // namespace

TEST_CASE("policies in lanes answer as core/rounding.hpp does", "[format]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check<Arch>(toward_zero{});
    check<Arch>(toward_positive{});
    check<Arch>(toward_negative{});
    check<Arch>(nearest_away{});
    check<Arch>(toward_odd{});
    for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c})
      for (int const count : {1, 5, 8, 16, 24, 31, 32}) check<Arch>(stochastic_stream{4, 2, count, variant});
  });
}
