// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/code_distances.hpp - distances to vectors that are kept as codes of a product quantizer.
///
///   asymmetric   sum_m T_m[code m],             T_m[k] = |x_m - c_mk|^2  or  x_m . c_mk       x: a query of floats
///   symmetric    sum_m S_m[code m, other m],    S_m[k, l] = |c_mk - c_ml|^2  or  c_mk . c_ml
///
/// Tables of all parts lie one after another. 4-bit codes with tables in registers: codebook/fast_scan.hpp.
///
/// Model of : -
/// Cost     : tables K d products, K^2 d for two codes; then M loads and additions a vector.
/// Accuracy : the exact distance to x', (d / M + M + 2) u times the sum of the terms' magnitudes.
/// Promise  : the same bits everywhere: products in double, sums from the first part to the last. An index that is no codeword's
///            is errc::corrupt, seen before the first write.
/// Source   : H. Jegou et al. (codebook/product_quantizer.hpp).

#include "skive/codebook/product_quantizer.hpp"

namespace skive {

enum class code_metric : std::uint8_t { squared_distance, inner_product };

namespace detail {

// Terms are rounded to float before they are added in double: exact squares and products, which no compiler contracts.
constexpr float vector_distance(std::span<float const> a, std::span<float const> b, code_metric metric) noexcept {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    auto const x = static_cast<double>(a[j]);
    auto const y = static_cast<double>(b[j]);
    auto const d = static_cast<double>(static_cast<float>(x - y));
    sum += metric == code_metric::inner_product ? x * y : d * d;
  }
  return static_cast<float>(sum);
}

}  // namespace detail

/// M K numbers. Fails with size_mismatch; nothing is then written.
constexpr status distance_tables(product_quantizer const& q, std::span<float const> x, code_metric metric,
                                 std::span<float> tables) noexcept {
  if (x.size() != q.dimension() || tables.size() != q.parts() * q.codewords()) return errc::size_mismatch;
  auto const d = q.part_dimension();
  for (std::size_t m = 0; m < q.parts(); ++m)
    for (std::size_t k = 0; k < q.codewords(); ++k)
      tables[m * q.codewords() + k] = detail::vector_distance(x.subspan(m * d, d), q.codebook(m).row(k), metric);
  return errc::ok;
}

/// M K K numbers. Fails with size_mismatch; nothing is then written.
constexpr status symmetric_tables(product_quantizer const& q, code_metric metric, std::span<float> tables) noexcept {
  auto const k = q.codewords();
  if (tables.size() != q.parts() * k * k) return errc::size_mismatch;
  for (std::size_t m = 0; m < q.parts(); ++m)
    for (std::size_t a = 0; a < k; ++a)
      for (std::size_t b = 0; b < k; ++b)
        tables[(m * k + a) * k + b] = detail::vector_distance(q.codebook(m).row(a), q.codebook(m).row(b), metric);
  return errc::ok;
}

/// One number for each row of codes. Fails with size_mismatch, invalid_argument (a view) or corrupt; nothing is then written.
constexpr status asymmetric_distances(product_quantizer const& q, std::span<float const> tables,
                                      matrix_view<std::uint8_t const> codes, std::span<float> out) noexcept {
  auto const k = q.codewords();
  if (tables.size() != q.parts() * k || codes.cols != q.parts() || out.size() != codes.rows) return errc::size_mismatch;
  if (!codes.valid()) return errc::invalid_argument;
  if (auto const s = q.check(codes); !s) return s;
  for (std::size_t i = 0; i < codes.rows; ++i) {
    auto const* const row = codes.row(i).data();
    float sum = 0;
    for (std::size_t m = 0; m < codes.cols; ++m) sum += tables[m * k + row[m]];
    out[i] = sum;
  }
  return errc::ok;
}

/// The distance of two codes. Fails with size_mismatch or corrupt.
constexpr result<float> symmetric_distance(product_quantizer const& q, std::span<float const> tables,
                                           std::span<std::uint8_t const> a, std::span<std::uint8_t const> b) noexcept {
  auto const k = q.codewords();
  if (tables.size() != q.parts() * k * k || a.size() != q.parts() || b.size() != q.parts()) return errc::size_mismatch;
  float sum = 0;
  for (std::size_t m = 0; m < a.size(); ++m) {
    if (a[m] >= k || b[m] >= k) return errc::corrupt;
    sum += tables[(m * k + a[m]) * k + b[m]];
  }
  return sum;
}

}  // namespace skive
