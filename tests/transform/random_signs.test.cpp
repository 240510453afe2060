// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/random_signs.hpp: bits of the counter-based stream, exact for every pattern, on every arch.
#include "skive/transform/random_signs.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::random_signs;

}  // namespace

TEST_CASE("random_signs: bits of the counter-based stream, exact for every pattern", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {0U, 1U, 15U, 127U, 128U, 129U, 300U, 1024U, 2500U}) {
      random_signs const t{n, 42, 7};
      std::vector<float> x(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * 2654435761U));  // NaN too
      auto const y = test::transformed<Arch>(t, x);
      for (std::size_t i = 0; i < n; ++i) {
        bool const flip = (skive::counter_random{42, 7}.bits(i / 32) >> (i % 32) & 1) != 0;
        REQUIRE(std::bit_cast<std::uint32_t>(y[i]) == (std::bit_cast<std::uint32_t>(x[i]) ^ (flip ? 0x80000000U : 0U)));
        REQUIRE(t.negative(i) == flip);
      }
      REQUIRE(test::same_bits(test::transformed<Arch>(t, y, true), x));
    }
    test::check_refusals<Arch>(random_signs{64, 1}, false);
  });
}
