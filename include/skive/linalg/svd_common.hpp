// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/svd_common.hpp - what the singular value decompositions share: shapes, range, order.
///
///   A = U diag(sigma) V^T,   A m x n,   sigma_0 >= sigma_1 >= ... >= 0 of min(m, n) values
///   u: m x r, the first r left vectors as columns;   vt: r x n, the first r right vectors as rows;   empty views: not wanted
///
/// A is worked on as its tall one of A and A^T, times a power of two that keeps squares in range.
///
/// Model of : -
/// Cost     : a pass over A and one over each result.
/// Accuracy : exact, but for values of A that are 2^-100 and less of its largest one (float).
/// Promise  : nothing is written before all checks are done; sigma and the vectors may not share memory with A.
/// Source   : -

#include "skive/core/status.hpp"
#include "skive/linalg/lane_block.hpp"
#include "skive/linalg/operand.hpp"

namespace skive::detail {

constexpr std::size_t to_sixteen(std::size_t n) noexcept { return (n + 15) / 16 * 16; }

/// The largest magnitude of a's numbers; false if one is NaN or infinite.
template <class Arch, real T>
bool find_largest(std::span<T const> row, T& largest) noexcept {
  using piece = lane_part<T, Arch>;
  using part = typename piece::type;
  part most(largest);
  part zeros(T(0));
  std::size_t k = 0;
  for (; k + piece::size <= row.size(); k += piece::size) {
    auto const x = piece::load(row.data() + k);
    auto const m = piece::absolute(x);
    most = piece::chosen(m > most, m, most);
    zeros = zeros + (x - x);
  }
  alignas(64) T lane[piece::size];
  piece::store(most, lane);
  for (T const& x : lane) largest = largest < x ? x : largest;
  piece::store(zeros, lane);
  bool all_finite = true;
  for (T const& x : lane) all_finite = all_finite && x == T(0);
  for (; k < row.size(); ++k) {
    T const m = absolute(row[k]);
    largest = largest < m ? m : largest;
    all_finite = all_finite && finite(row[k]);
  }
  return all_finite;
}

/// What brings the largest of at most n x n numbers to where sums of their squares neither overflow nor, if it can be, vanish.
template <real T>
T power_of_two_for(T const& largest, std::size_t n) noexcept {
  if (largest == T(0)) return T(1);
  using std::frexp;
  using std::ldexp;
  int exponent = 0;
  (void)frexp(largest, &exponent);
  int elements = 0;
  for (auto rest = n * 2; rest > 1; rest /= 2) ++elements;
  constexpr int limit = std::numeric_limits<T>::max_exponent;
  auto const target = (limit / 2 < 256 ? limit / 2 : 256) - 4 - elements;
  return ldexp(T(1), target - exponent < limit - 2 ? target - exponent : limit - 2);
}

/// A as its tall form, and where the results go.
template <real T>
struct svd_task {
  matrix_view<T const> a;
  matrix_view<T> u;
  std::span<T> sigma;
  matrix_view<T> vt;

  bool flipped() const noexcept { return a.rows < a.cols; }
  std::size_t tall() const noexcept { return flipped() ? a.cols : a.rows; }
  std::size_t wide() const noexcept { return flipped() ? a.rows : a.cols; }
  bool wants_vectors() const noexcept { return u.cols != 0 || vt.rows != 0; }

  status check() const noexcept {
    if (!a.valid() || !u.valid() || !vt.valid()) return errc::invalid_argument;
    if (sigma.size() != wide() || u.cols > wide() || vt.rows > wide()) return errc::size_mismatch;
    if ((u.cols != 0 && u.rows != a.rows) || (vt.rows != 0 && vt.cols != a.cols)) return errc::size_mismatch;
    if (shares_elements<T>(a, u) || shares_elements<T>(a, vt) || shares_elements<T>(u, vt)) return errc::overlap;
    matrix_view<T const> const values{sigma.data(), 1, sigma.size()};
    if (shares_elements<T>(a, values) || shares_elements<T>(u, values) || shares_elements<T>(vt, values)) return errc::overlap;
    return errc::ok;
  }

  /// The power of two; fails with not_finite.
  template <class Arch>
  status choose_scale(T& factor) const noexcept {
    T largest(0);
    for (std::size_t i = 0; i < a.rows; ++i)
      if (!find_largest<Arch, T>(a.row(i), largest)) return errc::not_finite;
    factor = power_of_two_for(largest, tall());
    return errc::ok;
  }

  /// The tall form times `factor`; `to` is tall x wide.
  void load(T const& factor, matrix_view<T> to) const noexcept { load_as(factor, to, flipped()); }
  /// Its transpose; `to` is wide x tall.
  void load_transposed(T const& factor, matrix_view<T> to) const noexcept { load_as(factor, to, !flipped()); }

  /// Vectors in the rows of `tall_rows` and `wide_rows`, taken in `order` (empty: as they stand).
  void store(matrix_view<T const> tall_rows, matrix_view<T const> wide_rows,
             std::span<std::size_t const> order = {}) const noexcept {
    auto const& left = flipped() ? wide_rows : tall_rows;
    auto const& right = flipped() ? tall_rows : wide_rows;
    auto const place = [&](std::size_t k) { return order.empty() ? k : order[k]; };
    constexpr std::size_t tile = 16;
    for (std::size_t i0 = 0; i0 < u.rows; i0 += tile)
      for (std::size_t k0 = 0; k0 < u.cols; k0 += tile)
        for (std::size_t k = k0; k < u.cols && k < k0 + tile; ++k)
          for (std::size_t i = i0; i < u.rows && i < i0 + tile; ++i) u(i, k) = left(place(k), i);
    for (std::size_t k = 0; k < vt.rows; ++k)
      for (std::size_t i = 0; i < vt.cols; ++i) vt(k, i) = right(place(k), i);
  }

 private:
  void load_as(T const& factor, matrix_view<T> to, bool turned) const noexcept {
    constexpr std::size_t tile = 16;
    for (std::size_t i0 = 0; i0 < a.rows; i0 += tile)
      for (std::size_t k0 = 0; k0 < a.cols; k0 += tile)
        for (std::size_t i = i0; i < a.rows && i < i0 + tile; ++i)
          for (std::size_t k = k0; k < a.cols && k < k0 + tile; ++k) (turned ? to(k, i) : to(i, k)) = a(i, k) * factor;
  }
};

/// order: 0 ... n - 1 by falling value; equal values keep their order. A heap: n log n.
template <real T>
void falling_order(std::span<T const> value, std::span<std::size_t> order) noexcept {
  auto const later = [&](std::size_t a, std::size_t b) { return value[a] < value[b] || (value[a] == value[b] && a > b); };
  auto const n = order.size();
  auto const sink = [&](std::size_t root, std::size_t end) {
    for (std::size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
      if (child + 1 < end && later(order[child + 1], order[child])) ++child;
      if (!later(order[child], order[root])) return;
      auto const moved = order[root];
      order[root] = order[child];
      order[child] = moved;
      root = child;
    }
  };
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  for (std::size_t i = n / 2; i-- > 0;) sink(i, n);
  for (std::size_t end = n; end-- > 1;) {
    auto const last = order[0];
    order[0] = order[end];
    order[end] = last;
    sink(0, end);
  }
}

}  // namespace skive::detail
