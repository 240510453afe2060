// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/json.hpp - the two JSON texts that come with checkpoints, parsed but not yet believed, and quoting for our own.
///
/// json.cpp is the only file that includes the JSON library.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skive::compare {

/// One entry of a safetensors header. Where `reason` is not empty the entry is no valid one and the other fields mean nothing.
struct header_entry {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string reason;
};

/// Entries in the order of their names, `__metadata__` left out. Throws input_error where the text is no JSON object.
std::vector<header_entry> parse_safetensors_header(std::string_view text);

struct shard_entry {
  std::string name;
  std::string shard;  // file name as written
  std::string reason;
};

/// `weight_map` of a sharded checkpoint's index. Throws input_error where there is none.
std::vector<shard_entry> parse_shard_index(std::string_view text);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace skive::compare
