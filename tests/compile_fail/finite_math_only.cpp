// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flags: -ffinite-math-only
// expect: compile this unit without them
#include "skive/block/absmax.hpp"
