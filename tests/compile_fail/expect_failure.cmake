# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -D COMPILER=c++ -D FILE=x.cpp -D INCLUDES=a;b -P expect_failure.cmake
# Succeeds when FILE does not compile and the compiler's message holds the text of the file's line "// expect: text"; without the flags
# of a line "// flags: ..." it must compile.
file(STRINGS ${FILE} expectation REGEX "^// expect: " LIMIT_COUNT 1)
string(REGEX REPLACE "^// expect: " "" expectation "${expectation}")
if(expectation STREQUAL "")
  message(FATAL_ERROR "${FILE} has no line \"// expect: text\"")
endif()
list(TRANSFORM INCLUDES PREPEND "-I")
file(STRINGS ${FILE} flags REGEX "^// flags: " LIMIT_COUNT 1)
string(REGEX REPLACE "^// flags: " "" flags "${flags}")
if(flags)
  execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${INCLUDES} ${FILE} COMMAND_ERROR_IS_FATAL ANY)
endif()
execute_process(COMMAND ${COMPILER} -std=c++20 ${flags} -fsyntax-only ${INCLUDES} ${FILE}
                RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
string(FIND "${text}" "${expectation}" position)
if(code EQUAL 0)
  message(FATAL_ERROR "${FILE} compiles, but must not")
elseif(position EQUAL -1)
  message(FATAL_ERROR "${FILE} fails without saying \"${expectation}\":\n${text}")
endif()
