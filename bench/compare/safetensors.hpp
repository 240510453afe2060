// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/safetensors.hpp - tensors of a .safetensors file or of a sharded checkpoint, mapped, every stated number
/// checked.
///
///   8 bytes little-endian length n | n bytes JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}} | data
///
/// Offsets count from the start of the data. A tensor that lies about itself is reported and left out; the others remain.
/// Source   : https://github.com/huggingface/safetensors, section "Format" of its README.

#include "problems.hpp"
#include "tensor.hpp"

#include <string>
#include <vector>

namespace skive::compare {

/// Throws input_error where nothing of the file can be used.
std::vector<tensor> read_safetensors(std::string const& path, problems& found);

/// `path` is the index (`*.safetensors.index.json`); its shards lie in the same folder.
std::vector<tensor> read_sharded(std::string const& path, problems& found);

}  // namespace skive::compare
