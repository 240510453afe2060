// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/float_page.hpp: where numbers lie, for tokens that come one by one and in any part of a page.
#include "skive/kv/float_page.hpp"

#include "skive/kv/float_pages.hpp"
#include "support/cache_rows.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;

template <class Number>
float stored(std::byte const* from) {
  if constexpr (std::is_same_v<Number, float>) {
    float x;
    std::memcpy(&x, from, 4);
    return x;
  } else {
    std::uint16_t code;
    std::memcpy(&code, from, 2);
    return Number::decode(code);
  }
}
template <class Number>
float rounded(float x) {
  if constexpr (std::is_same_v<Number, float>)
    return x;
  else
    return Number::decode(Number::encode(x));
}

template <bool Turned, class Page>
void check(Page const& page, std::size_t n, std::size_t tokens) {
  using number = typename Page::number;
  test::number_rows const rows{tokens, n, 3};
  test::guarded_page memory{page.page_bytes()};
  for (std::size_t t = 0; t < tokens;) {
    auto const count = t + 7 > tokens ? tokens - t : 7;
    REQUIRE(page.append(rows.part(t, count), t, memory.span()));
    t += count;
  }
  CHECK(memory.guarded());
  test::number_rows out{tokens, n};
  REQUIRE(page.decode(memory.span(), 0, out.view()));
  test::number_rows part{tokens - 9, n};  // whole tiles and parts of them
  REQUIRE(page.decode(memory.span(), 5, part.view()));
  for (std::size_t t = 0; t < tokens; ++t)
    for (std::size_t d = 0; d < n; ++d) {
      auto const place = Turned ? (t / 32 * n + d) * 32 + t % 32 : t * n + d;
      auto const value = stored<number>(memory.span().data() + place * sizeof(number));
      REQUIRE(value == rounded<number>(rows(t, d)));
      REQUIRE(value == out(t, d));
      if (t >= 5 && t < tokens - 4) REQUIRE(value == part(t - 5, d));
    }
}

}  // namespace

TEST_CASE("float_page: turned tiles of 32 tokens, and rows", "[kv]") {
  for (std::size_t const n : {8U, 24U, 64U}) {
    check<true>(*skive::float_keys<skive::float16>::make({n, 96}), n, 96);
    check<true>(*skive::float_keys<float>::make({n, 64}), n, 64);
    check<false>(*skive::float_values<skive::bfloat16>::make({n, 64}), n, 64);
  }
}

TEST_CASE("float_page: what Number would make infinite is refused before the first byte", "[kv]") {
  auto const page = *skive::float_values<skive::float16>::make({8, 32});
  test::guarded_page memory{page.page_bytes()};
  auto const before = memory.memory;
  for (float const bad : {65520.0f, -70000.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    test::number_rows rows{2, 8, 3};
    rows(1, 7) = bad;
    CHECK(page.append(rows.view(), 0, memory.span()).error() == skive::errc::not_finite);
  }
  test::number_rows rows{2, 8, 3};
  CHECK(page.append(rows.view(), 31, memory.span()).error() == skive::errc::size_mismatch);
  CHECK(page.decode(memory.span(), 31, rows.view()).error() == skive::errc::size_mismatch);
  CHECK(memory.memory == before);
}
