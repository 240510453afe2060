// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <skive/skive.hpp>

int version_of_second() { return SKIVE_VERSION; }
