// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flags: -ffast-math
// expect: compile this unit without them
#include "skive/core/ieee.hpp"
