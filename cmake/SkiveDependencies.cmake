# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Where the dependencies come from: installed packages first; pinned sources only if SKIVE_FETCH_DEPS asks for them.

# xsimd 13 or 14 as the target `xsimd`.
function(skive_find_xsimd)
  # xsimd's version file accepts one major version at a time; a bare find_package would take Debian 12's 8.1.
  foreach(major IN ITEMS 14 13)
    if(NOT TARGET xsimd)
      find_package(xsimd ${major} CONFIG QUIET GLOBAL)
    endif()
  endforeach()
  if(NOT TARGET xsimd AND SKIVE_FETCH_DEPS)
    include(FetchContent)
    FetchContent_Declare(xsimd SYSTEM
      URL https://github.com/xtensor-stack/xsimd/archive/refs/tags/14.3.0.tar.gz
      URL_HASH SHA256=b3d50e7a73fbf4642ceef30131c93414901d69eee41c2a5302db650b03e2c792)
    FetchContent_MakeAvailable(xsimd)
  endif()
  if(NOT TARGET xsimd)
    message(FATAL_ERROR "xsimd 13 or 14 is needed: run ./run once, set CMAKE_PREFIX_PATH, or pass -DSKIVE_FETCH_DEPS=ON")
  endif()
endfunction()

# Catch2 3 (with catch_discover_tests on the module path) and Boost's headers: what the tests need.
macro(skive_find_test_dependencies)
  find_package(Catch2 3 CONFIG QUIET GLOBAL)
  if(NOT TARGET Catch2::Catch2WithMain AND SKIVE_FETCH_DEPS)
    include(FetchContent)
    FetchContent_Declare(Catch2 SYSTEM
      URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
      URL_HASH SHA256=c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c)
    FetchContent_MakeAvailable(Catch2)
    list(APPEND CMAKE_MODULE_PATH ${catch2_SOURCE_DIR}/extras)
  endif()
  if(NOT TARGET Catch2::Catch2WithMain)
    message(FATAL_ERROR "Catch2 3 is needed for the tests: run ./run test, or pass -DSKIVE_FETCH_DEPS=ON")
  endif()
  find_package(Boost 1.74 CONFIG REQUIRED)
  include(Catch)
endmacro()
