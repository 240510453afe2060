// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rounded_list.hpp"

namespace skive::convert {

encoder rounded_mean_or_adaptive(codec_description const& d, row_rounding const& rounding) {
  return find_in(d, rounding, compare::mean_and_adaptive_codecs{});
}

}  // namespace skive::convert
