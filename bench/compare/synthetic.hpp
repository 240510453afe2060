// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/synthetic.hpp - the checkpoint of a bare machine: five 512 x 1024 float32 tensors, the same on every run.
///
///   synthetic.gaussian          N(0, 1)
///   synthetic.laplace           two-sided exponential of variance 1
///   synthetic.student_t5        Student's t with 5 degrees of freedom, scaled to variance 1
///   synthetic.outlier_channels  N(0, 1), eight columns of 1024 times 20
///   synthetic.low_rank          (A B) / sqrt(16) + 0.3 noise, A 512 x 16, B 16 x 1024 and noise N(0, 1)
///
/// All are then scaled by 0.02, a usual spread of trained weights.
/// Source   : S. Vigna's splitmix64 (public domain), one stream per tensor; G. Box, M. Muller, Ann. Math. Statist. 29, 1958.

#include "tensor.hpp"

#include <vector>

namespace skive::compare {

std::vector<tensor> synthetic_checkpoint();

}  // namespace skive::compare
