// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/parts.hpp: planes and strides of a part, the checks of a row, two parts' planes and products.
#include "skive/compose/parts.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/sparse_codec.hpp"

#include "laws/dot_codec.hpp"
#include "support/plain_floats.hpp"

namespace {

using namespace skive;
using eights_and_fours = detail::two_parts<absmax<int8>, absmax<int4>>;

static_assert(detail::common_block(32, 32) == 32 && detail::common_block(32, 64) == 0 && detail::common_block(0, 0) == 0);
static_assert(detail::joined(std::array<std::size_t, 2>{1, 2}, std::array<std::size_t, 1>{3}) ==
              std::array<std::size_t, 3>{1, 2, 3});
static_assert(std::is_same_v<detail::query_of<absmax<int4>>::type, float_query>);
static_assert(std::is_same_v<detail::query_of<test::plain_floats>::type, detail::no_query>);
static_assert(eights_and_fours::has_products && !detail::two_parts<absmax<int8>, test::plain_floats>::has_products);

}  // namespace

TEST_CASE("parts: planes of a part", "[compose]") {
  std::vector<std::byte> memory(1000);
  planes<std::byte, 4> composed;
  for (std::size_t i = 0; i < 4; ++i) composed[i] = {memory.data() + 100 * i, 50 + i, 7 + i};
  eights_and_fours const parts{absmax<int8>{32}, absmax<int4>{64}};
  for (std::size_t const block : {0U, 128U}) {
    auto const first = parts.first_planes(block, composed);
    auto const second = parts.second_planes(block, composed);
    auto const of_first = parts.first.plane_bytes(32);  // without a common block the part's own blocks follow each other
    auto const of_second = parts.second.plane_bytes(64);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK((first[i].data == composed[i].data && first[i].size == 50 + i));
      CHECK((second[i].data == composed[2 + i].data && second[i].size == 52 + i));
      CHECK(first[i].block_stride == (block == 0 ? of_first[i] : 7 + i));
      CHECK(second[i].block_stride == (block == 0 ? of_second[i] : 9 + i));
    }
  }
}

TEST_CASE("parts: what a row is asked first", "[compose]") {
  using codec_type = sparse_codec<n_of_m<2, 4>, absmax<int4>>;
  codec_type const codec{{}, absmax<int4>{32}};
  test::packed_row<codec_type> packed{codec, 100};
  test::scratch_memory scratch{codec.scratch_bytes(100)}, small{codec.scratch_bytes(100) - 1};
  CHECK(detail::check_row(codec, 100, packed.to(), scratch.get()) == errc::ok);
  CHECK(detail::check_row(codec, 98, packed.to(), scratch.get()).error() == errc::size_mismatch);
  CHECK(detail::check_row(codec, 100, packed.to(), small.get()).error() == errc::workspace_too_small);
  for (std::size_t i = 0; i < 3; ++i) {
    auto from = packed.from();
    --from[i].size;
    CHECK(detail::check_row(codec, 100, from, scratch.get()).error() == errc::size_mismatch);
  }
}

TEST_CASE("parts: products of two parts add up", "[compose]") {
  eights_and_fours const parts{absmax<int8>{32}, absmax<int4>{64}};
  auto const a = test::gaussian_row(64, 1);
  auto const b = test::gaussian_row(100, 2);
  test::packed_row<absmax<int8>> first{parts.first, 64};
  test::packed_row<absmax<int4>> second{parts.second, 100};
  test::fill_codes(parts.first, first, a);
  test::fill_codes(parts.second, second, b);
  planes<std::byte const, 4> both;
  for (std::size_t i = 0; i < 2; ++i) {
    both[i] = first.from()[i];
    both[2 + i] = second.from()[i];
  }
  test::scratch_memory memory{parts.query_bytes(64, 100)};
  auto const q = parts.prepare<native_arch>(a, b, 164, memory.get());
  REQUIRE(q);
  CHECK(parts.prepare<native_arch>(a, b, 164, {}).error() == errc::workspace_too_small);
  CHECK(q->size == 164);
  auto const y = parts.dot<native_arch>(0, both, *q);
  REQUIRE(y);
  CHECK(*y ==
        *parts.first.dot(first.from(), *parts.first.prepare(a)) + *parts.second.dot(second.from(), *parts.second.prepare(b)));
  for (std::size_t i = 0; i < 4; ++i) {  // either part's refusal is the whole's
    auto less = both;
    --less[i].size;
    CHECK(parts.dot<native_arch>(0, less, *q).error() == errc::size_mismatch);
  }
}
