// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/vector.hpp - contiguous vectors: the vocabulary that factorisations share.
///
///   dot(x, y, n)           sum x_i y_i                       wide_dot: of floats, summed in double
///   norm(x, n)             sqrt(sum x_i^2) without overflow, and without underflow above the smallest normal number
///   axpy(a, x, y, n)       y = y + a x                       scale(a, x, n), divide(a, x, n)   x = a x, x / a
///   all_finite(matrix)     no NaN, no infinity               copy_transposed(from, to)
///   rotate(x, y, c, s, n)  (x, y) = (c x - s y, s x + c y)   exchange(x, y, n), largest_magnitude(x, n)
///
/// Preconditions instead of statuses: n numbers stand behind every pointer, and x and y share none.
///
/// Model of : -
/// Cost     : one pass; norm takes a second one where squares leave the range.
/// Accuracy : dot: |error| <= (n / (4 lanes) + log2(4 lanes) + 1) u sum |x_i y_i| to first order; elementwise operations round
///            once or twice.
/// Promise  : the same bits for one instruction set, whatever the alignment. NaN in x or y gives NaN.
/// Source   : rotations: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 5.1.8.

#include "skive/core/matrix_view.hpp"
#include "skive/linalg/registers.hpp"
#include "skive/simd/widen.hpp"

namespace skive::detail {

template <class Arch, real T>
T dot(T const* x, T const* y, std::size_t n) noexcept {
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    constexpr std::size_t lanes = batch::size;
    batch sum[4] = {batch(T(0)), batch(T(0)), batch(T(0)), batch(T(0))};
    std::size_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) {
      sum[0] = multiply_add(batch::load_unaligned(x + i), batch::load_unaligned(y + i), sum[0]);
      sum[1] = multiply_add(batch::load_unaligned(x + i + lanes), batch::load_unaligned(y + i + lanes), sum[1]);
      sum[2] = multiply_add(batch::load_unaligned(x + i + 2 * lanes), batch::load_unaligned(y + i + 2 * lanes), sum[2]);
      sum[3] = multiply_add(batch::load_unaligned(x + i + 3 * lanes), batch::load_unaligned(y + i + 3 * lanes), sum[3]);
    }
    for (; i + lanes <= n; i += lanes) sum[0] = multiply_add(batch::load_unaligned(x + i), batch::load_unaligned(y + i), sum[0]);
    if (i < n) sum[1] = multiply_add(load_some<T, Arch>(x + i, n - i), load_some<T, Arch>(y + i, n - i), sum[1]);
    return sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
  } else {
    T sum(0);
    for (std::size_t i = 0; i < n; ++i) sum += x[i] * y[i];
    return sum;
  }
}

template <class Arch>
[[gnu::always_inline]] inline void add_wide_products(xsimd::batch<double, Arch>& low, xsimd::batch<double, Arch>& high,
                                                     xsimd::batch<float, Arch> const& x,
                                                     xsimd::batch<float, Arch> const& y) noexcept {
  auto const p = simd::widen<Arch>(x);
  auto const q = simd::widen<Arch>(y);
  low = multiply_add(p.low, q.low, low);
  high = multiply_add(p.high, q.high, high);
}

/// Each product is exact, each sum rounds to double.
template <class Arch>
double wide_dot(float const* x, float const* y, std::size_t n) noexcept {
  if constexpr (vector_real<double, Arch>) {
    using batch = xsimd::batch<float, Arch>;
    using wide = xsimd::batch<double, Arch>;
    wide sum[4] = {wide(0.0), wide(0.0), wide(0.0), wide(0.0)};
    std::size_t i = 0;
    for (; i + 2 * batch::size <= n; i += 2 * batch::size) {
      add_wide_products(sum[0], sum[1], batch::load_unaligned(x + i), batch::load_unaligned(y + i));
      add_wide_products(sum[2], sum[3], batch::load_unaligned(x + i + batch::size), batch::load_unaligned(y + i + batch::size));
    }
    for (; i < n; i += batch::size) {
      auto const some = n - i < batch::size ? n - i : batch::size;
      add_wide_products(sum[0], sum[1], load_some<float, Arch>(x + i, some), load_some<float, Arch>(y + i, some));
    }
    return sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
  } else {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    return sum;
  }
}

/// NaN if a number is NaN; of nothing 0.
template <class Arch, real T>
T largest_magnitude(T const* x, std::size_t n) noexcept {
  T largest(0);
  for (std::size_t i = 0; i < n; ++i) {
    T const m = absolute(x[i]);
    if (!(m <= largest)) largest = m;
    if (!(m == m)) return m;
  }
  return largest;
}

/// No NaN and no infinity in the matrix.
template <class Arch, real T>
bool all_finite(matrix_view<T const> m) noexcept {
  for (std::size_t r = 0; r < m.rows; ++r) {
    T const* const x = m.row(r).data();
    std::size_t i = 0;
    if constexpr (vector_real<T, Arch>) {
      using batch = xsimd::batch<T, Arch>;
      batch difference(T(0));  // stays zero, or becomes NaN
      for (; i + batch::size <= m.cols; i += batch::size) {
        auto const y = batch::load_unaligned(x + i);
        difference += y - y;
      }
      if (!finite(sum_of_lanes(difference))) return false;
    }
    for (; i < m.cols; ++i)
      if (!finite(x[i])) return false;
  }
  return true;
}

/// Scaled by the largest number where squares would overflow or vanish.
template <class Arch, real T>
T norm(T const* x, std::size_t n) noexcept {
  if constexpr (std::same_as<T, float>) {
    return static_cast<float>(square_root(wide_dot<Arch>(x, x, n)));
  } else {
    T const squares = dot<Arch>(x, x, n);
    if (squares >= std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon() && finite(squares))
      return square_root(squares);
    T const largest = largest_magnitude<Arch>(x, n);
    if (!finite(largest) || largest == T(0)) return largest;
    T sum(0);
    for (std::size_t i = 0; i < n; ++i) {
      T const y = x[i] / largest;
      sum += y * y;
    }
    return largest * square_root(sum);
  }
}

template <class Arch, real T>
void axpy(T const& a, T const* x, T* y, std::size_t n) noexcept {
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    batch const factor(a);
    std::size_t i = 0;
    for (; i + batch::size <= n; i += batch::size)
      multiply_add(factor, batch::load_unaligned(x + i), batch::load_unaligned(y + i)).store_unaligned(y + i);
    if (i < n) store_some(multiply_add(factor, load_some<T, Arch>(x + i, n - i), load_some<T, Arch>(y + i, n - i)), y + i, n - i);
  } else {
    for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
  }
}

/// x = a x.
template <class Arch, real T>
void scale(T const& a, T* x, std::size_t n) noexcept {
  std::size_t i = 0;
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    for (; i + batch::size <= n; i += batch::size) (batch(a) * batch::load_unaligned(x + i)).store_unaligned(x + i);
  }
  for (; i < n; ++i) x[i] *= a;
}

/// x = x / a.
template <class Arch, real T>
void divide(T const& a, T* x, std::size_t n) noexcept {
  std::size_t i = 0;
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    for (; i + batch::size <= n; i += batch::size) simd::divided(batch::load_unaligned(x + i), batch(a)).store_unaligned(x + i);
  }
  for (; i < n; ++i) x[i] /= a;
}

template <class Arch, real T>
void rotate(T* x, T* y, T const& c, T const& s, std::size_t n) noexcept {
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    batch const cosine(c);
    batch const sine(s);
    std::size_t i = 0;
    for (; i + batch::size <= n; i += batch::size) {
      auto const a = batch::load_unaligned(x + i);
      auto const b = batch::load_unaligned(y + i);
      multiply_subtract(sine, b, cosine * a).store_unaligned(x + i);
      multiply_add(sine, a, cosine * b).store_unaligned(y + i);
    }
    if (i == n) return;
    auto const a = load_some<T, Arch>(x + i, n - i);
    auto const b = load_some<T, Arch>(y + i, n - i);
    store_some(multiply_subtract(sine, b, cosine * a), x + i, n - i);
    store_some(multiply_add(sine, a, cosine * b), y + i, n - i);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      T const left = c * x[i] - s * y[i];
      y[i] = s * x[i] + c * y[i];
      x[i] = left;
    }
  }
}

template <class Arch, real T>
void exchange(T* x, T* y, std::size_t n) noexcept {
  std::size_t i = 0;
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    for (; i + batch::size <= n; i += batch::size) {
      auto const left = batch::load_unaligned(x + i);
      batch::load_unaligned(y + i).store_unaligned(x + i);
      left.store_unaligned(y + i);
    }
  }
  for (; i < n; ++i) {
    T const left = x[i];
    x[i] = y[i];
    y[i] = left;
  }
}

/// to(j, i) = from(i, j), in tiles of registers.
template <class Arch, real T>
void copy_transposed(matrix_view<T const> from, matrix_view<T> to) noexcept {
  std::size_t whole_rows = 0;
  std::size_t whole_cols = 0;
  if constexpr (vector_real<T, Arch>) {
    using batch = xsimd::batch<T, Arch>;
    whole_rows = from.rows / batch::size * batch::size;
    whole_cols = from.cols / batch::size * batch::size;
    for (std::size_t i = 0; i < whole_rows; i += batch::size)
      for (std::size_t j = 0; j < whole_cols; j += batch::size) {
        batch x[batch::size];
#pragma GCC unroll 16
        for (std::size_t l = 0; l < batch::size; ++l) x[l] = batch::load_unaligned(&from(i + l, j));
        transpose(x);
#pragma GCC unroll 16
        for (std::size_t l = 0; l < batch::size; ++l) x[l].store_unaligned(&to(j + l, i));
      }
  }
  for (std::size_t i = 0; i < from.rows; ++i)
    for (std::size_t j = i < whole_rows ? whole_cols : 0; j < from.cols; ++j) to(j, i) = from(i, j);
}

}  // namespace skive::detail
