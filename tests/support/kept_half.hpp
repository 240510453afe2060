// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/kept_half.hpp - an oracle for scales kept in float16, by plain arithmetic in double.

#include <algorithm>
#include <cmath>

namespace skive::test {

/// RNE of a nonnegative double to binary16, as a double; saturating. Ties are decided exactly: all terms are representable.
inline double kept_half(double s) {
  if (s >= 65520.0) return 65504.0;
  int e = 0;
  std::frexp(s, &e);
  double const ulp = std::ldexp(1.0, std::max(e - 11, -24));
  return std::nearbyint(s / ulp) * ulp;
}

}  // namespace skive::test
