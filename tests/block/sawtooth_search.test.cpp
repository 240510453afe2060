// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/sawtooth_search.hpp: no kept scale has less error, found by trying all of them or the best one of every cell; the same
// scale sixteen at a time as one by one.
#include "skive/block/scale_search.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using row = std::vector<float>;

constexpr double nf4_levels[16]{
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
};

// Ascending levels of a format as its publication gives them.
template <class Format>
std::vector<double> levels() {
  std::vector<double> l;
  if constexpr (requires { Format::max_integer; }) {
    for (int i = Format::min_integer; i <= Format::max_integer; ++i) l.push_back(i);
  } else if constexpr (std::is_same_v<Format, e2m1>) {
    l = {-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6};
  } else {
    l.assign(std::begin(nf4_levels), std::end(nf4_levels));
  }
  return l;
}

double nearest(double y, std::vector<double> const& l) {
  auto const above = std::ranges::lower_bound(l, y);
  if (above == l.begin()) return l.front();
  if (above == l.end()) return l.back();
  return y - above[-1] < *above - y ? above[-1] : *above;
}

double error_at(std::span<float const> x, double s, std::vector<double> const& l) {
  double sum = 0;
  for (auto const f : x) {
    double const d = static_cast<double>(f) - nearest(static_cast<double>(f) / s, l) * s;
    sum += d * d;
  }
  return sum;
}

// The least error of the scales `first` .. `last` of a format.
template <class Scale>
double least_of_codes(std::span<float const> x, std::vector<double> const& l, std::uint32_t first, std::uint32_t last) {
  double least = std::numeric_limits<double>::infinity();
  for (auto c = first; c <= last; ++c)
    least = std::min(least, error_at(x, static_cast<double>(Scale::decode(static_cast<typename Scale::code_type>(c))), l));
  return least;
}

// The least error of any scale: the best one of each interval between two at which some number changes its level.
double least_of_cells(std::span<float const> x, std::vector<double> const& l) {
  std::vector<double> ends{0};
  for (auto const f : x)
    for (std::size_t k = 1; k < l.size(); ++k) {
      double const s = static_cast<double>(f) / ((l[k - 1] + l[k]) / 2);
      if (s > 0) ends.push_back(s);
    }
  std::ranges::sort(ends);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < ends.size(); ++i) {
    double products = 0;
    double squares = 0;
    for (auto const f : x) {
      double const level = nearest(static_cast<double>(f) / ((ends[i - 1] + ends[i]) / 2), l);
      products += static_cast<double>(f) * level;
      squares += level * level;
    }
    if (squares > 0 && products > 0) least = std::min(least, error_at(x, products / squares, l));
  }
  return least;
}

// Gaussian, heavy tails, few distinct values, wide range, two values, one large; equal magnitudes, powers of two, multiples but for
// the last bits, mostly zeros, one sign.
constexpr std::size_t kinds = 11;
row group_of(std::size_t n, std::size_t kind, std::mt19937& random) {
  std::normal_distribution<double> normal;
  row x(n);
  for (auto& v : x) {
    double g = 0.03 * normal(random);
    if (kind == 1) g /= std::sqrt(std::fabs(normal(random)) + 0.02);
    if (kind == 2) g = std::nearbyint(60 * g) / 16;
    if (kind == 3) g = std::ldexp(g, -static_cast<int>(random() % 30));
    if (kind == 4) g = random() % 8 == 0 ? 0.5 : 0.25;
    if (kind == 10) g = -std::fabs(g);
    v = static_cast<float>(g);
  }
  if (kind == 5) x[random() % n] = 4.0f;
  for (auto& v : x) {
    if (kind == 6) v = std::copysign(0.7f, v);
    if (kind == 7) v = std::ldexp(random() % 2 == 0 ? 1.0f : -1.0f, -static_cast<int>(random() % 7));
    if (kind == 8) v = 0.3f * static_cast<float>(random() % 128) * (1 + static_cast<float>(random() % 5) * 0x1p-23f);
    if (kind == 9 && random() % 8 != 0) v = 0;
  }
  return x;
}

template <class Format, class Scale, class Arch = scalar_arch>
std::optional<scale_state> searched(row const& x) {
  test::scratch_memory scratch{scale_search_bytes<Format, Scale>(x.size())};
  auto const largest = detail::largest_magnitude(std::span{x});
  return detail::sawtooth_search<Arch, Format, Scale>::run(std::span<float const>{x}, largest, scratch.get());
}

struct tally {
  int groups = 0;
  int found = 0;
};

template <class Format, class Scale>
void is_least(std::size_t n, int trials, tally& t) {
  std::mt19937 random{static_cast<unsigned>(n)};
  auto const l = levels<Format>();
  for (int trial = 0; trial < trials; ++trial) {
    auto const x = group_of(n, static_cast<std::size_t>(trial) % kinds, random);
    double squares = 0;
    for (auto const v : x) squares += static_cast<double>(v) * static_cast<double>(v);
    if (squares == 0) continue;
    ++t.groups;
    auto const mine = searched<Format, Scale>(x);
    if (!mine) continue;
    ++t.found;
    double least = 0;
    if constexpr (std::is_same_v<Scale, float32>)
      least = least_of_cells(x, l);
    else
      least = least_of_codes<Scale>(x, l, std::is_same_v<Scale, bfloat16> ? 0x3000 : 1, Scale::encode(20.0f));
    CAPTURE(n, trial, x, mine->scale);
    double const allowed = std::is_same_v<Scale, float32> ? squares * 0x1p-40 : squares * 0x1p-50;
    REQUIRE(error_at(x, static_cast<double>(mine->scale), l) <= least + allowed);
  }
}

template <class Format, class Scale>
void same_in_lanes() {
  std::mt19937 random{5};
  constexpr std::size_t lengths[]{4, 5, 16, 31, 32, 64, 100, 300, 1024};
  for (int trial = 0; trial < 33; ++trial) {
    auto const x = group_of(lengths[static_cast<std::size_t>(trial) % 9], static_cast<std::size_t>(trial) % kinds, random);
    if (detail::largest_magnitude(std::span{x}) == 0) continue;
    auto const one = searched<Format, Scale>(x);
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      CAPTURE(Arch::name(), trial, x);
      auto const together = searched<Format, Scale, Arch>(x);
      REQUIRE(together.has_value() == one.has_value());
      if (one) REQUIRE(together->code == one->code);
    });
  }
}

}  // namespace

TEST_CASE("sawtooth search: no kept scale has less error", "[block]") {
  tally t;
  for (std::size_t const n : {4U, 7U, 16U}) is_least<int8, float16>(n, 22, t);
  is_least<int8, float16>(32, 11, t);
  is_least<fixed_point<5>, float16>(12, 22, t);
  is_least<int8_full, bfloat16>(16, 44, t);
  is_least<int8, e8m0>(20, 66, t);
  is_least<nf4, float16>(16, 22, t);
  CHECK(t.found * 10 >= t.groups * 8);  // else it is no use
}

TEST_CASE("sawtooth search: no cell has less error", "[block]") {
  tally t;
  for (std::size_t const n : {4U, 9U, 16U, 64U}) is_least<nf4, float32>(n, 66, t);
  is_least<int8, float32>(8, 33, t);
  is_least<fixed_point<6>, float32>(32, 22, t);
  is_least<int4_full, float32>(32, 44, t);
  is_least<e2m1, float32>(20, 44, t);
  CHECK(t.found * 10 >= t.groups * 8);
}

TEST_CASE("sawtooth search: the same one by one and in lanes", "[block]") {
  same_in_lanes<int8, float16>();
  same_in_lanes<nf4, float32>();
}

TEST_CASE("sawtooth search: multiples of a scale far above that of absmax", "[block]") {
  row x;
  for (int i = 0; i < 32; ++i) x.push_back(0.5f * static_cast<float>((i * 7) % 41 - 20));
  auto const s = searched<int8, float16>(x);
  if (s) CHECK(error_at(x, static_cast<double>(s->scale), levels<int8>()) == 0);
  CHECK(error_at(x, 0.5, levels<int8>()) == 0);
}
