// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_trained.hpp: the table of mean square errors on N(0, 1).
#include "skive/codebook/trellis_trained.hpp"

#include "support/gaussian_error.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// `known`: of a plain trained table of 2^L entries, or the published code, with tail-biting in two runs. `share`: ours over it.
template <class Codec>
void check_error(Codec const& codec, std::size_t rows, double known, double share) {
  auto const error = test::gaussian_error(codec, rows);
  CAPTURE(Codec::code_type::state_bits, Codec::code_type::step_bits, error, known, error / known);
  REQUIRE(std::fabs(error / known - share) <= 0.015);  // three standard errors of these samples, or more
}

TEST_CASE("Mean square errors of the trained codes", "[codebook]") {
  check_error(tcq<1, 4>{}, 12, 0.3196, 0.945);
  check_error(tcq<1, 6>{}, 12, 0.2936, 0.976);
  check_error(tcq<1, 8>{}, 12, 0.2829, 0.980);
  check_error(tcq<1, 12>{}, 4, 0.2709, 0.997);
  check_error(tcq2_l4{}, 12, 0.0947, 0.941);
  check_error(tcq2_l6{}, 12, 0.0846, 0.943);
  check_error(tcq2_l8{}, 12, 0.0777, 0.972);
  check_error(tcq2_l10{}, 8, 0.0742, 0.982);
  check_error(tcq2_l12{}, 5, 0.0718, 0.987);
  check_error(tcq<3, 4>{}, 12, 0.0293, 0.94);
  check_error(tcq<3, 6>{}, 12, 0.0262, 0.89);
  check_error(tcq<3, 8>{}, 12, 0.0215, 0.965);
  check_error(tcq<3, 12>{}, 4, 0.0190, 0.985);
  check_error(tcq<4, 6>{}, 6, 0.00772, 0.83);
  check_error(tcq<4, 8>{}, 12, 0.00602, 0.94);
  check_error(tcq<4, 12>{}, 4, 0.00510, 0.985);
}

TEST_CASE("Mean square errors of long memories", "[codebook]") {
  check_error(tcq2_l16{}, 1, 0.0690, 0.985);
  check_error(trellis_codec<mad1<16, 1>>{}, 2, 0.2734, 0.987);
  check_error(mad2{}, 2, 0.0695, 0.993);
  check_error(trellis_codec<mad1<16, 3>>{}, 2, 0.0178, 0.982);
  check_error(trellis_codec<mad1<16, 4>>{}, 2, 0.00459, 0.975);
  check_error(trellis_codec<mad1<12, 2>>{}, 5, 0.0749, 0.985);
  check_error(trellis_codec<inst3<12, 2>>{}, 5, 0.0732, 1.0);
}

// 2 bits with at most 2.1 bits a weight in all, below 0.075: the scale in 16 bits.
TEST_CASE("The goal at two bits", "[codebook]") {
  using codec = tcq<2, 10, float16>;
  auto const c = *codec::make(256);
  constexpr std::size_t length = 4096;
  REQUIRE(static_cast<double>(8 * total_bytes(c.plane_bytes(length))) <= 2.1 * static_cast<double>(length));
  REQUIRE(test::gaussian_error(c, 4) < 0.075);
  REQUIRE(test::gaussian_error(tcq2_l12{}, 4) < 0.0725);
}

}  // namespace
}  // namespace skive
