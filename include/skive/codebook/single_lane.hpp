// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/single_lane.hpp - one integer with the operations of sixteen in lanes, so that one program serves both.
///
///   template <class V> V f(V const& x);    V = simd::integers<Arch>: sixteen points at once;   V = single_lane: one, constexpr
///
/// Model of : primitive
/// Cost     : one instruction an operation.
/// Promise  : the lane's results are those of simd::integers for every operand: integers wrap, >> is arithmetic.
/// Source   : -

#include <cstddef>
#include <cstdint>

namespace skive::detail {

struct single_lane {
  struct mask {
    bool bit;
    friend constexpr mask operator&(mask a, mask b) noexcept { return {a.bit && b.bit}; }
    friend constexpr mask operator|(mask a, mask b) noexcept { return {a.bit || b.bit}; }
    friend constexpr mask operator^(mask a, mask b) noexcept { return {a.bit != b.bit}; }
  };
  std::int32_t lane;

  static constexpr single_lane broadcast(std::int32_t x) noexcept { return {x}; }
  static constexpr single_lane load(std::int32_t const* from) noexcept { return {*from}; }
  constexpr void store(std::int32_t* to) const noexcept { *to = lane; }

  friend constexpr single_lane operator+(single_lane a, single_lane b) noexcept { return of(bits(a) + bits(b)); }
  friend constexpr single_lane operator-(single_lane a, single_lane b) noexcept { return of(bits(a) - bits(b)); }
  friend constexpr single_lane operator&(single_lane a, single_lane b) noexcept { return {a.lane & b.lane}; }
  friend constexpr single_lane operator|(single_lane a, single_lane b) noexcept { return {a.lane | b.lane}; }
  friend constexpr single_lane operator^(single_lane a, single_lane b) noexcept { return {a.lane ^ b.lane}; }
  friend constexpr single_lane operator>>(single_lane a, int count) noexcept { return {a.lane >> count}; }
  friend constexpr single_lane operator<<(single_lane a, int count) noexcept { return of(bits(a) << count); }
  friend constexpr single_lane min(single_lane a, single_lane b) noexcept { return b.lane < a.lane ? b : a; }
  friend constexpr single_lane max(single_lane a, single_lane b) noexcept { return a.lane < b.lane ? b : a; }
  friend constexpr mask operator<(single_lane a, single_lane b) noexcept { return {a.lane < b.lane}; }
  friend constexpr mask operator>(single_lane a, single_lane b) noexcept { return {a.lane > b.lane}; }
  friend constexpr mask operator==(single_lane a, single_lane b) noexcept { return {a.lane == b.lane}; }
  friend constexpr single_lane select(mask m, single_lane yes, single_lane no) noexcept { return m.bit ? yes : no; }

 private:
  static constexpr std::uint32_t bits(single_lane a) noexcept { return static_cast<std::uint32_t>(a.lane); }
  static constexpr single_lane of(std::uint32_t x) noexcept { return {static_cast<std::int32_t>(x)}; }
};

template <class V>
inline constexpr std::size_t lane_count = 16;
template <>
inline constexpr std::size_t lane_count<single_lane> = 1;

/// Keys in descending order, eight of them: 19 exchanges (Batcher's odd-even merge).
template <class V>
[[gnu::always_inline]] constexpr void sort_descending(V (&key)[8]) noexcept {
  constexpr unsigned char pairs[19][2]{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {0, 2}, {1, 3}, {4, 6}, {5, 7}, {1, 2}, {5, 6},
                                       {0, 4}, {1, 5}, {2, 6}, {3, 7}, {2, 4}, {3, 5}, {1, 2}, {3, 4}, {5, 6}};
#pragma GCC unroll 19
  for (std::size_t i = 0; i < 19; ++i) {
    auto const a = key[pairs[i][0]];
    auto const b = key[pairs[i][1]];
    key[pairs[i][0]] = max(a, b);
    key[pairs[i][1]] = min(a, b);
  }
}

}  // namespace skive::detail
