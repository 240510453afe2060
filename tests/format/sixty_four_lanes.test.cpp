// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/sixty_four_lanes.hpp: where there is such a path, its fields are the codes of the scalar rule.
#include "skive/format/sixty_four_lanes.hpp"

#include "skive/format/lookup_lanes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Format>
void check() {
  test::for_each_arch([]<class Arch>() {
    using path = detail::sixty_four<Format, Arch>;
    if constexpr (path::available) {
      std::mt19937 random{5};
      for (int round = 0; round < 2000; ++round) {
        std::array<float, 64> x{};
        for (auto& v : x) {
          v = std::ldexp(static_cast<float>(random() >> 8) * 0x1p-24f, static_cast<int>(random() % 40) - 10);
          if (random() % 3 == 0) v = static_cast<float>(random() % 1024) / 4;  // ties
          if (random() % 2 == 0) v = -v;
        }
        auto const order = random() % 2 == 0 ? bit_order::low_first : bit_order::high_first;
        std::array<std::byte, std::size_t{8} * Format::bits> bytes{};
        typename path::lane_type lanes[4];
        for (std::size_t i = 0; i < 4; ++i) {
          auto const q = simd::floats<Arch>::load(x.data() + 16 * i);
          lanes[i] = path::lanes(q, q);
        }
        path::store(lanes, order, bytes.data());
        for (std::size_t i = 0; i < 64; ++i) {
          auto const code = packed_fields<std::byte const>::make(bytes, 64, Format::bits, order)->get(i);
          CAPTURE(Arch::name(), x[i]);
          REQUIRE(code == (static_cast<unsigned>(Format::encode(x[i])) & ((1U << Format::bits) - 1)));
        }
      }
    }
  });
}

}  // namespace

TEST_CASE("sixty-four codes at a time", "[format]") {
  check<int8>();
  check<int4>();
  check<fixed_point<8, 0, integer_range::full>>();
  check<fixed_point<4, 0, integer_range::full>>();
  check<uint_format<8>>();
  check<uint_format<4>>();
  check<e2m1>();
  check<nf4>();
}

TEST_CASE("sixty-four codes at a time: not for others", "[format]") {
  test::for_each_arch([]<class Arch>() {
    STATIC_CHECK_FALSE(detail::sixty_four<fixed_point<5, 0>, Arch>::available);
    STATIC_CHECK_FALSE(detail::sixty_four<fixed_point<8, 6>, Arch>::available);
    STATIC_CHECK_FALSE(detail::sixty_four<fp4_bnb, Arch>::available);  // tells -0 from what is just below
  });
}
