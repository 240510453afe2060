// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/row_levels.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/sparse/olive.hpp"

#include "golden.hpp"

void skive::golden::codebooks(std::vector<std::string>& lines) {
  line(lines, "lloyd1_g64", lloyd<1>{64}, 1);
  line(lines, "lloyd2_g64", lloyd<2>{64}, 1);
  line(lines, "lloyd3_row_f32", lloyd<3, float32>{0}, 1);
  line(lines, "lloyd4_g32", lloyd<4>{32}, 1);
  line(lines, "tcq1_l6", tcq<1, 6>{}, 1);
  line(lines, "tcq2_l8", tcq2_l8{}, 1);
  line(lines, "tcq2_l12", tcq2_l12{}, 1);
  line(lines, "tcq3_l8_g256_f16", *tcq<3, 8, float16>::make(256), 1);
  line(lines, "mad2", mad2{}, 1);
  line(lines, "levels3", row_levels<3>{}, 1);
  line(lines, "levels6_bf16", row_levels<6, bfloat16>{}, 1);
  line(lines, "olive_g32", *olive::make(32));
}
