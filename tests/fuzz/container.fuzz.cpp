// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any file is read or refused with a reason; what is read converts to floats.
// Input: 0 safetensors, 1 npy, 2 index of shards; then the file.
#include "input.hpp"

#include "compare/npy.hpp"
#include "compare/problems.hpp"
#include "compare/safetensors.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace skive::compare;

std::string path_for(char const* ending) {
  static auto const folder = std::filesystem::temp_directory_path() / ("skive-fuzz-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  return (folder / "file").string() + ending;
}

void convert(tensor const& t) {
  if (!facts(t.type).readable || t.elements() > 1U << 16) return;
  std::vector<float> numbers(static_cast<std::size_t>(t.elements()));
  to_float(t, 0, numbers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  char const* const endings[]{".safetensors", ".npy", ".safetensors.index.json"};
  auto const kind = data[0] % 3;
  auto const path = path_for(endings[kind]);
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<char const*>(data + 1), static_cast<std::streamsize>(size - 1));
  problems found;
  try {
    if (kind == 1) {
      convert(read_npy(path));
    } else {
      for (auto const& t : kind == 0 ? read_safetensors(path, found) : read_sharded(path, found)) convert(t);
    }
  } catch (input_error const& e) {
    skive::fuzz::require(e.what()[0] != '\0');
  }
  return 0;
}
