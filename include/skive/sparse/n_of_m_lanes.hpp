// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/n_of_m_lanes.hpp - ranks inside groups of M scores, sixteen at a time.
///
///   M <= 8   for each distance d < M the bits "s_(i+d) > s_i" of 64 entries in one word; what i loses, i + d wins. Words are
///            added up digit by digit, so that 64 ranks are counted at once
///   M = 4, 8 AVX-512: sixteen groups lie across M registers, which a network sorts as far as it takes to find the N-th largest
///            key; entries that reach it are kept. Where equal keys make them too many, as above
///   M > 8    a group's keys less one and, after them, the keys: an entry d places on goes before this one if it is above this
///            one's key less one: strictly larger where it stands behind, at least equal in the copy of those in front.
///            One rank a lane
///
/// Model of : -
/// Cost     : M <= 8: 4 (M - 1) compares for 64 entries; M = 8, AVX-512: about 90 instructions for 128, more where keys tie; M > 8:
///            2 (M - 1) instructions a register.
/// Promise  : the masks of the scalar rule.
/// Source   : -

#include "skive/simd/bits.hpp"
#include "skive/simd/row_lanes.hpp"
#include "skive/simd/sixteen.hpp"
#include "skive/sparse/bit_stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive::detail {

/// Word d: the entries of whole groups of M, inside `Count` entries, that have an entry of their group d places on.
template <int M, int Count>
inline constexpr std::array<std::uint64_t, std::size_t{M}> has_follower = [] {
  std::array<std::uint64_t, std::size_t{M}> words{};
  for (std::size_t d = 0; d < M; ++d)
    for (std::size_t i = 0; i < Count; ++i)
      if (i % M + d < M) words[d] |= std::uint64_t{1} << i;
  return words;
}();

/// 64 numbers below 2^Digits, digit by digit.
template <int Digits>
struct digit_sums {
  std::array<std::uint64_t, std::size_t{Digits}> digit{};

  [[gnu::always_inline]] void add(std::uint64_t bits) noexcept {
    for (auto& d : digit) {
      auto const carry = d & bits;
      d ^= bits;
      bits = carry;
    }
  }
  /// Bit i: number i is below `limit`.
  [[gnu::always_inline]] std::uint64_t below(int limit) const noexcept {
    if ((limit >> Digits) != 0) return ~std::uint64_t{0};
    std::uint64_t less = 0;
    std::uint64_t equal = ~std::uint64_t{0};
    for (int b = Digits - 1; b >= 0; --b) {
      if ((limit >> b & 1) != 0) {
        less |= equal & ~digit[static_cast<std::size_t>(b)];
        equal &= digit[static_cast<std::size_t>(b)];
      } else {
        equal &= ~digit[static_cast<std::size_t>(b)];
      }
    }
    return less;
  }
};

/// The mask of `Count` <= 64 entries in whole groups; 64 + M - 1 scores are read, those past `Count` do not matter.
template <int N, int M, int Count, class Order, class Arch>
[[gnu::always_inline]] inline std::uint64_t mask_of_scores(float const* scores) noexcept {
  constexpr int digits = M <= 2 ? 1 : M <= 4 ? 2 : 3;
  auto const keys = [scores](std::size_t i) noexcept { return Order::template keys<Arch>(simd::floats<Arch>::load(scores + i)); };
  simd::integers<Arch> const own[4] = {keys(0), keys(16), keys(32), keys(48)};
  digit_sums<digits> rank;
  for (std::size_t d = 1; d < M; ++d) {
    std::uint64_t larger = 0;
    for (std::size_t k = 0; k < 4; ++k) larger |= std::uint64_t{(keys(16 * k + d) > own[k]).bits()} << (16 * k);
    auto const real = has_follower<M, Count>[d];
    rank.add(larger & real);
    rank.add((~larger & real) << d);
  }
  constexpr auto all = Count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (Count % 64)) - 1;
  return rank.below(N) & all;
}

/// The mask of one group of M > 8; keys: M keys less one, then the M keys, then whatever fills the last registers.
template <int N, int M, class Arch>
[[gnu::always_inline]] inline std::uint64_t mask_of_group(std::int32_t const* keys) noexcept {
  using integers = simd::integers<Arch>;
  constexpr std::size_t registers = M > 16 ? 2 : 1;
  auto const one = integers::broadcast(1);
  auto const zero = integers::broadcast(0);
  std::uint64_t mask = 0;
  for (std::size_t k = 0; k < registers; ++k) {
    auto const own = integers::load(keys + 16 * k);
    auto rank = zero;
    for (int d = 1; d < M; ++d) rank = rank + select(integers::load(keys + 16 * k + d) > own, one, zero);
    mask |= std::uint64_t{(rank < integers::broadcast(N)).bits()} << (16 * k);
  }
  return mask & ((std::uint64_t{1} << M) - 1);
}

/// a_0 >= a_1 >= a_2 >= a_3 in each lane.
template <class Arch>
[[gnu::always_inline]] inline void sort_4(simd::integers<Arch>* a) noexcept {
  auto const exchange = [a](std::size_t i, std::size_t j) noexcept {
    auto const larger = max(a[i], a[j]);
    a[j] = min(a[i], a[j]);
    a[i] = larger;
  };
  exchange(0, 1);
  exchange(2, 3);
  exchange(0, 2);
  exchange(1, 3);
  exchange(1, 2);
}
/// The N-th largest of eight numbers in each lane: of two sorted fours the largest of what i of one and N - i of the other reach.
template <int N, class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> nth_largest_of_8(simd::integers<Arch> const (&x)[8]) noexcept {
  simd::integers<Arch> a[4] = {x[0], x[1], x[2], x[3]};
  simd::integers<Arch> b[4] = {x[4], x[5], x[6], x[7]};
  sort_4<Arch>(a);
  sort_4<Arch>(b);
  constexpr int least = N > 4 ? N - 4 : 0;
  auto const reached = [&](int i) noexcept {
    if constexpr (N <= 4) {  // all of one four; else i is neither
      if (i == 0) return b[N - 1];
      if (i == N) return a[N - 1];
    }
    return min(a[i - 1], b[N - i - 1]);
  };
  auto nth = reached(least);
#pragma GCC unroll 4
  for (int i = least + 1; i <= (N < 4 ? N : 4); ++i) nth = max(nth, reached(i));
  return nth;
}

template <int N, class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> nth_largest_of_4(simd::integers<Arch> const (&x)[4]) noexcept {
  simd::integers<Arch> a[4] = {x[0], x[1], x[2], x[3]};
  sort_4<Arch>(a);
  return a[N - 1];
}

/// Groups of 4 or 8 from the first on, sixteen in a step; returns how many entries are done.
template <int N, int M, class Order, class Arch>
std::size_t select_by_nth(std::span<float const> scores, bit_writer& out) noexcept {
  static_assert(N < M && (M == 4 || M == 8));
  constexpr std::uint64_t full = ~std::uint64_t{0} / ((1U << M) - 1) * N;
  auto const zero = simd::words<Arch>::broadcast(0);
  std::size_t i = 0;
  constexpr std::size_t size = M;
  constexpr std::size_t at_once = 16 * size;
  for (; i + at_once + size <= scores.size(); i += at_once) {  // mask_of_scores reads on
    simd::floats<Arch> place[size];
    simd::rows_to_lanes<Arch>(scores.data() + i, size, place);
    simd::integers<Arch> x[size];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < M; ++k) x[k] = Order::template keys<Arch>(place[k]);
    simd::integers<Arch> nth;
    if constexpr (M == 4)
      nth = nth_largest_of_4<N, Arch>(x);
    else
      nth = nth_largest_of_8<N, Arch>(x);
    auto kept = zero;
#pragma GCC unroll 8
    for (std::size_t k = 0; k < M; ++k)
      kept = kept |
          simd::as<std::uint32_t>(select(x[k] < nth, simd::as<std::int32_t>(zero), simd::integers<Arch>::broadcast(1 << k)));
    std::array<std::byte, std::size_t{2} * M> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    simd::store_fields<M, Arch>(kept, bit_order::low_first, bytes.data());
    for (std::size_t part = 0; part < M / 4; ++part) {
      auto mask = load_8(bytes.data() + 8 * part, bit_order::low_first);
      if (counts_of_fields<M>(mask) != full) mask = mask_of_scores<N, M, 64, Order, Arch>(scores.data() + i + 64 * part);
      out.append(mask, 64);
    }
  }
  return i;
}

template <int N, int M, class Order, class Arch>
void select_small_groups(std::span<float const> scores, bit_writer& out) noexcept {
  constexpr std::size_t count = 64 / M * M;
  std::size_t i = 0;
  if constexpr ((M == 4 || M == 8) && N < M && simd::has_avx512<Arch>) i = select_by_nth<N, M, Order, Arch>(scores, out);
  for (; i + 64 + M <= scores.size(); i += count) out.append(mask_of_scores<N, M, count, Order, Arch>(scores.data() + i), count);
  while (i < scores.size()) {
    float rest[64 + std::size_t{M}] = {};
    auto const size = scores.size() - i < count ? scores.size() - i : count;
    for (std::size_t k = 0; k < size; ++k) rest[k] = scores[i + k];
    auto const mask = mask_of_scores<N, M, count, Order, Arch>(rest);
    out.append(size == 64 ? mask : mask & ((std::uint64_t{1} << size) - 1), static_cast<int>(size));
    i += size;
  }
}

template <int N, int M, class Order, class Arch>
void select_large_groups(std::span<float const> scores, bit_writer& out) noexcept {
  constexpr std::size_t at_once = 8;  // groups: what has just been stored is not loaded askew
  constexpr std::size_t stride = M > 16 ? 96 : 48;
  alignas(64) std::int32_t keys[at_once * stride] = {};
  auto const one = simd::integers<Arch>::broadcast(1);
  for (std::size_t i = 0; i < scores.size();) {
    auto const left = (scores.size() - i) / M;
    auto const groups = left < at_once ? left : at_once;
    for (std::size_t g = 0; g < groups; ++g, i += M) {
      auto* const to = keys + g * stride;
      if constexpr (M % 16 == 0) {
        for (std::size_t k = 0; k < M; k += 16) {
          auto const own = Order::template keys<Arch>(simd::floats<Arch>::load(scores.data() + i + k));
          (own - one).store(to + k);
          own.store(to + M + k);
        }
      } else {
        for (std::size_t k = 0; k < M; ++k) {
          to[M + k] = Order::key(scores[i + k]);
          to[k] = to[M + k] - 1;
        }
      }
    }
    for (std::size_t g = 0; g < groups; ++g) out.append(mask_of_group<N, M, Arch>(keys + g * stride), M);
  }
}

template <int N, int M, class Order, class Arch>
void select_in_lanes(std::span<float const> scores, bit_writer& out) noexcept {
  if constexpr (M <= 8)
    select_small_groups<N, M, Order, Arch>(scores, out);
  else
    select_large_groups<N, M, Order, Arch>(scores, out);
  out.finish();
}

}  // namespace skive::detail
