// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Includes the same headers as second.cpp: two units in one program must not define anything twice.
#include <skive/skive.hpp>

#include <cstdio>

int version_of_second();

int main() {
  std::printf("skive %s\n", SKIVE_VERSION_STRING);
  return skive::status{} && version_of_second() == SKIVE_VERSION ? 0 : 1;
}
