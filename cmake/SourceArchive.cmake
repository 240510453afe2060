# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `cpack --config CPackSourceConfig.cmake` in a build folder: skive-<version>.tar.gz of the commit that is checked out. The bytes are
# those of the commit: no time of the clock, no name of a user, no order of a directory.
set(archive "${CPACK_PACKAGE_DIRECTORY}/${CPACK_SOURCE_PACKAGE_FILE_NAME}.tar.gz")
execute_process(
  COMMAND git -C "${CPACK_SKIVE_SOURCE}" -c "tar.tar.gz.command=env -u GZIP gzip -9cn" -c tar.umask=0002
          -c core.autocrlf=false archive --format=tar.gz
          "--prefix=${CPACK_SOURCE_PACKAGE_FILE_NAME}/" --output "${archive}" HEAD
  RESULT_VARIABLE code ERROR_VARIABLE text)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the source archive is made of a git commit: ${text}")
endif()
set(CPACK_EXTERNAL_BUILT_PACKAGES "${archive}")
