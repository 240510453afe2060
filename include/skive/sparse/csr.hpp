// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/csr.hpp - compressed sparse rows in the caller's memory, and their products.
///
///   row r has entries starts[r] .. starts[r + 1] - 1: columns ascending, values beside them;   y_r = sum_k values_k x[columns_k]
///   multiply_transposed: y = A^T x, what compressed sparse columns ask for
///
/// Index: std::uint16_t or std::uint32_t; Value: float, float16 or bfloat16.
///
/// Model of : -
/// Cost     : a product gathers 16 numbers of x at a time; transposed it scatters one by one. No allocation.
/// Accuracy : |y - exact| <= (count / 16 + 10) 2^-24 sum |w_k x_k| of a row of `count` entries; transposed: rows 2^-24 sum.
/// Promise  : make() checks every start and column once: no product of what it returned touches memory outside. The views must not
///            change after that.
/// Source   : -

#include "skive/core/matrix_view.hpp"
#include "skive/format/rows.hpp"
#include "skive/simd/reduce.hpp"

namespace skive {

/// Entries of a matrix that are not zero.
inline std::size_t count_nonzero(matrix_view<float const> dense) noexcept {
  std::size_t count = 0;
  for (std::size_t r = 0; r < dense.rows; ++r)
    for (auto const x : dense.row(r)) count += is_zero(x) ? 0U : 1U;
  return count;
}

namespace detail {

template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> gather_floats(float const* x, simd::words<Arch> const& places) noexcept {
  simd::floats<Arch> out;
  for (std::size_t i = 0; i < out.registers; ++i)
    out.part[i] = xsimd::batch<float, Arch>::gather(x, xsimd::bitwise_cast<std::int32_t>(places.part[i]));
  return out;
}

template <class Arch, class Index>
[[gnu::always_inline]] inline simd::words<Arch> load_places(Index const* from) noexcept {
  if constexpr (sizeof(Index) == 2)
    return simd::load_halves<Arch>(reinterpret_cast<std::byte const*>(from));
  else
    return simd::words<Arch>::load(from);
}

}  // namespace detail

template <class Index, class Value>
class csr_matrix {
  static_assert(std::is_same_v<Index, std::uint16_t> || std::is_same_v<Index, std::uint32_t>);

 public:
  constexpr csr_matrix() noexcept = default;
  /// Fails with size_mismatch where columns and values differ in count or there is no start, with unsupported where a column may
  /// need 31 bits, with corrupt unless starts ascend from 0 to the count and the columns of each row ascend below `cols`.
  static constexpr result<csr_matrix> make(std::span<std::uint32_t const> starts, std::span<Index const> columns,
                                           std::span<Value const> values, std::size_t cols) noexcept {
    if (starts.empty() || columns.size() != values.size()) return errc::size_mismatch;
    if (cols > (std::size_t{1} << 30)) return errc::unsupported;
    if (starts.front() != 0 || starts.back() != columns.size()) return errc::corrupt;
    for (std::size_t r = 0; r + 1 < starts.size(); ++r) {
      if (starts[r] > starts[r + 1] || starts[r + 1] > columns.size()) return errc::corrupt;
      for (std::size_t k = starts[r], next = 0; k < starts[r + 1]; ++k) {
        if (columns[k] < next || columns[k] >= cols) return errc::corrupt;
        next = std::size_t{columns[k]} + 1;
      }
    }
    csr_matrix m;
    m.starts_ = starts;
    m.columns_ = columns;
    m.values_ = values;
    m.cols_ = cols;
    return m;
  }

  constexpr std::size_t rows() const noexcept { return starts_.empty() ? 0 : starts_.size() - 1; }
  constexpr std::size_t cols() const noexcept { return cols_; }
  constexpr std::size_t count() const noexcept { return columns_.size(); }

  /// Fails with size_mismatch.
  status to_dense(matrix_view<float> dense) const noexcept {
    if (!dense.valid() || dense.rows != rows() || dense.cols != cols_) return errc::size_mismatch;
    for (std::size_t r = 0; r < rows(); ++r) {
      for (auto& x : dense.row(r)) x = 0.0f;
      for (auto k = starts_[r]; k < starts_[r + 1]; ++k) dense(r, columns_[k]) = detail::widen(values_[k]);
    }
    return errc::ok;
  }

  /// y = A x, rows first .. first + y.size() - 1. Fails with size_mismatch.
  template <class Arch = native_arch>
  status multiply(std::span<float const> x, std::span<float> y, std::size_t first = 0) const noexcept {
    if (x.size() != cols_ || first > rows() || y.size() > rows() - first) return errc::size_mismatch;
    for (std::size_t r = 0; r < y.size(); ++r) y[r] = row_product<Arch>(starts_[first + r], starts_[first + r + 1], x.data());
    return errc::ok;
  }
  /// y = A^T x. Fails with size_mismatch.
  status multiply_transposed(std::span<float const> x, std::span<float> y) const noexcept {
    if (x.size() != rows() || y.size() != cols_) return errc::size_mismatch;
    for (auto& v : y) v = 0.0f;
    for (std::size_t r = 0; r < rows(); ++r)
      for (auto k = starts_[r]; k < starts_[r + 1]; ++k) y[columns_[k]] += detail::widen(values_[k]) * x[r];
    return errc::ok;
  }

 private:
  template <class Arch>
  float row_product(std::size_t begin, std::size_t end, float const* x) const noexcept {
    double sum = 0;
    auto k = begin;
    if constexpr (simd::vector_arch<Arch>)
      if (end - begin >= 16) {
        auto lanes = simd::floats<Arch>::broadcast(0.0f);
        for (; k + 16 <= end; k += 16) {
          simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(values_.data() + k), 1024);
          simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(columns_.data() + k), 1024);
          auto const of_x = detail::gather_floats<Arch>(x, detail::load_places<Arch>(columns_.data() + k));
          lanes = simd::fused(detail::load_numbers<Arch>(values_.data() + k), of_x, lanes);
        }
        sum = static_cast<double>(simd::sum(lanes));
      }
    for (; k < end; ++k) sum += static_cast<double>(detail::widen(values_[k])) * static_cast<double>(x[columns_[k]]);
    return static_cast<float>(sum);
  }

  std::span<std::uint32_t const> starts_;
  std::span<Index const> columns_{};
  std::span<Value const> values_{};
  std::size_t cols_ = 0;
};

/// The entries that are not zero, row by row; returns their count. `starts` has rows + 1 places, `columns` and `values` as many
/// as there are entries or more. Fails with size_mismatch, also where they are too small, with unsupported where a column does
/// not fit into Index or there are 2^32 entries, before the first write.
template <class Index, class Value>
result<std::size_t> to_csr(matrix_view<float const> dense, std::span<std::uint32_t> starts, std::span<Index> columns,
                           std::span<Value> values) noexcept {
  if (!dense.valid() || starts.size() != dense.rows + 1) return errc::size_mismatch;
  if (dense.cols != 0 && dense.cols - 1 > std::numeric_limits<Index>::max()) return errc::unsupported;
  auto const total = count_nonzero(dense);
  if (total > columns.size() || total > values.size()) return errc::size_mismatch;
  if (total > std::numeric_limits<std::uint32_t>::max()) return errc::unsupported;
  std::size_t k = 0;
  for (std::size_t r = 0; r < dense.rows; ++r) {
    starts[r] = static_cast<std::uint32_t>(k);
    for (std::size_t c = 0; c < dense.cols; ++c) {
      if (is_zero(dense(r, c))) continue;
      columns[k] = static_cast<Index>(c);
      values[k++] = detail::narrow<Value>(dense(r, c));
    }
  }
  starts[dense.rows] = static_cast<std::uint32_t>(k);
  return k;
}

/// Ascending columns as gaps of one byte: g < 255 says that the next column is g past the one before plus one, 255 that 255
/// columns are empty. Returns the bytes. Fails with invalid_argument unless columns ascend, with size_mismatch if `gaps` is too
/// small.
template <class Index>
constexpr result<std::size_t> pack_gaps(std::span<Index const> columns, std::span<std::byte> gaps) noexcept {
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto const c : columns) {
    if (c < next) return errc::invalid_argument;
    bytes += (c - next) / 255 + 1;
    next = std::size_t{c} + 1;
  }
  if (bytes > gaps.size()) return errc::size_mismatch;
  bytes = next = 0;
  for (auto const c : columns) {
    auto gap = c - next;
    for (; gap >= 255; gap -= 255) gaps[bytes++] = std::byte{255};
    gaps[bytes++] = static_cast<std::byte>(gap);
    next = std::size_t{c} + 1;
  }
  return bytes;
}

/// Undoes it and returns the bytes read. Fails with corrupt where the gaps end too early or a column is not below `cols`.
template <class Index>
constexpr result<std::size_t> unpack_gaps(std::span<std::byte const> gaps, std::size_t cols, std::span<Index> columns) noexcept {
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto& c : columns) {
    while (bytes < gaps.size() && gaps[bytes] == std::byte{255} && next < cols) next += 255, ++bytes;
    if (bytes == gaps.size()) return errc::corrupt;
    next += std::to_integer<std::size_t>(gaps[bytes++]);
    if (next >= cols || next > std::numeric_limits<Index>::max()) return errc::corrupt;
    c = static_cast<Index>(next++);
  }
  return bytes;
}

}  // namespace skive
