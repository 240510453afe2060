// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/ball_code.hpp and lattice_words.hpp: as many points as the theta series count, every number its point and back, the
// nearest by trying all, errors, laws, numbers that are no point's.
#include "skive/codebook/ball_code.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Code>
std::vector<std::int16_t> point_of(std::uint64_t number) {
  std::vector<std::int16_t> x(Code::dimension);
  Code::levels(number, x.data());
  return x;
}
template <class Code>
std::uint64_t number_of(std::vector<std::int16_t> const& x) {
  std::int32_t wide[Code::dimension];
  for (std::size_t i = 0; i < x.size(); ++i) wide[i] = x[i];
  return Code::number(wide);
}
int norm_of(std::vector<std::int16_t> const& x) {
  int sum = 0;
  for (int const v : x) sum += v * v;
  return sum;
}
template <class Code>
std::uint64_t encoded(std::vector<std::int32_t> const& y) {
  detail::single_lane lanes[Code::dimension];
  for (std::size_t i = 0; i < y.size(); ++i) lanes[i] = {y[i]};
  std::uint64_t code = 0;
  Code::encode(lanes, &code);
  return code;
}

TEST_CASE("Balls have as many points as the theta series say", "[codebook]") {
  // E8 doubled: 4 times the norms 2, 4, ..., 240 times the sums of cubes of divisors.
  STATIC_REQUIRE(e8_ball<1>::size() == 241);
  STATIC_REQUIRE(e8_ball<2>::size() == 1 + 240 * (1 + 9 + 28 + 73 + 126));
  STATIC_REQUIRE(e8_ball<2>::norm() == 47);
  std::uint64_t e8 = 1;
  for (int m = 1; m <= 179; ++m)
    for (int d = 1; d <= m; ++d)
      if (m % d == 0 && 4 * 2 * m <= e8_ball<4>::norm()) e8 += 240 * static_cast<std::uint64_t>(d * d * d);
  REQUIRE(e8_ball<4>::size() == e8);
  // Barnes-Wall: 4320 of norm 8, 61440 of 12, 522720 of 16, 2211840 of 20, 8960640 of 24
  STATIC_REQUIRE(ball_code<detail::bw16_words, 24>::size() == 1 + 4320 + 61440 + 522720 + 2211840 + 8960640);
  // Leech: 196560 of norm 32, 16773120 of 48, 398034000 of 64
  STATIC_REQUIRE(ball_code<detail::leech_words, 29>::size() == 1 + 196560 + 16773120 + 398034000);
  STATIC_REQUIRE(leech_ball::size() == 280974212784721);
}

template <class Code, class Words>
void check_numbers(int count) {
  counter_random const random{3, 9};
  bool right = true;
  for (int i = 0; i < count; ++i) {
    auto const drawn = static_cast<std::uint64_t>(random.bits(static_cast<std::uint64_t>(2 * i))) << 32 |
        random.bits(static_cast<std::uint64_t>(2 * i + 1));
    auto const number = i == 0 ? Code::size() - 1 : i == 1 ? 0 : drawn % Code::size();
    auto const x = point_of<Code>(number);
    right &= norm_of(x) <= Code::norm() && number_of<Code>(x) == number;
    detail::single_lane y[Code::dimension];
    detail::single_lane nearest[Code::dimension];
    for (std::size_t j = 0; j < x.size(); ++j) y[j] = {x[j] * 65536};
    Words::nearest(y, 1, nearest);  // a point of the lattice: the nearest to itself
    for (std::size_t j = 0; j < x.size(); ++j) right &= nearest[j].lane == x[j];
    std::vector<std::int32_t> lanes;
    for (int const v : x) lanes.push_back(v * 65536);
    right &= encoded<Code>(lanes) == number;
  }
  REQUIRE(right);
  for (auto const bad : {Code::size(), (std::uint64_t{1} << Code::code_bits) - 1, ~std::uint64_t{0}})
    if (bad >= Code::size()) REQUIRE(norm_of(point_of<Code>(bad)) == 0);
}

TEST_CASE("Every number has its point", "[codebook]") {
  check_numbers<e8_ball<1>, detail::e8_words>(400);
  check_numbers<e8_ball<4>, detail::e8_words>(2000);
  check_numbers<bw16_ball<2>, detail::bw16_words>(1000);
  check_numbers<bw16_ball<3>, detail::bw16_words>(1000);
  check_numbers<leech_ball, detail::leech_words>(300);
  std::set<std::vector<std::int16_t>> all;
  for (std::uint64_t c = 0; c < e8_ball<2>::size(); ++c) all.insert(point_of<e8_ball<2>>(c));
  REQUIRE(all.size() == e8_ball<2>::size());
}

// Inside, nothing is nearer; outside, the square of the distance is little more than the least.
TEST_CASE("The search finds the nearest point of E8, or nearly", "[codebook]") {
  using code = e8_ball<2>;
  std::vector<std::vector<std::int16_t>> points;
  for (std::uint64_t c = 0; c < code::size(); ++c) points.push_back(point_of<code>(c));
  std::vector<float> g(8 * 120);
  counter_random{4, 4}.fill_gaussian(g);
  double ours = 0;
  double least = 0;
  for (std::size_t v = 0; v < g.size(); v += 8) {
    std::vector<std::int32_t> y;
    for (std::size_t j = 0; j < 8; ++j) y.push_back(static_cast<std::int32_t>(g[v + j] * (v % 16 == 0 ? 65536 : 131072)));
    auto const distance = [&](std::vector<std::int16_t> const& p) {
      double sum = 0;
      for (std::size_t j = 0; j < 8; ++j) sum += std::pow(y[j] / 65536.0 - p[j], 2);
      return sum;
    };
    auto best = std::numeric_limits<double>::infinity();
    for (auto const& p : points) best = std::min(best, distance(p));
    auto const here = distance(points[encoded<code>(y)]);
    if (v % 16 == 0) REQUIRE(here == best);  // well inside
    ours += here;
    least += best;
  }
  CAPTURE(ours / least);
  REQUIRE(ours <= 1.025 * least);
}

template <class Code>
double error_of(std::size_t numbers) {
  lattice_codec<Code, float32> const codec;
  std::vector<float> x(numbers);
  counter_random{77, 5}.fill_gaussian(x);
  auto const y = test::through(codec, x);
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return error / power;
}

TEST_CASE("Mean square errors of the balls", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    CHECK(std::fabs(error / known - 1) < 0.025);
  };
  near(error_of<e8_ball<1>>(48000), 0.3205);
  near(error_of<e8_ball<2>>(48000), 0.0983);
  near(error_of<e8_ball<3>>(48000), 0.0270);
  near(error_of<e8_ball<4>>(48000), 0.00786);
  near(error_of<bw16_ball<2>>(32000), 0.0873);
  near(error_of<bw16_ball<3>>(32000), 0.0247);
  near(error_of<leech_ball>(24000), 0.0806);
}

TEST_CASE("Codecs of balls keep the laws", "[codebook]") {
  test::check_block_codec(*lattice_codec<e8_ball<2>>::make(64), {0, 1, 130});
  test::check_block_codec(lattice_codec<leech_ball>{}, {0, 5, 50});
  test::check_stepwise_codec(lattice_codec<bw16_ball<2>>{}, {0, 48});
  // any bytes: finite numbers
  lattice_codec<leech_ball, float32> const codec;
  std::vector<float> out(240);
  std::vector<std::byte> codes(60);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::byte>(counter_random{5, 1}.bits(i) & 255);
  for (std::size_t i = 0; i < 6; ++i) codes[i] = std::byte{255};
  float const scale = 1.0f;
  planes<std::byte const, 2> const from{
      {plane<std::byte const>{codes.data(), 60, 60}, plane<std::byte const>{reinterpret_cast<std::byte const*>(&scale), 4, 4}}};
  REQUIRE(codec.decode(from, std::span<float>{out}));
  for (std::size_t i = 0; i < 24; ++i) REQUIRE(out[i] == 0.0f);  // number 2^48 - 1 is no point's
  for (auto const v : out) REQUIRE(std::fabs(v) < 16);
}

}  // namespace
}  // namespace skive
