// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/metadata_2_of_4.hpp: places of words worked out by hand from CUTLASS's rule, round trips, refusals.
#include "skive/sparse/metadata_2_of_4.hpp"

#include <cstddef>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
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

}  // namespace

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
