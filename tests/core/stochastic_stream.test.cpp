// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/core/stochastic_stream.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/tiles.hpp"
#include "skive/format/fp8.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using skive::stochastic_stream;

TEST_CASE("number i of row r takes field i of stream r", "[core]") {
  for (std::uint64_t const r : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40})
    for (std::uint64_t i = 0; i < 40; ++i) {
      auto const at = [&](int count) {
        auto const policy = stochastic_stream{42, 0, count, skive::stochastic_variant::a}.at_row(r).at(i);
        REQUIRE(policy.count == count);
        REQUIRE(policy.variant == skive::stochastic_variant::a);
        return policy.random;
      };
      skive::counter_random const random{42, r};
      REQUIRE(at(32) == random.bits(i));
      REQUIRE(at(20) == random.bits(i) >> 12);
      REQUIRE(at(16) == (random.bits(i / 2) >> (i % 2 * 16) & 0xFFFF));
      REQUIRE(at(12) == (random.bits(i / 2) >> (i % 2 * 16) & 0xFFFF) >> 4);
      REQUIRE(at(8) == (random.bits(i / 4) >> (i % 4 * 8) & 0xFF));
      REQUIRE(at(3) == (random.bits(i / 4) >> (i % 4 * 8) & 0xFF) >> 5);
    }
}

namespace {

using codec = skive::absmax<skive::int4, skive::float32, stochastic_stream>;
static_assert(skive::block_codec<codec> && !skive::stepwise_codec<codec>);
static_assert(skive::block_codec<skive::mx<skive::e4m3fn, stochastic_stream>>);

std::vector<float> once(codec const& c, std::span<float const> row) {
  auto const sizes = c.plane_bytes(row.size());
  std::vector<std::byte> bytes(skive::total_bytes(sizes));
  skive::planes<std::byte, 2> to;
  std::vector<float> out(row.size());
  REQUIRE(skive::planar(c, row.size(), std::span<std::byte>{bytes}, to));
  REQUIRE(c.encode(row, to));
  skive::planes<std::byte const, 2> const from = to;
  REQUIRE(c.decode(from, std::span<float>{out}));
  return out;
}

}  // namespace

TEST_CASE("stochastic block codecs: rows in any order, neighbours only, unbiased", "[core]") {
  std::vector<float> row(64);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i % 2 == 0 ? 1 : -1) * 0.111f * static_cast<float>(i);
  row[63] = 7.0f;  // scale 1
  codec const c{64, {skive::scale_choice::absmax, stochastic_stream{7}}};
  auto const first = once(c.at_row(3), row);
  REQUIRE(once(c.at_row(4), row) != first);
  REQUIRE(once(c.at_row(3), row) == first);
  constexpr std::size_t rows = 4000;
  std::vector<double> sum(row.size());
  for (std::size_t r = 0; r < rows; ++r) {
    auto const y = once(c.at_row(r), row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      REQUIRE((y[i] == std::floor(row[i]) || y[i] == std::ceil(row[i])));
      sum[i] += static_cast<double>(y[i]);
    }
  }
  for (std::size_t i = 0; i < row.size(); ++i)  // five standard deviations of a mean of rows numbers in [0, 1]
    REQUIRE(std::abs(sum[i] / rows - static_cast<double>(row[i])) < 5 * 0.5 / std::sqrt(static_cast<double>(rows)));
}

TEST_CASE("tiles round each number by its row and column", "[core]") {
  using scheme = skive::absmax_scheme<skive::int4, skive::float32, stochastic_stream>;
  scheme const s{skive::scale_choice::absmax, stochastic_stream{9}};
  auto const t = *skive::tiles<scheme>::make(1, 32, s);
  skive::grouped<scheme> const g{32, s};
  std::vector<float> x(3 * 64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  std::vector<std::byte> bytes(skive::total_bytes(t.plane_bytes(3, 64)));
  auto const sizes = t.plane_bytes(3, 64);
  skive::planes<std::byte, 2> to;
  to[0] = {bytes.data(), sizes[0], 0};
  to[1] = {bytes.data() + sizes[0], sizes[1], 0};
  std::vector<std::byte> memory(t.scratch_bytes(3, 64) + 64);
  REQUIRE(t.encode({x.data(), 3, 64, 64}, to, skive::workspace{memory}));
  for (std::size_t r = 0; r < 3; ++r) {
    std::vector<std::byte> row(skive::total_bytes(g.plane_bytes(64)));
    skive::planes<std::byte, 2> p;
    REQUIRE(skive::planar(g, 64, std::span<std::byte>{row}, p));
    REQUIRE(g.at_row(r).encode(std::span<float const>{x}.subspan(r * 64, 64), p));
    for (std::size_t b = 0; b < 32; ++b) REQUIRE(row[b] == bytes[r * 32 + b]);
  }
}
