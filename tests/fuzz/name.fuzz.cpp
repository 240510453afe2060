// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any text is a name or none: what is one is written and read again as the same.
#include "input.hpp"

#include "skive/block/name.hpp"
#include "skive/compose/name.hpp"

#include <array>
#include <string_view>

using namespace skive;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const name{reinterpret_cast<char const*>(data), size};
  std::array<char, 4096> to{};
  if (auto const d = parse_description(name)) {
    auto const length = write_name(*d, to);
    fuzz::require(length.has_value());
    auto const again = parse_description({to.data(), *length});
    fuzz::require(again && *again == *d);
  } else {
    auto const rest = unknown_part(name);
    fuzz::require(rest.empty() || (rest.data() >= name.data() && rest.data() + rest.size() == name.data() + name.size()));
  }
  if (auto const c = parse_composition(name); c && size < to.size() / 2) {
    auto const length = write_composition(*c, to);
    fuzz::require(length.has_value());
    auto const again = parse_composition({to.data(), *length});
    fuzz::require(again && *again == *c);
  }
  return 0;
}
