// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file convert/rounded.hpp - the block codecs of the menu with a rounding policy chosen at run time.
///
///   find_rounded(description, rounding)->encode_rows(rows, out);   out: as the codec's own encoder lays it out
///
/// Stochastic policies take the bits that skive/core/stochastic_stream.hpp gives number i of row r.

#include "scalar.hpp"

#include "skive/block/description.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/stochastic_stream.hpp"

#include <cstddef>
#include <memory>

namespace skive::convert {

/// any_rounding for the numbers of a matrix, by position.
struct row_rounding {
  any_rounding::kind which = any_rounding::kind::nearest_even;
  stochastic_stream stream{};

  any_rounding at(std::size_t i) const noexcept {
    return {which, which == any_rounding::kind::random ? stream.at(i) : stochastic{}};
  }
  row_rounding at_row(std::size_t r) const noexcept { return {which, stream.at_row(r)}; }
};

class rounded_encoder {
 public:
  virtual ~rounded_encoder() = default;
  /// The whole matrix: its first row is row 0.
  virtual void encode_rows(matrix_view<float const> rows, std::byte* out) const = 0;
};

/// Null where the codec has one rounding only (double quantization, a codec of the user's own).
std::unique_ptr<rounded_encoder> find_rounded(codec_description const& d, row_rounding const& rounding);

}  // namespace skive::convert
