// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/reduce_each.hpp - many maxima, or sums, at once: lane g of the result belongs to operand g.
///
///   sixteen_maxima<Arch> m;      of signed integers; <Arch, false>: of words
///   m.set(q, v), q = 0 ... 3     v[i]: the sixteen lanes of operand 4 q + i
///   m.lanes()                    lane g is the largest lane of operand g
///   sum_of_each(v)               lane g is the sum of the register v[g]
///
/// Two registers merge a step, which keeps half of the lanes of each.
///
/// Model of : -
/// Cost     : sixteen maxima take 46 instructions with AVX-512, 58 with AVX2; of the operands four need registers at a time.
/// Accuracy : a sum rounds after each addition.
/// Promise  : the same bits on every instruction set.
/// Source   : -

#include "skive/simd/reduce.hpp"

namespace skive::simd {

namespace detail {

// The sum of floats, given by their bits.
template <class Arch>
struct added_floats {
  using words = xsimd::batch<std::int32_t, Arch>;
  [[gnu::always_inline]] words operator()(words const& a, words const& b) const noexcept {
    return xsimd::bitwise_cast<std::int32_t>(xsimd::bitwise_cast<float>(a) + xsimd::bitwise_cast<float>(b));
  }
};

// Lane i: a where bit Distance of i is clear, else b; each op of its lanes i and i ^ Distance.
template <int Distance, class Arch, class Op>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> merged(xsimd::batch<std::int32_t, Arch> const& a,
                                                                      xsimd::batch<std::int32_t, Arch> const& b, Op op) noexcept {
  using batch = xsimd::batch<std::int32_t, Arch>;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    constexpr auto mask = static_cast<__mmask16>(Distance == 8       ? 0xFF00
                                                     : Distance == 4 ? 0xF0F0
                                                     : Distance == 2 ? 0xCCCC
                                                                     : 0xAAAA);
    batch const stay = _mm512_mask_blend_epi32(mask, a, b);
    __m512i move;
    if constexpr (Distance == 8) move = _mm512_shuffle_i64x2(a, b, 0x4E);
    if constexpr (Distance == 4) move = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(2, 3, 8, 9, 6, 7, 12, 13), b);
    if constexpr (Distance == 2)
      move = _mm512_castpd_si512(_mm512_shuffle_pd(_mm512_castsi512_pd(a), _mm512_castsi512_pd(b), 0x55));
    if constexpr (Distance == 1)
      move = _mm512_permutex2var_epi32(a, _mm512_setr_epi32(1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30), b);
    return op(stay, batch(move));
  } else
#endif
#if XSIMD_WITH_AVX2
      if constexpr (has_avx2<Arch>) {
    constexpr int mask = Distance == 4 ? 0xF0 : Distance == 2 ? 0xCC : 0xAA;
    batch const stay = _mm256_blend_epi32(a, b, mask);
    batch const move = _mm256_blend_epi32(b, a, mask);
    return op(stay, xsimd::bitwise_cast<std::int32_t>(exchanged<Distance, Arch>(xsimd::bitwise_cast<std::uint32_t>(move))));
  } else
#endif
#if XSIMD_WITH_SSE2
      if constexpr (has_sse2<Arch>) {  // [a b a b] of both halves, both times: the lanes end in the same order
    return op(batch(_mm_unpacklo_epi32(a, b)), batch(_mm_unpackhi_epi32(a, b)));
  } else
#endif
#if XSIMD_WITH_NEON64
      if constexpr (has_neon64<Arch>) {
    return op(batch(vzip1q_s32(a, b)), batch(vzip2q_s32(a, b)));
  } else
#endif
  {
    alignas(64) std::int32_t lane[2][16];
    alignas(64) std::int32_t moved[2][16];
    a.store_unaligned(lane[0]);
    b.store_unaligned(lane[1]);
    for (std::size_t i = 0; i < batch::size; ++i) {
      auto const& from = lane[(i & Distance) != 0 ? 1 : 0];
      moved[0][i] = from[i];
      moved[1][i] = from[i ^ Distance];
    }
    return op(batch::load_unaligned(moved[0]), batch::load_unaligned(moved[1]));
  }
}

// Half as many registers, where they are more than Distance.
template <int Distance, class Arch, std::size_t Size, class Op>
[[gnu::always_inline]] inline void halve(xsimd::batch<std::int32_t, Arch> (&x)[Size], Op op) noexcept {
  if constexpr (Distance < static_cast<int>(Size))
#pragma GCC unroll 8
    for (std::size_t g = 0; g < Distance; ++g) x[g] = merged<Distance, Arch>(x[g], x[g + Distance], op);
}
// Lane g: op of all lanes of x[g], which is overwritten. Size: the lanes of one.
template <class Arch, std::size_t Size, class Op>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> merged_all(xsimd::batch<std::int32_t, Arch> (&x)[Size],
                                                                          Op op) noexcept {
  halve<8>(x, op);
  halve<4>(x, op);
  halve<2>(x, op);
  halve<1>(x, op);
  return x[0];
}

// The larger one of words, which are signed integers where Signed.
template <class Arch, bool Signed>
struct larger_word {
  using batch = xsimd::batch<std::int32_t, Arch>;
  [[gnu::always_inline]] batch operator()(batch const& a, batch const& b) const noexcept {
    if constexpr (Signed) return xsimd::max(a, b);
    using words = xsimd::batch<std::uint32_t, Arch>;
    words const x = xsimd::bitwise_cast<std::uint32_t>(a);
    words const y = xsimd::bitwise_cast<std::uint32_t>(b);
    return xsimd::bitwise_cast<std::int32_t>(xsimd::max(x, y));
  }
};

// Lane i of each 128 bits: op of the four lanes that v[i] has there.
template <class Arch, class Op>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> merged_four(xsimd::batch<std::int32_t, Arch> const (&v)[4],
                                                                           Op op) noexcept {
#if XSIMD_WITH_AVX2
  if constexpr (has_avx2<Arch>) {
    using batch = xsimd::batch<std::int32_t, Arch>;
    auto const a = op(batch(_mm256_unpacklo_epi32(v[0], v[1])), batch(_mm256_unpackhi_epi32(v[0], v[1])));
    auto const b = op(batch(_mm256_unpacklo_epi32(v[2], v[3])), batch(_mm256_unpackhi_epi32(v[2], v[3])));
    return op(batch(_mm256_unpacklo_epi64(a, b)), batch(_mm256_unpackhi_epi64(a, b)));
  }
#endif
  return merged<1, Arch>(merged<2, Arch>(v[0], v[2], op), merged<2, Arch>(v[1], v[3], op), op);
}

}  // namespace detail

/// Of words as signed integers, or as they are.
template <class Arch, bool Signed = true>
class sixteen_maxima {
  using batch = xsimd::batch<std::int32_t, Arch>;
  static constexpr detail::larger_word<Arch, Signed> larger{};

 public:
  /// The operands 4 q ... 4 q + 3, q < 4.
  [[gnu::always_inline]] void set(std::size_t q, words<Arch> const (&v)[4]) noexcept {
    batch x[4];
#pragma GCC unroll 4
    for (std::size_t g = 0; g < 4; ++g) {
      auto const lanes = as<std::int32_t>(v[g]);
      x[g] = lanes.part[0];
#pragma GCC unroll 4
      for (std::size_t i = 1; i < lanes.registers; ++i) x[g] = larger(x[g], lanes.part[i]);
    }
    four_[q] = detail::merged_four<Arch>(x, larger);
  }
  [[gnu::always_inline]] words<Arch> lanes() const noexcept {
    integers<Arch> r;
    if constexpr (batch::size == 16) {
      auto const even = detail::merged<8, Arch>(four_[0], four_[2], larger);
      r.part[0] = detail::merged<4, Arch>(even, detail::merged<8, Arch>(four_[1], four_[3], larger), larger);
    } else {
#pragma GCC unroll 4
      for (std::size_t i = 0; i < r.registers; ++i)
        if constexpr (batch::size == 8)
          r.part[i] = detail::merged<4, Arch>(four_[2 * i], four_[2 * i + 1], larger);
        else
          r.part[i] = four_[i];
    }
    return as<std::uint32_t>(r);
  }

 private:
  batch four_[4];
};

/// Lane g is the sum of the lanes of v[g], i and i + n/2 first, then n/4, ...; v: as many registers as one has lanes.
template <class Arch, std::size_t Size>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> sum_of_each(xsimd::batch<float, Arch> const (&v)[Size]) noexcept {
  static_assert(Size == xsimd::batch<float, Arch>::size);
  xsimd::batch<std::int32_t, Arch> x[Size];
#pragma GCC unroll 16
  for (std::size_t g = 0; g < Size; ++g) x[g] = xsimd::bitwise_cast<std::int32_t>(v[g]);
  return xsimd::bitwise_cast<float>(detail::merged_all<Arch>(x, detail::added_floats<Arch>{}));
}

}  // namespace skive::simd
