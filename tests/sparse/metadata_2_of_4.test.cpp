// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/metadata_2_of_4.hpp: places of words worked out by hand from CUTLASS's rule for SM80, places of
// bytes by the layouts that it publishes for SM90 and SM100, round trips, refusals.
#include "skive/sparse/metadata_2_of_4.hpp"

#include <cstddef>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::metadata_values;
using skive::metadata_word;
using bytes = std::vector<std::byte>;

// Where word (r, c) of a matrix of `rows` x `words` lands, found by giving that word alone other bytes.
std::size_t place_of(std::size_t rows, std::size_t words, metadata_word word, std::size_t r, std::size_t c) {
  auto const size = static_cast<std::size_t>(word);
  bytes positions(rows * words * size, std::byte{0x44});
  for (std::size_t b = 0; b < size; ++b) positions[(r * words + c) * size + b] = static_cast<std::byte>(0xE8 + b);
  bytes metadata(positions.size());
  REQUIRE(skive::to_sm80_metadata({positions.data(), rows, words * size}, word, metadata));
  std::size_t found = metadata.size();
  for (std::size_t i = 0; i < metadata.size(); i += size)
    if (metadata[i] != std::byte{0x44}) {
      REQUIRE(found == metadata.size());
      found = i / size;
      for (std::size_t b = 0; b < size; ++b) REQUIRE(metadata[i + b] == static_cast<std::byte>(0xE8 + b));
    }
  return found;
}

// A layout as CUTLASS writes it: extents and strides of the parts of a mode, the first part fastest.
struct part {
  std::size_t extent;
  std::size_t stride;
};
using mode = std::vector<part>;
// Strides from the order in which parts vary: 0 the fastest.
void order(mode& rows, mode& entries, std::vector<std::size_t> const& steps) {
  std::vector<part*> parts;
  for (auto* const m : {&rows, &entries})
    for (auto& p : *m) parts.push_back(&p);
  std::size_t stride = 1;
  for (std::size_t rank = 0; rank < steps.size(); ++rank)
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (steps[i] == rank) {
        parts[i]->stride = stride;
        stride *= parts[i]->extent;
      }
}
std::size_t extent(mode const& m) {
  std::size_t all = 1;
  for (auto const& p : m) all *= p.extent;
  return all;
}
std::size_t offset(mode const& m, std::size_t at) {
  std::size_t sum = 0;
  for (auto const& p : m) {
    sum += at % p.extent * p.stride;
    at /= p.extent;
  }
  return sum;
}
// Atoms along the rows first; 8 entries are a byte.
void check_sm90(metadata_values values, std::size_t tile, mode const& rows, mode const& entries) {
  std::size_t const height = 2 * extent(rows), width = 3 * extent(entries);
  REQUIRE(extent(entries) == tile);
  bytes positions(height * width / 8), metadata(positions.size()), expected(positions.size()), back(positions.size());
  std::mt19937 random{7};
  unsigned const legal[] = {0x4, 0x8, 0x9, 0xC, 0xD, 0xE};
  for (auto& p : positions) p = static_cast<std::byte>(legal[random() % 6] | legal[random() % 6] << 4);
  for (std::size_t r = 0; r < height; ++r)
    for (std::size_t k = 0; k < width; k += 8) {
      auto const at = offset(rows, r % extent(rows)) + r / extent(rows) * (extent(rows) * tile) + offset(entries, k % tile) +
          k / tile * (height * tile);
      REQUIRE(at % 8 == 0);
      expected[at / 8] = positions[r * (width / 8) + k / 8];
    }
  REQUIRE(skive::to_sm90_metadata({positions.data(), height, width / 8}, values, tile, metadata));
  CHECK((metadata == expected));
  REQUIRE(skive::from_sm90_metadata(metadata, values, tile, {back.data(), height, width / 8}));
  CHECK((back == positions));
  metadata[5] = std::byte{0x4B};
  back.assign(back.size(), std::byte{1});
  CHECK(skive::from_sm90_metadata(metadata, values, tile, {back.data(), height, width / 8}).error() == errc::corrupt);
  CHECK((back == bytes(back.size(), std::byte{1})));
}

}  // namespace

TEST_CASE("metadata_2_of_4: the published layouts of SM90 and SM100", "[sparse]") {
  for (std::size_t const tile : {64U, 128U}) {
    mode rows{{64, 0}}, entries{{tile, 0}};
    order(rows, entries, {1, 0});
    check_sm90(metadata_values::of_8_bits, tile, rows, entries);
  }
  for (std::size_t const tile : {32U, 64U, 128U}) {
    mode rows{{8, 0}, {2, 0}, {4, 0}}, entries{{16, 0}, {2, 0}, {tile / 32, 0}};
    order(rows, entries, {3, 1, 5, 0, 4, 2});
    check_sm90(metadata_values::of_16_bits, tile, rows, entries);
  }
  check_sm90(metadata_values::of_8_bits, 128, {{128, 128}}, {{128, 1}});
  check_sm90(metadata_values::of_16_bits, 128, {{8, 128}, {2, 16}, {8, 2048}}, {{16, 1}, {2, 1024}, {4, 32}});
  bytes positions(64 * 16, std::byte{0x44}), metadata(64 * 16);
  auto const refused = [&](std::size_t rows, std::size_t columns, metadata_values values, std::size_t tile) {
    return skive::to_sm90_metadata({positions.data(), rows, columns}, values, tile, metadata).error();
  };
  CHECK(refused(64, 16, metadata_values::of_8_bits, 32) == errc::invalid_argument);
  CHECK(refused(64, 16, metadata_values::of_16_bits, 256) == errc::invalid_argument);
  CHECK(refused(63, 16, metadata_values::of_8_bits, 128) == errc::size_mismatch);
  CHECK(refused(64, 12, metadata_values::of_8_bits, 128) == errc::size_mismatch);
  CHECK(refused(64, 8, metadata_values::of_8_bits, 64) == errc::size_mismatch);
  CHECK(skive::from_sm90_metadata(metadata, metadata_values::of_8_bits, 48, {positions.data(), 64, 16}).error() ==
        errc::invalid_argument);
}

TEST_CASE("metadata_2_of_4: places of words of two bytes", "[sparse]") {
  auto const place = [](std::size_t r, std::size_t c) { return place_of(64, 4, metadata_word::of_2_bytes, r, c); };
  CHECK(place(0, 0) == 0);
  CHECK(place(8, 0) == 1);  // row 1, column 0 of the reordered rows: swapped with row 0, column 1
  CHECK(place(0, 1) == 2);
  CHECK(place(8, 1) == 3);
  CHECK(place(16, 0) == 4);
  CHECK(place(1, 0) == 8);
  CHECK(place(31, 1) == 63);
  CHECK(place(32, 0) == 64);
  CHECK(place(0, 2) == 128);
  CHECK(place(63, 3) == 255);
}

TEST_CASE("metadata_2_of_4: places of words of four bytes", "[sparse]") {
  auto const place = [](std::size_t r, std::size_t c) { return place_of(32, 2, metadata_word::of_4_bytes, r, c); };
  CHECK(place(0, 0) == 0);
  CHECK(place(8, 0) == 1);
  CHECK(place(0, 1) == 2);
  CHECK(place(1, 0) == 4);
  CHECK(place(7, 0) == 28);
  CHECK(place(16, 0) == 32);
  CHECK(place(31, 1) == 63);
}

TEST_CASE("metadata_2_of_4: comes back, refuses other shapes and nibbles", "[sparse]") {
  std::mt19937 random{1};
  unsigned const legal[] = {0x4, 0x8, 0x9, 0xC, 0xD, 0xE};
  for (auto const word : {metadata_word::of_2_bytes, metadata_word::of_4_bytes}) {
    bytes positions(64 * 16);
    for (auto& p : positions) p = static_cast<std::byte>(legal[random() % 6] | legal[random() % 6] << 4);
    bytes metadata(positions.size());
    bytes back(positions.size());
    REQUIRE(skive::to_sm80_metadata({positions.data(), 64, 16}, word, metadata));
    CHECK((metadata != positions));
    REQUIRE(skive::from_sm80_metadata(metadata, word, {back.data(), 64, 16}));
    CHECK((back == positions));
    CHECK(skive::to_sm80_metadata({positions.data(), 63, 16}, word, metadata).error() == errc::size_mismatch);
    CHECK(skive::to_sm80_metadata({positions.data(), 64, 15}, word, metadata).error() == errc::size_mismatch);
    CHECK(skive::to_sm80_metadata({positions.data(), 32, 16}, word, metadata).error() == errc::size_mismatch);
    for (unsigned const nibble : {0x0U, 0x1U, 0x2U, 0x3U, 0x5U, 0x6U, 0x7U, 0xAU, 0xBU, 0xFU}) {
      auto const kept = metadata[77];
      metadata[77] = static_cast<std::byte>(0x40 | nibble);
      CHECK(skive::from_sm80_metadata(metadata, word, {back.data(), 64, 16}).error() == errc::corrupt);
      metadata[77] = static_cast<std::byte>(nibble << 4 | 0x4);
      CHECK(skive::from_sm80_metadata(metadata, word, {back.data(), 64, 16}).error() == errc::corrupt);
      metadata[77] = kept;
    }
    CHECK((back == positions));
  }
}
