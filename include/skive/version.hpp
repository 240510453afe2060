// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file version.hpp - the version of the library: the only macros it has.
///
///   SKIVE_VERSION = 10000 major + 100 minor + patch
///
/// Model of : -
/// Cost     : nothing is compiled.
/// Promise  : CMake and the packages read the three numbers from here; they stand nowhere else.

#define SKIVE_VERSION_MAJOR 0
#define SKIVE_VERSION_MINOR 1
#define SKIVE_VERSION_PATCH 0
#define SKIVE_VERSION 100
#define SKIVE_VERSION_STRING "0.1.0"

static_assert(SKIVE_VERSION == 10000 * SKIVE_VERSION_MAJOR + 100 * SKIVE_VERSION_MINOR + SKIVE_VERSION_PATCH);
