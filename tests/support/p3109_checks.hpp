// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The decoding rules of IEEE P3109 as arithmetic on numbers, not on fields, and an enumeration of all its formats.

#include "skive/format/p3109.hpp"
#include "support/format_checks.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace skive::test {

struct p3109_rules {
  int k;
  int p;
  bool with_sign;
  bool extended;

  int bias() const { return 1 << (k - p - (with_sign ? 1 : 0)); }
  std::int64_t half() const { return std::int64_t{1} << (k - 1); }
  std::int64_t special_limit() const { return with_sign ? half() : 2 * half() - 1; }  // the codes below are numbers or +Inf
  std::int64_t max_code() const { return special_limit() - (extended ? 2 : 1); }

  double decode(std::int64_t c) const {
    if (with_sign && c == half()) return std::numeric_limits<double>::quiet_NaN();
    if (with_sign && c > half()) return -decode(c - half());
    if (!with_sign && c == 2 * half() - 1) return std::numeric_limits<double>::quiet_NaN();
    if (extended && c == special_limit() - 1) return std::numeric_limits<double>::infinity();
    return positive(c);
  }
  double max_finite() const { return positive(max_code()); }

  float_description description() const {
    std::int64_t const infinity = extended ? max_code() + 1 : -1;
    std::int64_t const nan = with_sign ? -1 : special_limit();
    return {"p3109", with_sign ? k - p : k - p + 1, p - 1, bias(), with_sign, max_code(), infinity, nan, nan, with_sign, false};
  }

 private:
  // Steps of one ulp from zero: 2^(p-1) codes in the lowest binade and in each one after it, each with twice the ulp.
  double positive(std::int64_t c) const {
    std::int64_t const per_binade = std::int64_t{1} << (p - 1);
    double ulp = std::ldexp(1.0, 2 - p - bias());
    double value = 0;
    for (std::int64_t start = 0; c > 0; start += per_binade) {
      std::int64_t const steps = c < per_binade ? c : per_binade;
      value += static_cast<double>(steps) * ulp;
      c -= steps;
      if (start > 0) ulp *= 2;
    }
    return value;
  }
};

template <int K, int P, class Visit>
void p3109_variants(Visit&& visit) {
  if constexpr (P < K) {
    visit.template operator()<p3109<K, P, signedness::with_sign, domain::finite>>(p3109_rules{K, P, true, false});
    visit.template operator()<p3109<K, P, signedness::with_sign, domain::extended>>(p3109_rules{K, P, true, true});
  }
  visit.template operator()<p3109<K, P, signedness::without_sign, domain::finite>>(p3109_rules{K, P, false, false});
  visit.template operator()<p3109<K, P, signedness::without_sign, domain::extended>>(p3109_rules{K, P, false, true});
}

/// Calls visit.operator()<F>(rules) for every format of First <= K <= Last.
template <int First, int Last, class Visit>
void each_p3109(Visit&& visit) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    (p3109_variants<First, I + 1>(visit), ...);
  }(std::make_integer_sequence<int, First>{});
  if constexpr (First < Last) each_p3109<First + 1, Last>(visit);
}

}  // namespace skive::test
