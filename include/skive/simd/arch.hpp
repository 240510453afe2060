// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file simd/arch.hpp - instruction sets as types: xsimd's architectures, and what the library asks of them.
///
///   vector_arch<A>   A names an instruction set that this unit is compiled for, on a little-endian machine
///   native_arch      what operations take when the caller names none
///   derives<A, B>    A is B or contains it: -march=native names the most derived one
///   has_...<A>       intrinsics of that set may be used on A's registers
///
/// Model of : -
/// Cost     : declarations.
/// Promise  : the only header that includes xsimd; versions 13 and 14. Big-endian machines take the scalar rule everywhere: the same
///            bytes, without vector code. Where xsimd knows no registers its emulated ones of 128 bits serve.
/// Source   : -

#include "skive/version.hpp"

// g++ 12 warns of the undefined operands that its own intrinsics pass.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
// Where xsimd knows no registers it leaves out its templates, whose names vector code has to find: emulated ones bring them.
#if defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)
#undef XSIMD_WITH_EMULATED
#define XSIMD_WITH_EMULATED 1
#include <xsimd/types/xsimd_batch.hpp>
#include <xsimd/types/xsimd_batch_constant.hpp>
#include <xsimd/types/xsimd_traits.hpp>

#include <xsimd/types/xsimd_api.hpp>
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#if XSIMD_VERSION_MAJOR < 13
#error "skive needs xsimd 13 or newer"
#endif

namespace skive {

/// No vector path: the scalar rule, which every other path equals.
struct scalar_arch {};

namespace simd {

template <class A, class B>
inline constexpr bool derives = std::is_base_of_v<B, A>;

/// A has registers of 4, 8 or 16 floats here.
template <class A>
concept vector_arch = std::endian::native == std::endian::little && !std::is_same_v<A, scalar_arch> && requires {
  typename xsimd::batch<float, A>::register_type;
} && 4 <= xsimd::batch<float, A>::size && 16 % xsimd::batch<float, A>::size == 0;

/// xsimd::fma is one rounding, not a product and a sum.
template <class A>
inline constexpr bool fuses =
#if XSIMD_WITH_AVX512F
    derives<A, xsimd::avx512f> ||
#endif
#if XSIMD_WITH_FMA3_AVX2
    derives<A, xsimd::fma3<xsimd::avx2>> ||
#endif
#if XSIMD_WITH_FMA3_AVX
    derives<A, xsimd::fma3<xsimd::avx>> ||
#endif
#if XSIMD_WITH_FMA3_SSE
    derives<A, xsimd::fma3<xsimd::sse4_2>> ||
#endif
#if XSIMD_WITH_NEON64
    derives<A, xsimd::neon64> ||
#endif
    false;

/// Registers of 512 bits, with byte and word instructions; vpermb and vpmultishiftqb besides.
template <class A>
inline constexpr bool has_avx512 =
#if XSIMD_WITH_AVX512BW
    derives<A, xsimd::avx512bw> ||
#endif
    false;
template <class A>
inline constexpr bool has_avx512vbmi =
#if XSIMD_WITH_AVX512VBMI
    derives<A, xsimd::avx512vbmi> ||
#endif
    false;

/// Registers of 256 bits.
template <class A>
inline constexpr bool has_avx2 =
#if XSIMD_WITH_AVX2
    derives<A, xsimd::avx2> ||
#endif
    false;

/// Registers of 128 bits.
template <class A>
inline constexpr bool has_sse2 =
#if XSIMD_WITH_SSE2
    derives<A, xsimd::sse2>;
#else
    false;
#endif
template <class A>
inline constexpr bool has_ssse3 =
#if XSIMD_WITH_SSSE3
    derives<A, xsimd::ssse3> ||
#endif
    false;
template <class A>
inline constexpr bool has_neon64 =
#if XSIMD_WITH_NEON64
    derives<A, xsimd::neon64> ||
#endif
    false;

/// a / b, rounded once. xsimd's float division on NEON is an approximation.
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> divided(xsimd::batch<T, A> const& a, xsimd::batch<T, A> const& b) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<A> && std::is_same_v<T, float>) return vdivq_f32(a, b);
#endif
  return a / b;
}

/// sqrt(x), rounded once; as xsimd's float division, its float root on NEON is not.
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> rooted(xsimd::batch<T, A> const& x) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (has_neon64<A> && std::is_same_v<T, float>) return vsqrtq_f32(x);
#endif
  return xsimd::sqrt(x);
}

/// c - a b, rounded once where fuses<A>. xsimd's fnma is a product and a difference on NEON.
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> minus_product(xsimd::batch<T, A> const& c, xsimd::batch<T, A> const& a,
                                                               xsimd::batch<T, A> const& b) noexcept {
  if constexpr (has_neon64<A>)
    return xsimd::fma(-a, b, c);
  else
    return xsimd::fnma(a, b, c);
}

}  // namespace simd

/// The arch of operations for which the caller names none.
#if defined(XSIMD_NO_SUPPORTED_ARCHITECTURE) && !defined(XSIMD_DEFAULT_ARCH)
using native_arch = std::conditional_t<simd::vector_arch<xsimd::emulated<128>>, xsimd::emulated<128>, scalar_arch>;
#else
using native_arch = std::conditional_t<simd::vector_arch<xsimd::default_arch>, xsimd::default_arch, scalar_arch>;
#endif

}  // namespace skive
