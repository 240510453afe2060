// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "measure.hpp"

#include "parallel.hpp"
#include "skive/metric/error.hpp"
#include "skive/metric/rate_distortion.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

namespace skive::compare {
namespace {

constexpr std::size_t lanes = 8;  // partial sums that the compiler can keep in registers, added in a fixed order

double total(std::array<double, lanes> const& partial) noexcept {
  return ((partial[0] + partial[1]) + (partial[2] + partial[3])) + ((partial[4] + partial[5]) + (partial[6] + partial[7]));
}

double dot(double const* a, float const* b, std::size_t n) noexcept {
  std::array<double, lanes> partial{};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::size_t k = 0; k < lanes; ++k) partial[k] += a[i + k] * static_cast<double>(b[i + k]);
  for (std::size_t k = 0; i < n; ++i, ++k) partial[k] += a[i] * static_cast<double>(b[i]);
  return total(partial);
}

tensor_sums chunk_sums(matrix_view<float const> w, std::size_t first_index) noexcept {
  tensor_sums s;
  for (std::size_t r = 0; r < w.rows; ++r) {
    for (std::size_t c = 0; c < w.cols; ++c) {
      auto const v = static_cast<double>(w(r, c));
      if (!std::isfinite(v) && !s.first_not_finite) s.first_not_finite = first_index + r * w.cols + c;
      s.sum += v;
      s.squares += v * v;
    }
  }
  s.elements = static_cast<double>(w.rows) * static_cast<double>(w.cols);
  return s;
}

// The larger one; a NaN, once seen, stays.
double worse(double so_far, double next) noexcept { return next <= so_far || std::isnan(so_far) ? so_far : next; }

}  // namespace

double tensor_sums::variance() const noexcept {
  double const mean = sum / elements;
  return std::max(0.0, squares / elements - mean * mean);
}

tally& tally::operator+=(tally const& other) noexcept {
  elements += other.elements;
  bits += other.bits;
  squares += other.squares;
  decoded_squares += other.decoded_squares;
  products += other.products;
  error_squares += other.error_squares;
  max_error = worse(max_error, other.max_error);
  bound += other.bound;
  output_squares += other.output_squares;
  output_error_squares += other.output_error_squares;
  has_output = has_output || other.has_output;
  encode_ns += other.encode_ns;
  decode_ns += other.decode_ns;
  return *this;
}

figures figures_of(tally const& s) noexcept {
  figures f;
  f.bits_per_weight = s.bits / s.elements;
  f.max_error = s.max_error;
  bool const exact = s.error_squares == 0;
  f.relative_mse = exact ? 0 : s.error_squares / s.squares;
  f.sqnr_db = exact ? std::numeric_limits<double>::infinity() : -10 * std::log10(f.relative_mse);
  double const norms = std::sqrt(s.squares) * std::sqrt(s.decoded_squares);
  f.cosine = exact ? 1 : norms > 0 ? std::clamp(s.products / norms, -1.0, 1.0) : 0;  // rounding may pass 1 by an ulp
  if (std::isnan(s.error_squares)) f.cosine = s.error_squares;
  if (s.has_output) {
    bool const same = s.output_error_squares == 0;
    f.output_error = same ? 0 : std::sqrt(s.output_error_squares / s.output_squares);
  }
  if (s.bound > 0) f.rd_gap_db = exact ? -std::numeric_limits<double>::infinity() : gap_db(s.error_squares, s.bound);
  if (s.encode_ns > 0) f.encode_ns = s.encode_ns / s.elements;
  if (s.decode_ns > 0) f.decode_ns = s.decode_ns / s.elements;
  return f;
}

std::size_t chunk_rows(std::size_t cols) noexcept {
  return std::max<std::size_t>(1, (std::size_t{1} << 18) / std::max<std::size_t>(1, cols));
}

tensor_sums sums_of(matrix_view<float const> w, unsigned threads) {
  auto const step = chunk_rows(w.cols);
  std::vector<tensor_sums> parts((w.rows + step - 1) / step);
  for_each_index(parts.size(), threads, [&](std::size_t i) {
    auto const first = i * step;
    parts[i] = chunk_sums({w.data + first * w.row_stride, std::min(step, w.rows - first), w.cols, w.row_stride}, first * w.cols);
  });
  tensor_sums all;
  for (auto const& part : parts) {
    all.elements += part.elements;
    all.sum += part.sum;
    all.squares += part.squares;
    if (!all.first_not_finite) all.first_not_finite = part.first_not_finite;
  }
  return all;
}

void add_errors(matrix_view<float const> w, matrix_view<float const> decoded, tally& sums) noexcept {
  skive::error_sums errors;
  bool good = true;
  for (std::size_t r = 0; r < w.rows; ++r) good = errors.add(w.row(r), decoded.row(r)) && good;
  assert(good);  // the shapes are the same
  static_cast<void>(good);
  sums.elements += static_cast<double>(errors.count());
  sums.squares += errors.reference_squares();
  sums.decoded_squares += errors.approximation_squares();
  sums.products += errors.dot();
  sums.error_squares += errors.squared_error();
  sums.max_error = worse(sums.max_error, errors.max_error());
}

double output_squares(matrix_view<float const> w, matrix_view<float const> inputs) {
  std::vector<double> row(w.cols);
  double sum = 0;
  for (std::size_t r = 0; r < w.rows; ++r) {
    for (std::size_t c = 0; c < w.cols; ++c) row[c] = static_cast<double>(w(r, c));
    for (std::size_t t = 0; t < inputs.rows; ++t) {
      double const y = dot(row.data(), inputs.row(t).data(), w.cols);
      sum += y * y;
    }
  }
  return sum;
}

}  // namespace skive::compare
