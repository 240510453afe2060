// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes in points of lattices, at their best behind a rotation: names that are whole words.
#include "menu_entry.hpp"

#include "skive/codebook/lattice_codec.hpp"

namespace skive::compare {

made lattice_entry(std::string const& name) {
  if (name == "e8p") return plain_format(name, lattice_codec<e8p>{});
  if (name == "e8_1b") return plain_format(name, lattice_codec<e8_1b>{});
  if (name == "e8_3b") return plain_format(name, lattice_codec<e8_3b>{});
  if (name == "e8_4b") return plain_format(name, lattice_codec<e8_4b>{});
  return nullptr;
}

}  // namespace skive::compare
