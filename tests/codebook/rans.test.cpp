// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/rans.hpp: streams come back, take what entropy says, and corrupt ones are told.
#include "skive/codebook/rans.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<std::uint64_t> counts_of(std::vector<std::uint8_t> const& symbols) {
  std::vector<std::uint64_t> counts(256);
  for (auto const s : symbols) ++counts[s];
  return counts;
}

double entropy_bits(std::vector<std::uint64_t> const& counts) {
  double n = 0;
  double bits = 0;
  for (auto const c : counts) n += static_cast<double>(c);
  for (auto const c : counts)
    if (c != 0) bits -= static_cast<double>(c) * std::log2(static_cast<double>(c) / n);
  return bits;
}

std::vector<std::uint8_t> geometric(std::size_t n, unsigned seed, double p) {
  std::mt19937 random{seed};
  std::geometric_distribution<int> draw{p};
  std::vector<std::uint8_t> symbols(n);
  for (auto& s : symbols) s = static_cast<std::uint8_t>(40 + std::min(draw(random), 100));
  return symbols;
}

TEST_CASE("Streams come back and take what entropy says", "[codebook]") {
  for (double const p : {0.02, 0.3, 0.9})
    for (std::size_t const n : {0U, 1U, 2U, 3U, 999U, 60000U}) {
      auto const symbols = geometric(n, 1, p);
      auto counts = counts_of(geometric(60000, 1, p));
      auto const table = rans_table::make(counts);
      REQUIRE(table);
      std::uint32_t sum = 0;
      for (unsigned s = 0; s < 256; ++s) sum += table->frequency(static_cast<std::uint8_t>(s));
      REQUIRE(sum == 4096);
      std::vector<std::byte> memory(rans_bytes(n), std::byte{7});
      auto const size = rans_encode(*table, symbols, std::span{memory});
      REQUIRE(size);
      std::vector<std::uint8_t> back(n);
      auto const read = rans_decode(*table, memory, std::span{back});  // more bytes than the stream has
      REQUIRE(read);
      REQUIRE(*read == *size);
      REQUIRE((back == symbols));
      REQUIRE(rans_decode(*table, std::span{memory}.first(*size - 1), std::span{back}).error() == errc::corrupt);
      if (n == 60000) REQUIRE(static_cast<double>(8 * *size) < 1.005 * entropy_bits(counts_of(symbols)) + 100);
    }
}

TEST_CASE("Frequencies", "[codebook]") {
  std::vector<std::uint64_t> counts(256);
  REQUIRE(rans_table::make(counts).error() == errc::invalid_argument);
  counts[9] = 5;
  auto const one = rans_table::make(counts);
  REQUIRE(one);
  REQUIRE(one->frequency(9) == 4096);
  std::vector<std::uint8_t> const symbols(1000, 9);
  std::vector<std::byte> memory(rans_bytes(1000));
  REQUIRE(*rans_encode(*one, symbols, std::span{memory}) == 8);  // a symbol that is certain costs nothing
  std::vector<std::uint8_t> const other{9, 8};
  REQUIRE(rans_encode(*one, other, std::span{memory}).error() == errc::unsupported);
  REQUIRE(rans_encode(*one, symbols, std::span{memory}.first(100)).error() == errc::size_mismatch);
  counts[3] = std::uint64_t{1} << 49;
  auto const rare = rans_table::make(counts);
  REQUIRE(rare);
  std::vector<std::uint8_t> late(1000, 9);
  late[0] = 10;  // coded last, after bytes of the others
  auto const before = memory;
  REQUIRE(rans_encode(*rare, late, std::span{memory}).error() == errc::unsupported);
  REQUIRE(memory == before);
  for (std::uint8_t s = 3; s <= 9; ++s) REQUIRE(rare->frequency(s) == (s == 3 ? 4090U : 1U));
  counts[4] = std::uint64_t{1} << 49;
  REQUIRE(rans_table::make(counts).error() == errc::invalid_argument);
  REQUIRE(rans_table::make(std::vector<std::uint64_t>(257, 1)).error() == errc::invalid_argument);
}

// Random bytes, and streams with a changed or missing byte: corrupt or other symbols, never a read past the end.
TEST_CASE("Corrupt streams", "[codebook]") {
  std::mt19937 random{5};
  auto const symbols = geometric(500, 2, 0.3);
  auto const table = *rans_table::make(counts_of(symbols));
  std::vector<std::byte> memory(rans_bytes(500));
  auto const size = *rans_encode(table, symbols, std::span{memory});
  int told = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    auto const n = trial % 2 == 0 ? size : random() % size;
    auto const bytes = std::make_unique<std::byte[]>(n);  // of its own, so that a sanitizer sees its end
    for (std::size_t i = 0; i < n; ++i) bytes[i] = trial % 4 < 2 ? memory[i] : static_cast<std::byte>(random());
    if (trial % 4 == 0) bytes[random() % n] ^= static_cast<std::byte>(1 + random() % 255);
    std::vector<std::uint8_t> back(500);
    auto const read = rans_decode(table, std::span{bytes.get(), n}, std::span{back});
    if (!read) {
      REQUIRE(read.error() == errc::corrupt);
      ++told;
    } else {
      REQUIRE(*read <= n);
    }
  }
  REQUIRE(told > 3900);
}

}  // namespace
}  // namespace skive
