// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/pyramid_codec.hpp: errors, laws, the same bytes on every instruction set.
#include "skive/codebook/pyramid_codec.hpp"

#include "laws/block_codec.hpp"
#include "skive/core/random.hpp"
#include "support/gaussian_error.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

static_assert(block_codec<pvq_n32_k22>);

TEST_CASE("Mean square errors of pyramids", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    REQUIRE(error < 1.015 * known);
    REQUIRE(error > 0.95 * known);
  };
  near(test::gaussian_error(pvq_n32_k22{}, 24), 0.0922);
  near(test::gaussian_error(pyramid_codec<16, 12>{}, 24), 0.0826);
  near(test::gaussian_error(pyramid_codec<16, 58>{}, 12), 0.00474);    // 0.00463 with gains made for Gaussian rows only
  REQUIRE(test::gaussian_error(pyramid_codec<64, 42, 3>{}, 6) < 0.1);  // 2.1 bits: 132 of the index in 17 bytes, and a gain
}

TEST_CASE("Pyramids keep the laws", "[codebook]") {
  test::check_block_codec(pvq_n32_k22{}, {0, 1, 32, 200, 600});
  auto const codec = pvq_n32_k22{};
  std::vector<float> x(64, 0.0f);
  x[3] = 5.0f;  // the second group is zero and stays so
  auto const y = test::through(codec, x);
  for (std::size_t i = 32; i < 64; ++i) REQUIRE(y[i] == 0.0f);
  x[40] = std::numeric_limits<float>::infinity();
  for (auto const v : test::through(codec, x)) REQUIRE(!std::isfinite(v));
}

TEST_CASE("Pyramids are the same on every instruction set", "[codebook]") {
  pvq_n32_k22 const codec;
  for (std::size_t const n : {1U, 32U, 511U, 512U, 1100U}) {
    std::vector<float> x(n);
    counter_random{9, n}.fill_gaussian(x);
    for (std::size_t i = 0; i < n / 3; ++i) x[i] = std::floor(2 * x[i]);  // ties
    auto const expected = test::encoded(codec, x);
    auto const check = [&]<class Arch>() {
      test::packed_row<pvq_n32_k22> packed{codec, n};
      REQUIRE(codec.encode<Arch>(std::span<float const>{x}, packed.to()));
      REQUIRE((packed.gathered() == expected));
    };
    check.template operator()<scalar_arch>();
    test::for_each(test::few_arches{}, check);
  }
}

}  // namespace
}  // namespace skive
