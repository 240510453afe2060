// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file version.hpp - the version of the library: the only macros it has; and the flags that it refuses.
///
///   SKIVE_VERSION = 10000 major + 100 minor + patch
///
/// -ffast-math, -Ofast and -ffinite-math-only let a compiler assume that no NaN exists and reorder sums: with them the same bytes
/// cannot be promised, so that a unit that is compiled that way and includes the library does not compile. -ffp-contract=fast,
/// flush-to-zero and denormals-are-zero do no harm. clang has no macro for -funsafe-math-optimizations alone: it passes unseen.
///
/// Model of : -
/// Cost     : nothing is compiled.
/// Promise  : CMake and the packages read the three numbers from here; they stand nowhere else. Headers that compute with
///            floats include this one.

#define SKIVE_VERSION_MAJOR 0
#define SKIVE_VERSION_MINOR 1
#define SKIVE_VERSION_PATCH 0
#define SKIVE_VERSION 100
#define SKIVE_VERSION_STRING "0.1.0"

static_assert(SKIVE_VERSION == 10000 * SKIVE_VERSION_MAJOR + 100 * SKIVE_VERSION_MINOR + SKIVE_VERSION_PATCH);

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(__ASSOCIATIVE_MATH__) || \
    defined(__RECIPROCAL_MATH__) || defined(_M_FP_FAST)
#error "skive promises the same bytes everywhere, which -ffast-math and -ffinite-math-only break: compile this unit without them"
#endif
