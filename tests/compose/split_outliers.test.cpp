// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/split_outliers.hpp: laws, what stands where, corrupt places.
#include "skive/compose/split_outliers.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/format/fp8.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace skive;

constexpr split_outliers spqr{top_fraction{0.02f}, affine_int<3>{16}};
using spqr_type = std::remove_const_t<decltype(spqr)>;
static_assert(block_codec<spqr_type> && dot_codec<spqr_type> && std::is_trivially_copyable_v<spqr_type>);
static_assert(total_bytes(spqr.plane_bytes(1000)) == total_bytes(affine_int<3>{16}.plane_bytes(1000)) + 20 * 4);
static_assert(spqr.plane_bytes(65536)[3] == 1311 * 2 && spqr.plane_bytes(65537)[3] == 1311 * 4);

// Places of the `count` largest magnitudes, ties to the lower index.
std::vector<std::size_t> largest(std::vector<float> const& row, std::size_t count) {
  std::vector<std::size_t> order(row.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    auto const x = std::fabs(row[a]);
    auto const y = std::fabs(row[b]);
    return x > y || (x == y && a < b);
  });
  order.resize(count);
  return order;
}

// Bounds of all numbers: those apart within Format's rounding of the correction, others as the codec alone leaves them.
template <class Codec, class Inner>
void outliers_stand_apart(Codec const& codec, Inner const& inner, std::vector<float> const& row, std::size_t count, double ulp) {
  auto const got = test::through(codec, row);
  auto rest = row;
  auto const apart = largest(row, count);
  for (auto const i : apart) rest[i] = 0.0f;
  auto expected = test::through(inner, rest);
  for (auto const i : apart) {
    REQUIRE(std::fabs(static_cast<double>(got[i]) - static_cast<double>(row[i])) <=
            ulp * (std::fabs(static_cast<double>(row[i])) + std::fabs(static_cast<double>(expected[i]))) + 0x1p-25);
    expected[i] = got[i];
  }
  REQUIRE((test::bits_of(got) == test::bits_of(expected)));
}

template <class Codec>
void products_keep_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    auto const terms = static_cast<double>(n) / 16 + 20;
    test::detail::check_products<native_arch>(codec, n, terms, 5);
    test::detail::check_product_refusals<native_arch>(codec, n);
    test::detail::check_product_of_nan<native_arch>(codec, n);
  }
}

}  // namespace

TEST_CASE("split_outliers: laws of block_codec", "[compose]") {
  test::check_block_codec(spqr, {0, 1, 49, 50, 333});
  test::check_block_codec(split_outliers{top_k{3}, absmax<int4>{0}, bfloat16{}}, {0, 3, 130});
  test::check_block_codec(split_outliers{top_fraction{0.05f}, sparse_codec{n_of_m<2, 4>{}, absmax<e4m3fn>{16}}},
                          {0, 4, 100, 400});
  test::check_block_codec(split_outliers{top_fraction{0.01f}, split_outliers{top_fraction{0.05f}, absmax<int3>{32}}},
                          {0, 77, 500});
}

TEST_CASE("split_outliers: outliers are nearly exact, the rest is the codec's", "[compose]") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    auto const row = test::mixed_row(1000, seed);
    outliers_stand_apart(spqr, affine_int<3>{16}, row, 20, 0x1p-10);
    outliers_stand_apart(split_outliers{top_k{7}, absmax<int4>{32}, bfloat16{}}, absmax<int4>{32}, row, 7, 0x1p-7);
  }
  std::vector<float> row(64, 1.0f);  // the first of equals; NaN and infinities before numbers
  row[50] = std::numeric_limits<float>::quiet_NaN();
  row[60] = -std::numeric_limits<float>::infinity();
  row[10] = 2.0f;
  auto const got = test::through(split_outliers{top_k{4}, absmax<int2>{64}}, row);
  CHECK((std::isnan(got[50]) && got[60] == row[60] && got[10] == 2.0f && got[0] == 1.0f && got[1] == 1.0f));
}

TEST_CASE("split_outliers: refuses corrupt places and refused rows", "[compose]") {
  auto const row = test::mixed_row(100, 3);
  split_outliers const codec{top_k{4}, absmax<int4>{32}};
  test::packed_row<std::remove_const_t<decltype(codec)>> packed{codec, 100};
  test::scratch_memory scratch{codec.scratch_bytes(100)};
  auto const q = codec.prepare(row);
  REQUIRE(q);
  std::vector<float> out(100);
  auto* const places = packed.to()[2].data;
  for (auto const& bad : {std::array{3, 2, 5, 6}, std::array{3, 3, 5, 6}, std::array{1, 2, 3, 100}, std::array{1, 2, 3, 65535}}) {
    REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()));
    for (std::size_t i = 0; i < 4; ++i) {
      places[2 * i] = static_cast<std::byte>(bad[i] & 255);
      places[2 * i + 1] = static_cast<std::byte>(bad[i] >> 8);
    }
    CHECK(codec.decode(packed.from(), std::span<float>{out}, scratch.get()).error() == errc::corrupt);
    CHECK(codec.dot(packed.from(), *q).error() == errc::corrupt);
  }
  CHECK(codec.encode(std::span{row}.first(3), packed.to(), scratch.get()).error() == errc::invalid_argument);  // 4 of 3
  split_outliers const refusing{top_k{1}, *double_quantized<nf4>::make(64, 0.1f)};
  std::vector<float> infinite(100, std::numeric_limits<float>::infinity());
  test::packed_row<std::remove_const_t<decltype(refusing)>> to{refusing, 100};
  test::scratch_memory more{refusing.scratch_bytes(100)};
  CHECK(refusing.encode(std::span<float const>{infinite}, to.to(), more.get()).error() == errc::not_finite);
  CHECK(to.untouched());
}

TEST_CASE("split_outliers: products", "[compose]") {
  products_keep_the_laws(spqr, {0, 1, 64, 1000});
  products_keep_the_laws(split_outliers{top_k{3}, sparse_codec{n_of_m<2, 4>{}, absmax<int4>{32}}}, {4, 400});
}
