// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/int8_query.hpp: each byte is the nearest integer of the exact product, whatever a compiler contracts.
#include "skive/block/int8_query.hpp"

#include "skive/block/absmax.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("bytes of activations round the exact product", "[block]") {
  // 1 / scale of a block whose largest magnitude is 1.7: products that float rounds up to a tie, but lie below it.
  float const largest = 1.7f;
  float const inverse = 1.0f / (largest / 127.0f);
  std::mt19937 random{5};
  std::array<float, 32> x{};
  x[0] = largest;
  std::size_t found = 1;
  for (int round = 0; round < 20'000'000 && found < x.size(); ++round) {
    auto const v = static_cast<float>(random() >> 8) * 0x1p-24f * largest;
    auto const exact = static_cast<double>(v) * static_cast<double>(inverse);
    auto const tie = std::floor(exact) + 0.5;
    if (exact < tie && static_cast<double>(static_cast<float>(exact)) == tie) x[found++] = v;
  }
  REQUIRE(found > 8);

  skive::absmax<skive::int8> const codec{32};
  alignas(64) std::array<std::byte, 1024> memory{};
  auto const q = codec.prepare_int8(std::span<float const>{x}, skive::activation_scale::per_block, skive::workspace{memory});
  REQUIRE(q.has_value());
  for (std::size_t i = 0; i < x.size(); ++i) {
    skive::detail::query_place<8> const at{i, skive::bit_order::low_first, skive::activation_scale::per_block};
    auto const byte = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q->data[at.value]));
    auto const exact = static_cast<double>(x[i]) * static_cast<double>(inverse);
    REQUIRE(static_cast<double>(byte) == std::floor(exact + 0.5));
  }
}
