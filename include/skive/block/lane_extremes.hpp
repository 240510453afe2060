// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_extremes.hpp - the largest magnitudes, or the ranges, of at most sixteen groups at once.
///
///   largest_of_groups<Arch>(numbers, group, count) -> w   lane g: bits of the largest magnitude of group g; NaN is above infinity
///   ranges_of_groups<Arch>(numbers, group, count)         lane g: min(0, min x), max(0, max x), and the larger of their magnitudes;
///                                                         where a number is not finite the magnitude says so
///
/// Lanes past `count` hold zeros. Minima and maxima of floats pass over NaN: a sum of products of all numbers is finite only if they
/// are, and where it is not, the magnitudes are looked at again, as integers.
///
/// Model of : -
/// Cost     : a pass over the numbers, 2 or 2.5 instructions for 16, and a tree of 46 for sixteen maxima (simd/reduce.hpp).
/// Accuracy : exact.
/// Promise  : the same bits in every processor mode but for numbers below 2^-126.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

template <class Arch, class T>
[[gnu::always_inline]] inline simd::words<Arch> largest_of_groups(std::span<T const> numbers, std::size_t group,
                                                                  std::size_t count) noexcept {
  using words = simd::words<Arch>;
  words largest[16];
  if (group % 16 == 0) {
    auto const size = words::broadcast(0x7FFF'FFFF);
    auto const* x = numbers.data();
    for (std::size_t g = 0; g < count; ++g) {
      auto const* const end = x + group;
      auto all = simd::as<std::uint32_t>(load_numbers<Arch>(x)) & size;
      for (x += 16; x != end; x += 16) all = max(all, simd::as<std::uint32_t>(load_numbers<Arch>(x)) & size);
      largest[g] = all;
    }
  } else {
    for (std::size_t g = 0; g < count; ++g) largest[g] = largest_in_lanes<Arch>(numbers.subspan(g * group, group));
  }
  for (std::size_t g = count; g < 16; ++g) largest[g] = words::broadcast(0);
  return simd::largest_of_each<Arch>(largest);
}

/// The least and the largest number of each lane, and a sum of products that shows what is not finite.
template <class Arch>
struct lane_range {
  simd::floats<Arch> least = simd::floats<Arch>::broadcast(0.0f);
  simd::floats<Arch> most = least;
  simd::floats<Arch> seen = least;

  template <class T>
  [[gnu::always_inline]] void add(T const* x) noexcept {
    auto const a = load_numbers<Arch>(x);
    auto const b = load_numbers<Arch>(x + 16);
    seen = simd::fused<Arch>(a, b, seen);
    least = min(least, min(a, b));
    most = max(most, max(a, b));
  }
  [[gnu::always_inline]] void add(simd::floats<Arch> const& x) noexcept {
    seen = simd::fused<Arch>(x, x, seen);
    least = min(least, x);
    most = max(most, x);
  }
  [[gnu::always_inline]] void add(lane_range const& other) noexcept {
    seen = seen + other.seen;
    least = min(least, other.least);
    most = max(most, other.most);
  }
};
template <class Arch>
[[gnu::always_inline]] inline bool all_finite(simd::floats<Arch> const& x) noexcept {
  using integers = simd::integers<Arch>;
  auto const size = simd::as<std::int32_t>(x) & integers::broadcast(0x7FFF'FFFF);
  return (size > integers::broadcast(static_cast<std::int32_t>(float_infinity_bits) - 1)).bits() == 0;
}

template <class Arch, class T>
[[gnu::always_inline]] inline lane_range<Arch> range_of_group(std::span<T const> group) noexcept {
  lane_range<Arch> all;
  if (group.size() % 64 == 0) {
    lane_range<Arch> even;  // minima take as long as four products: two at a time
    lane_range<Arch> odd;
    for (auto const* x = group.data(); x != group.data() + group.size(); x += 64) even.add(x), odd.add(x + 32);
    all = even;
    all.add(odd);
  } else if (group.size() % 32 == 0) {
    for (auto const* x = group.data(); x != group.data() + group.size(); x += 32) all.add(x);
  } else {
    for_each_sixteen<Arch>(group, [&](simd::floats<Arch> const& x) __attribute__((always_inline)) { all.add(x); });
  }
  return all;
}

template <class Arch>
[[gnu::always_inline]] inline simd::words<Arch> above_zero(simd::words<Arch> const& x) noexcept {
  return simd::as<std::uint32_t>(max(simd::as<std::int32_t>(x), simd::integers<Arch>::broadcast(0)));
}

template <class Arch>
struct group_ranges {
  simd::floats<Arch> low;
  simd::floats<Arch> high;
  simd::words<Arch> largest;  ///< bits
};

template <class Arch, class T>
[[gnu::always_inline]] inline group_ranges<Arch> ranges_of_groups(std::span<T const> numbers, std::size_t group,
                                                                  std::size_t count) noexcept {
  using words = simd::words<Arch>;
  words below[16];  // minus the least number, and the largest: as integers, numbers below zero are below all others
  words above[16];
  auto const sign = words::broadcast(0x8000'0000);
  auto seen = simd::floats<Arch>::broadcast(0.0f);
  for (std::size_t g = 0; g < count; ++g) {
    lane_range<Arch> range;
    auto const* const x = numbers.data() + g * group;
    if (group == 32) {
      auto const a = load_numbers<Arch>(x);
      auto const b = load_numbers<Arch>(x + 16);
      range = {min(a, b), max(a, b), simd::fused<Arch>(a, b, seen)};
      seen = range.seen;
    } else {
      range = range_of_group<Arch>(std::span<T const>{x, group});
      seen = seen + range.seen;
    }
    below[g] = simd::as<std::uint32_t>(range.least) ^ sign;
    above[g] = simd::as<std::uint32_t>(range.most);
  }
  for (std::size_t g = count; g < 16; ++g) below[g] = above[g] = words::broadcast(0);
  auto const down = above_zero<Arch>(simd::largest_of_each<Arch>(below));
  auto const up = above_zero<Arch>(simd::largest_of_each<Arch>(above));
  auto const zero = simd::floats<Arch>::broadcast(0.0f);
  group_ranges<Arch> r{zero - simd::as<float>(down), simd::as<float>(up), max(down, up)};
  if (!all_finite<Arch>(seen)) [[unlikely]]
    r.largest = largest_of_groups<Arch>(numbers, group, count);
  return r;
}

}  // namespace skive::detail
