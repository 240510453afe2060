# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The README's example with nothing but the header that scripts/amalgamate writes, and xsimd.
# cmake -D SOURCE=... -D SCRATCH=... -D COMPILER=... -D INCLUDES=... -P single_header.cmake
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})
execute_process(COMMAND ${SOURCE}/scripts/amalgamate ${SCRATCH}/skive.hpp COMMAND_ERROR_IS_FATAL ANY)
file(READ ${SOURCE}/examples/readme.cpp example)
string(REGEX REPLACE "#include <skive/[^>]*>" "#include \"skive.hpp\"" example "${example}")
file(WRITE ${SCRATCH}/example.cpp "${example}")
list(TRANSFORM INCLUDES PREPEND -isystem)
execute_process(COMMAND ${COMPILER} -std=c++20 -Wall -Wextra -fno-exceptions -fno-rtti ${INCLUDES} example.cpp -o example
                WORKING_DIRECTORY ${SCRATCH} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${SCRATCH}/example COMMAND_ERROR_IS_FATAL ANY)
