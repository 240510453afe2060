// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/split_queries.hpp: words give the query back within half a step of its group, shifts and sums by double.
#include "skive/kv/split_queries.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
using arch = skive::native_arch;

// Number i of both words of its four, as kv/coefficients.hpp says.
int coefficient(skive::split_queries const& q, std::size_t i) {
  auto const byte = [](std::byte b) { return static_cast<int>(static_cast<signed char>(b)); };
  if constexpr (skive::simd::prefers_halves<arch>) {
    auto const* const half = (i % 2 == 0 ? q.high : q.low) + i / 4 * 4 + i % 4 / 2 * 2;
    return byte(half[1]) * 256 + std::to_integer<int>(half[0]);
  } else {
    return 128 * byte(q.high[i]) + byte(q.low[i]);
  }
}

// Turns the order of numbers around: a rotation that is easy to see.
struct reversed {
  std::size_t n = 0;
  std::size_t scratch_bytes() const noexcept { return 0; }
  skive::status forward(std::span<float> x, skive::workspace = {}) const noexcept {
    for (std::size_t i = 0; i < x.size() / 2; ++i) std::swap(x[i], x[x.size() - 1 - i]);
    return errc::ok;
  }
};

}  // namespace

TEST_CASE("split_queries: steps of groups of the rotated query, sums and shifts", "[kv]") {
  for (auto const& [n, group] : {std::pair{64U, 16U}, {64U, 64U}, {72U, 32U}, {40U, 40U}}) {
    CAPTURE(n, group);
    test::number_rows queries{3, n, 5};
    queries(1, 2) = 1000.0f;  // its group alone has a coarse step
    std::vector<float> center(n);
    for (std::size_t d = 0; d < n; ++d) center[d] = static_cast<float>(d % 5) - 2.0f;
    test::scratch_bytes_of memory{skive::detail::split_rows_bytes(3, n, group, 0)};
    auto const q = skive::detail::split_rows<arch>(queries.view(), group, center, reversed{n}, memory.get());
    REQUIRE(q);
    REQUIRE(q->rows == 3);
    auto const groups = (n + group - 1) / group;
    auto const pitch = (n + 15) / 16 * 16;
    for (std::size_t h = 0; h < 3; ++h) {
      double shift = 0;
      for (std::size_t d = 0; d < n; ++d) shift += static_cast<double>(queries(h, d)) * static_cast<double>(center[d]);
      CHECK(std::fabs(static_cast<double>(q->shifts[h]) - shift) <= 1e-5 * (1 + std::fabs(shift)));
      for (std::size_t g = 0; g < groups; ++g) {
        auto const step = static_cast<double>(q->steps[h * groups + g]);
        double sum = 0;
        double most = 0;
        for (auto d = g * group; d < std::min<std::size_t>((g + 1) * group, pitch); ++d) {
          auto const y = d < n ? static_cast<double>(queries(h, n - 1 - d)) : 0.0;
          sum += y;
          most = std::max(most, std::fabs(y));
          CHECK(std::fabs(step * coefficient(*q, h * pitch + d) - y) <= 0.501 * step);
        }
        CHECK(std::fabs(step * 16319 - most) <= 1e-5 * most);
        CHECK(std::fabs(static_cast<double>(q->sums[h * groups + g]) - sum) <= 1e-5 * (1 + most * static_cast<double>(group)));
      }
    }
  }
}

TEST_CASE("split_queries: what is refused", "[kv]") {
  test::number_rows queries{2, 32, 5};
  test::scratch_bytes_of memory{skive::detail::split_rows_bytes(2, 32, 16, 0)};
  auto const split = [&](skive::workspace w) {
    return skive::detail::split_rows<arch>(queries.view(), 16, {}, skive::no_rotation{32}, w).error();
  };
  CHECK(split(memory.get()) == errc::ok);
  CHECK(split({}) == errc::workspace_too_small);
  for (auto const bad : {std::numeric_limits<float>::infinity(), -0x1p101f, std::numeric_limits<float>::quiet_NaN()}) {
    queries(1, 31) = bad;
    CHECK(split(memory.get()) == errc::not_finite);
  }
}
