// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "menu_entry.hpp"

namespace skive::compare {

made p3109_entry(std::string const& name, codec_description const& d) { return entry_of<scalar_arch>(name, d, p3109_codecs{}); }

}  // namespace skive::compare
