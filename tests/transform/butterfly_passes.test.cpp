// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/butterfly_passes.hpp: one pass of 1 to 4 stages from any distance on.
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
