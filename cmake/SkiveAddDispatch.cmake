# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Run-time choice of the instruction set: one source compiled for several of them, the best that the machine has taken at run time.

# What is known of instruction sets: compiler flags and the question whether this machine can run what they produce.
macro(skive_know_arches)
  set(flags_plain)
  set(runs_plain true)
  set(flags_sse2 -march=x86-64)
  set(runs_sse2 true)
  set(level 1)
  foreach(arch IN ITEMS sse4_2 avx2 avx512)
    math(EXPR level "${level} + 1")
    set(flags_${arch} -march=x86-64-v${level})
    set(runs_${arch} "__builtin_cpu_supports(\"x86-64-v${level}\") != 0")
  endforeach()
  set(flags_avx512vnni ${flags_avx512})
  set(runs_avx512vnni ${runs_avx512})
  foreach(feature IN ITEMS avx512ifma avx512vbmi avx512vbmi2 avx512vnni avx512vpopcntdq)
    list(APPEND flags_avx512vnni -m${feature})
    string(APPEND runs_avx512vnni " && __builtin_cpu_supports(\"${feature}\") != 0")
  endforeach()
  set(flags_neon64 -march=armv8-a)
  set(runs_neon64 true)
  set(flags_dotprod -march=armv8.2-a+dotprod)
  set(runs_dotprod "(getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0")
endmacro()

# skive_add_dispatched(TARGET OPERATIONS TYPE HEADER FILE SOURCE FILE [ARCHES NAME...]): a static library TARGET in which SOURCE is
# compiled once for each instruction set. TYPE, declared in HEADER, is a plain struct of function pointers with two static members:
#
#   template <class Arch> static TYPE make() noexcept;              defined in SOURCE; Arch is skive::native_arch of the unit
#   static std::span<TYPE const> available() noexcept;              what this machine can run, the best first: chosen once
#
# ARCHES, from the least on: sse2 sse4_2 avx2 avx512 avx512vnni, neon64 dotprod, plain (no flags, for any processor). Without them:
# sse2 avx2 avx512 avx512vnni, or neon64 dotprod, or plain, as the target's processor is. Needs ELF objects, objcopy and a linker
# that knows --force-group-allocation, as GNU's does; g++ 12 or clang 19. One configuration in a
# build folder.
#
# Inline functions that don't depend on Arch are in every unit; a linker would keep one of them, made of any unit's instructions. So
# each unit is linked into an object by itself, in which all symbols but its entry become local.
function(skive_add_dispatched target)
  skive_know_arches()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OPERATIONS;HEADER;SOURCE" ARCHES)
  if(NOT arg_OPERATIONS OR NOT arg_HEADER OR NOT arg_SOURCE OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "skive_add_dispatched(${target} OPERATIONS type HEADER file SOURCE file [ARCHES name...])")
  endif()
  if(NOT CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF" OR NOT CMAKE_OBJCOPY)
    message(FATAL_ERROR "skive_add_dispatched(${target}): needs objcopy and a platform with ELF objects")
  endif()
  if(NOT arg_ARCHES)
    set(arg_ARCHES plain)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
      set(arg_ARCHES sse2 avx2 avx512 avx512vnni)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
      set(arg_ARCHES neon64 dotprod)
    endif()
  endif()
  cmake_path(ABSOLUTE_PATH arg_HEADER BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  cmake_path(ABSOLUTE_PATH arg_SOURCE BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  string(MAKE_C_IDENTIFIER ${target} prefix)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.units)

  set(operations ${arg_OPERATIONS})
  set(header ${arg_HEADER})
  set(source ${arg_SOURCE})
  set(entries)
  set(choices)
  set(objects)
  set(units)
  foreach(arch IN LISTS arg_ARCHES)
    if(NOT DEFINED runs_${arch})
      message(FATAL_ERROR "skive_add_dispatched(${target}): unknown instruction set \"${arch}\"")
    endif()
    set(entry skive_${prefix}_${arch})
    string(APPEND entries "extern \"C\" void ${entry}(${operations}* to) noexcept;\n")
    string(PREPEND choices "    if (${runs_${arch}}) ${entry}(&of[count++]);\n")
    skive_add_dispatched_unit(${target} ${arch} ${entry})
    list(APPEND objects ${folder}/${arch}.o)
    list(APPEND units ${target}_${arch}_unit)
  endforeach()

  list(LENGTH arg_ARCHES count)
  file(CONFIGURE OUTPUT ${folder}/choice.cpp @ONLY CONTENT [[
// Written by skive_add_dispatched.
#include "@header@"

#include <cstddef>
#include <span>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

@entries@
namespace {
struct choice {
  @operations@ of[@count@];
  std::size_t count = 0;
  choice() noexcept : of{} {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
@choices@  }
};
}  // namespace

std::span<@operations@ const> @operations@::available() noexcept {
  static choice const all;
  return {all.of, all.count};
}
]])
  add_library(${target} STATIC ${folder}/choice.cpp ${objects})
  set_source_files_properties(${objects} PROPERTIES GENERATED ON EXTERNAL_OBJECT ON)
  list(GET arg_ARCHES 0 least)
  set_source_files_properties(${folder}/choice.cpp PROPERTIES COMPILE_OPTIONS "${flags_${least}}")
  target_link_libraries(${target} PUBLIC skive::skive)
  set_target_properties(${target} PROPERTIES SKIVE_DISPATCH_OBJECTS "${objects}" SKIVE_DISPATCH_UNITS "${units}")
endfunction()

# One unit: compiled with the target's properties and the instruction set's flags, then all but its entry made local.
function(skive_add_dispatched_unit target arch entry)
  file(CONFIGURE OUTPUT ${folder}/${arch}.cpp @ONLY CONTENT [[
// Written by skive_add_dispatched.
#include "@source@"

#include "skive/simd/arch.hpp"

extern "C" void @entry@(@operations@* to) noexcept;
extern "C" void @entry@(@operations@* to) noexcept { *to = @operations@::make<skive::native_arch>(); }
]])
  set(unit ${target}_${arch}_unit)
  add_library(${unit} OBJECT ${folder}/${arch}.cpp)
  set_target_properties(${unit} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  foreach(property IN ITEMS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS COMPILE_FEATURES)
    set_property(TARGET ${unit} PROPERTY ${property} $<TARGET_PROPERTY:${target},${property}>)
  endforeach()
  target_link_libraries(${unit} PRIVATE skive::skive)
  # g++ would make some constants unique in the whole program, which objcopy leaves alone.
  target_compile_options(${unit} PRIVATE ${flags_${arch}} -fno-lto $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  # The address sanitizer has a flag that all objects of a program share.
  add_custom_command(OUTPUT ${folder}/${arch}.o
    COMMAND ${CMAKE_CXX_COMPILER} "$<$<BOOL:${CMAKE_CXX_COMPILER_TARGET}>:--target=${CMAKE_CXX_COMPILER_TARGET}>"
            -r -nostdlib -Wl,--force-group-allocation $<TARGET_OBJECTS:${unit}> -o ${folder}/${arch}.o
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${entry} --keep-global-symbol=___asan_globals_registered ${folder}/${arch}.o
    DEPENDS ${unit} $<TARGET_OBJECTS:${unit}> COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Closing ${target} for ${arch}")
endfunction()

# skive_test_dispatched(TARGET): a ctest entry that reads the symbols of TARGET's units: none may be in two of them.
function(skive_test_dispatched target)
  get_target_property(objects ${target} SKIVE_DISPATCH_OBJECTS)
  add_test(NAME "dispatch: symbols of ${target}"
           COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM} "-DOBJECTS=${objects}" "-DALLOWED=^___asan_globals_registered$"
                   -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/SkiveSharedSymbols.cmake)
  set_tests_properties("dispatch: symbols of ${target}" PROPERTIES LABELS dispatch)
endfunction()
