// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// golden FILE: does this build write the bytes of FILE?   golden: prints them (by the scalar rule of this machine).
// By stdio: WebAssembly's C++ library has no files.
#include "golden.hpp"

#include <cstdio>

namespace {

std::vector<std::string> lines_of(char const* path) {
  std::vector<std::string> lines;
  auto* const file = std::fopen(path, "rb");
  if (file == nullptr) return lines;
  std::string line;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  std::fclose(file);
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> lines;
  skive::golden::integers(lines);
  skive::golden::floats(lines);
  skive::golden::shared_exponents(lines);
  skive::golden::compositions(lines);
  skive::golden::codebooks(lines);
  skive::golden::searched_scales(lines);
  if (argc < 2) {
    for (auto const& l : lines) std::puts(l.c_str());
    return 0;
  }
  auto const known = lines_of(argv[1]);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i < lines.size() && lines[i] == known[i]) continue;
    ++wrong;
    std::printf("expected %s\n     got %s\n", known[i].c_str(), i < lines.size() ? lines[i].c_str() : "nothing");
  }
  if (known.size() != lines.size()) std::printf("%zu lines expected, %zu made\n", known.size(), lines.size());
  std::printf("%zu of %zu codecs write the expected bytes\n", known.size() - wrong, known.size());
  return wrong == 0 && known.size() == lines.size() && !known.empty() ? 0 : 1;
}
