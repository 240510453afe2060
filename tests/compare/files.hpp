// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file tests/compare/files.hpp - files made by a test, and gone with it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace skive::test {

class folder {
 public:
  folder() {
    path_ = (std::filesystem::temp_directory_path() / "skive-test-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  std::string path(std::string const& name) const { return path_ + "/" + name; }
  std::string write(std::string const& name, std::string_view content) const {
    std::ofstream{path(name), std::ios::binary} << content;
    return path(name);
  }

 private:
  std::string path_;
};

/// Little-endian bytes of `value`.
template <class T>
std::string bytes_of(T value) {
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

template <class T>
std::string bytes_of_all(std::vector<T> const& values) {
  std::string out;
  for (auto const v : values) out += bytes_of(v);
  return out;
}

inline std::string safetensors(std::string_view header, std::string_view data) {
  return bytes_of(std::uint64_t{header.size()}) + std::string{header} + std::string{data};
}

/// Version 1.0; the header is the dictionary alone, padded as NumPy does.
inline std::string npy(std::string header, std::string_view data, char major = 1) {
  header += std::string(63 - (header.size() + 10) % 64, ' ') + "\n";
  auto const length =
      major == 1 ? bytes_of(static_cast<std::uint16_t>(header.size())) : bytes_of(static_cast<std::uint32_t>(header.size()));
  return std::string{"\x93NUMPY"} + major + '\0' + length + header + std::string{data};
}

/// One line of `lines` holds all of `parts`.
inline bool says(std::vector<std::string> const& lines, std::vector<std::string> const& parts) {
  for (auto const& line : lines) {
    bool all = true;
    for (auto const& part : parts) all = all && line.find(part) != line.npos;
    if (all) return true;
  }
  return false;
}

}  // namespace skive::test
