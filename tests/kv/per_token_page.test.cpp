// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/per_token_page.hpp: what comes back, and how far from the center a key may lie.
#include "skive/kv/per_token_page.hpp"

#include "skive/kv/per_token_keys.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::errc;
namespace test = skive::test;

}  // namespace

TEST_CASE("per_token_page: numbers come back within half a step of their token", "[kv]") {
  test::number_rows const rows{32, 64, 7};
  auto const check = [&]<int Bits>(std::integral_constant<int, Bits>) {
    auto const out = test::through(*skive::per_token_keys<Bits>::make({64, 32}, 32), rows);
    for (std::size_t t = 0; t < 32; ++t)
      for (std::size_t g = 0; g < 64; g += 32) {
        auto const* const x = &rows.values[t * 64 + g];
        auto const [low, high] = std::minmax_element(x, x + 32);
        auto const range = static_cast<double>(*high) - static_cast<double>(*low);
        auto const bound = range / ((1 << Bits) - 1) / 2 + 0x1p-11 * (2 * std::fabs(static_cast<double>(*low)) + range);
        for (std::size_t d = 0; d < 32; ++d)
          REQUIRE(std::fabs(static_cast<double>(out(t, g + d)) - static_cast<double>(x[d])) <= bound);
      }
  };
  check(std::integral_constant<int, 1>{});
  check(std::integral_constant<int, 3>{});
  check(std::integral_constant<int, 4>{});
  check(std::integral_constant<int, 7>{});
}

TEST_CASE("per_token_page: keys up to 65000 from the center, exactly", "[kv]") {
  std::vector<float> const center(64, -3.0f);
  auto const codec = *skive::per_token_keys<4>::make({64, 32}, 0, center);
  test::guarded_page page{codec.page_bytes()};
  test::scratch_bytes_of scratch{codec.scratch_bytes(1)};
  test::number_rows rows{32, 64, 7};
  for (std::size_t d = 0; d < 64; ++d) rows(31, d) = -3.0f;
  rows(31, 5) = 64997.0f;
  CHECK(codec.append(rows.view(), 0, page.span(), scratch.get()));
  rows(31, 60) = -2.0f;  // now sqrt(65000^2 + 1)
  auto const before = page.memory;
  CHECK(codec.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  for (std::size_t d = 0; d < 64; ++d) rows(31, d) = 8122.0f;  // 8 x 8125
  CHECK(codec.append(rows.view(), 0, page.span(), scratch.get()));
  rows(31, 63) = 8123.0f;
  page.memory = before;
  CHECK(codec.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  CHECK((page.memory == before));
  std::vector<std::byte> small(codec.scratch_bytes(0) - 1);
  CHECK(codec.append(rows.view(), 0, page.span(), skive::workspace{small}).error() == errc::workspace_too_small);
  CHECK((page.memory == before));
}
