// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/dot_halves.hpp - products of small bytes whose sums stay in 16 bits for as long as they fit, four to a lane.
///
///   dot4_of<Largest>(sum, a, b)      dot4 of a[0] b[0], a[1] b[1], ..., one after another; no byte of a is above Largest
///   dot4_halves<Largest, Arch> h     h.add(sum, a, b) again and again, then h.flush(sum): the same where the count is not known
///
/// Model of : -
/// Cost     : below VNNI 2 instructions a register and pair, and 2 a register for each sum of 32767 / (256 Largest) pairs; else dot4's.
/// Accuracy : exact.
/// Promise  : that of simd/dot.hpp.
/// Source   : -

#include "skive/simd/dot.hpp"

namespace skive::simd {

/// Below VNNI sums of a few small products fit 16 bits: one widening for all of them.
template <int Largest, std::size_t N, class Arch>
[[gnu::always_inline]] inline integers<Arch> dot4_of(integers<Arch> sum, words<Arch> const (&a)[N],
                                                     words<Arch> const (&b)[N]) noexcept {
#if XSIMD_WITH_SSSE3
  constexpr bool fits = N > 1 && std::size_t{2 * 128} * Largest * N < 0x8000;
  if constexpr (fits && (has_avx2<Arch> || has_ssse3<Arch>) && !detail::has_avxvnni<Arch> && !has_avx512<Arch>) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < sum.registers; ++i) {
      auto const pairs = [&](std::size_t n) __attribute__((always_inline)) {
        return detail::pair_sums<Arch>(xsimd::bitwise_cast<std::int32_t>(a[n].part[i]),
                                       xsimd::bitwise_cast<std::int32_t>(b[n].part[i]));
      };
      auto all = pairs(0);
#pragma GCC unroll 8
      for (std::size_t n = 1; n < N; ++n) all = all + pairs(n);
      sum.part[i] = sum.part[i] + detail::dot2<Arch>(all, detail::lanes16<Arch>(1));
    }
    return sum;
  }
#endif
#pragma GCC unroll 8
  for (std::size_t n = 0; n < N; ++n) sum = dot4<Largest>(sum, a[n], b[n]);
  return sum;
}

/// Below VNNI: sums of dot4's products that stay in 16 bits for as long as they fit. add(sum, a, b) again and again, then flush(sum).
/// Precondition: no byte of a is above Largest.
template <int Largest, class Arch>
class dot4_halves {
  static constexpr int together = 32767 / (256 * Largest);

 public:
  static constexpr bool usable =
      detail::has_dot4_small<Arch> && !detail::has_avx512vnni<Arch> && !detail::has_avxvnni<Arch> && together >= 2;

  [[gnu::always_inline]] void add(integers<Arch>& sum, words<Arch> const& a, words<Arch> const& b) noexcept {
    auto const x = as<std::int32_t>(a);
    auto const y = as<std::int32_t>(b);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < words<Arch>::registers; ++i) {
      auto const pairs = detail::pair_sums<Arch>(x.part[i], y.part[i]);
      half_[i] = held_ == 0 ? pairs : half_[i] + pairs;
    }
    if (++held_ == together) flush(sum);
  }
  [[gnu::always_inline]] void flush(integers<Arch>& sum) noexcept {
    if (held_ == 0) return;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < words<Arch>::registers; ++i)
      sum.part[i] = sum.part[i] + detail::dot2<Arch>(half_[i], detail::lanes16<Arch>(1));
    held_ = 0;
  }

 private:
  detail::lanes16<Arch> half_[words<Arch>::registers];
  int held_ = 0;
};

}  // namespace skive::simd
