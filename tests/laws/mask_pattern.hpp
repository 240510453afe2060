// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of mask_pattern: exactly as many as stated, the kept dominate, ties go to the lower index, NaN and wrong sizes are
// refused before the first write, the same bits on every instruction set. The oracle sorts indices.

#include "skive/core/concepts.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

/// Scores of a kind: Gaussian, few values (many ties), both zeros, infinities, subnormals, only magnitudes.
inline std::vector<float> scores_of_kind(std::size_t n, unsigned kind, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> scores(n);
  float const few[] = {
      -2.0f, -0.0f, 0.0f, 1.0f, 1.0f, 3.0f, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  for (auto& s : scores)
    s = kind == 0   ? normal(random)
        : kind == 1 ? few[random() % 6]
        : kind == 2 ? few[random() % 8]
        : kind == 4 ? std::fabs(normal(random))
                    : std::bit_cast<float>(static_cast<std::uint32_t>(random() % 8) | (random() % 2 == 0 ? 0x8000'0000U : 0U));
  return scores;
}

/// Bytes of the mask that keeps the `count` first of each group's entries, sorted by score, then by index.
/// count(size): of a group of this size. group 0: the row.
template <class Count>
std::vector<std::byte> expected_mask(std::vector<float> const& scores, std::size_t group, Count count) {
  std::vector<std::byte> mask((scores.size() + 7) / 8);
  for (std::size_t first = 0; first < scores.size(); first += group == 0 ? scores.size() : group) {
    auto const size = group == 0 ? scores.size() : std::min(group, scores.size() - first);
    std::vector<std::size_t> order(size);
    std::iota(order.begin(), order.end(), first);
    // As numbers in double, which no processor mode flushes.
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      auto const x = static_cast<double>(scores[a]);
      auto const y = static_cast<double>(scores[b]);
      return x > y || (x == y && a < b);
    });
    for (std::size_t i = 0; i < count(size); ++i) mask[order[i] / 8] |= std::byte{1} << static_cast<int>(order[i] % 8);
  }
  return mask;
}

template <class Arch, class Pattern, class Count>
void check_masks(Pattern const& pattern, std::vector<std::size_t> const& lengths, std::size_t group, Count count) {
  for (auto const n : lengths)
    for (unsigned kind = 0; kind < 5; ++kind) {
      CAPTURE(n, kind, group);
      std::size_t const shift = n % 5;
      auto scores = scores_of_kind(n, kind, static_cast<unsigned>(n) + kind);
      auto const expected = expected_mask(scores, group, count);
      scores.insert(scores.begin(), shift, std::numeric_limits<float>::quiet_NaN());  // around the row, not in it
      scores.push_back(std::numeric_limits<float>::quiet_NaN());
      std::vector<std::byte> memory(expected.size() + 2, std::byte{0xA5});
      auto const mask = std::span{memory}.subspan(1, expected.size());
      auto const s = pattern.template select<Arch>(std::span<float const>{scores}.subspan(shift, n), mask);
      REQUIRE(s);
      REQUIRE((std::vector<std::byte>(mask.begin(), mask.end()) == expected));
      REQUIRE((memory.front() == std::byte{0xA5} && memory.back() == std::byte{0xA5}));
    }
}

template <class Arch, class Pattern>
void check_mask_refusals(Pattern const& pattern, std::size_t n) {
  std::vector<std::byte> mask((n + 7) / 8, std::byte{0xA5});
  auto const untouched = mask;
  for (auto const at : {std::size_t{0}, n / 2, n - 1}) {
    std::vector<float> scores(n, 1.0f);
    scores[at] = -std::numeric_limits<float>::quiet_NaN();
    REQUIRE(pattern.template select<Arch>(std::span<float const>{scores}, std::span{mask}).error() == errc::not_finite);
    REQUIRE((mask == untouched));
  }
  std::vector<float> const scores(n, 1.0f);
  auto const less = std::span{mask}.first(mask.size() - 1);
  REQUIRE(pattern.template select<Arch>(std::span<float const>{scores}, less).error() == errc::size_mismatch);
  REQUIRE((mask == untouched));
}

}  // namespace skive::test
