// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/sign_sketch.hpp: a sketch of two numbers by hand, its constants, and what it refuses. Mean and variance: compose/unbiased.test.cpp.
#include "skive/codebook/sign_sketch.hpp"

#include "laws/dot_codec.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using sketch = sign_sketch<gaussian_projection>;
constexpr float projection[]{1, 0, 0, 1, -1, 1};  // three bits of two numbers

TEST_CASE("A sketch by hand", "[codebook]") {
  sketch const codec{gaussian_projection{{projection, 3, 2, 2}}};
  REQUIRE(codec.row_multiple() == 2);
  std::vector<float> const x{3, -4, -0.0f, 0};
  test::packed_row<sketch> row{codec, 4};
  test::scratch_memory scratch{codec.scratch_bytes(4)};
  REQUIRE(codec.encode(std::span<float const>{x}, row.to(), scratch.get()));
  REQUIRE(row.from()[0].data[0] == std::byte{6});  // P x = 3, -4, -7
  std::vector<float> back(4, 7.0f);
  REQUIRE(codec.decode(row.from(), std::span{back}, scratch.get()));
  auto const c = std::sqrt(std::acos(-1.0) / 2) / 3;
  REQUIRE(std::fabs(static_cast<double>(back[0]) - 10 * c) < 1e-6);
  REQUIRE(std::fabs(static_cast<double>(back[1]) + 10 * c) < 1e-6);
  REQUIRE((is_zero(back[2]) && is_zero(back[3])));
  test::scratch_memory memory{codec.query_bytes(4)};
  auto const q = codec.prepare(std::vector<float>{1, 2, 5, 5}, memory.get());
  REQUIRE(q);
  REQUIRE(std::fabs(static_cast<double>(*codec.dot(row.from(), *q)) + 10 * c) < 1e-6);  // P y = 1, 2, 1
}

TEST_CASE("The mean size of a coordinate of a unit vector", "[codebook]") {
  auto const pi = std::acos(-1.0);
  REQUIRE(std::fabs(detail::mean_unit_coordinate(1) - 1) < 1e-9);
  REQUIRE(std::fabs(detail::mean_unit_coordinate(2) - 2 / pi) < 1e-9);
  REQUIRE(std::fabs(detail::mean_unit_coordinate(3) - 0.5) < 1e-9);
  for (std::size_t const n : {4U, 17U, 64U, 1000U, 65536U}) {
    auto const half = static_cast<double>(n) / 2;
    auto const exact = std::exp(std::lgamma(half) - std::lgamma(half + 0.5)) / std::sqrt(pi);
    REQUIRE(std::fabs(detail::mean_unit_coordinate(n) / exact - 1) < 1e-9);
  }
}

TEST_CASE("Sketches refuse, and write nothing", "[codebook]") {
  sketch const codec{gaussian_projection{{projection, 3, 2, 2}}};
  test::packed_row<sketch> row{codec, 4};
  test::scratch_memory scratch{codec.query_bytes(4) + codec.scratch_bytes(4)};
  auto const encode = [&](std::vector<float> const& x, workspace w) {
    return codec.encode(std::span<float const>{x}, row.to(), w).error();
  };
  for (std::size_t p = 0; p < 2; ++p) row.to()[p].data[0] = std::byte{0x5A};
  auto const nan = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(encode({1, 2, 3, nan}, scratch.get()) == errc::not_finite);
  REQUIRE(encode({1, 2, 3, 0x1p96f}, scratch.get()) == errc::not_finite);
  REQUIRE(encode({1, 2, 3}, scratch.get()) == errc::size_mismatch);
  REQUIRE(encode({1, 2, 3, 4}, workspace{}) == errc::workspace_too_small);
  for (std::size_t p = 0; p < 2; ++p) REQUIRE(row.to()[p].data[0] == std::byte{0x5A});
  auto const prepare = [&](sketch const& s, std::vector<float> const& y, workspace w) { return s.prepare(y, w).error(); };
  REQUIRE(prepare(codec, {1, 2, 3}, scratch.get()) == errc::size_mismatch);
  REQUIRE(prepare(codec, {1, nan}, scratch.get()) == errc::not_finite);
  REQUIRE(prepare(codec, {1, 2}, workspace{}) == errc::workspace_too_small);
  // A projection of no number has rows of no number only.
  sketch const none;
  REQUIRE(prepare(none, {1, 2}, scratch.get()) == errc::size_mismatch);
  REQUIRE(prepare(none, {}, workspace{}) == errc::ok);
  REQUIRE(none.encode(std::vector<float>{1, 2}, row.to(), scratch.get()).error() == errc::size_mismatch);
  REQUIRE(none.dot(row.from(), {nullptr, 2}).error() == errc::size_mismatch);
  REQUIRE(none.encode(std::span<float const>{}, row.to(), workspace{}));
}

}  // namespace
}  // namespace skive
