// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/measure.hpp - tallies of one or several tensors, on skive/metric, and the figures that follow from them.
///
///   relative_mse = sum (w' - w)^2 / sum w^2          sqnr_db = -10 log10 relative_mse
///   cosine       = sum w w' / sqrt(sum w^2 sum w'^2) output_error = ||(W - W') X|| / ||W X||   (Frobenius)
///   rd_gap_db    = 10 log10( sum (w' - w)^2 / sum_tensors n sigma^2 2^(-2R) )
///
/// rd_gap_db is the distance to what any code of R bits per weight can reach on a Gaussian source of the tensor's variance;
/// several tensors together are held against the sum of their bounds, each at its own rate. Real weights are no independent
/// Gaussians: a format that adapts to the blocks' scales may pass below the bound.
///
/// Accuracy : sums are kept in double. Chunks of rows are fixed by the shape alone and added in order, so that the number of
///            threads never changes a digit.

#include "skive/core/matrix_view.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace skive::compare {

/// What a tensor is before any format: found in one pass.
struct tensor_sums {
  double elements = 0;
  double sum = 0;
  double squares = 0;
  std::optional<std::size_t> first_not_finite;  // its index, row-major

  double variance() const noexcept;
};

/// Sums of one or several tensors in one format; operator+= joins them.
struct tally {
  double elements = 0;
  double bits = 0;
  double squares = 0;
  double decoded_squares = 0;
  double products = 0;
  double error_squares = 0;
  double max_error = 0;
  double bound = 0;  // sum of n sigma^2 2^(-2R)
  double output_squares = 0;
  double output_error_squares = 0;
  bool has_output = false;
  double encode_ns = 0;  // of all elements
  double decode_ns = 0;

  tally& operator+=(tally const& other) noexcept;
};

/// Infinite where nothing was lost; nothing where undefined.
struct figures {
  double bits_per_weight = 0;
  double relative_mse = 0;
  double sqnr_db = 0;
  double max_error = 0;
  double cosine = 0;
  std::optional<double> output_error;
  std::optional<double> rd_gap_db;
  std::optional<double> encode_ns;  // per element
  std::optional<double> decode_ns;
};
figures figures_of(tally const& sums) noexcept;

/// Rows that are coded together, from the shape alone: about 2^18 elements, one row at least.
std::size_t chunk_rows(std::size_t cols) noexcept;

tensor_sums sums_of(matrix_view<float const> w, unsigned threads);

/// Adds the error of `decoded` against `w`, element by element in row-major order. Same shape.
void add_errors(matrix_view<float const> w, matrix_view<float const> decoded, tally& sums) noexcept;

/// sum over rows r of `w` and x of `inputs` of (r . x)^2. Same number of columns.
double output_squares(matrix_view<float const> w, matrix_view<float const> inputs);

}  // namespace skive::compare
