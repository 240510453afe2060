// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/format/fp4.hpp"
#include "skive/transform/random_hadamard.hpp"

void skive::golden::compositions(std::vector<std::string>& lines) {
  line(lines, "x2+int4_g32", residual{absmax<int4>{32}, absmax<int4>{32}});
  line(lines, "2:4+int8_g32", sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}});
  line(lines, "1:4+float16", sparse_codec{n_of_m<1, 4>{}, stored_as<float16>{}});
  line(lines, "4:8+mxfp4", sparse_codec{n_of_m<4, 8>{}, mx<e2m1>{}});
  line(lines, "out1+int4_g32", split_outliers{top_fraction{0.01f}, absmax<int4>{32}});
  line(lines, "mask10+int4_row", masked_codec{top_fraction{0.1f}, absmax<int4>{0}});
  line(lines, "rht8+int4_g32", rotated{*random_hadamard::make(8, 7), absmax<int4>{32}});
  line(lines, "rht64+nf4_g64", rotated{*random_hadamard::make(64, 7), absmax<nf4>{64}});
  line(lines, "rht of blocks of 16+int4_g32", rotated{*random_hadamard::make_blocked(128, 16, 7), absmax<int4>{32}});
}
