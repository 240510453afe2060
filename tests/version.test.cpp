// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// version.hpp: the number, the three parts, the string and what CMake read from them agree; the preprocessor can compare.
#include "skive/version.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#if SKIVE_VERSION < 100 || SKIVE_VERSION >= 20000
#error "the preprocessor must be able to compare versions"
#endif

namespace {

static_assert(SKIVE_VERSION / 10000 == SKIVE_VERSION_MAJOR);
static_assert(SKIVE_VERSION / 100 % 100 == SKIVE_VERSION_MINOR && SKIVE_VERSION % 100 == SKIVE_VERSION_PATCH);

std::string parts() {
  return std::to_string(SKIVE_VERSION_MAJOR) + '.' + std::to_string(SKIVE_VERSION_MINOR) + '.' +
      std::to_string(SKIVE_VERSION_PATCH);
}

}  // namespace

TEST_CASE("the version string is made of the three numbers", "[skive]") { CHECK(parts() == SKIVE_VERSION_STRING); }

TEST_CASE("CMake reads the version from the header", "[skive]") {
#if defined(SKIVE_PROJECT_VERSION)
  CHECK(parts() == SKIVE_PROJECT_VERSION);
#else
  SKIP("not built by CMake");
#endif
}
