// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/float_rows.hpp: the laws of keys for all three kinds of number, on whole registers and beside them.
#include "skive/kv/float_rows.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

#include <cstring>

namespace {

namespace test = skive::test;

template <class Number>
void check(skive::page_shape shape) {
  test::for_each(test::few_arches{},
                 [&]<class Arch>() { test::check_key_quantizer<Arch>(*skive::float_row_keys<Number>::make(shape), 4e-6); });
}

}  // namespace

TEST_CASE("float_rows: laws of all three kinds of number", "[kv]") {
  check<skive::float16>({72, 64});
  check<skive::bfloat16>({128, 32});
  check<float>({8, 64});
}

TEST_CASE("float_rows: a token is one piece of memory, and others are not read", "[kv]") {
  auto const keys = *skive::float_row_keys<skive::float16>::make({24, 32});
  test::number_rows const rows{3, 24, 3};
  test::guarded_page page{keys.page_bytes()};
  for (auto& b : page.span()) b = std::byte{0x7F};  // NaN, where no token has come yet
  REQUIRE(keys.append(rows.view(), 5, page.span()));
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t d = 0; d < 24; ++d) {
      std::uint16_t code;
      std::memcpy(&code, page.span().data() + 2 * ((5 + t) * 24 + d), 2);
      REQUIRE(code == skive::float16::encode(rows(t, d)));
    }
  test::number_rows const q{3, 24, 1};
  auto const query = *keys.prepare(q.view());
  test::number_rows logits{3, 3};
  CHECK(keys.dot(page.span(), 5, query, logits.view()));
  CHECK(keys.dot(page.span(), 4, query, logits.view()).error() == skive::errc::corrupt);
  CHECK(keys.dot(page.span(), 30, query, logits.view()).error() == skive::errc::size_mismatch);
  CHECK(skive::float_row_keys<float>::make({12, 64}).error() == skive::errc::invalid_argument);
}
