// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keys with steps of tokens.
#include "kv_steps.hpp"

#include "skive/kv/per_token_keys.hpp"
#include "skive/transform/random_hadamard.hpp"

namespace skive::compare {
namespace {

// One type for keys that are turned and keys that are not.
struct perhaps_turned {
  static constexpr bool is_orthogonal = true;
  std::size_t n = 0;
  random_hadamard rotation;
  bool turned = false;

  std::size_t size() const noexcept { return n; }
  std::size_t scratch_bytes() const noexcept { return turned ? rotation.scratch_bytes() : 0; }
  status forward(std::span<float> x, workspace w) const noexcept { return turned ? rotation.forward(x, w) : errc::ok; }
  status inverse(std::span<float> x, workspace w) const noexcept { return turned ? rotation.inverse(x, w) : errc::ok; }
};
static_assert(orthogonal_transform<perhaps_turned>);

template <class Keys>
result<any_keys<>> made(page_shape shape, token_setting const& s, constants& memory) {
  perhaps_turned rotation{shape.head_size, {}, s.turned};
  if (s.turned) {
    auto const made = random_hadamard::make(shape.head_size, 1);
    if (!made) return made.error();
    rotation.rotation = *made;
  }
  return kept(memory, Keys::make(shape, s.group, s.center, rotation, s.fit));
}

}  // namespace

result<any_keys<>> token_keys(int bits, page_shape shape, token_setting const& setting, constants& memory) {
  switch (bits) {
    case 2: return made<per_token_keys<2, perhaps_turned>>(shape, setting, memory);
    case 3: return made<per_token_keys<3, perhaps_turned>>(shape, setting, memory);
    case 4: return made<per_token_keys<4, perhaps_turned>>(shape, setting, memory);
    case 8: return made<per_token_keys<8, perhaps_turned>>(shape, setting, memory);
    default: return errc::invalid_argument;
  }
}

result<any_keys<>> level_keys(int bits, page_shape shape, std::span<float const> center, constants& memory) {
  token_setting const setting{0, center, true};
  switch (bits) {
    case 1: return made<normal_keys<1, perhaps_turned>>(shape, setting, memory);
    case 2: return made<normal_keys<2, perhaps_turned>>(shape, setting, memory);
    case 3: return made<normal_keys<3, perhaps_turned>>(shape, setting, memory);
    case 4: return made<normal_keys<4, perhaps_turned>>(shape, setting, memory);
    default: return errc::invalid_argument;
  }
}

}  // namespace skive::compare
