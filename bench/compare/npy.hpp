// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/npy.hpp - the array of a NumPy .npy file (float16, float32, float64, little-endian, C order), mapped.
///
///   "\x93NUMPY" | major, minor | header length (2 bytes in version 1, 4 in 2 and 3) | {'descr', 'fortran_order', 'shape'} | data
///
/// Source   : NumPy documentation, module numpy.lib.format.

#include "tensor.hpp"

#include <string>

namespace skive::compare {

/// The tensor is named after the file, without its folder and `.npy`. Throws input_error.
tensor read_npy(std::string const& path);

}  // namespace skive::compare
