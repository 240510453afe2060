// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run.hpp"

int main(int argc, char** argv) { return skive::compare::run(argc, argv); }
