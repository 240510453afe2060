// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/sparse_codec.hpp"

void skive::golden::compositions(std::vector<std::string>& lines) {
  line(lines, "x2+int4_g32", residual{absmax<int4>{32}, absmax<int4>{32}});
  line(lines, "2:4+int8_g32", sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}});
}
