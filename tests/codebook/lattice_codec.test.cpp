// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lattice_codec.hpp with the codes of e8p.hpp and e8_sets.hpp: errors, laws, the same bytes on every instruction set.
#include "skive/codebook/lattice_codec.hpp"

#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/core/random.hpp"
#include "support/gaussian_error.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Standard errors of the ratio over 48 rows are about 0.3 %; `known` are measured with other numbers.
TEST_CASE("Mean square errors of the E8 codes", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    REQUIRE(error < 1.012 * known);
    REQUIRE(error > 0.97 * known);
  };
  near(test::gaussian_error(lattice_codec<e8_1b, float32>{}, 48), 0.318);
  near(test::gaussian_error(lattice_codec<e8p, float32>{}, 48), 0.0914);
  near(test::gaussian_error(lattice_codec<e8_3b, float32>{}, 48), 0.0295);
  near(test::gaussian_error(lattice_codec<e8_4b, float32>{}, 48), 0.0088);
}

TEST_CASE("Codecs of E8 keep the laws", "[codebook]") {
  auto const terms = [](std::size_t n) { return 64.0 + static_cast<double>(n) / 8; };
  auto const grouped = *lattice_codec<e8p>::make(64);
  test::check_block_codec(grouped, {0, 1, 64, 200, 300});
  test::check_stepwise_codec(grouped, {0, 64, 136});
  test::check_dot_codec<native_arch>(grouped, {0, 1, 200, 256}, terms);
  test::check_block_codec(lattice_codec<e8_4b>{}, {0, 7, 136});
  test::check_block_codec(*lattice_codec<e8_3b>::make(16), {0, 7, 136});
  test::check_stepwise_codec(lattice_codec<e8_1b>{}, {0, 264});
  test::check_dot_codec<native_arch>(lattice_codec<e8_3b>{}, {0, 9, 264}, terms);
  REQUIRE(lattice_codec<e8p>::make(12).error() == errc::invalid_argument);
}

template <class Code>
void check_arches() {
  lattice_codec<Code> const codec;
  for (std::size_t const n : {1U, 8U, 127U, 128U, 129U, 400U}) {
    std::vector<float> x(n + 1);
    counter_random{9, n}.fill_gaussian(x);
    auto const row = std::span{x}.subspan(1);  // misaligned
    auto const expected = test::encoded(codec, std::span<float const>{row});
    auto const check = [&]<class Arch>() {
      test::packed_row<lattice_codec<Code>> packed{codec, n};
      REQUIRE(codec.template encode<Arch>(std::span<float const>{row}, packed.to()));
      REQUIRE((packed.gathered() == expected));
    };
    check.template operator()<scalar_arch>();
    test::for_each(test::few_arches{}, check);
  }
}

TEST_CASE("E8 codes are the same on every instruction set", "[codebook]") {
  check_arches<e8p>();
  check_arches<e8_3b>();
}

}  // namespace
}  // namespace skive
