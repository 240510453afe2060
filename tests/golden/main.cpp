// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// golden FILE: does this build write the bytes of FILE?   golden: prints them (by the scalar rule of this machine).
#include "golden.hpp"

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  std::vector<std::string> lines;
  skive::golden::integers(lines);
  skive::golden::floats(lines);
  skive::golden::shared_exponents(lines);
  skive::golden::compositions(lines);
  skive::golden::codebooks(lines);
  skive::golden::searched_scales(lines);
  if (argc < 2) {
    for (auto const& l : lines) std::cout << l << '\n';
    return 0;
  }
  std::ifstream file{argv[1]};
  std::size_t known = 0;
  std::size_t wrong = 0;
  for (std::string expected; std::getline(file, expected); ++known) {
    if (known < lines.size() && lines[known] == expected) continue;
    ++wrong;
    std::cout << "expected " << expected << "\n     got " << (known < lines.size() ? lines[known] : "nothing") << '\n';
  }
  if (known != lines.size()) std::cout << known << " lines expected, " << lines.size() << " made\n";
  std::cout << known - wrong << " of " << known << " codecs write the expected bytes\n";
  return wrong == 0 && known == lines.size() && known != 0 ? 0 : 1;
}
