// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/run.hpp - the whole program, so that main stays empty and a user's own menu gets the same program.

namespace skive::compare {

/// Exit code: 0 good, 2 bad input or usage (what could be compared was).
int run(int argc, char const* const* argv) noexcept;

}  // namespace skive::compare
