// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/per_channel_keys.hpp: the laws of key_quantizer.
#include "skive/kv/per_channel_keys.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

namespace test = skive::test;

TEST_CASE("per_channel_keys: laws", "[kv]") {
  using native = skive::native_arch;
  test::for_each(test::few_arches{},
                 []<class Arch>() { test::check_key_quantizer<Arch>(*skive::per_channel_keys<3>::make({72, 64}, 64), 2e-4); });
  test::check_key_quantizer<native>(*skive::per_channel_keys<4>::make({128, 128}, 32), 2e-4);
  test::check_key_quantizer<native>(*skive::per_channel_keys<2>::make({64, 96}, 96), 2e-4);
  test::check_key_quantizer<native>(*skive::per_channel_keys<8>::make({256, 32}, 32), 2e-4);
}
