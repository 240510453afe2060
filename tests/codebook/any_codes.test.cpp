// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes that no encoder wrote: every code of the floor decodes them to its codewords or says that they are corrupt.
#include "skive/codebook/additive_quantizer.hpp"
#include "skive/codebook/ball_code.hpp"
#include "skive/codebook/cosine_codec.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/hybrid_code.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/nested_e8.hpp"
#include "skive/codebook/polar.hpp"
#include "skive/codebook/product_quantizer.hpp"
#include "skive/codebook/pyramid_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

enum class change { zeros, ones, drawn, drawn_scales };

// The scales of a Gaussian row, other codes. `most`: the largest number of a codeword for the power 1.
template <class Codec>
void check_any(std::string const& name, Codec const& codec, float most) {
  for (std::size_t const n : {1U, 16U, 200U, 256U, 529U})
    for (auto const kind : {change::zeros, change::ones, change::drawn, change::drawn_scales}) {
      CAPTURE(name, n, static_cast<int>(kind));
      test::packed_row<Codec> packed{codec, n};
      std::vector<float> row(n);
      counter_random{n, 7}.fill_gaussian(row);
      test::scratch_memory scratch{codec.scratch_bytes(n)};
      REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()));
      counter_random const random{n, 8};
      auto const to = packed.to();
      for (std::size_t p = 0; p + (kind == change::drawn_scales ? 0 : 1) < Codec::plane_count; ++p)
        for (std::size_t i = 0; i < to[p].size; ++i)
          to[p].data[i] = kind == change::zeros ? std::byte{0}
              : kind == change::ones            ? std::byte{255}
                                                : static_cast<std::byte>(random.bits(100000 * p + i) & 255);
      std::vector<float> out(n, 12345.0f);
      auto const s = codec.decode(packed.from(), std::span<float>{out}, scratch.get());
      bool right = true;
      if (!s) {
        REQUIRE(s.error() == errc::corrupt);
        for (auto const v : out) right &= v == 12345.0f;
      } else if (kind != change::drawn_scales) {
        for (auto const v : out) right &= std::fabs(v) <= most * 4;  // the power of one number may be that far from 1
      }
      REQUIRE(right);
    }
}

TEST_CASE("Any bytes are codewords or corrupt", "[codebook]") {
  check_any("e8p", lattice_codec<e8p>{}, 4);
  check_any("e8_1b", *lattice_codec<e8_1b>::make(16), 4);
  check_any("e8_3b", lattice_codec<e8_3b>{}, 6);
  check_any("e8_4b", lattice_codec<e8_4b>{}, 6);
  check_any("nest14", *lattice_codec<nest14>::make(32), 16);
  check_any("e8 ball", lattice_codec<e8_ball<2>>{}, 4);
  check_any("bw16 ball", lattice_codec<bw16_ball<3>>{}, 6);
  check_any("leech ball", lattice_codec<leech_ball>{}, 6);
  check_any("kmeans2_d4", kmeans2_d4{}, 5);
  check_any("kmeans3_d3", *kmeans3_d3::make(24), 5);
  check_any("kmeans5_d2", kmeans5_d2{}, 5);
  check_any("lloyd3", lloyd<3>{0}, 3);
  check_any("tcq2_l8", tcq2_l8{}, 4);
  check_any("tcq3_l10", *tcq<3, 10, float16>::make(256), 5);
  check_any("mad2", mad2{}, 5);
  check_any("inst2", inst2{}, 5);
  check_any("hyb2", hyb2{}, 5);
  check_any("pairs of 3 bits", tcq_pair<3, 8>{}, 4);
  check_any("cosine 4", *cosine_codec<4>::make(64), 8);
  check_any("pyramid", pyramid_codec<16, 12>{}, 16);
  check_any("polar", polar{}, 5);
}

template <class Quantizer>
void check_indices(Quantizer const& q, std::size_t columns) {
  std::vector<std::uint8_t> codes(2 * columns);
  std::vector<float> x(2 * q.dimension(), 7.0f);
  auto const decode = [&] { return q.decode({codes.data(), 2, columns}, {x.data(), 2, q.dimension()}); };
  for (std::size_t at = 0; at < codes.size(); ++at)
    for (unsigned c = 0; c < 256; ++c) {
      codes[at] = static_cast<std::uint8_t>(c);
      for (auto& v : x) v = 7.0f;
      auto const s = decode();
      REQUIRE((s ? c < q.codewords() : s.error() == errc::corrupt && c >= q.codewords()));
      for (auto const v : x) REQUIRE((v == 7.0f) == !s);
      codes[at] = 0;
    }
}

TEST_CASE("Any index of a quantizer of vectors is a codeword's or corrupt", "[codebook]") {
  std::vector<float> floats(2 * 5 * 4, 1.0f);
  check_indices(*product_quantizer::make(8, 2, 5, floats), 2);
  check_indices(*additive_quantizer::make(4, 2, 5, floats), 2);
  std::int16_t y[4]{};
  using index = pyramid_index<4, 3, 1>;
  REQUIRE(index::point(index::size(), std::span<std::int16_t, 4>{y}).error() == errc::corrupt);
}

}  // namespace
}  // namespace skive
