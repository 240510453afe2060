// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/compact_wy.hpp - a product of Householder reflections as one step: compact WY form.
///
///   H_k ... H_1 = I - V^T L V,   H_i = I - tau_i v_i v_i^T,  tau_i = 2 / ||v_i||^2,  v_i: row i of V;   inverse: I - V^T L^T V
///   L: k x k, lower triangular, row i = (-tau_i (v_i V^T) L, tau_i)
///
/// What householder_product does reflection by reflection; reflect_rows() takes all rows of a matrix by three products.
///
/// Model of : orthogonal_transform, on views that the caller keeps; rows of floats or doubles
/// Cost     : 2 k multiply-adds a number and k^2; reflect_rows the same at the speed of linalg/product.hpp.
/// Accuracy : ||error|| was below 2 u ||x|| for random reflections up to k = 40, of doubles below n k 2^-53, of reflect_rows
///            below (n + 3 k) u ||x||.
/// Promise  : the same bits for every Arch, under FTZ, DAZ and contraction (reflect_rows: for one instruction set). A refused row
///            is untouched.
/// Source   : R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder transformations",
///            SIAM J. Sci. Stat. Comput. 10(1), 1989.

#include "skive/core/separate.hpp"
#include "skive/linalg/product.hpp"
#include "skive/transform/reflections.hpp"

namespace skive {

class compact_wy : public detail::both_ways<compact_wy> {
 public:
  static constexpr bool is_orthogonal = true;

  /// V as householder_product wants it, at most n rows. L is written to `factor`. Fails with size_mismatch or invalid_argument;
  /// also where V and the factor share bytes (overlap).
  static constexpr result<compact_wy> make(matrix_view<float const> v, matrix_view<double> factor) noexcept {
    auto const checked = householder_product::make(v);
    if (!checked) return checked.error();
    auto const k = v.rows;
    if (!factor.valid() || factor.rows != k || factor.cols != k || k > v.cols) return errc::size_mismatch;
    if (k != 0 && overlaps(std::span{v.data, (k - 1) * v.row_stride + v.cols}, factor)) return errc::overlap;
    using real = detail::exact_order<scalar_arch>;
    for (std::size_t i = 0; i < k; ++i) {
      auto const tau = 2 / detail::exact_dot<scalar_arch>(v.row(i).data(), v.row(i).data(), v.cols);
      for (std::size_t j = 0; j < k; ++j) factor(i, j) = 0;
      for (std::size_t l = 0; l < i; ++l) {
        auto const product = -tau * detail::exact_dot<scalar_arch>(v.row(i).data(), v.row(l).data(), v.cols);
        for (std::size_t j = 0; j <= l; ++j) factor(i, j) = (real{factor(i, j)} + real{product} * real{factor(l, j)}).value;
      }
      factor(i, i) = tau;
    }
    compact_wy t;
    t.v_ = v;
    t.factor_ = factor;
    return t;
  }

  constexpr compact_wy() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return v_.cols; }
  constexpr std::size_t count() const noexcept { return v_.rows; }
  constexpr matrix_view<float const> reflectors() const noexcept { return v_; }
  constexpr matrix_view<double const> factor() const noexcept { return factor_; }
  constexpr std::size_t scratch_bytes() const noexcept { return v_.rows == 0 ? 0 : 2 * workspace::bytes<double>(v_.rows); }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, v_) || overlaps(x, factor_);
  }
  constexpr int growth() const noexcept { return static_cast<int>(std::bit_width(v_.cols)) + 2; }

  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace w) const noexcept {
    auto const n = v_.cols;
    auto const dots = w.take<double>(v_.rows);
    for (std::size_t i = 0; i < v_.rows; ++i) dots[i] = detail::exact_dot<Arch>(v_.row(i).data(), x, n);
    auto const weights = times_factor<Arch, D>(dots, w);
    for (double& f : weights) f = detail::to_29_bits(f);  // products with floats are exact
    constexpr std::size_t width = 64;
    for (std::size_t c = 0; c < n; c += width) {
      auto const count = n - c < width ? n - c : width;
      double sum[width]{};
      for (std::size_t i = 0; i < v_.rows; ++i) {
        auto const* const row = v_.row(i).data() + c;
        for (std::size_t l = 0; l < count; ++l) sum[l] += weights[i] * static_cast<double>(row[l]);
      }
      for (std::size_t l = 0; l < count; ++l) x[c + l] = detail::rounded_sum(static_cast<double>(x[c + l]) - sum[l]);
    }
  }
  template <class Arch, direction D>
  constexpr void apply(double* x, workspace w) const noexcept {
    auto const dots = w.take<double>(v_.rows);
    for (std::size_t i = 0; i < v_.rows; ++i) dots[i] = detail::ordered_dot<Arch>(v_.row(i).data(), x, v_.cols);
    auto const weights = times_factor<Arch, D>(dots, w);
    for (std::size_t i = 0; i < v_.rows; ++i)
      for (std::size_t c = 0; c < v_.cols; ++c) x[c] -= detail::separate(weights[i] * static_cast<double>(v_(i, c)));
  }

 private:
  // L dots, or L^T dots for the way back.
  template <class Arch, direction D>
  constexpr std::span<double> times_factor(std::span<double const> dots, workspace& w) const noexcept {
    using real = detail::exact_order<Arch>;
    auto const to = w.take<double>(v_.rows);
    for (std::size_t i = 0; i < v_.rows; ++i) {
      real sum{0.0};
      auto const first = D == direction::forward ? 0 : i;
      auto const last = D == direction::forward ? i + 1 : v_.rows;
      for (std::size_t j = first; j < last; ++j)
        sum = sum + real{D == direction::forward ? factor_(i, j) : factor_(j, i)} * real{dots[j]};
      to[i] = sum.value;
    }
    return to;
  }

  matrix_view<float const> v_;
  matrix_view<double const> factor_;
};

static_assert(orthogonal_transform<compact_wy>);

template <class Arch = native_arch>
constexpr std::size_t reflect_rows_bytes(std::size_t rows, std::size_t n, std::size_t k) noexcept {
  auto const down = product_scratch_bytes<float, Arch>(rows, k, n);
  auto const across = product_scratch_bytes<float, Arch>(rows, k, k);
  auto const up = product_scratch_bytes<float, Arch>(rows, n, k);
  auto const most = down > across ? (down > up ? down : up) : across > up ? across : up;
  auto const middle = workspace::bytes<float>(saturating_multiply(rows, k));
  return saturating_add(saturating_add(saturating_multiply(middle, 2), workspace::bytes<float>(saturating_multiply(k, k))), most);
}

/// Every row of x by the transform or its inverse: X <- X - ((X V^T) L^T) V. Fails with invalid_argument, size_mismatch, overlap,
/// workspace_too_small below reflect_rows_bytes(), or not_finite (also for |x| of 2^60 and more); x is untouched then.
template <direction D = direction::forward, class Arch = native_arch>
status reflect_rows(compact_wy const& t, matrix_view<float> x, workspace w) noexcept {
  auto const k = t.count();
  auto const v = t.reflectors();
  if (!x.valid()) return errc::invalid_argument;
  if (x.cols != t.size()) return errc::size_mismatch;
  if (detail::shares_elements<float>(v, x)) return errc::overlap;
  if (w.size() < reflect_rows_bytes<Arch>(x.rows, x.cols, k)) return errc::workspace_too_small;
  for (std::size_t r = 0; r < x.rows; ++r)
    if (detail::magnitude_range_of<Arch>(x.row(r)).largest >= magnitude_bits(0x1p60f)) return errc::not_finite;
  matrix_view<float> const factor{w.take<float>(k * k).data(), k, k};
  matrix_view<float> const dots{w.take<float>(x.rows * k).data(), x.rows, k};
  matrix_view<float> const weights{w.take<float>(x.rows * k).data(), x.rows, k};
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) factor(i, j) = static_cast<float>(t.factor()(i, j));
  static_cast<void>(product<Arch, float>(x, transposed(v), dots, w));
  operand<float> const middle = D == direction::forward ? transposed(factor) : operand<float>{factor};
  static_cast<void>(product<Arch, float>(dots, middle, weights, w));
  static_cast<void>(product<Arch, float>(weights, v, x, w, -1.0f, 1.0f));
  return errc::ok;
}

}  // namespace skive
