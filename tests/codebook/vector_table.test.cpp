// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/vector_table.hpp: the nearest entry by exact distances, with ties and the largest levels and numbers; rounding and refusals of
// make(); levels as bytes.
#include "skive/codebook/vector_table.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <int P, int Bits>
using levels = std::int16_t[std::size_t{1} << Bits][static_cast<std::size_t>(P)];

template <int P, int Bits>
std::size_t nearest(levels<P, Bits> const& level, std::int16_t const* x) {
  std::size_t best = 0;
  std::int64_t least = -1;
  for (std::size_t k = 0; k < std::size_t{1} << Bits; ++k) {
    std::int64_t distance = 0;
    for (std::size_t j = 0; j < P; ++j) {
      std::int64_t const d = std::int64_t{x[j]} - level[k][j];
      distance += d * d;
    }
    if (least < 0 || distance < least) least = distance, best = k;
  }
  return best;
}

// kind 0: few values, so that many tie; 1: anything; 2: the largest of both signs.
template <int P, int Bits>
void check_nearest() {
  using table_type = vector_table<P, Bits>;
  constexpr int most = table_type::largest_level;
  std::mt19937 random{P * 16 + Bits};
  for (int kind = 0; kind < 3; ++kind) {
    levels<P, Bits> level;
    auto const number = [&](int largest) {
      auto const r = static_cast<int>(random() >> 1);
      return static_cast<std::int16_t>(kind == 0        ? r % 5 - 2
                                           : kind == 1  ? r % (2 * largest + 1) - largest
                                           : r % 2 != 0 ? largest
                                                        : -largest);
    };
    for (auto& row : level)
      for (auto& v : row) v = number(most);
    auto const table = std::make_unique<table_type>(level);
    for (int t = 0; t < 20; ++t) {
      std::int16_t x[16][4]{};
      std::uint32_t pairs[16 * table_type::pairs];
      for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t j = 0; j < P; ++j) x[i][j] = number(32767);
        for (std::size_t j = 0; j < table_type::pairs; ++j) pairs[16 * j + i] = detail::level_pair(x[i][2 * j], x[i][2 * j + 1]);
      }
      auto const check = [&]<class Arch>() {
        std::uint32_t index[16];
        detail::nearest_entries<Arch>(*table, pairs, index);
        for (std::size_t i = 0; i < 16; ++i) REQUIRE(index[i] == nearest<P, Bits>(level, x[i]));
      };
      check.template operator()<scalar_arch>();
      test::for_each(test::few_arches{}, check);
    }
  }
}

TEST_CASE("The nearest entry, of equals the first", "[codebook]") {
  check_nearest<1, 1>();
  check_nearest<3, 2>();
  check_nearest<2, 6>();
  check_nearest<3, 5>();
  check_nearest<4, 8>();
}

TEST_CASE("Codewords are rounded to 1 / 1024, ties to even, or refused", "[codebook]") {
  using table_type = vector_table<2, 2>;
  table_type table;
  std::vector<float> c{0.5f / 1024, 1.5f / 1024, -2.5f / 1024, 8191.0f / 1024, -8191.0f / 1024, 0, 1, -1};
  auto const make = [&](std::size_t rows, std::size_t cols) { return table_type::make({c.data(), rows, cols}, table).error(); };
  REQUIRE(make(4, 2) == errc::ok);
  float const expected[4][2]{{0, 2}, {-2, 8191}, {-8191, 0}, {1024, -1024}};
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t j = 0; j < 2; ++j) REQUIRE(table.value[k][j] == expected[k][j]);
  REQUIRE(make(2, 4) == errc::size_mismatch);
  c[7] = std::nextafter(8191.0f / 1024, 9.0f);
  REQUIRE(make(4, 2) == errc::invalid_argument);
  c[7] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(make(4, 2) == errc::not_finite);
  REQUIRE(table.value[3][0] == 1024);  // what was there stays
}

TEST_CASE("Levels as bytes: the largest is 127, others nearest", "[codebook]") {
  levels<2, 4> level{};
  for (int k = 0; k < 16; ++k)
    level[k][0] = static_cast<std::int16_t>(500 * k - 4000), level[k][1] = static_cast<std::int16_t>(k);
  vector_table<2, 4> const table{level};
  REQUIRE(table.byte_unit == 4000.0f / 127);
  for (std::size_t k = 0; k < 16; ++k)
    for (std::size_t j = 0; j < 2; ++j) {
      auto const exact = static_cast<double>(level[k][j]) * 127 / 4000;
      REQUIRE(std::fabs(static_cast<double>(table.byte[j][k]) - 128 - exact) <= 0.5);
    }
  levels<2, 4> const zeros{};
  vector_table<2, 4> const nothing{zeros};
  REQUIRE(nothing.byte_unit == 0.0f);
  for (auto const b : nothing.byte[0]) REQUIRE(b == 128);
}

}  // namespace
}  // namespace skive
