// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rounded.hpp"

#include "rounded_list.hpp"

namespace skive::convert {

std::unique_ptr<rounded_encoder> find_rounded(codec_description const& d, row_rounding const& rounding) {
  for (auto const find : {rounded_integer, rounded_affine_or_scaled_integer, rounded_float, rounded_table,
                          rounded_shared_exponent, rounded_mean_or_adaptive, rounded_p3109})
    if (auto e = find(d, rounding)) return e;
  return nullptr;
}

}  // namespace skive::convert
