// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/strided_view.hpp - equally spaced elements in the caller's memory, such as a column of a matrix.
///
///   element i = data[i * stride],   0 <= i < size
///
/// Model of : -
/// Cost     : three words, trivially copyable.
/// Promise  : never owns, never checks an index.

#include "skive/version.hpp"

#include <cstddef>
#include <type_traits>

namespace skive {

template <class T>
struct strided_view {
  T* data = nullptr;
  std::size_t size = 0;
  std::size_t stride = 1;  ///< elements from one to the next

  constexpr strided_view() noexcept = default;
  constexpr strided_view(T* p, std::size_t n, std::size_t step) noexcept : data{p}, size{n}, stride{step} {}
  constexpr operator strided_view<T const>() const noexcept
    requires(!std::is_const_v<T>)
  {
    return {data, size, stride};
  }

  constexpr T& operator[](std::size_t i) const noexcept { return data[i * stride]; }
};

static_assert(std::is_trivially_copyable_v<strided_view<float>>);

}  // namespace skive
