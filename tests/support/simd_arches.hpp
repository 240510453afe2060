// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The instruction sets that this unit is compiled for, to run one test on each of them.

#include "skive/simd/arch.hpp"

#include <tuple>

namespace skive::test {

template <class... Arch>
struct arches {};

template <class A, class B>
struct joined;
template <class... A, class... B>
struct joined<arches<A...>, arches<B...>> {
  using type = arches<A..., B...>;
};

#if XSIMD_WITH_EMULATED
using other_arches = arches<xsimd::emulated<128>, xsimd::emulated<256>, xsimd::emulated<512>>;
#else
using other_arches = arches<
#if XSIMD_WITH_SSE4_2
    xsimd::sse4_2,
#endif
#if XSIMD_WITH_SSSE3
    xsimd::ssse3,
#endif
#if XSIMD_WITH_AVX
    xsimd::avx,
#endif
#if XSIMD_WITH_AVX2
    xsimd::avx2,
#endif
#if XSIMD_WITH_AVXVNNI
    xsimd::avxvnni,
#endif
#if XSIMD_WITH_FMA3_AVX2
    xsimd::fma3<xsimd::avx2>,
#endif
#if XSIMD_WITH_AVX512BW
    xsimd::avx512bw,
#endif
#if XSIMD_WITH_SSE2
    xsimd::sse2
#else
    native_arch
#endif
    >;
#endif

#if XSIMD_WITH_EMULATED
using all_arches = other_arches;
#else
using all_arches = joined<arches<native_arch>, other_arches>::type;
#endif

// For tests of much that differs little between instruction sets: the widest of the unit.
#if XSIMD_WITH_EMULATED
using first_arch = arches<xsimd::emulated<256>>;
#else
using first_arch = arches<native_arch>;
#endif

// For tests that take long to compile: instruction sets of each kind. What is left out is native to another unit.
#if XSIMD_WITH_EMULATED
using few_arches = arches<xsimd::emulated<128>, xsimd::emulated<512>>;
#elif XSIMD_WITH_FMA3_AVX2
using few_arches = arches<native_arch, xsimd::fma3<xsimd::avx2>, xsimd::sse4_2>;
#else
using few_arches = arches<native_arch>;
#endif

// Calls f.template operator()<Arch>() for each Arch.
template <class... Arch, class F>
void for_each(arches<Arch...>, F f) {
  (f.template operator()<Arch>(), ...);
}
template <class F>
void for_each_arch(F f) {
  for_each(all_arches{}, f);
}

}  // namespace skive::test
