// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/prefix_code.hpp: complete codes of limited length, near the entropy; the table decodes what the codes say; refusals.
#include "skive/codebook/prefix_code.hpp"

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("Codes of limited length are complete", "[codebook]") {
  std::mt19937 random{2};
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<std::uint64_t> counts(256);
    for (auto& c : counts) c = trial % 3 == 0 ? random() % 3 : std::uint64_t{1} << (random() % (trial % 2 == 0 ? 40 : 14));
    counts[7] = 1;
    auto const code = prefix_code::make(std::span<std::uint64_t const, 256>{counts});
    REQUIRE(code);
    int filled = 0;
    for (unsigned s = 0; s < 256; ++s) {
      auto const l = code->length(static_cast<std::uint8_t>(s));
      REQUIRE(l <= 11);
      if (l != 0) filled += 2048 >> l;
    }
    REQUIRE(filled == 2048);
    REQUIRE(code->length(code->common()) > 0);
  }
  std::vector<std::uint64_t> counts(256);
  REQUIRE(prefix_code::make(std::span<std::uint64_t const, 256>{counts}).error() == errc::invalid_argument);
  counts[1] = counts[2] = std::uint64_t{1} << 49;
  REQUIRE(prefix_code::make(std::span<std::uint64_t const, 256>{counts}).error() == errc::invalid_argument);
}

// Four symbols at most from each window, by walking it code by code.
TEST_CASE("Each window holds the symbols that its bits begin with", "[codebook]") {
  std::vector<std::uint64_t> counts(256);
  double n = 0;
  for (std::size_t s = 100; s < 140; ++s) counts[s] = 1 + 40000 / (1 + (s - 100) * (s - 100));
  for (auto const c : counts) n += static_cast<double>(c);
  auto const code = std::make_unique<prefix_code>(*prefix_code::make(std::span<std::uint64_t const, 256>{counts}));
  for (std::uint32_t window = 0; window < 2048; ++window) {
    auto const entry = code->entry(window);
    auto const count = entry >> 32 & 255;
    auto const size = static_cast<int>(entry >> 40 & 255);
    int used = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      auto const s = static_cast<std::uint8_t>(entry >> (8 * i));
      auto const l = code->length(s);
      REQUIRE(l > 0);
      REQUIRE((window >> used & ((1U << l) - 1)) == code->bits(s));
      used += l;
    }
    REQUIRE(used == size);
    REQUIRE(used <= prefix_code::longest);
    bool fits = false;  // another code in what is left
    for (unsigned s = 0; s < 256; ++s) {
      auto const l = code->length(static_cast<std::uint8_t>(s));
      fits |= l != 0 && used + l <= prefix_code::longest &&
          (window >> used & ((1U << l) - 1)) == code->bits(static_cast<std::uint8_t>(s));
    }
    REQUIRE((count == 4 || !fits));
  }
  double bits = 0;
  double entropy = 0;
  for (unsigned s = 0; s < 256; ++s) {
    if (counts[s] == 0) continue;
    bits += static_cast<double>(counts[s]) * code->length(static_cast<std::uint8_t>(s));
    entropy -= static_cast<double>(counts[s]) * std::log2(static_cast<double>(counts[s]) / n);
  }
  REQUIRE(bits >= entropy);
  REQUIRE(bits < entropy + 0.06 * n);  // no symbol has half of the counts
}

}  // namespace
}  // namespace skive
