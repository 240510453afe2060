// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/float_pages.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

namespace {

using skive::page_shape;
namespace test = skive::test;

template <class Number>
void check_number(page_shape shape, double unit) {
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    auto const keys = *skive::float_keys<Number>::make(shape);
    auto const values = *skive::float_values<Number>::make(shape);
    test::check_key_quantizer<Arch>(keys, 4e-6);
    test::check_value_quantizer<Arch>(values, 4e-6);
    test::number_rows const rows{shape.tokens, shape.head_size, 3};
    test::number_rows back{shape.tokens, shape.head_size};
    test::guarded_page page{keys.page_bytes()};
    REQUIRE(keys.template append<Arch>(rows.view(), 0, page.span()));
    REQUIRE(keys.template decode<Arch>(page.span(), 0, back.view()));
    for (std::size_t i = 0; i < back.values.size(); ++i)
      REQUIRE(std::fabs(static_cast<double>(back.values[i]) - static_cast<double>(rows.values[i])) <=
              unit * std::fabs(static_cast<double>(rows.values[i])));
  });
}

}  // namespace

TEST_CASE("float pages: laws of all three kinds of number", "[kv]") {
  check_number<skive::float16>({72, 64}, 0x1p-11);
  check_number<skive::bfloat16>({128, 32}, 0x1p-8);
  check_number<float>({8, 64}, 0);
}

TEST_CASE("float pages: sizes, and numbers that float16 would make infinite", "[kv]") {
  static_assert(skive::float_keys<skive::float16>::make({128, 64})->page_bytes() == 128 * 64 * 2);
  CHECK(skive::float_keys<float>::make({12, 64}).error() == skive::errc::invalid_argument);
  CHECK(skive::float_values<float>::make({16, 63}).error() == skive::errc::invalid_argument);
  auto const keys = *skive::float_keys<skive::float16>::make({8, 32});
  test::number_rows row{1, 8};
  test::guarded_page page{keys.page_bytes()};
  row(0, 7) = 65504.0f;
  CHECK(keys.append(row.view(), 31, page.span()));
  row(0, 7) = 65505.0f;
  CHECK(keys.append(row.view(), 31, page.span()).error() == skive::errc::not_finite);
}

TEST_CASE("float pages: a corrupt page is told", "[kv]") {
  auto const keys = *skive::float_keys<skive::float16>::make({64, 32});
  auto const values = *skive::float_values<skive::float16>::make({64, 32});
  test::guarded_page page{keys.page_bytes()};
  for (auto& b : page.span()) b = std::byte{0x7F};  // NaN
  test::number_rows const q{3, 64, 1};
  test::number_rows logits{3, 7};
  test::number_rows sums{3, 64};
  CHECK(keys.dot(page.span(), 1, *keys.prepare(q.view()), logits.view()).error() == skive::errc::corrupt);
  CHECK(values.accumulate(page.span(), 1, test::number_rows{3, 7, 2}.view(), sums.view()).error() == skive::errc::corrupt);
}
