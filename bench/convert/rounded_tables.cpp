// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rounded_list.hpp"

namespace skive::convert {

encoder rounded_table(codec_description const& d, row_rounding const& rounding) {
  return find_in(d, rounding, compare::table_codecs{});
}

}  // namespace skive::convert
