// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/safe_range.hpp - rows on which sums neither overflow nor meet subnormal numbers.
///
///   guarded(x, growth, f):  refuses unless every |x_i| < 2^(127 - growth), NaN and infinity included; then runs f on x
///
/// Sums of floats of 2^-80 and more are multiples of 2^-103, so that flush-to-zero and denormals-are-zero change nothing. Rows
/// with smaller entries are brought there first: if all entries are below 2^-40, x is multiplied by 2^80, which is exact, and
/// the result by 2^-80; otherwise entries below 2^-80 become zero, an error of less than 2^-40 of the largest entry each.
/// Rows of doubles have the limit 2^(1023 - growth); their entries below 2^-900 count as zero.
///
/// Model of : -
/// Cost     : one pass that reads x: 3 instructions for 32 numbers where all lie from 2^-63 to 2^65; 4 more for every 16 of
///            a stretch of 1024 where one does not, a zero for instance.
/// Promise  : integer comparisons: the same decision under every mode and on every instruction set. A refused row is untouched.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/status.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/reduce.hpp"

#include <bit>
#include <span>

namespace skive::detail {

inline constexpr std::uint32_t safe_magnitude = 0x1780'0000;   // bits of 2^-80
inline constexpr std::uint32_t raise_magnitude = 0x2B80'0000;  // bits of 2^-40

struct magnitude_range {
  std::uint32_t largest = 0;              // bits of the largest magnitude
  std::uint32_t smallest = 0x7FFF'FFFFU;  // bits of the smallest that is not zero, less 1
};

template <class Arch>
constexpr magnitude_range magnitude_range_of(std::span<float const> x) noexcept {
  magnitude_range range;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>) {
    if (!std::is_constant_evaluated() && x.size() >= 16) {
      using words = simd::words<Arch>;
      auto largest = words::broadcast(0);
      auto smallest = words::broadcast(range.smallest);
      for (; i + 16 <= x.size(); i += 16) {
        auto const m = simd::as<std::uint32_t>(simd::floats<Arch>::load(x.data() + i)) & words::broadcast(0x7FFF'FFFF);
        largest = max(largest, m);
        smallest = min(smallest, m - words::broadcast(1));
      }
      range = {simd::largest<Arch>(largest), simd::smallest<Arch>(smallest)};
    }
  }
  for (; i < x.size(); ++i) {
    auto const m = magnitude_bits(x[i]);
    if (m > range.largest) range.largest = m;
    if (m - 1 < range.smallest) range.smallest = m - 1;
  }
  return range;
}

// Every magnitude lies from 2^-63 to below 2^65: 2^29 added to such a pattern sets bit 30. No entry is zero. False for rows that are
// no multiple of 16.
template <class Arch>
bool plainly_safe(std::span<float const> x, int growth) noexcept {
  if constexpr (simd::vector_arch<Arch>) {
    using words = simd::words<Arch>;
    if (x.size() % 16 != 0 || x.empty() || growth > 62) return false;
    auto const offset = words::broadcast(0x2000'0000);
    auto const moved = [&](std::size_t i) __attribute__((always_inline)) {
      return simd::as<std::uint32_t>(simd::floats<Arch>::load(x.data() + i)) + offset;
    };
    auto seen = moved(0);
    auto more = seen;
    std::size_t i = 0;
    for (; i + 64 <= x.size(); i += 64) {  // two chains of conjunctions of three, one instruction each where there are such
      seen = moved(i) & moved(i + 16) & seen;
      more = moved(i + 32) & moved(i + 48) & more;
    }
    for (; i < x.size(); i += 16) seen = moved(i) & seen;
    return (simd::integers<Arch>::broadcast(0) > simd::as<std::int32_t>((seen & more) << 1)).bits() == 0xFFFF;
  }
  return false;
}

// The range of the stretches that are not plainly safe; the others leave it empty.
template <class Arch>
constexpr magnitude_range doubtful_range(std::span<float const> x, int growth) noexcept {
  if (std::is_constant_evaluated() || !simd::vector_arch<Arch> || growth > 62) return magnitude_range_of<Arch>(x);
  constexpr std::size_t stretch = 1024;  // what one zero sends to the closer look
  magnitude_range all;
  for (std::size_t i = 0; i < x.size(); i += stretch) {
    auto const part = x.subspan(i, x.size() - i < stretch ? x.size() - i : stretch);
    if (plainly_safe<Arch>(part, growth)) continue;
    auto const range = magnitude_range_of<Arch>(part);
    if (range.largest > all.largest) all.largest = range.largest;
    if (range.smallest < all.smallest) all.smallest = range.smallest;
  }
  return all;
}

constexpr std::uint32_t magnitude_limit(int growth) noexcept {
  return growth >= 127 ? 0 : static_cast<std::uint32_t>(254 - growth) << 23;
}

// x as the header says; returns whether it was multiplied by 2^80.
template <class Arch>
constexpr bool bring_to_safety(std::span<float> x, magnitude_range const& range) noexcept {
  if (range.smallest + 1 >= safe_magnitude) return false;
  bool const raise = range.largest < raise_magnitude;
  for (float& v : x)
    if (raise)
      v = ieee_multiply(v, 0x1p80f);
    else if (magnitude_bits(v) < safe_magnitude)
      v = 0.0f;
  return raise;
}

template <class Arch, class F>
constexpr status guarded(std::span<float> x, int growth, F f) noexcept {
  auto const range = doubtful_range<Arch>(x, growth);
  if (range.largest >= magnitude_limit(growth)) return errc::not_finite;
  bool const raised = range.smallest + 1 < safe_magnitude && bring_to_safety<Arch>(x, magnitude_range_of<Arch>(x));
  f();
  if (raised)
    for (float& v : x) v = ieee_multiply(v, 0x1p-80f);
  return errc::ok;
}

template <class Arch, class F>
constexpr status guarded(std::span<double> x, int growth, F f) noexcept {
  auto const limit = growth >= 1023 ? 0 : static_cast<std::uint64_t>(2046 - growth) << 52;
  constexpr auto least = real_magnitude(0x1p-900);
  std::uint64_t small = 0;  // without a branch, so that compilers take registers
  std::uint64_t large = 0;
  for (double const v : x) {
    auto const m = real_magnitude(v);
    large |= m >= limit ? 1U : 0U;
    small |= m < least ? 1U : 0U;
  }
  if (large != 0) return errc::not_finite;
  if (small != 0)
    for (double& v : x) v = real_magnitude(v) < least ? 0.0 : v;
  f();
  return errc::ok;
}

}  // namespace skive::detail
