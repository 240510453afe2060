// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden.hpp"

#include "skive/block/adaptive.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"

void skive::golden::shared_exponents(std::vector<std::string>& lines) {
  line(lines, mx<e2m1>{});
  line(lines, mx<e2m1>{32, {mx_rule::even}});
  line(lines, mx<e2m1>{32, {mx_rule::ceil}});
  line(lines, mx<e2m1>{32, {mx_rule::round_up}});
  line(lines, mx<e2m3>{});
  line(lines, mx<e3m2>{});
  line(lines, mx<e4m3fn>{});
  line(lines, mx<e5m2>{});
  line(lines, mx<mxint8>{});
  line(lines, block_float<4>{16});
  for (auto const dialect : {nvfp4_dialect::ideal, nvfp4_dialect::torchao, nvfp4_dialect::transformer_engine,
                             nvfp4_dialect::model_opt, nvfp4_dialect::compressed_tensors, nvfp4_dialect::four_over_six})
    line(lines, nvfp4{16, *nvfp4_scheme::make(100.0f, dialect)});
  line(lines, adaptive<float16, int4, e2m1>{16});
  line(lines, *double_quantized<nf4>::make(64, 0.25f));
  line(lines, *double_quantized<nf4>::make(64, 0.25f, nested_dialect::linear_int8));
}
