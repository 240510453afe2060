// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes in points of lattices, at their best behind a rotation: names that are whole words.
#include "menu_entry.hpp"

#include "skive/codebook/ball_code.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/nested_e8.hpp"
#include "skive/codebook/pyramid_codec.hpp"

namespace skive::compare {

made lattice_entry(std::string const& name) {
  if (name == "e8p") return plain_format(name, lattice_codec<e8p>{});
  if (name == "e8_1b") return plain_format(name, lattice_codec<e8_1b>{});
  if (name == "e8_3b") return plain_format(name, lattice_codec<e8_3b>{});
  if (name == "e8_4b") return plain_format(name, lattice_codec<e8_4b>{});
  if (name == "nest14") return plain_format(name, lattice_codec<nest14>{});
  if (name == "e8_ball3") return plain_format(name, lattice_codec<e8_ball<3>>{});
  if (name == "e8_ball4") return plain_format(name, lattice_codec<e8_ball<4>>{});
  if (name == "leech_ball2") return plain_format(name, lattice_codec<leech_ball>{});
  if (name == "pvq_n32_k22") return plain_format(name, pvq_n32_k22{});
  return nullptr;
}

}  // namespace skive::compare
