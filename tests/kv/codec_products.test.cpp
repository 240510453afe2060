// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/codec_products.hpp: products of codes in registers are those of decoded numbers, whatever the head size, the range of tokens
// and the number of queries.
#include "skive/kv/codec_products.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kv/codec_pages.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <tuple>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::native_arch;
namespace test = skive::test;

// Logits of some queries and sums of their weights against decoded numbers, for ranges that begin and end inside of fours.
template <class Arch, class Codec>
void check(Codec const& codec, skive::page_shape shape) {
  auto const k = *skive::codec_keys<Codec>::make(codec, shape);
  auto const v = *skive::codec_values<Codec>::make(codec, shape);
  REQUIRE(k.template multiplies<Arch>());
  test::number_rows const rows{shape.tokens, shape.head_size, 3};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  test::scratch_bytes_of memory{k.query_bytes(6)};
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  test::number_rows x{shape.tokens, shape.head_size};
  REQUIRE(k.decode(page.span(), 0, x.view(), scratch.get()));
  for (auto const& [queries, first, count] : {std::tuple{1U, std::size_t{0}, shape.tokens}, {3U, 5U, 9U}, {6U, 1U, 23U}}) {
    test::number_rows const q{queries, shape.head_size, 5};
    test::number_rows const w{queries, count, 7};
    test::number_rows logits{queries, count};
    test::number_rows sums{queries, shape.head_size};
    REQUIRE(k.template dot<Arch>(page.span(), first, *k.template prepare<Arch>(q.view(), memory.get()), logits.view(),
                                 scratch.get()));
    REQUIRE(v.template accumulate<Arch>(page.span(), first, w.view(), sums.view(), scratch.get()));
    for (std::size_t i = 0; i < queries; ++i) {
      std::vector<double> sum(shape.head_size);
      std::vector<double> most(shape.head_size);
      for (std::size_t t = 0; t < count; ++t) {
        double logit = 0;
        double size = 0;
        for (std::size_t d = 0; d < shape.head_size; ++d) {
          auto const number = static_cast<double>(x(first + t, d));
          logit += static_cast<double>(q(i, d)) * number;
          size += std::fabs(static_cast<double>(q(i, d)) * number);
          sum[d] += static_cast<double>(w(i, t)) * number;
          most[d] += std::fabs(static_cast<double>(w(i, t)) * number);
        }
        REQUIRE(std::fabs(static_cast<double>(logits(i, t)) - logit) <= 4e-6 * size);
      }
      for (std::size_t d = 0; d < shape.head_size; ++d)
        REQUIRE(std::fabs(static_cast<double>(sums(i, d)) - sum[d]) <= 4e-6 * most[d]);
    }
  }
}

using e4m3_codec = skive::absmax<skive::e4m3fn>;

}  // namespace

TEST_CASE("codec_products: 64, 32 and 16 channels, zero points, scales for a token or a group", "[kv]") {
  check<native_arch>(e4m3_codec{16}, {112, 64});
  check<native_arch>(e4m3_codec{0}, {64, 32});
  check<native_arch>(skive::mx<skive::e5m2>{32}, {96, 32});
  check<native_arch>(e4m3_codec{16}, {1024, 32});  // scales of four tokens at a time
  check<native_arch>(skive::affine_int<4>{32}, {128, 32});
  CHECK(!skive::codec_keys<e4m3_codec>::make(e4m3_codec{8}, {64, 32})->multiplies<native_arch>());   // groups of half a register
  CHECK(!skive::codec_keys<e4m3_codec>::make(e4m3_codec{32}, {80, 32})->multiplies<native_arch>());  // a group leaves its token
}

TEST_CASE("codec_products: registers of eight lanes", "[kv]") {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    if constexpr (xsimd::batch<float, Arch>::size == 8) check<Arch>(e4m3_codec{32}, {96, 32});
  });
}

TEST_CASE("codec_products: a code of NaN is found where it is read, and nowhere else", "[kv]") {
  auto const k = *skive::codec_keys<e4m3_codec>::make(e4m3_codec{32}, {64, 64});
  auto const v = *skive::codec_values<e4m3_codec>::make(e4m3_codec{32}, {64, 64});
  test::number_rows const rows{64, 64, 3};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(2)};
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  page.span()[40 * 64 + 9] = std::byte{0xFF};
  test::number_rows const q{2, 64, 5};
  auto const query = *k.prepare(q.view());
  for (auto const& [first, count, code] : {std::tuple{0U, 40U, errc::ok}, {40U, 1U, errc::corrupt}, {41U, 23U, errc::ok}}) {
    test::number_rows logits{2, count};
    test::number_rows sums{2, 64};
    test::number_rows const weights{2, count, 7};
    CHECK(k.dot(page.span(), first, query, logits.view(), scratch.get()).error() == code);
    CHECK(v.accumulate(page.span(), first, weights.view(), sums.view(), scratch.get()).error() == code);
  }
}
