// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/polar_pair_group.hpp: laws, errors against the steps of radius and angle, arcs across the cut of angles, both pairings.
#include "skive/kv/polar_pair_group.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::errc;
using skive::polar_pair_group;
using skive::rope_pairing;
namespace test = skive::test;

test::number_rows through(polar_pair_group const& group, test::number_rows const& rows) {
  std::vector<std::byte> bytes(group.group_bytes());
  test::scratch_bytes_of scratch{group.scratch_bytes()};
  test::number_rows out{rows.rows, rows.cols};
  REQUIRE(group.encode(rows.view(), bytes, scratch.get()));
  REQUIRE(group.decode(bytes, 0, out.view()));
  return out;
}

// Pairs of unlike radii whose angles keep to an arc around `middle`.
test::number_rows pairs_on(double middle, double arc, rope_pairing pairing) {
  std::mt19937 random{17};
  std::uniform_real_distribution<double> place{-0.5, 0.5};
  test::number_rows rows{64, 16};
  for (std::size_t t = 0; t < 64; ++t)
    for (std::size_t p = 0; p < 8; ++p) {
      auto const radius = static_cast<double>(p + 1) * (1.5 + place(random));
      auto const angle = middle + arc * place(random);
      bool const halved = pairing == rope_pairing::halved;
      rows(t, halved ? p : 2 * p) = static_cast<float>(radius * std::cos(angle));
      rows(t, halved ? p + 8 : 2 * p + 1) = static_cast<float>(radius * std::sin(angle));
    }
  return rows;
}

}  // namespace

TEST_CASE("polar_pair_group: laws", "[kv]") {
  auto const group = *polar_pair_group::make(64, 32, {4, 2}, rope_pairing::halved);
  CHECK(group.group_bytes() == 32 * 32 * 6 / 8 + 32 * 8);
  test::check_key_quantizer<skive::native_arch>(*skive::grouped_keys<polar_pair_group>::make(group, {64, 64}), 1e-5);
}

TEST_CASE("polar_pair_group: half a step of radius and of angle, wherever the arc lies", "[kv]") {
  for (auto const pairing : {rope_pairing::neighbouring, rope_pairing::halved})
    for (double const middle : {0.3, 3.1, -3.0, -1.6})
      for (double const arc : {0.2, 1.5, 6.28}) {
        CAPTURE(middle, arc);
        auto const rows = pairs_on(middle, arc, pairing);
        auto const out = through(*polar_pair_group::make(16, 64, {5, 3}, pairing), rows);
        for (std::size_t p = 0; p < 8; ++p)
          for (std::size_t t = 0; t < 64; ++t) {
            bool const halved = pairing == rope_pairing::halved;
            auto const x = halved ? p : 2 * p;
            auto const y = halved ? p + 8 : 2 * p + 1;
            auto const size = static_cast<double>(p + 1);
            // radii span one size, the largest is two; float16 of the start is within 2^-9
            auto const bound = size / 7 / 2 + 2 * size * (std::min(arc / 31, arc > 6 ? 6.2832 / 32 : 7.0) / 2 + 0x1p-8);
            REQUIRE(static_cast<double>(std::hypot(out(t, x) - rows(t, x), out(t, y) - rows(t, y))) <= bound * 1.01);
          }
      }
}

TEST_CASE("polar_pair_group: zeros, equal pairs, and numbers at the limit", "[kv]") {
  auto const group = *polar_pair_group::make(8, 4, {3, 3}, rope_pairing::neighbouring);
  test::number_rows rows{4, 8};
  for (auto const x : through(group, rows).values) REQUIRE(x == 0.0f);
  for (std::size_t t = 0; t < 4; ++t) {
    rows(t, 2) = -2.0f;  // the same pair at all tokens: its parameters say all
    rows(t, 6) = rows(t, 7) = t == 1 ? -65504.0f : 65504.0f;
  }
  auto const out = through(group, rows);
  for (std::size_t t = 0; t < 4; ++t) {
    REQUIRE(std::fabs(out(t, 2) + 2.0f) < 1e-5f);
    REQUIRE(std::fabs(out(t, 3)) < 4e-3f);
    REQUIRE(std::isfinite(out(t, 6)));
    REQUIRE((out(t, 6) < 0) == (t == 1));
  }
}

TEST_CASE("polar_pair_group: refusals", "[kv]") {
  for (auto const bits : {skive::polar_bits{0, 4}, {4, 0}, {5, 4}, {8, 0}})
    CHECK(polar_pair_group::make(64, 32, bits, rope_pairing::halved).error() == errc::invalid_argument);
  CHECK(polar_pair_group::make(64, 0, {}, rope_pairing::halved).error() == errc::invalid_argument);
  CHECK(polar_pair_group::make(64, 2048, {}, rope_pairing::halved).error() == errc::invalid_argument);
  auto const group = *polar_pair_group::make(64, 32, {}, rope_pairing::halved);
  std::vector<std::byte> bytes(group.group_bytes());
  CHECK(group.encode(test::number_rows{32, 64}.view(), bytes, {}).error() == errc::workspace_too_small);
}
