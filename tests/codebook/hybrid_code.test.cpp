// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/hybrid_code.hpp: HYB by its rule, rates between whole bits, errors on N(0, 1), laws.
#include "skive/codebook/hybrid_code.hpp"

#include "laws/block_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/core/random.hpp"
#include "support/gaussian_error.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("HYB reads its table by the published hash", "[codebook]") {
  hybrid_code<> const code;
  bool right = true;
  for (unsigned long long s = 0; s < 65536; ++s) {
    auto const h = s * (s + 1) % 4294967296ULL;
    auto const entry = h / 64 % 512;
    auto const first = detail::hybrid_levels_low[2 * entry] * (h / 32768 % 2 == 1 ? -1 : 1);
    right &= code.level(static_cast<std::uint32_t>(s), 0) == first;
    right &= code.level(static_cast<std::uint32_t>(s), 1) == detail::hybrid_levels_low[2 * entry + 1];
  }
  REQUIRE(right);
  std::int16_t const own[]{100, -200, 300, 400};  // Q = 1: bit 14 of h chooses the pair
  hybrid_code<16, 4, 1> const small{own, 150.0f};
  REQUIRE(small.level(0, 0) == 100);
  REQUIRE(small.level(128, 0) == 300);  // h = 16512: bit 14
  REQUIRE(small.level(128, 1) == 400);
  REQUIRE(small.level(181, 0) == -100);  // h = 32942: bit 15
  REQUIRE(small.level(181, 1) == -200);
}

TEST_CASE("Bytes of rates between whole bits", "[codebook]") {
  REQUIRE(tcq_pair<3, 8>{}.plane_bytes(4096)[0] == 4096 * 3 / 16);
  REQUIRE(tcq_pair<5, 8>{}.plane_bytes(256)[0] == 80);
  REQUIRE(hyb<7>{}.plane_bytes(512)[0] == 224);
}

TEST_CASE("Mean square errors of pairs", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    CHECK(std::fabs(error / known - 1) < 0.02);
  };
  near(test::gaussian_error(tcq_pair<3, 8>{}, 10), 0.1510);
  near(test::gaussian_error(tcq_pair<5, 8>{}, 10), 0.0428);
  near(test::gaussian_error(tcq_pair<7, 8>{}, 10), 0.0131);
  near(test::gaussian_error(hyb<2>{}, 6), 0.2675);
  near(test::gaussian_error(hyb2{}, 6), 0.0701);
  near(test::gaussian_error(hyb<5>{}, 6), 0.0362);
  near(test::gaussian_error(hyb<8>{}, 6), 0.0053);
}

TEST_CASE("Codecs of pairs keep the laws", "[codebook]") {
  test::check_block_codec(*tcq_pair<3, 8, float16>::make(256), {0, 1, 256, 517});
  test::check_block_codec(hyb2{}, {0, 9});
  test::check_stepwise_codec(tcq_pair<5, 8>{}, {0, 512});
  auto const row = test::mixed_row(520, 5);
  auto const encoded = [&]<class Arch>(auto const& codec) {
    test::packed_row<std::remove_cvref_t<decltype(codec)>> packed{codec, row.size()};
    test::scratch_memory scratch{codec.scratch_bytes(row.size())};
    REQUIRE(codec.template encode<Arch>(std::span<float const>{row}, packed.to(), scratch.get()));
    return packed.gathered();
  };
  auto const rule = encoded.operator()<scalar_arch>(tcq_pair<7, 8>{});
  test::for_each(test::few_arches{},
                 [&]<class Arch>() { REQUIRE((encoded.template operator()<Arch>(tcq_pair<7, 8>{}) == rule)); });
}

}  // namespace
}  // namespace skive
