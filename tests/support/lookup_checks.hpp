// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// An oracle for formats that are tables: distances to every level as 512-bit integers, so that nearest and tie are exact.

#include "skive/core/rounding.hpp"
#include "skive/format/lookup_table.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

namespace skive::test {

class table_oracle {
 public:
  using integer =
      boost::multiprecision::number<boost::multiprecision::cpp_int_backend<512, 512, boost::multiprecision::signed_magnitude,
                                                                           boost::multiprecision::unchecked, void>>;

  struct entry {
    double value;
    std::uint32_t code;
    integer exact;
  };

  explicit table_oracle(std::vector<float> const& levels, lookup_tie tie = lookup_tie::lower) : tie_{tie} {
    for (std::size_t i = 0; i < levels.size(); ++i)
      sorted_.push_back({static_cast<double>(levels[i]), static_cast<std::uint32_t>(i), scaled(static_cast<double>(levels[i]))});
    std::sort(sorted_.begin(), sorted_.end(), [](entry const& a, entry const& b) {
      return a.value < b.value || (a.value == b.value && std::signbit(a.value) && !std::signbit(b.value));
    });
  }

  std::vector<entry> const& sorted() const { return sorted_; }

  // Numbers that the integers hold: zero and 2^-190 <= |x| (a double then has no bit below 2^-250).
  static bool holds(double x) { return x == 0 || (std::fabs(x) >= 0x1p-190 && std::fabs(x) < 0x1p130); }

  std::uint32_t nearest(double x) const {
    integer const at = scaled(x);
    std::size_t best = 0;
    integer least = boost::multiprecision::abs(integer(at - sorted_[0].exact));
    for (std::size_t i = 1; i < sorted_.size(); ++i) {
      integer const distance = boost::multiprecision::abs(integer(at - sorted_[i].exact));
      if (distance < least || (distance == least && takes_upper(sorted_[best], sorted_[i], x))) {
        least = distance;
        best = i;
      }
    }
    return sorted_[best].code;
  }

  // The places around x: the last level not above it, the first not below it.
  struct bracket {
    std::size_t below, above;
  };
  bracket around(double x) const {
    std::size_t below = 0;
    std::size_t above = sorted_.size() - 1;
    for (std::size_t i = 0; i < sorted_.size(); ++i)
      if (sorted_[i].value <= x) below = i;
    for (std::size_t i = sorted_.size(); i-- > 0;)
      if (sorted_[i].value >= x) above = i;
    if (x <= sorted_.front().value) above = below = 0;
    if (x >= sorted_.back().value) above = below = sorted_.size() - 1;
    if (sorted_[below].value == x) above = below;
    return {below, above};
  }

 private:
  static integer scaled(double x) {
    if (x == 0) return 0;
    int exponent = 0;
    double const fraction = std::frexp(x, &exponent);
    integer n = static_cast<std::int64_t>(std::ldexp(fraction, 53));
    int const shift = exponent - 53 + 250;
    return shift >= 0 ? integer(n << static_cast<unsigned>(shift)) : integer(n >> static_cast<unsigned>(-shift));
  }

  bool takes_upper(entry const& a, entry const& b, double x) const {
    if (a.exact == b.exact) return !(x < 0);  // -0 and +0: by the sign of x, 0 itself is positive
    if (tie_ == lookup_tie::upper) return true;
    return tie_ == lookup_tie::toward_zero && std::fabs(b.value) <= std::fabs(a.value);
  }

  std::vector<entry> sorted_;
  lookup_tie tie_;
};

struct table_counts {
  long long checked = 0, wrong = 0;
  double first = 0;
  void add(bool good, double x) {
    ++checked;
    if (!good && wrong++ == 0) first = x;
  }
};

// All policies whose answer follows from the two neighbours; stochastic ones are bracketed here and counted elsewhere.
template <class Encode, class Real>
void check_neighbours(Encode encode, Real x, table_oracle const& oracle, table_counts& c) {
  auto const& s = oracle.sorted();
  auto const [below, above] = oracle.around(static_cast<double>(x));
  double const at = static_cast<double>(x);
  c.add(encode(x, toward_negative{}) == s[below].code, at);
  c.add(encode(x, toward_positive{}) == s[above].code, at);
  c.add(encode(x, toward_zero{}) == s[at >= 0 ? below : above].code, at);
  auto const odd = encode(x, toward_odd{});
  c.add(odd == s[below % 2 == 1 || below == above ? below : above].code, at);
  for (std::uint32_t const random : {0u, 0x8000'0000u, 0xffff'ffffu}) {
    auto const code = encode(x, stochastic{random, 32, stochastic_variant::a});
    c.add(code == s[below].code || code == s[above].code, at);
  }
}

// x and its neighbours in float and double.
template <class Visit>
void each_near(double x, Visit visit) {
  auto const f = static_cast<float>(x);
  float const far = std::numeric_limits<float>::infinity();
  for (float const y : {f, std::nextafter(f, far), std::nextafter(f, -far)}) visit(y);
  for (double const y : {x, std::nextafter(x, 1e300), std::nextafter(x, -1e300)}) visit(y);
}

// Upper halves of float32 (twice: low bits zero and mixed), and around every level and midpoint.
template <class Visit>
void each_probe(table_oracle const& oracle, Visit visit) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    visit(std::bit_cast<float>(i << 16));
    visit(std::bit_cast<float>((i << 16) | ((i * 2654435761u) >> 16)));
  }
  auto const& s = oracle.sorted();
  for (std::size_t i = 0; i < s.size(); ++i) {
    each_near(s[i].value, visit);
    if (i != 0) each_near(s[i - 1].value / 2 + s[i].value / 2, visit);
  }
}

}  // namespace skive::test
