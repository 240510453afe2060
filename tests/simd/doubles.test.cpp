// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/doubles.hpp: eight doubles behave like eight doubles, lane by lane; rows become lanes and lanes rows.
#include "skive/simd/doubles.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using lanes = std::array<double, 8>;

lanes random_lanes(std::mt19937_64& random) {
  lanes x;
  for (auto& v : x)
    v = static_cast<double>(static_cast<std::int64_t>(random()) >> (random() % 60)) / 1024;  // equals come up, too
  return x;
}

template <class Doubles, class F>
void require_lanes(Doubles const& got, F expected) {
  lanes x;
  got.store(x.data());
  for (std::size_t i = 0; i < 8; ++i) REQUIRE(std::bit_cast<std::uint64_t>(x[i]) == std::bit_cast<std::uint64_t>(expected(i)));
}

template <class Mask, class F>
void require_mask(Mask const& got, F expected) {
  for (std::size_t i = 0; i < 8; ++i) REQUIRE((got.bits() >> i & 1) == (expected(i) ? 1U : 0U));
}

}  // namespace

TEST_CASE("eight doubles behave like eight doubles", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    using doubles = skive::simd::doubles<Arch>;
    std::mt19937_64 random{13};
    for (int round = 0; round < 300; ++round) {
      auto const a = random_lanes(random);
      auto const b = round % 3 == 0 ? a : random_lanes(random);
      auto const c = random_lanes(random);
      auto const x = doubles::load(a.data());
      auto const y = doubles::load(b.data());
      auto const z = doubles::load(c.data());
      auto const once = [](double v) {
        double const volatile kept = v;
        return static_cast<double>(kept);
      };
      require_lanes(x + y, [&](std::size_t i) { return a[i] + b[i]; });
      require_lanes(x - y, [&](std::size_t i) { return a[i] - b[i]; });
      require_lanes(x / doubles::broadcast(3.0), [&](std::size_t i) { return a[i] / 3.0; });
      require_lanes(product(x, y) + z, [&](std::size_t i) { return once(a[i] * b[i]) + c[i]; });
      require_lanes(min(x, y), [&](std::size_t i) { return a[i] < b[i] ? a[i] : b[i]; });
      require_lanes(max(x, y), [&](std::size_t i) { return a[i] > b[i] ? a[i] : b[i]; });
      auto const less = x < y;
      auto const positive = z > doubles::broadcast(0.0);
      require_mask(less, [&](std::size_t i) { return a[i] < b[i]; });
      require_mask(x == y, [&](std::size_t i) { return a[i] == b[i]; });
      require_mask(less & positive, [&](std::size_t i) { return a[i] < b[i] && c[i] > 0; });
      require_mask(less ^ positive, [&](std::size_t i) { return (a[i] < b[i]) != (c[i] > 0); });
      require_lanes(select(less, x, z), [&](std::size_t i) { return a[i] < b[i] ? a[i] : c[i]; });
    }
  });
}

TEST_CASE("rows of doubles become lanes, and lanes rows", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    using doubles = skive::simd::doubles<Arch>;
    constexpr std::size_t columns = doubles::batch::size;
    constexpr std::size_t stride = columns + 3;
    std::vector<double> rows(8 * stride);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<double>(i);
    std::array<doubles, columns> x;
    rows_to_lanes<Arch>(rows.data(), stride, x.data());
    for (std::size_t k = 0; k < columns; ++k) require_lanes(x[k], [&](std::size_t l) { return rows[l * stride + k]; });
    std::vector<double> back(8 * stride, -1.0);
    lanes_to_rows<Arch>(x.data(), back.data(), stride);
    for (std::size_t i = 0; i < back.size(); ++i) REQUIRE(back[i] == (i % stride < columns ? rows[i] : -1.0));
  });
}
