// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/sparse_codec.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/compose/residual.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/mask_pattern.hpp"
#include "support/plain_floats.hpp"

#include <cmath>

namespace {

using namespace skive;

using two_of_four = n_of_m<2, 4>;
static_assert(block_codec<sparse_codec<two_of_four, test::plain_floats>> &&
              !dot_codec<sparse_codec<two_of_four, test::plain_floats>>);
static_assert(block_codec<sparse_codec<n_of_m<4, 8>, absmax<int4>>> && dot_codec<sparse_codec<n_of_m<4, 8>, absmax<int4>>>);
static_assert(std::is_trivially_copyable_v<sparse_codec<two_of_four, absmax<int4>>>);

// The kept numbers by sorting, coded by the codec itself, and put back.
template <class Codec>
std::vector<float> expected(Codec const& codec, std::vector<float> const& row, std::size_t kept, std::size_t group) {
  auto magnitudes = row;
  for (auto& x : magnitudes) x = std::isnan(x) ? std::numeric_limits<float>::infinity() : std::fabs(x);
  auto const mask = test::expected_mask(magnitudes, group, [kept](std::size_t) { return kept; });
  std::vector<float> values;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (is_kept(mask, i)) values.push_back(row[i]);
  auto const back = test::through(codec, values);
  std::vector<float> out(row.size());
  for (std::size_t i = 0, k = 0; i < row.size(); ++i)
    if (is_kept(mask, i)) out[i] = back[k++];
  return out;
}

template <class Codec>
void expect_corrupt(Codec const& codec, std::size_t n) {
  auto const row = test::mixed_row(n, 3);
  test::packed_row<Codec> packed{codec, n};
  test::scratch_memory scratch{codec.scratch_bytes(n)};
  REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()));
  packed.to()[Codec::plane_count - 1].data[0] = std::byte{0xFF};  // 7 and 7: there are six sets
  std::vector<float> out(n);
  CHECK(codec.decode(packed.from(), std::span<float>{out}, scratch.get()).error() == errc::corrupt);
  auto const q = codec.prepare(row);
  REQUIRE(q);
  CHECK(codec.dot(packed.from(), *q).error() == errc::corrupt);
}

template <class Codec>
void products_keep_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    auto const terms = static_cast<double>(n) / 16 + 20;
    test::detail::check_products<native_arch>(codec, n, terms, 5);
    test::detail::check_products<scalar_arch>(codec, n, terms, 6);
    test::detail::check_product_refusals<native_arch>(codec, n);
    test::detail::check_product_of_nan<native_arch>(codec, n);
  }
}

}  // namespace

TEST_CASE("sparse_codec: laws of block_codec", "[compose]") {
  sparse_codec const int4_2_of_4{two_of_four{}, absmax<int4>{32}};
  CHECK(int4_2_of_4.block_size() == 64);
  CHECK(int4_2_of_4.row_multiple() == 4);
  CHECK(total_bytes(int4_2_of_4.plane_bytes(64)) == 16 + 2 + 6);
  test::check_block_codec(int4_2_of_4, {0, 4, 60, 64, 68, 256, 1000});
  sparse_codec const row_scale{n_of_m<4, 8>{}, absmax<e4m3fn>{0}};
  CHECK(row_scale.block_size() == 0);
  test::check_block_codec(row_scale, {0, 8, 200});
  sparse_codec const fives{n_of_m<3, 5>{}, mx<e2m1>{}};
  CHECK(fives.block_size() == 160);
  test::check_block_codec(fives, {0, 5, 150, 160, 165, 500});
}

TEST_CASE("sparse_codec: many blocks of the codec in one", "[compose]") {
  sparse_codec const plain{two_of_four{}, test::plain_floats{}};
  CHECK(plain.block_size() == 32);
  test::check_block_codec(plain, {0, 4, 28, 32, 36, 200});
  sparse_codec const nested{two_of_four{}, residual{absmax<int4>{4}, absmax<int4>{4}}};  // 8 blocks of 4 in 16 kept
  CHECK(nested.block_size() == 32);
  test::check_block_codec(nested, {0, 4, 32, 100});
}

TEST_CASE("sparse_codec: decodes what the codec makes of the kept numbers", "[compose]") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    auto const row = test::mixed_row(960, seed);
    CHECK((test::through(sparse_codec{two_of_four{}, absmax<int4>{32}}, row) == expected(absmax<int4>{32}, row, 2, 4)));
    CHECK((test::through(sparse_codec{n_of_m<8, 16>{}, mx<e2m1>{}}, row) == expected(mx<e2m1>{}, row, 8, 16)));
    CHECK((test::through(sparse_codec{n_of_m<1, 32>{}, absmax<int8>{8}}, row) == expected(absmax<int8>{8}, row, 1, 32)));
  }
  // A refusal of the codec writes nothing.
  sparse_codec const refusing{two_of_four{}, *double_quantized<nf4>::make(64, 0.1f)};
  std::vector<float> row(256, 1.0f);
  row[77] = std::numeric_limits<float>::infinity();
  test::packed_row<sparse_codec<two_of_four, double_quantized<nf4>>> packed{refusing, 256, test::layout::interleaved};
  test::scratch_memory scratch{refusing.scratch_bytes(256)};
  CHECK(refusing.encode(std::span<float const>{row}, packed.to(), scratch.get()).error() == errc::not_finite);
  CHECK(packed.untouched());
}

TEST_CASE("sparse_codec: a mask of the caller's", "[compose]") {
  sparse_codec const codec{two_of_four{}, absmax<int8>{16}};
  std::vector<float> const row{1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<std::byte> mask{std::byte{0b0101'0011}};
  test::packed_row<sparse_codec<two_of_four, absmax<int8>>> packed{codec, 8};
  test::scratch_memory scratch{codec.scratch_bytes(8)};
  REQUIRE(codec.encode_masked(row, mask, packed.to(), scratch.get()));
  std::vector<float> out(8);
  REQUIRE(codec.decode(packed.from(), std::span<float>{out}, scratch.get()));
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::fabs(out[i] - (is_kept(mask, i) ? row[i] : 0.0f)) < 0.03f);
  mask[0] = std::byte{0b0101'0111};
  CHECK(codec.encode_masked(row, mask, packed.to(), scratch.get()).error() == errc::invalid_argument);
  CHECK(codec.encode_masked(row, {}, packed.to(), scratch.get()).error() == errc::size_mismatch);
}

TEST_CASE("sparse_codec: products", "[compose]") {
  products_keep_the_laws(sparse_codec{two_of_four{}, absmax<int4>{32}}, {0, 4, 64, 100, 1000, 20000});
  products_keep_the_laws(sparse_codec{n_of_m<16, 32>{}, absmax<int8>{16}}, {32, 4096});
  products_keep_the_laws(sparse_codec{n_of_m<2, 3>{}, absmax<int4>{0}}, {0, 3, 999});
  expect_corrupt(sparse_codec{two_of_four{}, absmax<int4>{32}}, 96);
  std::vector<float> const x(16384);
  CHECK(sparse_codec{two_of_four{}, absmax<int4>{0}}.prepare(x).error() == errc::unsupported);
  CHECK(sparse_codec{two_of_four{}, absmax<int4>{32}}.prepare(std::span{x}.first(7)).error() == errc::size_mismatch);
}
