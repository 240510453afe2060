// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/few_lanes.hpp: four and eight lanes beside the operations on single floats, zeros and specials included.
#include "skive/simd/few_lanes.hpp"

#include "support/simd_arches.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;

template <class Arch, std::size_t Count>
void check() {
  using lanes = skive::simd::few_lanes<Arch, Count>;
  float const some[]{1.5f, -0.0f, 0.0f,  0x1.000002p0f, -3.25e7f, 0x1p-140f, INFINITY, -0x1.fffffep127f,
                     7.0f, 1e-3f, -1.0f, 0x1p24f};
  std::vector<float> a(Count), b(Count), got(Count + 1, 9.0f), expected(Count + 1, 9.0f);
  for (std::size_t shift = 0; shift < std::size(some); ++shift) {
    for (std::size_t i = 0; i < Count; ++i) {
      a[i] = some[i % std::size(some)];
      b[i] = some[(i + shift) % std::size(some)];
    }
    auto const x = lanes::load(a.data());
    auto const y = lanes::load(b.data());
    auto const same = [&](lanes const& z, auto f) {
      z.store(got.data());
      for (std::size_t i = 0; i < Count; ++i) expected[i] = f(a[i], b[i]);
      for (std::size_t i = 0; i < Count; ++i)
        REQUIRE((std::isnan(expected[i]) ? std::isnan(got[i])
                                         : std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(expected[i])));
      REQUIRE(got[Count] == 9.0f);
    };
    same(x + y, [](float u, float v) { return u + v; });
    same(x - y, [](float u, float v) { return u - v; });
    same(product(x, y), [](float u, float v) { return u * v; });
    same(lanes::broadcast(-0.0f), [](float, float) { return -0.0f; });
    auto const rounded = [](float u, float v) {  // the product is rounded before the sum, whatever the flags allow
      float volatile p = u * v;
      return p + u;
    };
    same(product(x, y) + x, rounded);
  }
}

}  // namespace

TEST_CASE("few_lanes: what single floats give", "[simd]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check<Arch, 4>();
    if constexpr (skive::simd::has_eight_lanes<Arch>) check<Arch, 8>();
  });
  CHECK(!skive::simd::has_eight_lanes<skive::scalar_arch>);
#if XSIMD_WITH_AVX
  CHECK(skive::simd::has_eight_lanes<skive::native_arch>);
#endif
}
