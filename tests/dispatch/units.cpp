// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "units.hpp"

#include "skive/simd/arch.hpp"

// One name in all units and a body of each unit's own: a linker that sees all of them keeps one.
[[gnu::noinline]] inline char const* name_of_this_unit() noexcept {
  asm("");  // not to be seen through
  if constexpr (skive::simd::vector_arch<skive::native_arch>) return skive::native_arch::name();
  return "scalar";
}

template <class Arch>
unit_operations unit_operations::make() noexcept {
  if constexpr (skive::simd::vector_arch<Arch>)
    return {Arch::name(), &name_of_this_unit};
  else
    return {"scalar", &name_of_this_unit};
}
