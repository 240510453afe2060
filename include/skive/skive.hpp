// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file skive.hpp - the whole library, from the ground up: each header uses only those above it.

// core
#include "skive/core/bits.hpp"
#include "skive/core/checked.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/random.hpp"
#include "skive/core/random_table.hpp"
#include "skive/core/relayout.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/status.hpp"
#include "skive/core/strided_view.hpp"
#include "skive/core/workspace.hpp"

// format
#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/lookup_key.hpp"
#include "skive/format/lookup_table.hpp"
#include "skive/format/minifloat.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/power_of_two.hpp"
#include "skive/format/real_bits.hpp"
#include "skive/format/scale_float.hpp"

// metric
#include "skive/metric/error.hpp"
#include "skive/metric/rate_distortion.hpp"

// block
#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/clip_search.hpp"
#include "skive/block/description.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/format_name.hpp"
#include "skive/block/group_error.hpp"
#include "skive/block/grouped.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/name.hpp"
#include "skive/block/name_parser.hpp"
#include "skive/block/number_format.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/scale.hpp"
#include "skive/block/scale_search.hpp"
#include "skive/block/scheme.hpp"
#include "skive/block/sign.hpp"
#include "skive/block/tiles.hpp"

// its version
#include "skive/version.hpp"
