// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/adaptive.hpp: the laws; every group is that of the better absmax codec; choices are stored and read.
#include "skive/block/adaptive.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/lookup.hpp"

#include <cmath>
#include <limits>

namespace {

namespace test = skive::test;
using two = skive::adaptive<skive::float16, skive::int4, skive::e2m1>;
using three = skive::adaptive<skive::float32, skive::e2m1, skive::int4, skive::nf4>;

template <class Codec>
std::vector<float> through(Codec const& codec, std::vector<float> const& row) {
  test::packed_row<Codec> packed{codec, row.size()};
  std::vector<float> out(row.size());
  REQUIRE(codec.encode(std::span<float const>{row}, packed.to()));
  REQUIRE(codec.decode(packed.from(), std::span{out}));
  return out;
}

double error(std::vector<float> const& x, std::vector<float> const& y, std::size_t first, std::size_t end) {
  double sum = 0;
  for (auto i = first; i < end; ++i) sum += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  return sum;
}

// Group by group: the error is the least of the candidates' errors, and the numbers are those of one that has it.
void is_the_best(std::vector<float> const& row, std::vector<float> const& mine, std::vector<std::vector<float>> const& candidates,
                 std::size_t group) {
  for (std::size_t first = 0; first < row.size(); first += group) {
    auto const end = std::min(row.size(), first + group);
    CAPTURE(first);
    double least = std::numeric_limits<double>::infinity();
    bool taken = false;
    for (auto const& c : candidates) least = std::min(least, error(row, c, first, end));
    for (auto const& c : candidates) {
      bool same = true;
      for (auto i = first; i < end; ++i) same = same && c[i] == mine[i];
      taken = taken || same;
    }
    CHECK(taken);
    CHECK(error(row, mine, first, end) <= least * (1 + 1e-6));
  }
}

}  // namespace

TEST_CASE("adaptive: the laws", "[block]") {
  for (std::size_t const group : {8U, 10U, 32U, 0U}) {
    test::check_block_codec(two{group}, {0, 1, 9, 33, 300});
    test::check_stepwise_codec(two{group}, {0, 1, 9, 33, 300});
    test::check_block_codec(three{group}, {0, 1, 9, 33, 300});
    test::check_stepwise_codec(three{group}, {0, 1, 9, 33, 300});
  }
}

TEST_CASE("adaptive: each group is that of the better format", "[block]") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    auto const row = test::mixed_row(517, seed);
    is_the_best(row, through(two{16}, row),
                {through(skive::absmax<skive::int4, skive::float16>{16}, row),
                 through(skive::absmax<skive::e2m1, skive::float16>{16}, row)},
                16);
    is_the_best(row, through(three{32}, row),
                {through(skive::absmax<skive::e2m1>{32}, row), through(skive::absmax<skive::int4, skive::float32>{32}, row),
                 through(skive::absmax<skive::nf4>{32}, row)},
                32);
  }
}

TEST_CASE("adaptive: the choice costs its bits, and one past the last format reads as the last", "[block]") {
  CHECK(two{16}.plane_bytes(128) == std::array<std::size_t, 3>{64, 16, 1});
  CHECK(three{32}.plane_bytes(128) == std::array<std::size_t, 3>{64, 16, 1});
  three::scheme_type const scheme;
  CHECK(scheme.load({0x3F800000U, 3}).choice == 2);

  std::vector<float> row(32);  // the grid of int4, then that of e2m1
  float const grid[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  for (std::size_t i = 0; i < 16; ++i) row[i] = static_cast<float>(i % 8);
  for (std::size_t i = 16; i < 32; ++i) row[i] = grid[i % 8];
  test::packed_row<two> packed{two{16}, row.size()};
  REQUIRE(two{16}.encode(std::span<float const>{row}, packed.to()));
  CHECK(packed.gathered()[2] == std::vector<std::byte>{std::byte{0b10}});
  CHECK(through(two{16}, row) == row);
}
