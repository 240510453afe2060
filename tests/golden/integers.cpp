// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/sign.hpp"

void skive::golden::integers(std::vector<std::string>& lines) {
  line(lines, absmax<int2>{32});
  line(lines, absmax<int3>{32});
  line(lines, absmax<int4>{32});
  line(lines, absmax<int4>{0});
  line(lines, absmax<int4>{20});
  line(lines, absmax<int4, bfloat16>{64, {}, bit_order::high_first});
  line(lines, absmax<int4>{32, {scale_choice::grid}});
  line(lines, absmax<int5>{32});
  line(lines, absmax<int6>{32});
  line(lines, absmax<int7>{32});
  line(lines, absmax<int8>{32});
  line(lines, absmax<int8, float32>{128});
  line(lines, absmax<int8_full>{0});
  line(lines, affine_int<1>{32});
  line(lines, affine_int<2>{16});
  line(lines, affine_int<3>{32});
  line(lines, affine_int<4>{32});
  line(lines, affine_int<8>{64});
  line(lines, binary{128});
  line(lines, ternary{128});
  line(lines, ternary_dense{128});
}
