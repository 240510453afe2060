// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/parallel.hpp - independent pieces of work over some threads; what each piece computes must not depend on the
/// split.

#include <cstddef>
#include <functional>

namespace skive::compare {

/// Calls work(0) ... work(count - 1), each once, from at most `threads` threads. An exception of one is thrown again here.
void for_each_index(std::size_t count, unsigned threads, std::function<void(std::size_t)> const& work);

}  // namespace skive::compare
