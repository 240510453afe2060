// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "input.hpp"

#include "mapped_file.hpp"
#include "npy.hpp"
#include "safetensors.hpp"

#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace skive::compare {
namespace {

bool begins(mapped_file const& file, std::string_view magic) {
  return file.bytes().size() >= magic.size() && std::memcmp(file.bytes().data(), magic.data(), magic.size()) == 0;
}

std::vector<tensor> read_file(std::string const& path, problems& found) {
  if (path.ends_with(".index.json")) return read_sharded(path, found);
  if (path.ends_with(".safetensors")) return read_safetensors(path, found);
  auto const file = mapped_file::open(path);  // first of all: a missing file has no kind
  if (path.ends_with(".npy") || begins(*file, "\x93NUMPY")) {
    std::vector<tensor> one;
    one.push_back(read_npy(path));
    return one;
  }
  throw input_error{fmt::format("is {}; .safetensors, .safetensors.index.json and .npy are read",
                                begins(*file, "GGUF") ? "a GGUF file" : "of an unknown kind")};
}

}  // namespace

std::vector<tensor> read_files(std::span<std::string const> paths, problems& found) {
  std::vector<tensor> all;
  std::set<std::string> names;
  for (auto const& path : paths) {
    std::vector<tensor> tensors;
    try {
      tensors = read_file(path, found);
    } catch (input_error const& e) {
      found.report(path, "", e.what());
      continue;
    }
    for (auto& t : tensors) {
      if (names.contains(t.name)) t.name = path + ":" + t.name;
      names.insert(t.name);
      all.push_back(std::move(t));
    }
  }
  return all;
}

}  // namespace skive::compare
