# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The recipes name the project's version and are well-formed. cmake -D SOURCE=... -D VERSION=... -P recipes.cmake
file(READ ${SOURCE}/ports/skive/vcpkg.json manifest)
string(JSON version GET "${manifest}" version-semver)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "ports/skive/vcpkg.json is of version ${version}, the project of ${VERSION}")
endif()
string(JSON license GET "${manifest}" license)
file(STRINGS ${SOURCE}/conanfile.py lines REGEX "license = ")
if(NOT lines MATCHES "\"${license}\"")
  message(FATAL_ERROR "the recipes name different licences")
endif()
find_program(python python3)
if(python)
  foreach(recipe IN ITEMS conanfile.py tests/consumer/conan/conanfile.py)
    execute_process(COMMAND ${python} -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" ${SOURCE}/${recipe}
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()
