// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "menu_entry.hpp"

namespace skive::compare {

made affine_or_scaled_integer_entry(std::string const& name, codec_description const& d) {
  return entry_of(name, d, affine_and_scaled_integer_codecs{});
}

}  // namespace skive::compare
