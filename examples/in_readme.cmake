# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The code of EXAMPLE, without its two leading comment lines, stands in README.
file(READ ${README} readme)
file(READ ${EXAMPLE} example)
string(REGEX REPLACE "^//[^\n]*\n//[^\n]*\n" "" code "${example}")
string(FIND "${readme}" "${code}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "README.md does not show ${EXAMPLE}")
endif()
