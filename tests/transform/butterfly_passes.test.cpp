// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/butterfly_passes.hpp: one pass of 1 to 4 stages from any distance on, and rows that the registers hold, checked or not.
#include "skive/transform/butterfly_passes.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"
#include "support/textbook_butterflies.hpp"

namespace {

namespace test = skive::test;
using namespace skive::detail;

using test::textbook_stages;

}  // namespace

TEST_CASE("butterfly_pass: a few stages from a distance on", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    if constexpr (skive::simd::vector_arch<Arch>) {
      constexpr auto size = xsimd::batch<float, Arch>::size;
      for (float const scale : {0.25f, 0.3f})  // a power of two is folded into the sums
        for (std::size_t radix = 2; radix <= most_registers<Arch>; radix *= 2)
          for (auto h = std::size_t{size}; h <= 4 * size; h *= 2) {
            CAPTURE(size, scale, radix, h);
            auto const x = test::gaussian_vector(2 * radix * h, 3);
            auto y = x;
            butterfly_pass<loading::plain, Arch, float>(radix, y.data(), y.size(), h, &scale);
            REQUIRE(test::same_bits(y, textbook_stages(x, h, radix * h, scale)));
            if (h != size) continue;
            y = x;
            butterfly_pass<loading::within, Arch, float>(radix, y.data(), y.size(), size, nullptr);
            REQUIRE(test::same_bits(y, textbook_stages(x, 1, radix * size, 1.0f)));
          }
    }
  });
}

TEST_CASE("short_row: all stages at once, unless the row is to be looked at more closely", "[transform]") {
  CHECK(!is_short_row<skive::scalar_arch>(16));
  test::for_each(test::few_arches{}, []<class Arch>() {
    if constexpr (skive::simd::vector_arch<Arch>) {
      for (std::size_t n = 1; n <= 1024; n *= 2) {
        auto const size = xsimd::batch<float, Arch>::size;
        CAPTURE(size, n);
        REQUIRE(is_short_row<Arch>(n) == (n >= size && n <= 16 * size));
        if (!is_short_row<Arch>(n)) continue;
        for (float const scale : {0.5f, 0.7f}) {
          auto x = test::gaussian_vector(n, 5);
          auto const expected = textbook_stages(x, 1, n, scale);
          auto y = x;
          REQUIRE(short_row<false, Arch>(y.data(), n, &scale));
          REQUIRE(test::same_bits(y, expected));
          y = x;
          REQUIRE(short_row<true, Arch>(y.data(), n, &scale));
          REQUIRE(test::same_bits(y, expected));
          for (float const special : {0.0f, 0x1.fffffep-64f, 0x1p65f, INFINITY, NAN})
            for (std::size_t at = 0; at < n; ++at) {
              auto const kept = x[at];
              x[at] = special;
              y = x;
              REQUIRE(!short_row<true, Arch>(y.data(), n, &scale));
              REQUIRE(test::same_bits(y, x));
              x[at] = kept;
            }
        }
      }
    }
  });
}
