// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/vector_dot.hpp: products of grids with bytes, through codebook/vector_codec.hpp.
#include "skive/codebook/vector_dot.hpp"

#include "skive/codebook/gaussian_grid.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Levels in 255 steps of the largest one, by the definition; whole chunks, tails, groups that begin within a chunk.
template <class Codec>
void check_products(std::size_t group) {
  auto const codec = *Codec::make(group);
  auto const& t = codec.code().table();
  float largest = 0;
  for (auto const& row : t.value)
    for (auto const v : row) largest = std::max(largest, std::fabs(v));
  REQUIRE(t.byte_unit == largest / 127);
  std::vector<float> x(1100);
  std::vector<float> y(1100);
  counter_random{4, 3}.fill_gaussian(x);
  counter_random{4, 4}.fill_gaussian(y);
  for (std::size_t const n : {0U, 7U, 512U, 1024U, 1100U})
    for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
      test::packed_row<Codec> packed{codec, n, test::layouts[1], 1};
      REQUIRE(codec.encode(std::span<float const>{x}.first(n), packed.to()));
      std::vector<float> decoded(n);
      REQUIRE(codec.decode(packed.from(), std::span{decoded}));
      test::scratch_memory scratch{codec.int8_query_bytes(n, kind)};
      auto const q = codec.prepare_int8(std::span<float const>{y}.first(n), kind, scratch.get());
      REQUIRE(q);
      auto const scales = packed.gathered()[1];
      double exact = 0;
      double magnitude = 0;
      for (std::size_t i = 0; i < n; ++i) {
        detail::query_place<8 / (Codec::code_type::table_type::dimension * 8 / Codec::code_type::table_type::index_bits)> const
            at{i, bit_order::low_first, kind};
        float scale = q->scale;
        if (kind == activation_scale::per_block) std::memcpy(&scale, q->data + at.scale, 4);
        auto const v = static_cast<double>(scale) * static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q->data[at.value]));
        auto const g = group == 0 ? 0 : i / group;
        auto const step = static_cast<double>(float16::decode(static_cast<std::uint16_t>(
                              std::to_integer<unsigned>(scales[2 * g]) | std::to_integer<unsigned>(scales[2 * g + 1]) << 8))) /
            1024;
        auto const unit = step * static_cast<double>(largest) / 127;
        auto const used = std::round(static_cast<double>(decoded[i]) / unit) * unit;
        REQUIRE(std::fabs(used - static_cast<double>(decoded[i])) <= 0.5001 * unit);
        exact += v * used;
        magnitude += std::fabs(v * used);
      }
      auto const check = [&]<class Arch>() {
        auto const got = codec.template dot<Arch>(packed.from(), *q);
        REQUIRE(got);
        REQUIRE(std::fabs(static_cast<double>(*got) - exact) <= 200 * 0x1p-24 * magnitude);
      };
      check.template operator()<scalar_arch>();
      test::for_each(test::few_arches{}, check);
      auto other = *q;
      other.order ^= 1U << 20;
      REQUIRE(codec.dot(packed.from(), other).error() == errc::invalid_argument);
    }
}

TEST_CASE("Products of grids with bytes", "[codebook]") {
  check_products<kmeans1_d4>(0);
  check_products<kmeans2_d2>(32);
  check_products<kmeans2_d2>(0);
  check_products<kmeans2_d4>(512);
  check_products<kmeans4_d2>(0);
  check_products<kmeans4_d2>(48);
  static_assert(!int8_group_code<detail::vector_groups<gaussian_grid<3, 9>>>);
}

}  // namespace
}  // namespace skive
