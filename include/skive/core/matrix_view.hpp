// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/matrix_view.hpp - a row-major matrix in the caller's memory: pointer, shape and row stride.
///
///   element (r, c) = data[r * row_stride + c],   0 <= r < rows,  0 <= c < cols <= row_stride
///
/// Model of : -
/// Cost     : four words, trivially copyable; an access is one multiplication and one addition.
/// Promise  : never owns, never checks an index; `valid()` says whether the extent fits into memory at all.

#include "skive/core/strided_view.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

namespace skive {

template <class T>
struct matrix_view {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_stride = 0;  ///< elements from one row to the next

  constexpr matrix_view() noexcept = default;
  constexpr matrix_view(T* p, std::size_t r, std::size_t c) noexcept : matrix_view{p, r, c, c} {}
  constexpr matrix_view(T* p, std::size_t r, std::size_t c, std::size_t stride) noexcept
      : data{p}, rows{r}, cols{c}, row_stride{stride} {}
  /// A view of mutable elements is a view of constant ones.
  constexpr operator matrix_view<T const>() const noexcept
    requires(!std::is_const_v<T>)
  {
    return {data, rows, cols, row_stride};
  }

  constexpr T& operator()(std::size_t r, std::size_t c) const noexcept { return data[r * row_stride + c]; }
  constexpr std::span<T> row(std::size_t r) const noexcept { return {data + r * row_stride, cols}; }
  constexpr strided_view<T> col(std::size_t c) const noexcept { return {data + c, rows, row_stride}; }

  /// Rows do not overlap and the last element's offset fits into std::size_t.
  constexpr bool valid() const noexcept {
    if (rows == 0 || cols == 0) return true;
    if (data == nullptr || row_stride < cols) return false;
    auto const limit = std::numeric_limits<std::size_t>::max() / sizeof(T);
    return cols <= limit && (rows - 1) <= (limit - cols) / row_stride;
  }
};

static_assert(std::is_trivially_copyable_v<matrix_view<float>>);

}  // namespace skive
