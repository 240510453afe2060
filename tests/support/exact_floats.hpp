// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// An oracle for small floating formats that shares nothing with include/skive/format: values are computed by ldexp from the field
// rules, special codes are stated as literals, and encoding is a search in the sorted table of all values. Every value of every
// format here, every neighbour's midpoint and every difference taken is exact in double.

#include "skive/core/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace skive::test {

// Codes are magnitudes; -1: there is none.
struct float_description {
  char const* name;
  int exponent_bits;
  int fraction_bits;
  int bias;
  bool has_sign;
  std::int64_t max_code;
  std::int64_t infinity;
  std::int64_t first_nan;
  std::int64_t quiet_nan;
  bool nan_at_sign_bit = false;  // the one NaN is the code of the sign bit alone
  bool negative_zero = true;
  bool subnormals = true;
};

enum class oracle_rounding { even, away, zero, positive, negative, odd, random_a, random_b, random_c };
struct oracle_mode {
  oracle_rounding rounding;
  int count = 0;
  std::int64_t random = 0;
};

class float_oracle {
 public:
  explicit float_oracle(float_description const& d) : d_{d} {
    sign_ = d.has_sign ? std::int64_t{1} << (d.exponent_bits + d.fraction_bits) : 0;
    for (std::int64_t c = 0; c <= d.max_code + 1; ++c) {
      if (!d.subnormals && c != 0 && c < (std::int64_t{1} << d.fraction_bits)) continue;
      values_.push_back(value_of_fields(c));
      codes_.push_back(c);
    }
  }
  // Any other ascending table of the unsigned kind; the last value is the one past the largest.
  float_oracle(std::vector<double> values, std::vector<std::int64_t> codes, std::int64_t nan)
      : d_{"table", 0, 0, 0, false, codes[codes.size() - 2], -1, nan, nan},
        values_{std::move(values)},
        codes_{std::move(codes)} {}

  std::int64_t code_count() const { return std::int64_t{1} << (d_.exponent_bits + d_.fraction_bits + (d_.has_sign ? 1 : 0)); }
  std::vector<double> const& values() const { return values_; }
  std::int64_t code(std::size_t index) const { return codes_[index]; }
  float_description const& description() const { return d_; }

  double decode(std::int64_t code) const {
    bool const negative = d_.has_sign && code >= sign_;
    std::int64_t const magnitude = negative ? code - sign_ : code;
    if (d_.nan_at_sign_bit && code == sign_) return std::numeric_limits<double>::quiet_NaN();
    if (d_.first_nan >= 0 && magnitude >= d_.first_nan)
      return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative ? -1.0 : 1.0);
    double const v = magnitude == d_.infinity ? HUGE_VAL : value_of_fields(magnitude);
    if (v == 0 && !d_.negative_zero) return 0;
    return negative ? -v : v;
  }

  // Where |x| lies between the values: below the value of index + 1, and at or above that of index.
  struct place {
    double x;
    std::size_t index;
    bool beyond;  // at or past the value after max_finite
  };
  place locate(double x) const {
    double const m = std::fabs(x);
    auto const above = std::upper_bound(values_.begin(), values_.end(), m);
    if (above == values_.begin()) return {x, 0, false};
    auto const index = static_cast<std::size_t>(above - values_.begin()) - 1;
    return {x, index, index + 1 >= values_.size()};
  }

  std::int64_t encode(place const& p, oracle_mode mode, overflow_policy overflow) const {
    bool const negative = std::signbit(p.x);
    if (std::isnan(p.x)) return nan(negative);
    if (std::isinf(p.x)) return out_of_range(negative, overflow.infinite);
    std::size_t const last = values_.size() - 2;
    std::size_t const index =
        p.beyond ? (stays(mode, negative) ? last : last + 1) : p.index + (goes_up(p, mode, negative) ? 1 : 0);
    if (!d_.has_sign && negative && p.x != 0 && values_[index] != 0) return out_of_range(true, overflow.finite);
    if (index > last) return out_of_range(negative, overflow.finite);
    return signed_code(codes_[index], negative);
  }

 private:
  double value_of_fields(std::int64_t magnitude) const {
    std::int64_t const unit = std::int64_t{1} << d_.fraction_bits;
    auto const e = static_cast<int>(magnitude / unit);
    auto const f = static_cast<double>(magnitude % unit) / static_cast<double>(unit);
    if (e == 0) return d_.subnormals ? std::ldexp(f, 1 - d_.bias) : 0.0;
    return std::ldexp(1.0 + f, e - d_.bias);
  }
  bool stays(oracle_mode mode, bool negative) const {
    switch (mode.rounding) {
      case oracle_rounding::zero: return true;
      case oracle_rounding::positive: return negative;
      case oracle_rounding::negative: return !negative;
      case oracle_rounding::odd: return d_.max_code % 2 == 1;
      default: return false;
    }
  }
  bool goes_up(place const& p, oracle_mode mode, bool negative) const {
    double const low = values_[p.index];
    double const rest = std::fabs(p.x) - low;
    double const gap = values_[p.index + 1] - low;
    if (rest <= 0) return false;
    bool const odd = codes_[p.index] % 2 == 1;
    switch (mode.rounding) {
      case oracle_rounding::even: return 2 * rest > gap || (2 * rest == gap && odd);
      case oracle_rounding::away: return 2 * rest >= gap;
      case oracle_rounding::zero: return false;
      case oracle_rounding::positive: return !negative;
      case oracle_rounding::negative: return negative;
      case oracle_rounding::odd: return !odd;
      default: break;
    }
    long double const nu = static_cast<long double>(rest) / static_cast<long double>(gap);  // gap is a power of two: exact
    long double const one = std::ldexp(1.0L, mode.count);
    auto const r = static_cast<long double>(mode.random);
    if (mode.rounding == oracle_rounding::random_a) return std::floor(nu * one) + r >= one;
    if (mode.rounding == oracle_rounding::random_b) return std::floor(nu * 2 * one) + 2 * r + 1 >= 2 * one;
    return std::nearbyint(nu * one) + r >= one;
  }
  std::int64_t signed_code(std::int64_t magnitude, bool negative) const {
    bool const keeps = negative && d_.has_sign && (magnitude != 0 || d_.negative_zero);
    return keeps ? magnitude + sign_ : magnitude;
  }
  std::int64_t nan(bool negative) const {
    if (d_.nan_at_sign_bit) return sign_;
    return signed_code(d_.quiet_nan >= 0 ? d_.quiet_nan : d_.max_code, negative);
  }
  std::int64_t out_of_range(bool negative, overflow_action action) const {
    bool const special = action == overflow_action::to_special;
    bool const has_nan = d_.nan_at_sign_bit || d_.quiet_nan >= 0;
    if (!d_.has_sign && negative) return special && has_nan ? nan(false) : 0;
    if (special && d_.infinity >= 0) return signed_code(d_.infinity, negative);
    if (special && has_nan) return nan(negative);
    return signed_code(d_.max_code, negative);
  }

  float_description d_;
  std::int64_t sign_ = 0;
  std::vector<double> values_;  // ascending from zero, the last one past max_finite
  std::vector<std::int64_t> codes_;
};

}  // namespace skive::test
