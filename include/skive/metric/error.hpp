// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file metric/error.hpp - how far numbers are from what they should be: squared error, SQNR, largest error, cosine.
///
///   relative_mse = sum (y - x)^2 / sum x^2,   sqnr_db = -10 log10(relative_mse),   max_error = max |y - x|
///   cosine       = sum x y / sqrt(sum x^2 sum y^2),   x the reference, y the approximation
///
/// Number i goes to lane i mod 16, counted over all calls of add(): a row gives the same sums in one piece and in any pieces.
/// A total joins lane l with l + 8, then l + 4, l + 2, l + 1. merge() adds lane by lane: threads merge in a fixed order.
///
/// Model of : primitive
/// Cost     : about ten double operations a number, over 16 independent lanes; 648 bytes of state, no allocation.
/// Accuracy : relative error of the sums of squares <= (n / 16 + 5) 2^-53, of the squared error 2^-25 more: differences that need
///            more than 26 bits are rounded to 26. sum x y: the same bound relative to sum |x y|.
/// Promise  : the same bits under every FTZ/DAZ and contraction setting: the factors of every product have at most 26 bits, so
///            that it is exact in double, and an exact product fuses with a sum without a trace; no operand is a subnormal
///            double. NaN and infinities show in every result that they touch.
/// Source   : the measures are textbook; sums over 16 lanes in a fixed order are a rule of this library.

#include "skive/core/concepts.hpp"
#include "skive/core/status.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace skive {
namespace detail {

// float to double without a subnormal operand, which DAZ would read as 0.
constexpr double double_of(float x) noexcept {
  auto const b = std::bit_cast<std::uint32_t>(x);
  auto const magnitude = static_cast<std::int32_t>(b & 0x7fff'ffff);
  if (magnitude >= 0x0080'0000) return static_cast<double>(x);
  double const tiny = static_cast<double>(magnitude) * 0x1p-149;
  return (b >> 31) != 0 ? -tiny : tiny;
}

// To 26 significant bits, nearest, ties away from zero; a finite number stays finite unless it is next to the largest double,
// which no difference of floats is. NaN stays NaN: the payload cannot carry past the quiet bit of a difference.
constexpr double round_to_26_bits(double d) noexcept {
  auto const b = std::bit_cast<std::uint64_t>(d);
  if ((b & 0x7fff'ffff'ffff'ffff) >= 0x7ff0'0000'0000'0000) return d;
  return std::bit_cast<double>((b + (std::uint64_t{1} << 26)) & ~((std::uint64_t{1} << 27) - 1));
}

}  // namespace detail

/// Sums over pairs of numbers, from which every measure follows.
class error_sums {
 public:
  static constexpr std::size_t lanes = 16;

  /// Counts the pairs (reference[i], approximation[i]); refuses different lengths (size_mismatch).
  constexpr status add(std::span<float const> reference, std::span<float const> approximation) noexcept {
    if (reference.size() != approximation.size()) return errc::size_mismatch;
    std::size_t i = 0;
    auto const n = reference.size();
    for (; i < n && count_ % lanes != 0; ++i) add_pair(count_ % lanes, reference[i], approximation[i]), ++count_;
    for (; n - i >= lanes; i += lanes, count_ += lanes)
      for (std::size_t lane = 0; lane < lanes; ++lane) add_pair(lane, reference[i + lane], approximation[i + lane]);
    for (; i < n; ++i) add_pair(count_ % lanes, reference[i], approximation[i]), ++count_;
    return {};
  }

  /// Adds the sums of other pairs, lane by lane.
  constexpr void merge(error_sums const& other) noexcept {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      squared_error_[lane] += other.squared_error_[lane];
      reference_[lane] += other.reference_[lane];
      approximation_[lane] += other.approximation_[lane];
      dot_[lane] += other.dot_[lane];
      largest_[lane] = larger(largest_[lane], other.largest_[lane]);
    }
    count_ += other.count_;
  }

  [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] constexpr double squared_error() const noexcept { return total(squared_error_); }
  [[nodiscard]] constexpr double reference_squares() const noexcept { return total(reference_); }
  [[nodiscard]] constexpr double approximation_squares() const noexcept { return total(approximation_); }
  [[nodiscard]] constexpr double dot() const noexcept { return total(dot_); }
  [[nodiscard]] constexpr double max_error() const noexcept {
    double m = 0;
    for (double const v : largest_) m = larger(m, v);
    return m;
  }

  [[nodiscard]] constexpr double mean_squared_error() const noexcept {
    return count_ == 0 ? 0.0 : squared_error() / static_cast<double>(count_);
  }
  /// 0 where there is no error, infinite where all references are 0 and there is one.
  [[nodiscard]] constexpr double relative_mse() const noexcept {
    double const e = squared_error();
    double const s = reference_squares();
    if (s == 0 && e > 0) return std::numeric_limits<double>::infinity();
    return e == 0 ? 0.0 : e / s;
  }
  /// +infinity where there is no error.
  [[nodiscard]] double sqnr_db() const noexcept { return -10 * std::log10(relative_mse()); }
  /// 1 where both sides are 0, 0 where one is.
  [[nodiscard]] double cosine() const noexcept {
    double const x = reference_squares();
    double const y = approximation_squares();
    if (x == 0 || y == 0) return x == y ? 1.0 : 0.0;
    return dot() / (std::sqrt(x) * std::sqrt(y));
  }

 private:
  using sums = std::array<double, lanes>;

  static constexpr double larger(double a, double b) noexcept { return b > a || b != b ? b : a; }

  static constexpr double total(sums s) noexcept {
    for (std::size_t half = lanes / 2; half != 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane) s[lane] += s[lane + half];
    return s[0];
  }

  constexpr void add_pair(std::size_t lane, float reference, float approximation) noexcept {
    double const x = detail::double_of(reference);
    double const y = detail::double_of(approximation);
    double const d = y - x;
    double const r = detail::round_to_26_bits(d);
    squared_error_[lane] += r * r;
    reference_[lane] += x * x;
    approximation_[lane] += y * y;
    dot_[lane] += x * y;
    largest_[lane] = larger(largest_[lane], d < 0 ? -d : d);
  }

  sums squared_error_{};
  sums reference_{};
  sums approximation_{};
  sums dot_{};
  sums largest_{};
  std::uint64_t count_ = 0;
};

/// What one number costs, everything stored counted; 0 for no numbers.
[[nodiscard]] constexpr double bits_per_weight(std::uint64_t bytes, std::uint64_t count) noexcept {
  return count == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(count);
}

static_assert(primitive<error_sums> && sizeof(error_sums) == 648);

}  // namespace skive
