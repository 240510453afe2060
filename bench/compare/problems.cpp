// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "problems.hpp"

#include <fmt/format.h>

namespace skive::compare {

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

void problems::report(std::string_view file, std::string_view tensor, std::string_view reason) {
  std::string line = file.empty() ? std::string{} : printable(file) + ": ";
  if (!tensor.empty()) line += fmt::format("tensor '{}': ", printable(tensor));
  line += printable(reason);
  if (stream_ != nullptr) fmt::print(stream_, "compare: {}\n", line);
  lines_.push_back(std::move(line));
}

}  // namespace skive::compare
