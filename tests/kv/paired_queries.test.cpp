// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/paired_queries.hpp: where each channel goes, how far it is rounded, and what is refused.
#include "skive/kv/paired_queries.hpp"

#include "support/cache_rows.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
using arch = skive::native_arch;

// Channel d of a token is nibble d of its bytes, low or high ones first.
void check(std::size_t n, skive::bit_order order) {
  test::number_rows q{3, n, 5};
  for (std::size_t d = 0; d < n; ++d) q(1, d) = 0.0f;
  test::scratch_bytes_of memory{skive::detail::paired_rows_bytes(3, n)};
  auto const made = *skive::detail::pair_rows<arch>(q.view(), n, order, memory.get());
  CHECK(made.rows.data == q.view().data);
  CHECK(made.steps[1] == 0.0f);
  for (std::size_t h = 0; h < 3; ++h)
    for (std::size_t d = 0; d < n; ++d) {
      auto const nibble = order == skive::bit_order::low_first ? d : d ^ 1;  // counted from the lowest bits of each byte
      auto const word = made.pairs[h * n / 2 + nibble / 8 * 4 + nibble % 4];
      auto const half = static_cast<std::int16_t>(nibble % 8 < 4 ? word & 0xFFFF : word >> 16);
      auto const step = static_cast<double>(made.steps[h]);
      REQUIRE(std::fabs(step * half - static_cast<double>(q(h, d))) <= 0.502 * step);
    }
}

}  // namespace

TEST_CASE("paired_queries: places and rounding, both orders of nibbles", "[kv]") {
  for (std::size_t const n : {16U, 40U, 128U}) {
    check(n, skive::bit_order::low_first);
    check(n, skive::bit_order::high_first);
  }
}

TEST_CASE("paired_queries: sizes, and numbers that are refused", "[kv]") {
  auto const low = skive::bit_order::low_first;
  test::number_rows q{2, 64, 5};
  test::scratch_bytes_of memory{skive::detail::paired_rows_bytes(2, 64)};
  CHECK(skive::detail::pair_rows<arch>(q.view(), 64, low, memory.get()));
  CHECK(skive::detail::pair_rows<arch>(q.view(), 64, low, {}).error() == errc::workspace_too_small);
  CHECK(skive::detail::pair_rows<arch>(q.view(), 32, low, memory.get()).error() == errc::size_mismatch);
  for (auto const bad : {0x1p101f, std::nanf(""), -std::numeric_limits<float>::infinity()}) {
    q(1, 63) = bad;
    CHECK(skive::detail::pair_rows<arch>(q.view(), 64, low, memory.get()).error() == errc::not_finite);
  }
}
