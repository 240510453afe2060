# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# skive_add_test(NAME LABEL FILE [LIBRARY...]): one executable of one Catch2 file; every test case becomes a ctest entry.
# Hidden cases tagged [.exhaustive] get the ctest label `exhaustive`, which `./run test` leaves out.
function(skive_add_test name label file)
  if(NOT SKIVE_BUILD_TESTING)
    return()
  endif()
  add_executable(${name} ${file})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE skive::skive ${ARGN} Catch2::Catch2WithMain Boost::headers)
  catch_discover_tests(${name} TEST_PREFIX "${label}: " DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${label} TIMEOUT 600)

  file(STRINGS ${file} exhaustive REGEX "\\[\\.exhaustive\\]")
  if(exhaustive)
    catch_discover_tests(${name} TEST_SPEC "[.exhaustive]" TEST_PREFIX "${label}, exhaustive: " DISCOVERY_MODE PRE_TEST
                         PROPERTIES LABELS exhaustive TIMEOUT 3600 RUN_SERIAL ON)
  endif()
endfunction()
