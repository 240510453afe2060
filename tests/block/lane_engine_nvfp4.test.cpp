// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_engine.hpp: NVFP4 in every dialect, signs and ternary groups; the bytes of the scalar rule.
#include "skive/block/nvfp4.hpp"

#include "skive/block/sign.hpp"
#include "support/lane_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// One instruction set is enough for formats that differ little from their neighbours.
template <class Codec, class Arches = test::few_arches, class Scheme = typename Codec::scheme_type>
void check(Scheme scheme = {}) {
  test::check_codec([&](std::size_t group, bit_order order) { return Codec{group, scheme, order}; },
                    std::numeric_limits<float>::infinity(), Arches{}, 30);
}

}  // namespace

TEST_CASE("NVFP4 in lanes", "[block]") {
  for (auto const dialect : {nvfp4_dialect::ideal, nvfp4_dialect::transformer_engine, nvfp4_dialect::torchao,
                             nvfp4_dialect::compressed_tensors, nvfp4_dialect::model_opt, nvfp4_dialect::four_over_six})
    for (float const amax : {1.0f, 5.0f, 0x1p-20f, 1.7e-9f, 0x1.5p-29f, 3e12f, 0x1p51f, 0x1p-100f, 0x1p100f, 0.0f})
      for (bool const fits : {true, false})  // does amax bound the numbers, or was it measured elsewhere?
        test::check_codec(
            [&](std::size_t group, bit_order order) { return nvfp4{group, *nvfp4_scheme::make(amax, dialect), order}; },
            fits && amax != 0.0f ? amax : std::numeric_limits<float>::infinity(), test::few_arches{}, 1);
}

TEST_CASE("signs in lanes", "[block]") { check<binary>(); }

TEST_CASE("ternary numbers in lanes", "[block]") { check<ternary>(); }
