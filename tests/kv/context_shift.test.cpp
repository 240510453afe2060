// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/context_shift.hpp: the loss that is told is that of the page, seen through its own decoder.
#include "skive/kv/context_shift.hpp"

#include "skive/kv/per_channel_keys.hpp"

#include "support/cache_rows.hpp"
#include "support/rope.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;

}  // namespace

TEST_CASE("context_shift: keys after rotary embedding are decoded, turned and encoded again, at a loss that is told", "[kv]") {
  test::rope_memory const t{64, 512, skive::rope_pairing::neighbouring};
  using channel = skive::per_channel_keys<4>;
  auto const keys = *channel::make({64, 64}, 32);
  test::number_rows rows{64, 64, 4};
  for (std::size_t i = 0; i < 64; ++i) REQUIRE(t.table.rotate(rows.view().row(i), 200 + i));
  test::guarded_page page{keys.page_bytes()};
  test::scratch_bytes_of scratch{skive::shift_keys_scratch_bytes(keys)};
  REQUIRE(keys.append(rows.view(), 0, page.span(), scratch.get()));
  test::number_rows before{64, 64};
  REQUIRE(keys.decode(page.span(), 0, before.view(), scratch.get()));
  auto const loss = skive::shift_keys(keys, page.span(), 0, 64, t.table, 150, scratch.get());
  REQUIRE(loss);
  CHECK(page.guarded());
  test::number_rows after{64, 64};
  REQUIRE(keys.decode(page.span(), 0, after.view(), scratch.get()));
  double error = 0;
  double square = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    REQUIRE(t.table.rotate(before.view().row(i), 150, true));
    for (std::size_t d = 0; d < 64; ++d) {
      error += std::pow(static_cast<double>(after(i, d)) - static_cast<double>(before(i, d)), 2);
      square += std::pow(static_cast<double>(before(i, d)), 2);
    }
  }
  CHECK(*loss > 0.01);
  CHECK(std::fabs(*loss - std::sqrt(error / square)) <= 1e-5);
  auto const copy = page.memory;
  CHECK(skive::shift_keys(keys, page.span(), 0, 33, t.table, 1, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::shift_keys(keys, page.span(), 32, 64, t.table, 1, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::shift_keys(keys, page.span(), 0, 64, t.table, 512, scratch.get()).error() == errc::overflow);
  CHECK(skive::shift_keys(keys, page.span(), 0, 64, t.table, 1, {}).error() == errc::workspace_too_small);
  CHECK((page.memory == copy));
  for (auto& b : page.span()) b = std::byte{0xFF};  // steps that are NaN
  auto const broken = page.memory;
  CHECK(skive::shift_keys(keys, page.span(), 0, 64, t.table, 1, scratch.get()).error() == errc::not_finite);
  CHECK((page.memory == broken));
}
