// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/format/fp4.hpp"

#include "golden.hpp"

void skive::golden::searched_scales(std::vector<std::string>& lines) {
  line(lines, absmax<int3>{32, {scale_choice::mse}}, 1);
  line(lines, absmax<int4>{32, {scale_choice::mse}}, 1);
  line(lines, absmax<int4, bfloat16>{128, {scale_choice::mse}}, 1);
  line(lines, absmax<e2m1>{16, {scale_choice::mse}}, 1);
  line(lines, absmax<nf4>{64, {scale_choice::mse}}, 1);
  line(lines, absmax<e2m1>{16, {scale_choice::grid}}, 1);
  line(lines, mx<e2m1>{32, {mx_rule::search}}, 1);
  line(lines, static_scale<int8>{0, *static_scale_scheme<int8>::make(3.0f)});
}
