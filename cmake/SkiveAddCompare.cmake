# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# skive_add_compare(TARGET HEADER TYPE): the program compare with one more codec. TYPE, declared in HEADER, models
# skive::block_codec or skive::scalar_format; its last name, without namespaces, is its name on the command line.
# Needs SKIVE_BUILD_BENCHMARKS.
function(skive_add_compare target header type)
  if(NOT TARGET skive_compare_core)
    message(FATAL_ERROR "skive_add_compare(${target}): set SKIVE_BUILD_BENCHMARKS to ON before adding skive")
  endif()
  cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "^.*::" "" name "${type}")
  set(main ${CMAKE_CURRENT_BINARY_DIR}/${target}_main.cpp)
  file(CONFIGURE OUTPUT ${main} @ONLY CONTENT [[
// Written by skive_add_compare.
#include "@header@"
#include "compare/run.hpp"
#include "compare/user_format.hpp"

int main(int argc, char** argv) {
  skive::compare::add_user_format<@type@>("@name@");
  return skive::compare::run(argc, argv);
}
]])
  add_executable(${target} ${main})
  target_link_libraries(${target} PRIVATE skive_compare_core skive_menu)
endfunction()
