// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/power_of_two.hpp: levels by direct enumeration of the papers' sets, code layout, nearest by brute force.
#include "skive/format/power_of_two.hpp"  // first and alone: proves that the header includes what it uses

#include "support/lookup_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::table_counts;
using skive::test::table_oracle;

static_assert(scalar_format<power_of_two<2>> && scalar_format<apot<8>> && scalar_format<apot_unsigned<1>>);
static_assert(power_of_two<3>::decode(1) == 0.25f && power_of_two<3>::decode(2) == 0.5f && power_of_two<3>::decode(7) == -1.0f);
static_assert(power_of_two<3>::encode(0.3f) == 1 && power_of_two<3>::encode(0.75f) == 2 && power_of_two<3>::encode(-0.76) == 7);
static_assert(power_of_two<8>::decode(1) == 0x1p-126f && power_of_two<8>::encode(0x1p-126f) == 1 &&
              power_of_two<8>::encode(0x1p-127f) == 0);
static_assert(apot<2>::decode(1) == 1.0f && apot<2>::decode(3) == -1.0f);  // one magnitude bit: ternary

template <class Format>
std::vector<float> levels_of() {
  std::vector<float> v;
  for (std::size_t i = 0; i < Format::size; ++i) v.push_back(Format::decode(static_cast<typename Format::code_type>(i)));
  return v;
}

// All sums of one element of each set, over the largest, rounded once.
std::set<float> sums(std::vector<std::vector<double>> const& sets) {
  std::vector<double> all{0.0};
  for (auto const& s : sets) {
    std::vector<double> next;
    for (double const a : all)
      for (double const b : s) next.push_back(a + b);
    all = next;
  }
  double const largest = *std::max_element(all.begin(), all.end());
  std::set<float> result;
  for (double const a : all)
    result.insert(static_cast<float>(a / largest));  // the quotient of short integers: no double rounding
  return result;
}

// The level sets of the paper (even m: equation 5) and of its authors (odd m), in exponents; 0 stands for the level 0.
std::set<float> published(int m) {
  auto const p = [](std::vector<int> const& exponents) {
    std::vector<double> v{0.0};
    for (int const e : exponents) v.push_back(std::ldexp(1.0, -e));
    return v;
  };
  switch (m) {
    case 1: return sums({p({1})});
    case 2: return sums({p({1, 2, 3})});
    case 3: return sums({p({1, 2, 4}), p({3})});
    case 4: return sums({p({1, 3, 5}), p({2, 4, 6})});
    case 5: return sums({p({1, 3, 6}), p({2, 4, 7}), p({5})});
    case 6: return sums({p({1, 4, 7}), p({2, 5, 8}), p({3, 6, 9})});
    case 7: return sums({p({1, 4, 8}), p({2, 5, 9}), p({3, 6, 10}), p({7})});
    default: return sums({p({1, 5, 9}), p({2, 6, 10}), p({3, 7, 11}), p({4, 8, 12})});
  }
}

std::set<float> magnitudes(std::vector<float> const& levels) {
  std::set<float> s;
  for (float const v : levels) s.insert(std::fabs(v));
  return s;
}

template <int Bits>
void check_levels() {
  CAPTURE(Bits);
  auto const additive = levels_of<apot<Bits>>();
  CHECK(magnitudes(additive) == published(Bits - 1));
  CHECK(published(Bits - 1).size() == std::size_t{1} << (Bits - 1));
  CHECK(magnitudes(levels_of<apot_unsigned<Bits>>()) == published(Bits));
  auto const shifts = levels_of<power_of_two<Bits>>();
  int const count = (1 << (Bits - 1)) - 1;  // nonzero magnitudes
  int wrong = shifts[0] != 0;
  for (int f = 1; f <= count; ++f) wrong += shifts[static_cast<std::size_t>(f)] != std::ldexp(1.0f, f - count);
  for (std::size_t i = 0; i < shifts.size() / 2; ++i) {
    wrong += shifts[i + shifts.size() / 2] != -shifts[i] || !std::signbit(shifts[i + shifts.size() / 2]);
    wrong += additive[i + shifts.size() / 2] != -additive[i];
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("levels are those of the paper, in sign and field order", "[format]") {
  check_levels<2>();
  check_levels<3>();
  check_levels<4>();
  check_levels<5>();
  check_levels<6>();
  check_levels<7>();
  check_levels<8>();
  // 4 bits of field: bits 0, 1 choose p_0 among 0, 1/2, 1/8, 1/32, bits 2, 3 choose p_1 among 0, 1/4, 1/16, 1/64.
  CHECK(apot_unsigned<4>::decode(0b0101) == 1.0f);
  CHECK(apot_unsigned<4>::decode(0b0001) == static_cast<float>(0.5 / 0.75));
  CHECK(apot_unsigned<4>::decode(0b1110) == static_cast<float>((0.125 + 1.0 / 64) / 0.75));
  CHECK(apot<4>::decode(0b0100) == static_cast<float>(0.125 / 0.625));  // the single power of an odd field, in its top bit
}

TEMPLATE_TEST_CASE("powers of two find the nearest level", "[format]", power_of_two<2>, power_of_two<4>, power_of_two<8>, apot<3>,
                   apot<4>, apot<8>, apot_unsigned<1>, apot_unsigned<4>, apot_unsigned<8>) {
  using format = TestType;
  table_oracle const oracle{levels_of<format>(), lookup_tie::toward_zero};
  table_counts c;
  test::each_probe(oracle, [&](auto x) {
    auto const at = static_cast<double>(x);
    if (std::isnan(x) || !table_oracle::holds(at)) return;
    if (format::size <= 16 || std::fabs(at) < 2) c.add(format::encode(x) == oracle.nearest(at), at);
    test::check_neighbours([](auto y, auto rounding) { return format::encode(y, rounding); }, x, oracle, c);
  });
  CAPTURE(c.checked, c.first);
  CHECK(c.wrong == 0);
  CHECK(format::max_finite == 1.0f);
}
