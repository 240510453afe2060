// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rounded_list.hpp"

namespace skive::convert {

encoder rounded_shared_exponent(codec_description const& d, row_rounding const& rounding) {
  return find_in(d, rounding, compare::shared_exponent_codecs{});
}

}  // namespace skive::convert
