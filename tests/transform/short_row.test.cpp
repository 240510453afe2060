// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/short_row.hpp: rows that the registers hold, checked or not.
#include "skive/transform/short_row.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"
#include "support/textbook_butterflies.hpp"

namespace {

namespace test = skive::test;
using namespace skive::detail;

using test::textbook_stages;

}  // namespace

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
