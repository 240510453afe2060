// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/scaled_query.hpp: channels that fill no register, products in double, fields that are not finite.
#include "skive/kv/scaled_query.hpp"

#include "support/cache_rows.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;

// Numbers that float16 holds: k / 64.
float field(std::size_t d, bool minimum) {
  return static_cast<float>(d * 7 % 40 + 1) / 64.0f * (minimum && d % 3 == 0 ? -1.0f : 1.0f);
}

}  // namespace

TEST_CASE("scaled_query: steps and minima of 8 to 72 channels", "[kv]") {
  for (std::size_t const n : {8U, 24U, 72U}) {
    CAPTURE(n);
    test::number_rows const q{1, n, 5};
    std::vector<std::byte> fields(4 * n);
    for (std::size_t i = 0; i < 2 * n; ++i) {
      auto const code = skive::float16::encode(field(i % n, i >= n));
      std::memcpy(fields.data() + 2 * i, &code, 2);
    }
    std::vector<std::byte> first(80);
    std::vector<std::byte> second(80);
    auto const s =
        skive::detail::scale_query<skive::native_arch>({q.values.data(), n}, fields.data(), 80, first.data(), second.data());
    double bias = 0;
    double most = 0;
    for (std::size_t d = 0; d < n; ++d) {
      bias += static_cast<double>(q(0, d)) * static_cast<double>(field(d, true));
      most = std::max(most, std::fabs(static_cast<double>(q(0, d)) * static_cast<double>(field(d, false))));
    }
    CHECK(std::fabs(static_cast<double>(s.bias) - bias) <= 1e-5);
    CHECK(std::fabs(static_cast<double>(s.step) * static_cast<double>(skive::detail::split_levels) - most) <= 1e-5 * most);
    for (auto i = (n + 3) / 4 * 4; i < 80; ++i) REQUIRE((first[i] == std::byte{0} && second[i] == std::byte{0}));
    fields[2 * (n - 1) + 1] = std::byte{0x7C};  // the last step
    CHECK_FALSE(std::isfinite(
        skive::detail::scale_query<skive::native_arch>({q.values.data(), n}, fields.data(), 80, first.data(), second.data())
            .step));
  }
}
