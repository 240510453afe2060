// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/dense.hpp - an orthogonal matrix that somebody has: learned, random, principal axes, a solution of Procrustes.
///
///   forward: y_i = fl(sum_j Q(i, j) x_j),   inverse: y_j = fl(sum_i Q(i, j) x_i);   sums of exact products in double
///
/// dense_rotation has a matrix of floats, basic_dense_rotation<double> one of doubles, whose products round.
///
/// Model of : orthogonal_transform as far as Q is orthogonal: orthogonality() measures it. Q is a view that the caller keeps.
/// Cost     : n double multiply-adds a number; Q is read once a row. Papers use blocks of 64 to 256, under block_diagonal.
/// Accuracy : ||y - Q x|| <= u ||x|| to first order, for the Q that is stored; rows of doubles n 2^-53 ||x||.
/// Promise  : the same bits for every Arch, under FTZ, DAZ and contraction. A refused row is untouched.
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/transform/direction.hpp"
#include "skive/transform/exact_sums.hpp"
#include "skive/transform/inverse_root.hpp"

#include <limits>

namespace skive {

template <std::floating_point T>
class basic_dense_rotation : public detail::both_ways<basic_dense_rotation<T>> {
 public:
  static constexpr bool is_orthogonal = true;

  /// A square matrix of entries that are zero or normal and at most 1.001 in size. Fails with size_mismatch or invalid_argument.
  static constexpr result<basic_dense_rotation> make(matrix_view<T const> q) noexcept {
    if (!q.valid() || q.rows != q.cols) return errc::size_mismatch;
    for (std::size_t r = 0; r < q.rows; ++r)
      for (auto const v : q.row(r)) {
        auto const m = detail::real_magnitude(v);
        bool const zero = detail::is_zero_pattern(m);
        if (m > detail::real_magnitude(T(1.001f)) || (!zero && m < detail::real_magnitude(std::numeric_limits<T>::min())))
          return errc::invalid_argument;
      }
    basic_dense_rotation t;
    t.q_ = q;
    return t;
  }

  constexpr basic_dense_rotation() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return q_.rows; }
  constexpr matrix_view<T const> matrix() const noexcept { return q_; }
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const row = workspace::bytes<double>(q_.rows);
    return q_.rows == 0 ? 0 : std::is_same_v<T, float> ? row : saturating_multiply(row, 2);
  }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, q_);
  }
  constexpr int growth() const noexcept { return static_cast<int>(std::bit_width(q_.rows)) + 1; }

  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace w) const noexcept
    requires std::same_as<T, float>
  {
    auto const n = q_.rows;
    auto const sum = w.take<double>(n);
    if constexpr (D == direction::forward) {
      for (std::size_t i = 0; i < n; ++i) sum[i] = detail::exact_dot<Arch>(q_.row(i).data(), x, n);
    } else {
      for (std::size_t j = 0; j < n; ++j) sum[j] = 0;
      for (std::size_t i = 0; i < n; ++i) {
        auto const* const row = q_.row(i).data();
        auto const factor = static_cast<double>(x[i]);
        for (std::size_t j = 0; j < n; ++j) sum[j] += factor * static_cast<double>(row[j]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) x[i] = detail::rounded_sum(sum[i]);
  }
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace w) const noexcept
    requires std::same_as<T, double>
  {
    auto const row = w.take<double>(q_.rows);
    for (std::size_t i = 0; i < q_.rows; ++i) row[i] = static_cast<double>(x[i]);
    apply<Arch, D>(row.data(), w);
    for (std::size_t i = 0; i < q_.rows; ++i) x[i] = detail::rounded_sum(row[i]);
  }
  template <class Arch, direction D>
  constexpr void apply(double* x, workspace w) const noexcept {
    using real = detail::exact_order<Arch>;
    auto const n = q_.rows;
    auto const sum = w.take<double>(n);
    for (std::size_t i = 0; i < n; ++i) sum[i] = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        auto const to = D == direction::forward ? i : j;
        auto const from = D == direction::forward ? j : i;
        sum[to] = (real{sum[to]} + real{static_cast<double>(q_(i, j))} * real{x[from]}).value;
      }
    for (std::size_t i = 0; i < n; ++i) x[i] = sum[i];
  }

 private:
  matrix_view<T const> q_;
};

using dense_rotation = basic_dense_rotation<float>;
static_assert(orthogonal_transform<dense_rotation> && orthogonal_transform<basic_dense_rotation<double>>);

/// The largest |(Q Q^T - I)(i, j)|. Fails with size_mismatch. n^3 / 2 multiply-adds.
constexpr result<double> orthogonality(matrix_view<float const> q) noexcept {
  if (!q.valid() || q.rows > q.cols) return errc::size_mismatch;
  double largest = 0;
  for (std::size_t i = 0; i < q.rows; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      auto const product = detail::exact_dot<scalar_arch>(q.row(i).data(), q.row(j).data(), q.cols) - (i == j ? 1.0 : 0.0);
      auto const size = product < 0 ? -product : product;
      largest = size > largest ? size : largest;
    }
  return largest;
}

}  // namespace skive
