// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/e8p_dot.hpp and byte_level_dot.hpp: products of the sets of E8 with bytes, through codebook/lattice_codec.hpp and
// scaled_codec.hpp.
#include "skive/codebook/e8p_dot.hpp"

#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/scaled_codec.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Against the decoded numbers times what the vector became; whole chunks, tails, groups that begin within a chunk.
template <class Code>
void check_products() {
  std::vector<float> x(2600);
  std::vector<float> y(2600);
  counter_random{3, 3}.fill_gaussian(x);
  counter_random{3, 4}.fill_gaussian(y);
  for (std::size_t const group : {0U, 512U, 24U})
    for (std::size_t const n : {0U, 5U, 511U, 512U, 1024U, 2600U})
      for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
        auto const codec = *lattice_codec<Code>::make(group);
        test::packed_row<lattice_codec<Code>> packed{codec, n, test::layouts[1], 1};
        REQUIRE(codec.encode(std::span<float const>{x}.first(n), packed.to()));
        std::vector<float> decoded(n);
        REQUIRE(codec.decode(packed.from(), std::span{decoded}));
        test::scratch_memory scratch{codec.int8_query_bytes(n, kind)};
        if (n > 0) {
          auto bad = y;
          bad[n - 1] = std::numeric_limits<float>::quiet_NaN();
          REQUIRE(codec.prepare_int8(std::span<float const>{bad}.first(n), kind, scratch.get()).error() == errc::not_finite);
        }
        auto const q = codec.prepare_int8(std::span<float const>{y}.first(n), kind, scratch.get());
        REQUIRE(q);
        double exact = 0;
        double magnitude = 0;
        for (std::size_t i = 0; i < n; ++i) {
          detail::query_place<1> const at{i, bit_order::low_first, kind};
          float scale = q->scale;
          if (kind == activation_scale::per_block) std::memcpy(&scale, q->data + at.scale, 4);
          auto const v = static_cast<double>(scale) * static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q->data[at.value]));
          exact += v * static_cast<double>(decoded[i]);
          magnitude += std::fabs(v * static_cast<double>(decoded[i]));
        }
        auto const check = [&]<class Arch>() {
          auto const got = codec.template dot<Arch>(packed.from(), *q);
          REQUIRE(got);
          REQUIRE(std::fabs(static_cast<double>(*got) - exact) <= 200 * 0x1p-24 * magnitude);
        };
        check.template operator()<native_arch>();
        check.template operator()<scalar_arch>();
        auto other = *q;
        other.order ^= 1U << 19;
        REQUIRE(codec.dot(packed.from(), other).error() == errc::invalid_argument);
      }
}

TEST_CASE("Products of the sets of E8 with bytes", "[codebook]") {
  check_products<e8p>();
  check_products<e8_1b>();
  check_products<e8_3b>();
  check_products<e8_4b>();
}

}  // namespace
}  // namespace skive
