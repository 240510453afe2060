// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/bits.hpp: bytes against a string of bits, single fields, tails, refusals, no write outside.
#include "skive/core/bits.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace {

using skive::bit_order;
using skive::errc;
using codes = std::vector<std::uint8_t>;
using bytes = std::vector<std::byte>;

constexpr std::byte guard{0xA5};

// By definition: field after field into a string of bits, the string into bytes.
bytes by_definition(codes const& fields, int width, bit_order order) {
  std::vector<bool> string;
  for (auto const f : fields)
    for (int b = 0; b < width; ++b) string.push_back(((order == bit_order::low_first ? f >> b : f >> (width - 1 - b)) & 1) != 0);
  while (string.size() % 8 != 0) string.push_back(false);
  bytes out;
  for (std::size_t n = 0; n < string.size(); n += 8) {
    int value = 0;
    for (std::size_t b = 0; b < 8; ++b) value += string[n + b] ? 1 << (order == bit_order::low_first ? b : 7 - b) : 0;
    out.push_back(static_cast<std::byte>(value));
  }
  return out;
}

codes random_codes(std::size_t n, unsigned seed) {
  std::mt19937 words{seed};
  codes out(n);
  for (auto& c : out) c = static_cast<std::uint8_t>(words());
  return out;
}

codes low_bits(codes fields, int width) {
  for (auto& c : fields) c = static_cast<std::uint8_t>(c % (1 << width));
  return fields;
}

bytes framed(bytes const& inside) {
  bytes out(1, guard);
  for (auto const b : inside) out.push_back(b);
  out.push_back(guard);
  return out;
}

constexpr auto both_orders = {bit_order::low_first, bit_order::high_first};

// Compile time: packing, the view and unpacking work in constant expressions. The bytes of 0..7 in 3 bits are those that the
// Apache Parquet format states for its two orders.
constexpr std::array<std::uint8_t, 8> zero_to_seven{0, 1, 2, 3, 4, 5, 6, 7};
constexpr std::array<std::uint8_t, 3> packed_3(bit_order order) {
  std::array<std::byte, 3> out{};
  if (!skive::pack(zero_to_seven, 3, order, out)) return {};
  std::array<std::uint8_t, 8> back{};
  if (!skive::unpack(out, 3, order, back) || back != zero_to_seven) return {};
  auto const row = *skive::packed_fields<std::byte>::make(out, 8, 3, order);
  for (std::size_t i = 0; i < 8; ++i) {
    if (row.get(i) != i) return {};
    row.set(i, 0);
    row.set(i, static_cast<std::uint8_t>(i));
  }
  return {std::to_integer<std::uint8_t>(out[0]), std::to_integer<std::uint8_t>(out[1]), std::to_integer<std::uint8_t>(out[2])};
}
static_assert(packed_3(bit_order::low_first) == std::array<std::uint8_t, 3>{0x88, 0xC6, 0xFA});
static_assert(packed_3(bit_order::high_first) == std::array<std::uint8_t, 3>{0x05, 0x39, 0x77});
static_assert(*skive::packed_bytes(SIZE_MAX, 8) == SIZE_MAX && *skive::packed_bytes(SIZE_MAX, 1) == SIZE_MAX / 8 + 1);
static_assert(*skive::packed_bytes(0, 5) == 0 && *skive::packed_bytes(9, 7) == 8 && !skive::packed_bytes(9, 0));

}  // namespace

TEST_CASE("pack gives the bytes of the definition and unpack undoes it", "[core]") {
  auto const width = GENERATE(range(1, 9));
  std::size_t failures = 0;
  for (auto const order : both_orders)
    for (std::size_t n = 0; n <= 70; ++n)
      for (std::size_t offset = 0; offset < 9; ++offset) {
        auto const fields = random_codes(n, static_cast<unsigned>(n * 9 + offset));  // bits above the width as well
        auto const expected = by_definition(fields, width, order);
        failures += expected.size() != *skive::packed_bytes(n, width);

        bytes memory(offset + expected.size() + 16, guard);
        codes source(fields.size() + offset);
        std::copy(fields.begin(), fields.end(), source.begin() + static_cast<std::ptrdiff_t>(offset));
        auto const out = std::span{memory}.subspan(offset, expected.size());
        failures += !skive::pack(std::span{source}.subspan(offset), width, order, out);
        auto wanted = bytes(offset, guard);
        wanted.insert(wanted.end(), expected.begin(), expected.end());
        wanted.insert(wanted.end(), 16, guard);
        failures += memory != wanted;

        codes back(offset + n + 16, 0xA5);
        failures += !skive::unpack(out, width, order, std::span{back}.subspan(offset, n));
        auto wanted_codes = codes(offset, 0xA5);
        auto const low = low_bits(fields, width);
        wanted_codes.insert(wanted_codes.end(), low.begin(), low.end());
        wanted_codes.insert(wanted_codes.end(), 16, 0xA5);
        failures += back != wanted_codes;
      }
  CHECK(failures == 0);
}

TEST_CASE("any bytes unpack, and bits of no field are ignored", "[core]") {
  auto const width = GENERATE(range(1, 9));
  std::size_t failures = 0;
  for (auto const order : both_orders)
    for (std::size_t n = 1; n <= 70; ++n) {
      auto const raw = random_codes(*skive::packed_bytes(n, width), static_cast<unsigned>(n));
      bytes packed;
      for (auto const b : raw) packed.push_back(std::byte{b});
      codes fields(n);
      failures += !skive::unpack(packed, width, order, fields);
      auto const rest = static_cast<int>(packed.size() * 8 - n * static_cast<std::size_t>(width));  // unused bits, 0..7
      auto const kept = order == bit_order::low_first ? 0xFF >> rest : 0xFF << rest & 0xFF;
      packed.back() &= static_cast<std::byte>(kept);
      failures += by_definition(fields, width, order) != packed;
    }
  CHECK(failures == 0);
}

TEST_CASE("single fields are read and written in place", "[core]") {
  auto const width = GENERATE(range(1, 9));
  std::size_t failures = 0;
  for (auto const order : both_orders)
    for (std::size_t n = 1; n <= 35; ++n) {
      auto fields = random_codes(n, static_cast<unsigned>(n));
      auto const replacements = random_codes(n, static_cast<unsigned>(n + 100));
      auto const packed = by_definition(fields, width, order);
      for (std::size_t i = 0; i < n; ++i) {
        auto memory = framed(packed);
        auto const row = *skive::packed_fields<std::byte>::make(std::span{memory}.subspan(1, packed.size()), n, width, order);
        failures += row.size() != n || row.width() != width || row.order() != order;
        failures += row.get(i) != fields[i] % (1 << width);
        row.set(i, replacements[i]);
        auto changed = fields;
        changed[i] = replacements[i];
        failures += memory != framed(by_definition(changed, width, order));
      }
      auto const view = *skive::packed_fields<std::byte const>::make(packed, n, width, order);
      for (std::size_t i = 0; i < n; ++i) failures += view.get(i) != fields[i] % (1 << width);
    }
  CHECK(failures == 0);
}

TEST_CASE("a set leaves the unused bits of the last byte alone", "[core]") {
  std::array<std::byte, 2> memory{std::byte{0xFF}, std::byte{0xFF}};
  auto const low = *skive::packed_fields<std::byte>::make(memory, 3, 3, bit_order::low_first);
  low.set(2, 0);
  CHECK(memory == std::array{std::byte{0x3F}, std::byte{0xFE}});
  auto const high = *skive::packed_fields<std::byte>::make(memory, 3, 3, bit_order::high_first);
  high.set(2, 0);
  CHECK(memory == std::array{std::byte{0x3C}, std::byte{0x7E}});
}

TEST_CASE("wrong widths and sizes are refused before the first write", "[core][errors]") {
  auto const order = GENERATE(bit_order::low_first, bit_order::high_first);
  codes fields(20, 1);
  bytes memory(40, guard);
  for (int const width : {-8, -1, 0, 9, 64, INT32_MAX, INT32_MIN}) {
    CAPTURE(width);
    CHECK(skive::packed_bytes(20, width).error() == errc::invalid_argument);
    CHECK(skive::pack(fields, width, order, memory).error() == errc::invalid_argument);
    CHECK(skive::unpack(memory, width, order, fields).error() == errc::invalid_argument);
    CHECK(skive::packed_fields<std::byte>::make(memory, 20, width, order).error() == errc::invalid_argument);
  }
  for (int width = 1; width <= 8; ++width)
    for (int const wrong : {-1, 1}) {
      auto const right = static_cast<int>(*skive::packed_bytes(20, width));
      auto const out = std::span{memory}.first(static_cast<std::size_t>(right + wrong));
      CHECK(skive::pack(fields, width, order, out).error() == errc::size_mismatch);
      CHECK(skive::unpack(out, width, order, fields).error() == errc::size_mismatch);
      CHECK(skive::packed_fields<std::byte>::make(out, 20, width, order).error() == errc::size_mismatch);
    }
  CHECK(memory == bytes(40, guard));
  CHECK(fields == codes(20, 1));
  CHECK(skive::packed_fields<std::byte>{}.size() == 0);
}
