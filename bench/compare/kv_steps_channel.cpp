// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keys with steps of channels.
#include "kv_steps.hpp"

#include "skive/kv/per_channel_keys.hpp"

namespace skive::compare {

result<any_keys<>> channel_keys(int bits, page_shape shape, std::size_t group, affine_fit fit, constants& memory) {
  switch (bits) {
    case 2: return kept(memory, per_channel_keys<2>::make(shape, group, fit));
    case 3: return kept(memory, per_channel_keys<3>::make(shape, group, fit));
    case 4: return kept(memory, per_channel_keys<4>::make(shape, group, fit));
    case 8: return kept(memory, per_channel_keys<8>::make(shape, group, fit));
    default: return errc::invalid_argument;
  }
}

}  // namespace skive::compare
