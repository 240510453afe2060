// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/codec_pages.hpp and kv/roped_keys.hpp: quantizers made of others.
#include "skive/kv/codec_pages.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/integer.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::errc;
using skive::native_arch;
namespace test = skive::test;

template <class Codec>
void check(Codec const& codec, skive::page_shape shape, double tolerance = 4e-6) {
  using keys = skive::codec_keys<Codec>;
  using values = skive::codec_values<Codec>;
  static_assert(skive::key_quantizer<keys> && skive::value_quantizer<values>);
  auto const k = *keys::make(codec, shape);
  test::check_key_quantizer<native_arch>(k, tolerance);
  test::check_value_quantizer<native_arch>(*values::make(codec, shape), tolerance);
  // The bytes are the codec's, plane by plane.
  test::number_rows const rows{shape.tokens, shape.head_size, 2};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  std::vector<std::byte> one(k.token_bytes());
  skive::planes<std::byte, Codec::plane_count> to;
  REQUIRE(skive::planar(codec, shape.head_size, std::span{one}, to));
  for (std::size_t const token : {std::size_t{0}, std::size_t{7}, shape.tokens - 1}) {
    REQUIRE(codec.encode(rows.view().row(token), to, scratch.get()));
    std::size_t plane = 0;
    std::size_t from = 0;
    for (auto const bytes : codec.plane_bytes(shape.head_size)) {
      for (std::size_t i = 0; i < bytes; ++i) REQUIRE(page.span()[plane + token * bytes + i] == one[from + i]);
      plane += shape.tokens * bytes;
      from += bytes;
    }
  }
}

}  // namespace

TEST_CASE("codec_pages: block codecs as quantizers of tokens", "[kv]") {
  check(skive::mx<skive::e2m1>{32}, {64, 64}, 6e-5);  // queries and weights of 16 bits
  check(skive::absmax<skive::e4m3fn>{0}, {72, 32});
  check(skive::absmax<skive::int4>{16}, {72, 32});  // groups that leave a token: decoded one by one
  check(skive::nvfp4{16, *skive::nvfp4_scheme::make(16.0f)}, {80, 64}, 6e-5);
}

TEST_CASE("codec_pages: sizes, corrupt pages, scratch", "[kv]") {
  using keys = skive::codec_keys<skive::mx<skive::e2m1>>;
  static_assert(keys::make(skive::mx<skive::e2m1>{32}, {128, 64})->page_bytes() == 64 * (64 + 4));
  static_assert(keys::make(skive::mx<skive::e2m1>{32}, {64, 0}).error() == errc::invalid_argument);
  auto const k = *keys::make(skive::mx<skive::e2m1>{32}, {64, 32});
  auto const v = *skive::codec_values<skive::mx<skive::e2m1>>::make(skive::mx<skive::e2m1>{32}, {64, 32});
  test::guarded_page page{k.page_bytes()};
  for (auto& b : page.span()) b = std::byte{0xFF};  // scales that are NaN
  test::number_rows const q{3, 64, 1};
  test::number_rows logits{3, 7};
  test::number_rows sums{3, 64};
  test::scratch_bytes_of scratch{k.scratch_bytes(3)};
  test::scratch_bytes_of memory{k.query_bytes(3)};
  auto const query = *k.prepare(q.view(), memory.get());
  CHECK(k.dot(page.span(), 0, query, logits.view(), scratch.get()).error() == errc::corrupt);
  CHECK(v.accumulate(page.span(), 0, test::number_rows{3, 7, 2}.view(), sums.view(), scratch.get()).error() == errc::corrupt);
  CHECK(k.dot(page.span(), 0, query, logits.view(), {}).error() == errc::workspace_too_small);
  CHECK(v.accumulate(page.span(), 0, test::number_rows{3, 7, 2}.view(), sums.view(), {}).error() == errc::workspace_too_small);
}
