// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/group_outliers.hpp: the largest scores are kept, put back by part, and positions of any bytes are safe.
#include "skive/kv/group_outliers.hpp"

#include "support/cache_rows.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::detail::keep_outliers;
using skive::detail::restore_outliers;

}  // namespace

TEST_CASE("group_outliers: numbers of the largest scores come back, others stay", "[kv]") {
  constexpr std::size_t kept = 5;
  test::number_rows rows{6, 8};
  std::vector<float> scores(48);
  for (std::size_t i = 0; i < 48; ++i) {
    rows.values[i] = static_cast<float>(i) - 20.5f;  // float16 holds it
    scores[i] = static_cast<float>(i * 29 % 48);     // each once
  }
  std::vector<std::uint32_t> positions(kept);
  std::vector<std::byte> bytes(skive::detail::outlier_bytes(kept));
  keep_outliers(rows.view(), scores, positions, bytes.data());
  for (std::size_t i = 0; i < 48; ++i)
    CHECK((std::find(positions.begin(), positions.end(), i) != positions.end()) == (scores[i] >= 43));
  for (std::size_t first = 0; first < 6; ++first)
    for (std::size_t count = 1; count <= 6 - first; ++count) {
      test::number_rows out{count, 8};
      restore_outliers(bytes.data(), kept, first, out.view());
      for (std::size_t i = 0; i < 8 * count; ++i) {
        auto const at = 8 * first + i;
        CHECK(out.values[i] == (scores[at] >= 43 ? rows.values[at] : 0.0f));
      }
    }
}

TEST_CASE("group_outliers: positions past the group are passed over, none is none", "[kv]") {
  std::vector<std::byte> bytes(skive::detail::outlier_bytes(3), std::byte{0x3F});  // positions 16191, numbers 1.81
  std::uint16_t const last = 15;
  std::memcpy(bytes.data() + 2, &last, 2);
  test::number_rows out{2, 8};
  restore_outliers(bytes.data(), 3, 0, out.view());
  for (std::size_t i = 0; i < 16; ++i) CHECK(out.values[i] == (i == 15 ? 1.8115234375f : 0.0f));
  restore_outliers(bytes.data(), 3, 2, {out.values.data(), 0, 8});
  restore_outliers(bytes.data(), 3, 0, {out.values.data(), 0, 0});
  std::byte untouched{0x5A};
  keep_outliers(out.view(), out.values, {}, &untouched);
  CHECK(untouched == std::byte{0x5A});
}
