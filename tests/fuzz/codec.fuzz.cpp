// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes decode safely, to the numbers of the scalar rule; any numbers encode to the bytes of the scalar rule.
// Input: codec, length, layout, then planes and numbers.
#include "rows.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/compose/residual.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"

using namespace skive;
using fuzz::any;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  auto const which = in.byte() % 15;
  std::size_t const groups[]{16, 32, 48, 128, 0, 20};
  auto const group = groups[in.byte() % 6];
  switch (which) {
    case 0: any(absmax<int4>{group}, in); break;
    case 1: any(absmax<int8>{group}, in); break;
    case 2: any(absmax<int3>{group}, in); break;
    case 3: any(absmax<e4m3fn>{group}, in); break;
    case 4: any(absmax<nf4>{group}, in); break;
    case 5: any(affine_int<4>{group}, in); break;
    case 6: any(affine_int<2, float32>{group}, in); break;
    case 7: any(mx<e2m1>{32}, in); break;
    case 8: any(mx<e5m2>{32}, in); break;
    case 9: any(nvfp4{16, *nvfp4_scheme::make(6.0f)}, in); break;
    case 10: any(binary{group}, in); break;
    case 11: any(ternary_dense{group}, in); break;
    case 12: any(adaptive<float16, int4, e2m1>{16}, in); break;
    case 13: any(*double_quantized<nf4>::make(64, 0.25f), in); break;
    default: any(residual{absmax<int4>{32}, mx<e2m1>{32}}, in); break;
  }
  return 0;
}
