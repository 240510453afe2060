// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/fast_scan.hpp: scanned sums equal sums of table bytes on every instruction set, within the stated bound of the distance;
// corrupt codes, refusals.
#include "skive/codebook/fast_scan.hpp"

#include "skive/core/random.hpp"
#include "support/allocations.hpp"
#include "support/drawn_vectors.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using test::codes_below;
using test::gaussians;

template <class Arch>
void check_scan(std::size_t n, std::size_t parts) {
  auto const codes = codes_below(n * parts, 16);
  auto const tables = gaussians(16 * parts, parts);
  std::vector<std::uint8_t> packed(fast_scan_bytes(n, parts) + 1);
  auto const blocks = std::span{packed}.subspan(1);  // misaligned
  REQUIRE(pack_fast_scan({codes.data(), n, parts}, blocks));
  std::vector<std::byte> memory(fast_scan_query_bytes(parts));
  auto const q = prepare_fast_scan(tables, workspace{memory});
  REQUIRE(q);
  std::vector<std::uint16_t> sums(n + 1, 4711);
  auto const before = test::allocations();
  auto const s = fast_scan<Arch>(blocks, *q, std::span{sums}.first(n));
  REQUIRE(test::allocations() == before);
  REQUIRE(s);
  REQUIRE(sums[n] == 4711);
  bool right = true;
  for (std::size_t i = 0; i < n; ++i) {
    unsigned sum = 0;
    double distance = 0;
    for (std::size_t m = 0; m < parts; ++m) {
      sum += q->tables[64 * m + codes[i * parts + m]];
      distance += static_cast<double>(tables[16 * m + codes[i * parts + m]]);
    }
    right &= sums[i] == sum;
    auto const bound = (static_cast<double>(parts) / 2 + 0.01) * static_cast<double>(q->step) + 1e-4;
    right &= std::fabs(static_cast<double>(q->distance(sums[i])) - distance) <= bound;
  }
  CAPTURE(n, parts);
  REQUIRE(right);
}

TEST_CASE("A scan adds up the tables' bytes, for every length and number of parts", "[codebook]") {
  auto const all = []<class Arch>() {
    for (std::size_t const n : {0U, 1U, 31U, 33U, 63U, 64U, 65U, 200U})
      for (std::size_t const parts : {1U, 2U, 7U, 16U}) check_scan<Arch>(n, parts);
    check_scan<Arch>(70, 256);
  };
  all.template operator()<scalar_arch>();
  test::for_each(test::few_arches{}, all);
}

TEST_CASE("The largest sums fit, equal tables have no range", "[codebook]") {
  std::vector<float> tables(16 * 256);
  for (std::size_t i = 15; i < tables.size(); i += 16) tables[i] = 1.0f;
  std::vector<std::byte> memory(fast_scan_query_bytes(256));
  auto const q = *prepare_fast_scan(tables, workspace{memory});
  std::vector<std::uint8_t> const packed(fast_scan_bytes(64, 256), 255);
  std::vector<std::uint16_t> sums(64);
  REQUIRE(fast_scan(packed, q, sums));
  for (auto const s : sums) REQUIRE(s == 255 * 256);
  REQUIRE(q.distance(sums[0]) == Catch::Approx(256.0f));
  auto const flat = *prepare_fast_scan(std::vector<float>(32, -2.5f), workspace{memory});
  REQUIRE(fast_scan(packed, flat, sums));
  REQUIRE(flat.distance(sums[0]) == -5.0f);
}

TEST_CASE("Scans: refusals and corrupt codes", "[codebook]") {
  std::vector<float> tables(32);
  std::vector<std::uint8_t> codes{0, 1, 16, 3};
  std::vector<std::uint8_t> packed(64);
  REQUIRE(pack_fast_scan({codes.data(), 2, 2}, packed).error() == errc::corrupt);
  codes[2] = 0;
  REQUIRE(pack_fast_scan({codes.data(), 2, 2}, std::span{packed}.first(63)).error() == errc::size_mismatch);
  REQUIRE(pack_fast_scan({nullptr, 2, 2}, packed).error() == errc::invalid_argument);
  std::vector<std::byte> memory(fast_scan_query_bytes(2));
  REQUIRE(prepare_fast_scan(std::span{tables}.first(31), workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(prepare_fast_scan({}, workspace{memory}).error() == errc::invalid_argument);
  REQUIRE(prepare_fast_scan(tables, workspace{}).error() == errc::workspace_too_small);
  std::vector<std::uint16_t> sums(65, 3);
  REQUIRE(fast_scan(packed, *prepare_fast_scan(tables, workspace{memory}), sums).error() == errc::size_mismatch);
  REQUIRE(fast_scan(packed, fast_scan_query{}, sums).error() == errc::invalid_argument);
  REQUIRE(sums == std::vector<std::uint16_t>(65, 3));
  tables[3] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(prepare_fast_scan(tables, workspace{memory}).error() == errc::not_finite);
}

}  // namespace
}  // namespace skive
