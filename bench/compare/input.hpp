// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/input.hpp - files by kind, many at once: a file that cannot be read is reported and the others go on.

#include "problems.hpp"
#include "tensor.hpp"

#include <span>
#include <string>
#include <vector>

namespace skive::compare {

/// All tensors of all files, in the order given. A name that an earlier file has already becomes `FILE:name`.
std::vector<tensor> read_files(std::span<std::string const> paths, problems& found);

}  // namespace skive::compare
