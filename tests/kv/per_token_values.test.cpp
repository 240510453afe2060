// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::page_shape;
namespace test = skive::test;

// Every number comes back within half a step, whatever its group; constants come back as float16 numbers.
template <int Bits, class Arch>
void check_numbers(page_shape shape, std::size_t group) {
  auto const codec = *skive::per_token_values<Bits>::make(shape, group);
  test::number_rows rows{shape.tokens, shape.head_size, 9};
  for (std::size_t d = 0; d < shape.head_size; ++d) {
    rows(3, d) = 0.25f;
    rows(4, d) = d % 2 == 0 ? -0.0f : 0.0f;
    rows(5, d) *= 5000.0f;
    rows(6, d) *= 1e-6f;
  }
  test::guarded_page page{codec.page_bytes()};
  REQUIRE(codec.template append<Arch>(rows.view(), 0, page.span()));
  test::number_rows decoded{shape.tokens, shape.head_size};
  REQUIRE(codec.template decode<Arch>(page.span(), 0, decoded.view()));
  auto const extent = group == 0 ? shape.head_size : group;
  double worst = 0;
  for (std::size_t t = 0; t < shape.tokens; ++t)
    for (std::size_t g = 0; g < shape.head_size; g += extent) {
      auto const* const x = &rows.values[t * shape.head_size + g];
      auto const [low, high] = std::minmax_element(x, x + std::min(extent, shape.head_size - g));
      auto const range = static_cast<double>(*high) - static_cast<double>(*low);
      auto const bound =
          range / ((1 << Bits) - 1) / 2 + 0x1p-11 * (2 * std::fabs(static_cast<double>(*low)) + range) + (1 << Bits) * 0x1p-25;
      for (std::size_t d = 0; d < std::min(extent, shape.head_size - g); ++d) {
        auto const error = std::fabs(static_cast<double>(decoded(t, g + d)) - static_cast<double>(x[d]));
        INFO("token " << t << " channel " << g + d << ": " << x[d] << " " << decoded(t, g + d));
        REQUIRE(error <= bound);
        worst = std::max(worst, error / bound);
      }
    }
  CHECK(worst > 0.7);  // and not finer than its bits: the bound is about the codes
  for (std::size_t d = 0; d < shape.head_size; ++d) {
    REQUIRE(decoded(3, d) == 0.25f);
    REQUIRE(std::signbit(decoded(4, d)) == false);
  }
}

}  // namespace

TEST_CASE("per_token_values: numbers of 4 bits", "[kv]") {
  test::for_each(test::few_arches{}, []<class Arch>() { check_numbers<4, Arch>({40, 64}, 16); });
}

TEST_CASE("per_token_values: every other width", "[kv]") {
  using native = skive::native_arch;
  check_numbers<1, native>({80, 64}, 32);
  check_numbers<2, native>({80, 64}, 0);
  check_numbers<5, native>({80, 64}, 32);
  check_numbers<6, native>({80, 64}, 32);
  check_numbers<7, native>({80, 64}, 32);
  check_numbers<8, native>({80, 64}, 32);
  check_numbers<3, native>({80, 64}, 32);
}

TEST_CASE("per_token_values: bytes of a page, what is refused, corrupt pages", "[kv]") {
  using values = skive::per_token_values<4>;
  static_assert(values::make({128, 128})->page_bytes() == 128 * (128 / 2 + 4));
  static_assert(values::make({128, 128}, 32)->page_bytes() == 128 * (128 / 2 + 16));
  CHECK(values::make({128, 128}, 24).error() == errc::invalid_argument);
  CHECK(values::make({12, 128}).error() == errc::invalid_argument);

  auto const codec = *values::make({64, 64}, 32);
  test::guarded_page page{codec.page_bytes()};
  REQUIRE(codec.append(test::number_rows{64, 64, 4}.view(), 0, page.span()));
  test::number_rows weights{4, 32};
  for (auto& w : weights.values) w = 0.5f;
  test::number_rows sums{4, 64};
  page.memory[33 + 64 * 32 + 1] = std::byte{0x7C};  // the first step becomes infinite
  CHECK(codec.accumulate(page.span(), 0, weights.view(), sums.view()).error() == errc::corrupt);
  CHECK(codec.accumulate(page.span(), 32, weights.view(), sums.view()));
  weights(3, 31) = std::numeric_limits<float>::infinity();
  CHECK(codec.accumulate(page.span(), 32, weights.view(), sums.view()).error() == errc::not_finite);
  std::mt19937 random{5};
  weights(3, 31) = 0;
  for (int i = 0; i < 50; ++i) {
    for (auto& b : page.span()) b = static_cast<std::byte>(random() & 255U);
    static_cast<void>(codec.accumulate(page.span(), 0, weights.view(), sums.view()));
    REQUIRE(codec.decode(page.span(), 0, test::number_rows{64, 64}.view()));
  }
  CHECK(page.guarded());
}
