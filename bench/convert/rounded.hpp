// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file convert/rounded.hpp - the block codecs of the menu with a rounding policy chosen at run time.
///
///   find_rounded(description, rounding)->encode_rows(rows, out);   out: as the codec's own encoder lays it out

#include "scalar.hpp"

#include "skive/block/description.hpp"
#include "skive/core/matrix_view.hpp"

#include <cstddef>
#include <memory>

namespace skive::convert {

class rounded_encoder {
 public:
  virtual ~rounded_encoder() = default;
  virtual void encode_rows(matrix_view<float const> rows, std::byte* out) const = 0;
};

/// Null where the codec has one rounding only (double quantization, a codec of the user's own).
std::unique_ptr<rounded_encoder> find_rounded(codec_description const& d, any_rounding rounding);

}  // namespace skive::convert
