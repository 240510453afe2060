// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values with steps of tokens.
#include "kv_steps.hpp"

#include "skive/kv/per_token_values.hpp"

namespace skive::compare {

result<any_values<>> token_values(int bits, page_shape shape, std::size_t group, affine_fit fit, constants& memory) {
  switch (bits) {
    case 2: return kept(memory, per_token_values<2>::make(shape, group, fit));
    case 3: return kept(memory, per_token_values<3>::make(shape, group, fit));
    case 4: return kept(memory, per_token_values<4>::make(shape, group, fit));
    case 8: return kept(memory, per_token_values<8>::make(shape, group, fit));
    default: return errc::invalid_argument;
  }
}

}  // namespace skive::compare
