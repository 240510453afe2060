# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Driver of one consumer project: cmake -D WAY=... -D SOURCE=... -D BUILD=... -D SCRATCH=... -P run.cmake
# Works in SCRATCH, needs no network. BUILD is the configured build folder that find_package and pkg_config install from.
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})
set(arguments -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Release)
set(prefixes ${PREFIXES})

if(WAY STREQUAL "add_subdirectory")
  list(APPEND arguments -DSKIVE_SOURCE=${SOURCE})
elseif(WAY STREQUAL "fetch_content")
  # Only what a user's build may touch: that the rest is absent proves that it is not needed.
  execute_process(COMMAND ${CMAKE_COMMAND} -E tar czf ${SCRATCH}/skive.tar.gz CMakeLists.txt cmake include LICENSE
                  WORKING_DIRECTORY ${SOURCE} COMMAND_ERROR_IS_FATAL ANY)
  list(APPEND arguments -DSKIVE_ARCHIVE=file://${SCRATCH}/skive.tar.gz)
else()
  step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/installed)
  if(EXISTS ${SCRATCH}/installed/lib)
    message(FATAL_ERROR "the package puts something under lib/, as if it had an architecture")
  endif()
  # Moved once: an installed package must not remember where it was.
  file(RENAME ${SCRATCH}/installed ${SCRATCH}/moved)
  list(APPEND prefixes ${SCRATCH}/moved)
endif()

if(WAY STREQUAL "pkg_config")
  find_program(pkg_config NAMES pkg-config pkgconf)
  if(NOT pkg_config)
    message("skipped: no pkg-config")
    return()
  endif()
  list(TRANSFORM prefixes APPEND /share/pkgconfig)
  list(JOIN prefixes ":" paths)
  set(ENV{PKG_CONFIG_PATH} ${paths})
else()
  list(JOIN prefixes ":" paths)
  set(ENV{CMAKE_PREFIX_PATH} ${paths})
  list(APPEND arguments -Dxsimd_DIR=${XSIMD_DIR})
endif()

step(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer/${WAY} -B ${SCRATCH}/build ${arguments})
step(${CMAKE_COMMAND} --build ${SCRATCH}/build -j 2)
step(${SCRATCH}/build/consumer)
