// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/pivoted_qr.hpp - Householder QR with column pivoting: A(:, order) = Q R, |r_00| >= |r_11| >= ...
///
/// Works on A^T in the workspace, so that columns lie along memory; the longest column that is left goes next. Norms are taken
/// down from step to step, and computed anew where that has lost half of the digits.
///
/// Model of : -
/// Cost     : 4 m n k - 2 k^2 (m + n) + 4 k^3 / 3 operations, k = min(m, n), every step reading and writing once what is left.
/// Accuracy : that of qr(); the diagonal of R falls, up to rounding of the norms.
/// Promise  : as linalg/qr.hpp, whose apply_q() and form_q() read the result. Equal norms: the lower index.
/// Source   : P. Businger, G. Golub, "Linear least squares solutions by Householder transformations", Numer. Math. 7, 1965; when
/// to
///            compute norms anew: Z. Drmac, Z. Bujanovic, "On the failure of rank-revealing QR factorization software", ACM TOMS
///            35(2), 2008.

#include "skive/linalg/qr.hpp"

namespace skive {

template <real T, class Arch = native_arch>
constexpr std::size_t pivoted_qr_scratch_bytes(std::size_t rows, std::size_t cols) noexcept {
  return workspace::bytes<T>(detail::padded(rows) * cols) + 2 * workspace::bytes<T>(cols);
}

namespace detail {

/// Norms of what is left of each column: as they are now, and as they were when last computed from the numbers.
template <class T>
struct column_norms {
  std::span<T> now;
  std::span<T> computed;

  std::size_t largest(std::size_t from) const noexcept {
    auto best = from;
    for (std::size_t i = from + 1; i < now.size(); ++i)
      if (now[best] < now[i]) best = i;
    return best;
  }
  void move(std::size_t from, std::size_t to) noexcept {
    now[to] = now[from];
    computed[to] = computed[from];
  }
  /// Column i has lost its number x; `rest`: what is left of it.
  template <class Arch>
  void shorten(std::size_t i, T const& x, T const* rest, std::size_t n) noexcept {
    if (now[i] == T(0)) return;
    T const ratio = absolute(x) / now[i];
    T const left = (T(1) + ratio) * (T(1) - ratio);
    T const kept = left < T(0) ? T(0) : left;
    T const share = now[i] / computed[i];
    if (kept * share * share <= square_root(std::numeric_limits<T>::epsilon())) {
      now[i] = computed[i] = norm<Arch>(rest, n);
    } else {
      now[i] *= square_root(kept);
    }
  }
};

}  // namespace detail

/// Fails with size_mismatch (tau: min(m, n), order: n), invalid_argument, workspace_too_small or not_finite; a and order are then
/// untouched unless an overflow was the reason.
template <class Arch = native_arch, real T>
status pivoted_qr(matrix_view<T> a, std::span<std::type_identity_t<T>> tau, std::span<std::size_t> order,
                  workspace scratch) noexcept {
  if (auto const s = detail::check_reflectors<T>(a, tau.size()); !s) return s;
  if (order.size() != a.cols) return errc::size_mismatch;
  if (scratch.size() < pivoted_qr_scratch_bytes<T, Arch>(a.rows, a.cols)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
  matrix_view<T> const at{take_reals<T>(scratch, detail::padded(a.rows) * a.cols).data(), a.cols, a.rows, detail::padded(a.rows)};
  detail::column_norms<T> norms{take_reals<T>(scratch, a.cols), take_reals<T>(scratch, a.cols)};
  if (tau.empty()) {
    for (std::size_t i = 0; i < a.cols; ++i) order[i] = i;
    return errc::ok;
  }
  detail::copy_transposed<Arch, T>(matrix_view<T const>{a}, at);
  for (std::size_t i = 0; i < a.cols; ++i) {
    order[i] = i;
    norms.now[i] = norms.computed[i] = detail::norm<Arch>(at.row(i).data(), at.cols);
  }
  for (std::size_t j = 0; j < tau.size(); ++j) {
    if (auto const best = norms.largest(j); best != j) {
      detail::exchange<Arch>(at.row(j).data(), at.row(best).data(), at.cols);
      norms.move(j, best);
      auto const index = order[j];
      order[j] = order[best];
      order[best] = index;
    }
    tau[j] = detail::make_reflector<Arch>(&at(j, j), at.cols - j);
    if (!detail::finite(at(j, j)) || !detail::finite(tau[j])) return errc::not_finite;
    for (std::size_t i = j + 1; i < at.rows; ++i) {
      detail::reflect<Arch>(&at(j, j), tau[j], &at(i, j), at.cols - j);
      norms.template shorten<Arch>(i, at(i, j), &at(i, j) + 1, at.cols - j - 1);
    }
  }
  detail::copy_transposed<Arch, T>(matrix_view<T const>{at}, a);
  return errc::ok;
}

}  // namespace skive
