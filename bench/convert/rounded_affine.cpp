// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rounded_list.hpp"

namespace skive::convert {

encoder rounded_affine_or_scaled_integer(codec_description const& d, row_rounding const& rounding) {
  return find_in(d, rounding, compare::affine_and_scaled_integer_codecs{});
}

}  // namespace skive::convert
