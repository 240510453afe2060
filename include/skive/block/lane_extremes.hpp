// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_extremes.hpp - the largest magnitudes, or the ranges, of at most sixteen groups at once.
///
///   largest_of_groups<Arch>(numbers, group, count) -> w   lane g: bits of the largest magnitude of group g; NaN is above infinity
///   ranges_of_groups<Arch>(numbers, group, count)         lane g: min(0, min x), max(0, max x), and the larger of their magnitudes;
///                                                         where a number is not finite the magnitude says so
///
/// Lanes past `count` hold zeros. Numbers are compared as integers: NaN then shows by itself.
///
/// Model of : -
/// Cost     : a pass over the numbers, 2 or 3 instructions a register, and a tree of 46 for sixteen maxima (simd/reduce_each.hpp).
/// Accuracy : exact.
/// Promise  : the same bits in every processor mode but for numbers below 2^-126.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/simd/reduce_each.hpp"

namespace skive::detail {

// In each lane the largest magnitude (bits) of 16 n numbers that lie side by side.
template <class Arch, class T>
[[gnu::always_inline]] inline simd::words<Arch> largest_of_run(T const* x, std::size_t n) noexcept {
  auto const size = simd::words<Arch>::broadcast(0x7FFF'FFFF);
  auto const magnitude = [&size](T const* at)
                             __attribute__((always_inline)) { return simd::as<std::uint32_t>(load_numbers<Arch>(at)) & size; };
  auto all = magnitude(x);
  if (n % 2 == 0) all = max(all, magnitude(x + 16));
  for (auto const *const end = x + 16 * n, *at = x + (n % 2 == 0 ? 32 : 16); at != end; at += 32)
    all = max(all, max(magnitude(at), magnitude(at + 16)));
  return all;
}

// One function for all schemes.
template <class Arch, class T>
[[gnu::noinline]] simd::words<Arch> largest_of_groups(std::span<T const> numbers, std::size_t group, std::size_t count) noexcept {
  using words = simd::words<Arch>;
  simd::sixteen_maxima<Arch> maxima;
  auto const* x = numbers.data();
  auto const run = [&](std::size_t n) __attribute__((always_inline)) {
    for (std::size_t q = 0; q < 4; ++q, x += 64 * n) {
      words v[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) v[i] = largest_of_run<Arch>(x + 16 * n * i, n);
      maxima.set(q, v);
    }
  };
  if (count == 16 && group == 16) {
    run(1);
  } else if (count == 16 && group == 32) {
    run(2);
  } else if (count == 16 && group % 16 == 0) {
    run(group / 16);
  } else {
    for (std::size_t q = 0; q < 4; ++q) {
      words v[4];
      for (std::size_t i = 0; i < 4; ++i)
        v[i] = 4 * q + i < count ? largest_in_lanes<Arch>(numbers.subspan((4 * q + i) * group, group)) : words::broadcast(0);
      maxima.set(q, v);
    }
  }
  return maxima.lanes();
}

// In each lane what stands for the range of the numbers that passed through it. As words, those below zero are above all others, the
// least one above all; as signed integers the others are. NaN is beyond infinity on its side.
template <class Arch>
struct lane_range {
  simd::words<Arch> below = simd::words<Arch>::broadcast(0);
  simd::integers<Arch> above = simd::integers<Arch>::broadcast(0);

  [[gnu::always_inline]] static lane_range of(simd::floats<Arch> const& x) noexcept {
    return {simd::as<std::uint32_t>(x), simd::as<std::int32_t>(x)};
  }
  [[gnu::always_inline]] friend lane_range operator|(lane_range const& a, lane_range const& b) noexcept {
    return {max(a.below, b.below), max(a.above, b.above)};
  }
};

// Of 16 n numbers that lie side by side.
template <class Arch, class T>
[[gnu::always_inline]] inline lane_range<Arch> range_of_run(T const* x, std::size_t n) noexcept {
  auto const range = [](T const* at) __attribute__((always_inline)) { return lane_range<Arch>::of(load_numbers<Arch>(at)); };
  auto all = range(x);
  if (n % 2 == 0) all = all | range(x + 16);
  for (auto const *const end = x + 16 * n, *at = x + (n % 2 == 0 ? 32 : 16); at != end; at += 32)
    all = all | (range(at) | range(at + 16));
  return all;
}

template <class Arch>
struct group_ranges {
  simd::floats<Arch> low;
  simd::floats<Arch> high;
  simd::words<Arch> largest;  ///< bits
};

// One function for all schemes.
template <class Arch, class T>
[[gnu::noinline]] group_ranges<Arch> ranges_of_groups(std::span<T const> numbers, std::size_t group, std::size_t count) noexcept {
  using integers = simd::integers<Arch>;
  simd::sixteen_maxima<Arch, false> below;
  simd::sixteen_maxima<Arch> above;
  auto const all = [&](auto range_of) __attribute__((always_inline)) {
    for (std::size_t q = 0; q < 4; ++q) {
      simd::words<Arch> low[4];
      simd::words<Arch> high[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        lane_range<Arch> const range = range_of(4 * q + i);
        low[i] = range.below;
        high[i] = simd::as<std::uint32_t>(range.above);
      }
      below.set(q, low);
      above.set(q, high);
    }
  };
  if (count == 16 && group == 32)
    all([&](std::size_t g) __attribute__((always_inline)) { return range_of_run<Arch>(numbers.data() + 32 * g, 2); });
  else if (count == 16 && group % 16 == 0)
    all([&](std::size_t g) __attribute__((always_inline)) { return range_of_run<Arch>(numbers.data() + group * g, group / 16); });
  else
    all([&](std::size_t g) {
      lane_range<Arch> range;
      if (g < count)
        for_each_sixteen<Arch>(numbers.subspan(g * group, group),
                               [&](simd::floats<Arch> const& x)
                                   __attribute__((always_inline)) { range = range | lane_range<Arch>::of(x); });
      return range;
    });
  auto const zero = integers::broadcast(0);
  auto const sign = integers::broadcast(std::int32_t{-0x7FFF'FFFF} - 1);
  auto const down = max(simd::as<std::int32_t>(below.lanes()) ^ sign, zero);  // the magnitude; what is not below zero becomes it
  auto const up = max(simd::as<std::int32_t>(above.lanes()), zero);
  auto const none = simd::floats<Arch>::broadcast(0.0f);
  return {none - simd::as<float>(down), simd::as<float>(up), simd::as<std::uint32_t>(max(down, up))};
}

}  // namespace skive::detail
