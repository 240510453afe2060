// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/unrolled.hpp: every constant once, in order, as a constant.
#include "skive/transform/unrolled.hpp"

#include <array>

namespace {

template <std::size_t N>
constexpr std::array<std::size_t, N + 1> called() {
  std::array<std::size_t, N + 1> seen{};
  std::size_t calls = 0;
  skive::detail::unrolled<N, int>([&](auto i) {
    constexpr std::size_t constant = i;
    seen[calls++] = constant + 1;
  });
  return seen;
}
static_assert(called<0>() == std::array<std::size_t, 1>{0});
static_assert(called<3>() == std::array<std::size_t, 4>{1, 2, 3, 0});
static_assert(called<16>()[15] == 16);

}  // namespace
