// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Matrices for tests of linear algebra: memory with a row stride and an offset, random fillings, products by definition.

#include "skive/core/matrix_view.hpp"

#include <cstddef>
#include <random>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>

namespace skive::test {

/// 50 digits, in the memory of the value itself.
using digits50 = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>, boost::multiprecision::et_off>;

/// rows x cols numbers with `gap` numbers between rows and `offset` before the first, all `filler` at first.
template <class T>
class matrix {
 public:
  matrix(std::size_t rows, std::size_t cols, std::size_t gap = 0, std::size_t offset = 0, T filler = T(0))
      : memory_(offset + rows * (cols + gap) + 1, filler), rows_{rows}, cols_{cols}, stride_{cols + gap}, offset_{offset} {}

  matrix_view<T> view() { return {memory_.data() + offset_, rows_, cols_, stride_}; }
  matrix_view<T const> view() const { return {memory_.data() + offset_, rows_, cols_, stride_}; }
  T& operator()(std::size_t r, std::size_t c) { return view()(r, c); }
  T const& operator()(std::size_t r, std::size_t c) const { return view()(r, c); }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::vector<T> const& memory() const { return memory_; }

  template <class F>
  matrix& fill(F f) {
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = 0; c < cols_; ++c) (*this)(r, c) = f(r, c);
    return *this;
  }

 private:
  std::vector<T> memory_;
  std::size_t rows_, cols_, stride_, offset_;
};

/// Uniform in [-1, 1], of 24 bits.
template <class T>
T uniform(std::mt19937& random) {
  return static_cast<T>(static_cast<int>(random() >> 7) - (1 << 24)) / static_cast<T>(1 << 24);
}
template <class T>
matrix<T> random_matrix(std::size_t rows, std::size_t cols, std::mt19937& random, std::size_t gap = 0, std::size_t offset = 0) {
  matrix<T> m(rows, cols, gap, offset);
  return m.fill([&](std::size_t, std::size_t) { return uniform<T>(random); });
}

/// The same in rows of a multiple of 16, zeros behind the columns.
template <class T>
matrix<T> random_padded(std::size_t rows, std::size_t cols, std::mt19937& random) {
  matrix<T> m(rows, (cols + 15) / 16 * 16);
  return m.fill([&](std::size_t, std::size_t c) { return c < cols ? uniform<T>(random) : T(0); });
}
template <class T>
matrix<T> identity(std::size_t rows, std::size_t cols) {
  matrix<T> m(rows, cols);
  return m.fill([](std::size_t r, std::size_t c) { return r == c ? T(1) : T(0); });
}

/// The largest |a - b|.
template <class Wide, class T>
Wide largest_difference(matrix<Wide> const& a, matrix<T> const& b) {
  Wide worst(0);
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t c = 0; c < a.cols(); ++c) {
      Wide const d = a(r, c) - Wide(b(r, c));
      Wide const size = d < Wide(0) ? Wide(-d) : d;
      if (!(size <= worst)) worst = size;
    }
  return worst;
}

/// op(A) op(B) in Wide.
template <class Wide, class T>
matrix<Wide> product_by_definition(matrix_view<T const> a, bool ta, matrix_view<T const> b, bool tb) {
  auto const m = ta ? a.cols : a.rows;
  auto const k = ta ? a.rows : a.cols;
  auto const n = tb ? b.rows : b.cols;
  matrix<Wide> c(m, n);
  return c.fill([&](std::size_t i, std::size_t j) {
    Wide sum(0);
    for (std::size_t l = 0; l < k; ++l) sum += Wide(ta ? a(l, i) : a(i, l)) * Wide(tb ? b(j, l) : b(l, j));
    return sum;
  });
}

}  // namespace skive::test
