// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scheme.hpp: packings against their definition, metadata fields of every width, magnitudes.
#include "skive/block/scheme.hpp"

#include "skive/format/half.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::bit_order;
using skive::trits;
namespace detail = skive::detail;

template <int Width>
void packs_fields() {
  std::mt19937 random{Width};
  for (std::size_t n = 0; n < 70; ++n) {
    REQUIRE(skive::bit_fields<Width>::bytes(n) == (n * Width + 7) / 8);
    REQUIRE(skive::bit_fields<Width>::fills_bytes(n) == (n * Width % 8 == 0));
    std::vector<std::uint8_t> codes(n);
    for (auto& c : codes) c = static_cast<std::uint8_t>(random() % (1U << Width));
    for (auto const order : {bit_order::low_first, bit_order::high_first}) {
      std::vector<std::byte> bytes(skive::bit_fields<Width>::bytes(n) + 1, std::byte{0xA5});
      skive::bit_fields<Width>::pack(codes, order, bytes.data());
      REQUIRE(bytes.back() == std::byte{0xA5});
      std::vector<std::uint8_t> again(n);
      skive::bit_fields<Width>::unpack(bytes.data(), order, again);
      REQUIRE(again == codes);
      if (order == bit_order::high_first || n == 0) continue;
      unsigned first = std::to_integer<unsigned>(bytes[0]);
      REQUIRE((first & ((1U << Width) - 1)) == codes[0]);
    }
  }
}

}  // namespace

TEST_CASE("scheme: fields of every width", "[block]") {
  packs_fields<1>();
  packs_fields<2>();
  packs_fields<3>();
  packs_fields<4>();
  packs_fields<5>();
  packs_fields<6>();
  packs_fields<7>();
  packs_fields<8>();
}

TEST_CASE("scheme: all 243 groups of five trits come back, all 256 bytes decode", "[block]") {
  for (unsigned number = 0; number < 243; ++number) {
    std::array<std::uint8_t, 5> codes{};
    for (unsigned rest = number, i = 5; i-- > 0; rest /= 3) codes[i] = static_cast<std::uint8_t>(rest % 3);
    std::array<std::byte, 2> bytes{std::byte{0}, std::byte{0xA5}};
    trits::pack(codes, bit_order::low_first, bytes.data());
    REQUIRE(std::to_integer<unsigned>(bytes[0]) == (number * 256 + 242) / 243);
    REQUIRE(bytes[1] == std::byte{0xA5});
    std::array<std::uint8_t, 5> again{};
    trits::unpack(bytes.data(), bit_order::low_first, again);
    REQUIRE(again == codes);
  }
  for (unsigned b = 0; b < 256; ++b) {
    auto const byte = static_cast<std::byte>(b);
    std::array<std::uint8_t, 5> codes{};
    trits::unpack(&byte, bit_order::low_first, codes);
    for (auto const c : codes) REQUIRE(c < 3);
  }
  for (std::size_t n = 0; n < 40; ++n) {
    REQUIRE(trits::bytes(n) == (n + 4) / 5);
    REQUIRE(trits::fills_bytes(n) == (n % 5 == 0));
  }
}

TEST_CASE("scheme: metadata fields", "[block]") {
  std::mt19937 random{3};
  for (int const bits : {1, 2, 3, 4, 5, 6, 7, 8, 16, 32})
    for (std::size_t n = 1; n <= 40; ++n) {
      std::vector<std::uint32_t> fields(n);
      for (auto& f : fields) f = static_cast<std::uint32_t>(random()) >> (32 - bits);
      auto const size = detail::field_bytes(n, bits);
      REQUIRE(size == (n * static_cast<std::size_t>(bits) + 7) / 8);
      for (auto const order : {bit_order::low_first, bit_order::high_first}) {
        std::vector<std::byte> bytes(size + 1, std::byte{0xA5});
        detail::store_fields(fields, bits, order, bytes.data());
        REQUIRE(bytes.back() == std::byte{0xA5});
        for (std::size_t i = 0; i < n; ++i) REQUIRE(detail::load_field(bytes.data(), i, bits, order) == fields[i]);
        if (bits == 16) REQUIRE(std::to_integer<std::uint32_t>(bytes[0]) == (fields[0] & 0xFF));  // little-endian
        if (bits == 32) REQUIRE(std::to_integer<std::uint32_t>(bytes[3]) == fields[0] >> 24);
      }
    }
  constexpr auto largest = std::numeric_limits<std::size_t>::max();
  CHECK(detail::field_bytes(largest, 32) == largest);
  CHECK(detail::field_bytes(largest / 4, 32) == largest / 4 * 4);
  CHECK(detail::field_bytes(largest, 4) == largest / 2 + 1);
}

TEST_CASE("scheme: the largest magnitude by bits", "[block]") {
  auto const largest = [](std::vector<float> const& x) { return detail::largest_magnitude(std::span<float const>{x}); };
  float const inf = std::numeric_limits<float>::infinity();
  CHECK(largest({}) == 0);
  CHECK(largest({-0.0f}) == 0);
  CHECK(largest({1, -2, 0x1p-149f}) == std::bit_cast<std::uint32_t>(2.0f));
  CHECK(largest({0x1p-149f, -0x1p-148f}) == 2);
  CHECK(largest({1, -inf}) == 0x7F80'0000);
  CHECK(largest({inf, std::numeric_limits<float>::quiet_NaN(), 1}) > 0x7F80'0000);
  std::vector<skive::float16> const halves{skive::float16::from(-3.0f), skive::float16::from(2.0f)};
  CHECK(detail::largest_magnitude(std::span<skive::float16 const>{halves}) == std::bit_cast<std::uint32_t>(3.0f));
}
