// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/nibble_products.hpp: products of codes of 4 bits are those of decoded numbers up to the rounding of queries and weights to 16
// bits, whatever the head size, the group, the range of tokens, the order of nibbles and the number of queries.
#include "skive/kv/nibble_products.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/integer.hpp"
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

// |error| of a logit: 2^-16 max |q| sum |x|, of a sum: 2^-15 max |w| max |x of a tile| tokens, and rounding of floats.
template <class Arch, class Codec>
void check(Codec const& codec, skive::page_shape shape) {
  CAPTURE(shape.head_size, shape.tokens);
  auto const k = *skive::codec_keys<Codec>::make(codec, shape);
  auto const v = *skive::codec_values<Codec>::make(codec, shape);
  test::number_rows const rows{shape.tokens, shape.head_size, 3};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  test::scratch_bytes_of memory{k.query_bytes(6)};
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  test::number_rows x{shape.tokens, shape.head_size};
  REQUIRE(k.decode(page.span(), 0, x.view(), scratch.get()));
  for (auto const& [queries, first, count] :
       {std::tuple{1U, std::size_t{0}, shape.tokens}, {3U, 5U, 9U}, {2U, 31U, 1U}, {6U, 1U, 23U}}) {
    test::number_rows const q{queries, shape.head_size, 5};
    test::number_rows const w{queries, count, 7};
    test::number_rows logits{queries, count};
    test::number_rows sums{queries, shape.head_size, 9};
    auto const before = sums;
    REQUIRE(k.template dot<Arch>(page.span(), first, *k.template prepare<Arch>(q.view(), memory.get()), logits.view(),
                                 scratch.get()));
    REQUIRE(v.template accumulate<Arch>(page.span(), first, w.view(), sums.view(), scratch.get()));
    for (std::size_t i = 0; i < queries; ++i) {
      double most_q = 0;
      double most_w = 0;
      double most_x = 0;
      for (std::size_t d = 0; d < shape.head_size; ++d) most_q = std::fmax(most_q, std::fabs(static_cast<double>(q(i, d))));
      for (std::size_t t = 0; t < count; ++t) most_w = std::fmax(most_w, std::fabs(static_cast<double>(w(i, t))));
      std::vector<double> sum(shape.head_size);
      for (std::size_t t = 0; t < count; ++t) {
        double logit = 0;
        double size = 0;
        for (std::size_t d = 0; d < shape.head_size; ++d) {
          auto const number = static_cast<double>(x(first + t, d));
          logit += static_cast<double>(q(i, d)) * number;
          size += std::fabs(number);
          most_x = std::fmax(most_x, std::fabs(number));
          sum[d] += static_cast<double>(w(i, t)) * number;
        }
        REQUIRE(std::fabs(static_cast<double>(logits(i, t)) - logit) <= (0x1p-16 + 1e-6) * most_q * size);
      }
      for (std::size_t d = 0; d < shape.head_size; ++d)
        REQUIRE(std::fabs(static_cast<double>(sums(i, d)) - static_cast<double>(before(i, d)) - sum[d]) <=
                (0x1p-15 + 1e-6) * most_w * most_x * static_cast<double>(count) + 1e-6);
    }
  }
}

}  // namespace

TEST_CASE("nibble_products: levels that are integers, and those that are not", "[kv]") {
  static_assert(skive::detail::nibble_values<skive::mx_scheme<skive::e2m1>>()[15] == -12);
  static_assert(skive::detail::nibble_scheme<skive::mx_scheme<skive::e2m1>> && skive::detail::nibble_scheme<skive::nvfp4_scheme>);
  static_assert(!skive::detail::nibble_scheme<skive::mx_scheme<skive::e4m3fn>>);
}

TEST_CASE("nibble_products: groups of 16, 32 and a token, blocks that are not whole, few tokens at once", "[kv]") {
  skive::nvfp4 const sixteen{16, *skive::nvfp4_scheme::make(4.0f)};
  check<native_arch>(sixteen, {128, 64});
  check<native_arch>(sixteen, {112, 32});
  check<native_arch>(sixteen, {1024, 32});
  check<native_arch>(skive::mx<skive::e2m1>{32}, {128, 64});
  check<native_arch>(skive::mx<skive::e2m1>{32}, {96, 32});
  check<native_arch>(skive::mx<skive::e2m1>{32, {}, skive::bit_order::high_first}, {160, 32});
  check<native_arch>(skive::absmax<skive::int4>{0}, {64, 32});
  check<native_arch>(skive::absmax<skive::int4>{0}, {272, 32});
}

TEST_CASE("nibble_products: a scale of NaN is found where it is read", "[kv]") {
  using codec = skive::mx<skive::e2m1>;
  auto const k = *skive::codec_keys<codec>::make(codec{32}, {64, 32});
  auto const v = *skive::codec_values<codec>::make(codec{32}, {64, 32});
  test::number_rows const rows{32, 64, 3};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(2)};
  test::scratch_bytes_of memory{k.query_bytes(2)};
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  page.span()[32 * 32 + 2 * 20] = std::byte{0xFF};  // of token 20
  test::number_rows q{2, 64, 5};
  auto const query = *k.prepare(q.view(), memory.get());
  for (auto const& [first, count, code] : {std::tuple{0U, 20U, errc::ok}, {20U, 1U, errc::corrupt}, {21U, 11U, errc::ok}}) {
    test::number_rows logits{2, count};
    test::number_rows sums{2, 64};
    test::number_rows const weights{2, count, 7};
    CHECK(k.dot(page.span(), first, query, logits.view(), scratch.get()).error() == code);
    CHECK(v.accumulate(page.span(), first, weights.view(), sums.view(), scratch.get()).error() == code);
  }
}
