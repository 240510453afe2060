// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/walk_lanes.hpp: sixteen lanes have the bits of one, and products are rounded before they enter a sum, however much the
// compiler may contract (-O2 with FMA is where g++ does).
#include "skive/block/walk_lanes.hpp"

#include "support/simd_arches.hpp"

#include <bit>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Lanes>
void compute(float const* a, float const* b, float const* c, float* to) {
  auto const x = Lanes::load(a);
  auto const y = Lanes::load(b);
  auto const z = Lanes::load(c);
  auto const p = Lanes::times(x, y);
  Lanes::store(p + z, to);
  Lanes::store(z - p, to + 16);
  Lanes::store(Lanes::plus_exact(Lanes::of(3.0f), Lanes::from_bits(Lanes::bits(x) & Lanes::whole(-16)), z), to + 32);
  Lanes::store(Lanes::pick(x < y, Lanes::least(x, z), Lanes::most(y, z)), to + 48);
  Lanes::store(Lanes::to_number(Lanes::most(Lanes::bits(x) >> 9, Lanes::whole(1000))), to + 64);
}

template <class Arch>
void lanes_are_floats(float const (&a)[16], float const (&b)[16], float const (&c)[16]) {
  float all[80];
  float one[80];
  compute<detail::walk_lanes<Arch>>(a, b, c, all);
  for (std::size_t i = 0; i < 16; ++i) compute<detail::walk_lanes<scalar_arch>>(a + i, b + i, c + i, one + i);
  for (std::size_t i = 0; i < 80; ++i) {
    CAPTURE(Arch::name(), i, a[i % 16], b[i % 16], c[i % 16]);
    REQUIRE(std::bit_cast<std::uint32_t>(all[i]) == std::bit_cast<std::uint32_t>(one[i]));
  }
  for (std::size_t i = 0; i < 16; ++i) {
    float const volatile p = a[i] * b[i];
    REQUIRE(one[i] == p + c[i]);
    REQUIRE(one[16 + i] == c[i] - p);
  }
}

}  // namespace

TEST_CASE("walk lanes: the same bits in sixteen lanes and in one", "[block]") {
  std::mt19937 random{11};
  std::uniform_real_distribution<float> numbers{-4.0f, 4.0f};
  for (int trial = 0; trial < 500; ++trial) {
    float a[16];
    float b[16];
    float c[16];
    for (std::size_t i = 0; i < 16; ++i) {
      a[i] = numbers(random);
      b[i] = numbers(random);
      c[i] = trial % 2 == 0 ? numbers(random) : -a[i] * b[i];
    }
    test::for_each(test::few_arches{}, [&]<class Arch>() { lanes_are_floats<Arch>(a, b, c); });
  }
}
