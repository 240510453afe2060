// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/block_sparse.hpp - rows of blocks in the caller's memory: dense blocks of R x C numbers, the others zero.
///
///   block row b has blocks starts[b] .. starts[b + 1] - 1: block columns ascending; block k holds R C numbers, row by row
///   y[b R + i] = sum over blocks k and j < C of values[k R C + i C + j] x[columns[k] C + j]
///
/// Value: float, float16 or bfloat16.
///
/// Model of : -
/// Cost     : a product reads each kept number once; x is read in runs of C. No allocation.
/// Accuracy : |y - exact| <= (numbers of a row / 16 + 10) 2^-24 sum |w x|.
/// Promise  : make() checks every start and column once: no product of what it returned touches memory outside.
/// Source   : -

#include "skive/core/planes.hpp"
#include "skive/sparse/csr.hpp"
#include "skive/sparse/mask.hpp"

namespace skive {

template <class Value>
class block_sparse_matrix {
 public:
  constexpr block_sparse_matrix() noexcept = default;
  /// `cols`: columns of the matrix. Fails with size_mismatch where `cols` is no multiple of block_cols or there are not R C
  /// values a block, invalid_argument for empty blocks, unsupported or corrupt as csr_matrix does of starts and block columns.
  static constexpr result<block_sparse_matrix> make(std::span<std::uint32_t const> starts, std::span<std::uint32_t const> columns,
                                                    std::span<Value const> values, std::size_t block_rows, std::size_t block_cols,
                                                    std::size_t cols) noexcept {
    if (block_rows == 0 || block_cols == 0) return errc::invalid_argument;
    if (cols % block_cols != 0) return errc::size_mismatch;
    if (values.size() != saturating_multiply(columns.size(), saturating_multiply(block_rows, block_cols)))
      return errc::size_mismatch;
    auto const blocks = csr_matrix<std::uint32_t, std::uint32_t>::make(starts, columns, columns, cols / block_cols);
    if (!blocks) return blocks.error();
    block_sparse_matrix m;
    m.starts_ = starts;
    m.columns_ = columns;
    m.values_ = values;
    m.block_rows_ = block_rows;
    m.block_cols_ = block_cols;
    m.cols_ = cols;
    return m;
  }

  constexpr std::size_t rows() const noexcept { return starts_.empty() ? 0 : (starts_.size() - 1) * block_rows_; }
  constexpr std::size_t cols() const noexcept { return cols_; }
  constexpr std::size_t blocks() const noexcept { return columns_.size(); }

  /// Fails with size_mismatch.
  status to_dense(matrix_view<float> dense) const noexcept {
    if (!dense.valid() || dense.rows != rows() || dense.cols != cols_) return errc::size_mismatch;
    for (std::size_t r = 0; r < dense.rows; ++r) {
      for (auto& x : dense.row(r)) x = 0.0f;
      for (auto k = starts_[r / block_rows_]; k < starts_[r / block_rows_ + 1]; ++k)
        for (std::size_t j = 0; j < block_cols_; ++j)
          dense(r, columns_[k] * block_cols_ + j) = detail::widen(row_of(k, r % block_rows_)[j]);
    }
    return errc::ok;
  }

  /// y = A x. Fails with size_mismatch.
  template <class Arch = native_arch>
  status multiply(std::span<float const> x, std::span<float> y) const noexcept {
    if (x.size() != cols_ || y.size() != rows()) return errc::size_mismatch;
    for (std::size_t r = 0; r < y.size(); ++r) y[r] = row_product<Arch>(r / block_rows_, r % block_rows_, x.data());
    return errc::ok;
  }

 private:
  constexpr Value const* row_of(std::size_t k, std::size_t i) const noexcept {
    return values_.data() + (k * block_rows_ + i) * block_cols_;
  }
  template <class Arch>
  float row_product(std::size_t b, std::size_t i, float const* x) const noexcept {
    double rest = 0;
    float sum = 0.0f;
    std::size_t whole = 0;
    if constexpr (simd::vector_arch<Arch>) {
      whole = block_cols_ / 16 * 16;
      auto lanes = simd::floats<Arch>::broadcast(0.0f);
      for (std::size_t k = starts_[b]; k < starts_[b + 1] && whole != 0; ++k)
        for (std::size_t j = 0; j < whole; j += 16)
          lanes = simd::fused(detail::load_numbers<Arch>(row_of(k, i) + j),
                              simd::floats<Arch>::load(x + columns_[k] * block_cols_ + j), lanes);
      sum = simd::sum(lanes);
    }
    for (std::size_t k = starts_[b]; k < starts_[b + 1]; ++k)
      for (auto j = whole; j < block_cols_; ++j)
        rest += static_cast<double>(detail::widen(row_of(k, i)[j])) * static_cast<double>(x[columns_[k] * block_cols_ + j]);
    return static_cast<float>(static_cast<double>(sum) + rest);
  }

  std::span<std::uint32_t const> starts_;
  std::span<std::uint32_t const> columns_;
  std::span<Value const> values_{};
  std::size_t block_rows_ = 1;
  std::size_t block_cols_ = 1;
  std::size_t cols_ = 0;
};

/// The blocks of which a mask keeps an entry; returns their count. Values that the mask does not keep are zero. Fails with
/// size_mismatch, also where `columns` or `values` are too small, with unsupported where there are 2^32 blocks.
template <class Value>
result<std::size_t> to_block_sparse(matrix_view<float const> dense, matrix_view<std::byte const> masks, std::size_t block_rows,
                                    std::size_t block_cols, std::span<std::uint32_t> starts, std::span<std::uint32_t> columns,
                                    std::span<Value> values) noexcept {
  if (block_rows == 0 || block_cols == 0 || dense.rows % block_rows != 0 || dense.cols % block_cols != 0)
    return errc::size_mismatch;
  if (!dense.valid() || !masks.valid() || masks.rows != dense.rows || masks.cols != mask_bytes(dense.cols))
    return errc::size_mismatch;
  if (starts.size() != dense.rows / block_rows + 1) return errc::size_mismatch;
  auto const keeps = [&](std::size_t r, std::size_t c) noexcept {
    for (std::size_t i = 0; i < block_rows; ++i)
      for (std::size_t j = 0; j < block_cols; ++j)
        if (is_kept(masks.row(r + i), c + j)) return true;
    return false;
  };
  std::size_t total = 0;
  for (std::size_t r = 0; r < dense.rows; r += block_rows)
    for (std::size_t c = 0; c < dense.cols; c += block_cols) total += keeps(r, c) ? 1U : 0U;
  if (total > std::numeric_limits<std::uint32_t>::max()) return errc::unsupported;
  if (total > columns.size() || saturating_multiply(total, block_rows * block_cols) > values.size()) return errc::size_mismatch;
  std::size_t k = 0;
  for (std::size_t r = 0; r < dense.rows; r += block_rows) {
    starts[r / block_rows] = static_cast<std::uint32_t>(k);
    for (std::size_t c = 0; c < dense.cols; c += block_cols) {
      if (!keeps(r, c)) continue;
      for (std::size_t e = 0; e < block_rows * block_cols; ++e) {
        auto const i = r + e / block_cols;
        auto const j = c + e % block_cols;
        values[k * block_rows * block_cols + e] = detail::narrow<Value>(is_kept(masks.row(i), j) ? dense(i, j) : 0.0f);
      }
      columns[k++] = static_cast<std::uint32_t>(c / block_cols);
    }
  }
  starts[dense.rows / block_rows] = static_cast<std::uint32_t>(k);
  return k;
}

}  // namespace skive
