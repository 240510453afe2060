// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Block codecs on rows of 4096 numbers, planes planar within a row. Names are those of compare.
#include "skive/block/grouped.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/lookup.hpp"
#include "support/codec_rows.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

template <class Codec>
void add(char const* name, Codec const& codec, double bound) {
  measure(name, codec_rows<Codec, native_arch>{codec}, bound);
  measure(std::string{name} + scalar_twin, codec_rows<Codec, scalar_arch>{codec}, bound);
}

// The bounds are a little above what the formats reach on these data: a swapped nibble or a lost scale is far outside.
[[maybe_unused]] bool const registered = [] {
  add("int4_g32", absmax<int4>{32}, 0.11);
  add("int8_g32", absmax<int8>{32}, 0.006);
  add("e4m3fn_g128", absmax<e4m3fn>{128}, 0.03);
  add("nf4_g64", absmax<nf4>{64}, 0.11);
  add("uint4_g32", affine_int<4>{32}, 0.11);
  add("uint4_row", affine_int<4>{0}, 0.2);
  add("uint8_row", affine_int<8>{0}, 0.01);
  add("mxfp4", mx<e2m1>{32}, 0.15);
  add("mxfp8_e4m3", mx<e4m3fn>{32}, 0.04);
  add("nvfp4", nvfp4{16, *nvfp4_scheme::make(largest_value)}, 0.11);
  add("binary_g128", binary{128}, 0.62);
  add("ternary_g128", ternary{128}, 0.55);
  return true;
}();

}  // namespace
}  // namespace skive::bench
