// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/per_token_values.hpp: the laws of value_quantizer, the same bytes on every instruction set.
#include "skive/kv/per_token_values.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

namespace test = skive::test;

TEST_CASE("per_token_values: laws", "[kv]") {
  using native = skive::native_arch;
  std::vector<std::byte> bytes;
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    auto const codec = *skive::per_token_values<3>::make({72, 64}, 32);
    test::check_value_quantizer<Arch>(codec, 6.5e-5);
    test::guarded_page page{codec.page_bytes()};
    REQUIRE(codec.template append<Arch>(test::number_rows{64, 72, 8}.view(), 0, page.span()));
    if (bytes.empty()) bytes = page.memory;
    REQUIRE((bytes == page.memory));
  });
  test::check_value_quantizer<native>(*skive::per_token_values<4>::make({128, 160}), 6.5e-5);
  test::check_value_quantizer<native>(*skive::per_token_values<2>::make({64, 96}, 32), 6.5e-5);
  test::check_value_quantizer<native>(*skive::per_token_values<8>::make({256, 32}), 6.5e-5);
}
