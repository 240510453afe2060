# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckCXXSourceRuns)

# skive_precompile(NAME FILE FLAGS): what nearly every test includes, parsed once per set of FLAGS instead of once per program (1 to 1.5 s
# of each). A file that sets a macro of xsimd reads it for itself. g++ forgets that AVX-512's headers silence two warnings about themselves
# once they are precompiled; the presets headers-* keep these warnings for the library.
function(skive_precompile name file flags)
  file(STRINGS ${file} own_xsimd REGEX "^#(define|undef) XSIMD_")
  if(own_xsimd)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  string(MD5 of_flags "${flags}")
  set(parsed skive_test_headers_${of_flags})
  if(NOT TARGET ${parsed})
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${parsed}.cpp CONTENT "// for ${flags}\n")
    add_library(${parsed} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${parsed}.cpp)
    target_compile_options(${parsed} PRIVATE ${flags})
    target_link_libraries(${parsed} PRIVATE skive::skive Catch2::Catch2)
    target_precompile_headers(${parsed} PRIVATE
      <algorithm> <array> <cmath> <cstdint> <limits> <random> <span> <string> <vector>
      <catch2/catch_test_macros.hpp> <xsimd/xsimd.hpp>)
  endif()
  target_precompile_headers(${name} REUSE_FROM ${parsed})
endfunction()

# skive_add_test_program(NAME FILE [LIBRARIES ...] [FLAGS ...]): one executable of one Catch2 file, which nothing runs yet;
# `exhaustive`: whether some of its cases are tagged so.
function(skive_add_test_program name file)
  cmake_parse_arguments(PARSE_ARGV 2 test "" "" "LIBRARIES;FLAGS")
  add_executable(${name} ${file})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # -O1 takes half of -O2's time to compile, -Og half to two thirds of that; what fuses products or runs for minutes keeps -O1.
  file(STRINGS ${file} exhaustive REGEX "\\[\\.exhaustive\\]")
  set(optimized -Og)
  if(test_FLAGS OR exhaustive)
    set(optimized -O1)
  endif()
  set(exhaustive "${exhaustive}" PARENT_SCOPE)
  list(PREPEND test_FLAGS $<$<CONFIG:Release>:${optimized}>)
  target_compile_options(${name} PRIVATE ${test_FLAGS})
  target_link_libraries(${name} PRIVATE skive::skive ${test_LIBRARIES} Catch2::Catch2WithMain Boost::headers)
  skive_precompile(${name} ${file} "${test_FLAGS}")
  add_dependencies(skive_tests ${name})
endfunction()

# skive_add_test(NAME LABEL FILE [LIBRARIES ...] [FLAGS ...]): one executable of one Catch2 file; every test case becomes a ctest entry.
# Hidden cases tagged [.exhaustive] get the ctest label `exhaustive`, which `./run test` leaves out.
function(skive_add_test name label file)
  if(NOT SKIVE_BUILD_TESTING)
    return()
  endif()
  skive_add_test_program(${name} ${file} ${ARGN})
  catch_discover_tests(${name} TEST_PREFIX "${label}: " DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${label} TIMEOUT 600)
  if(exhaustive)
    catch_discover_tests(${name} TEST_SPEC "[.exhaustive]" TEST_PREFIX "${label}, exhaustive: " DISCOVERY_MODE PRE_TEST
                         PROPERTIES LABELS exhaustive TIMEOUT 3600 RUN_SERIAL ON)
  endif()
endfunction()

# skive_add_simd_tests(FLOOR STEM FILE [VARIANTS]): FILE once per set of flags that the compiler knows (and the regular expression
# VARIANTS names, if there is one); run where this machine can run it. Emulated registers stand in for the widths that the machine
# lacks; no AVX2 apart where the machine has no more. SKIVE_TEST_VARIANTS, a regular expression, leaves out others, to save time.
# Where products can be fused the compiler is told to fuse all it likes.
function(skive_add_simd_tests floor stem file)
  if(NOT SKIVE_BUILD_TESTING)
    return()
  endif()
  set(flags_plain)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set(flags_plain -march=x86-64)
  endif()
  set(flags_emulated ${flags_plain} -DXSIMD_WITH_EMULATED=1 -UXSIMD_ENABLE_XTL_COMPLEX)  # xsimd 13.2 cannot do both
  set(flags_v3 -march=x86-64-v3 -ffp-contract=fast)
  set(flags_native -march=native -ffp-contract=fast)
  set(variants plain emulated)
  if(NOT CMAKE_CROSSCOMPILING)
    check_cxx_compiler_flag(-march=native SKIVE_KNOWS_NATIVE)
    if(SKIVE_KNOWS_NATIVE)
      list(APPEND variants native)
    endif()
  endif()
  check_cxx_compiler_flag(-march=x86-64-v3 SKIVE_KNOWS_V3)
  set(CMAKE_REQUIRED_FLAGS -march=native)
  check_cxx_source_compiles("#if !defined(__AVX2__) || !defined(__FMA__) || defined(__AVXVNNI__) || defined(__AVX512F__)
    #error
    #endif
    int main() {}" SKIVE_NATIVE_IS_V3)
  unset(CMAKE_REQUIRED_FLAGS)
  if(SKIVE_KNOWS_V3 AND NOT (SKIVE_NATIVE_IS_V3 AND native IN_LIST variants))
    list(APPEND variants v3)
    check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") ? 0 : 1; }"
                          SKIVE_RUNS_V3)
  endif()

  foreach(wanted IN ITEMS "${ARGN}" "${SKIVE_TEST_VARIANTS}")
    if(wanted)
      list(FILTER variants INCLUDE REGEX "^(${wanted})$")
    endif()
  endforeach()
  foreach(variant IN LISTS variants)
    set(name ${floor}_${stem}_${variant}_test)
    if(variant STREQUAL v3 AND NOT SKIVE_RUNS_V3)
      skive_add_test_program(${name} ${file} FLAGS ${flags_${variant}})
    else()
      skive_add_test(${name} ${floor}-${variant} ${file} FLAGS ${flags_${variant}})
    endif()
  endforeach()
endfunction()
