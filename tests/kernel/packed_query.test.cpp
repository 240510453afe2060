// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/packed_query.hpp: a packed row as the query of another one against the product of what both decode to; refusals.
#include "skive/kernel/packed_query.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"

#include "laws/dot_codec.hpp"

namespace {

using namespace skive;

// Both rows decoded, in double.
template <class A, class B>
test::exact_product product(A const& a, test::packed_row<A>& left, B const& b, test::packed_row<B>& right, std::size_t n) {
  std::vector<float> x(n);
  test::scratch_memory scratch{b.scratch_bytes(n)};
  REQUIRE(b.decode(right.from(), std::span{x}, scratch.get()));
  return test::decode_then_dot(a, left.from(), x);
}

// `least`: every third code of both rows, of eight bits, is -128.
template <class A, class B>
void check(A const& a, B const& b, std::size_t n, bool least = false) {
  CAPTURE(n, least);
  test::packed_row<A> left{a, n};
  test::packed_row<B> right{b, n};
  test::fill_codes(a, left, test::gaussian_row(n, 1));
  test::fill_codes(b, right, test::gaussian_row(n, 2));
  for (std::size_t i = 0; least && i < n; i += 3) left.to()[0].data[i] = right.to()[0].data[i] = std::byte{0x80};
  test::scratch_memory memory{a.int8_query_bytes(n)};
  auto const q = packed_query(a, b, right.from(), n, memory.get());
  REQUIRE(q);
  CHECK(q->has_least == (least && n != 0));
  auto const y = a.dot(left.from(), *q);
  REQUIRE(y);
  auto const exact = product(a, left, b, right, n);
  CHECK(std::fabs(static_cast<double>(*y) - exact.sum) <= (static_cast<double>(n) / 16 + 28) * 0x1p-24 * exact.magnitude);
}

}  // namespace

TEST_CASE("packed_query: the product of two packed rows", "[kernel]") {
  for (std::size_t const n : {0U, 1U, 31U, 32U, 33U, 200U, 1024U}) {
    check(absmax<int4>{32}, absmax<int8>{32}, n);
    check(affine_int<4>{64}, absmax<int8>{128}, n);
    check(absmax<int8>{32}, absmax<int4>{32}, n);
    check(absmax<int8>{32}, absmax<int8>{32}, n);
    check(absmax<int8>{n}, absmax<int8>{n}, n, true);
  }
}

TEST_CASE("packed_query: what it refuses", "[kernel]") {
  absmax<int4> const codec{32};
  absmax<int8> const other{32};
  std::size_t const n = 100;
  test::packed_row<absmax<int8>> row{other, n};
  test::fill_codes(other, row, test::gaussian_row(n, 3));
  test::scratch_memory memory{codec.int8_query_bytes(n)};
  auto cut = row.from();
  --cut[0].size;
  CHECK(packed_query(codec, other, cut, n, memory.get()).error() == errc::size_mismatch);
  test::scratch_memory less{codec.int8_query_bytes(n) - 1};
  CHECK(packed_query(codec, other, row.from(), n, less.get()).error() == errc::workspace_too_small);
  absmax<int8> const narrow{4};  // groups end within the eight numbers of 4 bytes of 4-bit codes
  test::packed_row<absmax<int8>> groups{narrow, n};
  test::fill_codes(narrow, groups, test::gaussian_row(n, 4));
  CHECK(packed_query(codec, narrow, groups.from(), n, memory.get()).error() == errc::invalid_argument);
}
