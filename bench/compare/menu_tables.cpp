// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "menu_entry.hpp"

namespace skive::compare {

made table_entry(std::string const& name, codec_description const& d) { return entry_of(name, d, table_codecs{}); }

}  // namespace skive::compare
