// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/scale_cursor.hpp: the scale of every lane, step after step, for lanes that need each way of spreading.
#include "skive/block/scale_cursor.hpp"

#include "support/simd_arches.hpp"

#include <cstddef>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <detail::spread Spread, class Arch>
void check(std::size_t lanes) {
  std::mt19937 random{static_cast<unsigned>(lanes)};
  detail::group_parameters<Arch> p[2];
  for (auto& of_row : p)
    for (std::size_t g = 0; g < of_row.capacity + 16; ++g) {
      of_row.scale[g] = static_cast<float>(random() % 1000);
      of_row.minus_zero_point[g] = -static_cast<float>(random() % 16);
    }
  detail::scale_cursor<Spread, Arch> cursor{p, lanes};
  for (std::size_t step = 0; 16 * (step + 1) <= lanes * p->capacity && step < 400; ++step) {
    for (std::size_t row = 0; row < 2; ++row) {
      alignas(64) float scale[16];
      alignas(64) float zero[16];
      cursor.scale(row).store(scale);
      cursor.minus_zero_point(row).store(zero);
      for (std::size_t i = 0; i < 16; ++i) {
        auto const group = (16 * step + i) / lanes;
        CAPTURE(Arch::name(), lanes, step, row, i);
        REQUIRE(scale[i] == p[row].scale[group]);
        REQUIRE(zero[i] == p[row].minus_zero_point[group]);
      }
    }
    if (step % 3 == 0) {
      auto after = cursor;
      after.advance();
      cursor.advance(1, after);
    } else {
      cursor.advance();
    }
  }
}

}  // namespace

TEST_CASE("scale_cursor: every lane has its group's scale", "[block]") {
  test::for_each_arch([]<class Arch>() {
    for (std::size_t const lanes : {2U, 4U, 8U}) check<detail::spread::shift, Arch>(lanes);
    if (detail::spread_of<Arch>(8, true) == detail::spread::halves) {
      check<detail::spread::halves, Arch>(8);
      check<detail::spread::broadcast, Arch>(8);
    }
    for (std::size_t const lanes : {16U, 32U, 48U}) check<detail::spread::broadcast, Arch>(lanes);
    for (std::size_t const lanes : {1U, 3U, 5U, 12U, 20U}) check<detail::spread::any, Arch>(lanes);
  });
}

TEST_CASE("scale_cursor: the way that fits", "[block]") {
  using detail::spread;
  test::for_each_arch([]<class Arch>() {
    for (std::size_t lanes = 1; lanes < 100; ++lanes) {
      bool const power = lanes == 2 || lanes == 4 || lanes == 8;
      bool const registers = lanes == 8 && simd::floats<Arch>::registers > 1;
      auto const way = lanes % 16 == 0 ? spread::broadcast : power ? spread::shift : spread::any;
      CHECK(detail::spread_of<Arch>(lanes, false) == way);
      CHECK(detail::spread_of<Arch>(lanes, true) == (registers ? spread::halves : way));
    }
  });
}
