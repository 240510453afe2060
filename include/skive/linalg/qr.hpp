// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/qr.hpp - Householder QR: A = Q R, in blocks.
///
///   qr(a, tau)                  R in the upper triangle of a, reflectors below it, min(m, n) of them
///   apply_q(a, tau, c, side)    C = Q C or Q^T C            form_q(a, tau, q): the first q.cols columns of Q
///
/// Model of : -
/// Cost     : 2 n^2 (m - n / 3) operations, mostly products.
/// Accuracy : |A - Q R| <= c m n u |A| by columns in the 2-norm, c a small constant; Q as orthogonal as c m n u.
/// Promise  : sizes and finite numbers are checked before the first write; an overflow in between gives not_finite, and a is lost.
///            The same bits for one instruction set and compiler, however the columns that Q is applied to are split. No
///            allocation. Any shape, zero and rank-deficient matrices included.
/// Source   : R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder transformations", SIAM
///            J. Sci. Stat. Comput. 10(1), 1989.

#include "skive/core/checked.hpp"
#include "skive/core/status.hpp"
#include "skive/linalg/householder.hpp"

namespace skive {

enum class q_side : bool { plain, transposed };

namespace detail {

inline constexpr std::size_t qr_block = 32;

/// Distance of reflectors in memory: never a power of two, in which they would meet in the same cache sets.
constexpr std::size_t padded(std::size_t rows) noexcept { return (rows + 15) / 16 * 16 + 16; }

// For blocks of k reflectors of `rows` numbers, applied to `cols` columns.
template <class T, class Arch>
constexpr std::size_t block_scratch_bytes(std::size_t k, std::size_t rows, std::size_t cols) noexcept {
  auto const down = product_scratch_bytes<T, Arch>(k, cols, rows);
  auto const up = product_scratch_bytes<T, Arch>(rows, cols, k);
  auto const gram = product_scratch_bytes<T, Arch>(k, k, rows);
  auto const most = down > up ? (down > gram ? down : gram) : up > gram ? up : gram;
  return workspace::bytes<T>(k * padded(rows)) + 2 * workspace::bytes<T>(k * k) + workspace::bytes<T>(2 * k * cols) + most;
}

template <class T>
[[gnu::always_inline]] inline block_memory<T> take_block_memory(workspace& scratch, std::size_t k, std::size_t rows,
                                                                std::size_t cols) noexcept {
  auto const vt = take_reals<T>(scratch, k * padded(rows));
  auto const t = take_reals<T>(scratch, k * k);
  auto const gram = take_reals<T>(scratch, k * k);
  return {{vt.data(), k, rows, padded(rows)}, {t.data(), k, k}, {gram.data(), k, k}, take_reals<T>(scratch, 2 * k * cols)};
}

/// The reflectors of a block: ones on the diagonal and zeros before it.
template <class T>
[[gnu::always_inline]] inline void complete_reflectors(matrix_view<T> vt) noexcept {
  for (std::size_t j = 0; j < vt.rows; ++j) {
    for (std::size_t i = 0; i < j; ++i) vt(j, i) = T(0);
    vt(j, j) = T(1);
  }
}

template <class T>
[[gnu::always_inline]] inline status check_reflectors(matrix_view<T const> a, std::size_t reflectors) noexcept {
  if (reflectors != smaller(a.rows, a.cols)) return errc::size_mismatch;
  return a.valid() ? errc::ok : errc::invalid_argument;
}

// The columns of the panel as rows of `vt`: reflected one after another. False if a number leaves the range.
template <class Arch, class T>
bool factor_panel(matrix_view<T> vt, std::span<T> tau) noexcept {
  for (std::size_t j = 0; j < tau.size(); ++j) {
    tau[j] = make_reflector<Arch>(&vt(j, j), vt.cols - j);
    if (!finite(vt(j, j)) || !finite(tau[j])) return false;
    for (std::size_t i = j + 1; i < vt.rows; ++i) reflect<Arch>(&vt(j, j), tau[j], &vt(i, j), vt.cols - j);
  }
  return true;
}

}  // namespace detail

template <real T, class Arch = native_arch>
constexpr std::size_t qr_scratch_bytes(std::size_t rows, std::size_t cols) noexcept {
  return detail::block_scratch_bytes<T, Arch>(detail::smaller(detail::qr_block, detail::smaller(rows, cols)), rows, cols);
}

/// Fails with size_mismatch (tau needs min(m, n) numbers), invalid_argument, workspace_too_small or not_finite; a is then
/// untouched unless an overflow was the reason.
template <class Arch = native_arch, real T>
status qr(matrix_view<T> a, std::span<std::type_identity_t<T>> tau, workspace scratch) noexcept {
  if (auto const s = detail::check_reflectors<T>(a, tau.size()); !s) return s;
  if (scratch.size() < qr_scratch_bytes<T, Arch>(a.rows, a.cols)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, T>(a)) return errc::not_finite;
  auto const memory = detail::take_block_memory<T>(scratch, detail::smaller(detail::qr_block, tau.size()), a.rows, a.cols);
  for (std::size_t j = 0; j < tau.size(); j += detail::qr_block) {
    auto const k = detail::smaller(detail::qr_block, tau.size() - j);
    auto const rows = a.rows - j;
    auto const panel = submatrix(a, j, j, rows, k);
    matrix_view<T> const vt{memory.vt.data, k, rows, memory.vt.row_stride};
    detail::copy_transposed<Arch, T>(panel, vt);
    if (!detail::factor_panel<Arch>(vt, tau.subspan(j, k))) return errc::not_finite;
    detail::copy_transposed<Arch, T>(matrix_view<T const>{vt}, panel);
    auto const right = a.cols - j - k;
    if (right == 0) continue;
    detail::complete_reflectors(vt);
    matrix_view<T> const t{memory.t.data, k, k};
    detail::make_block_factor<Arch, T>(vt, tau.subspan(j, k), t, {memory.gram.data, k, k}, scratch);
    detail::reflect_block<Arch, T>(vt, transposed(t), submatrix(a, j, j + k, rows, right), memory.w, scratch);
  }
  return errc::ok;
}

/// Scratch of apply_q() and form_q() for C or Q of `cols` columns, A being m x n.
template <real T, class Arch = native_arch>
constexpr std::size_t apply_q_scratch_bytes(std::size_t rows, std::size_t a_cols, std::size_t cols) noexcept {
  return detail::block_scratch_bytes<T, Arch>(detail::smaller(detail::qr_block, detail::smaller(rows, a_cols)), rows, cols);
}

namespace detail {

// Columns of C that begin at `first_col` for the block at row j: the others do not change.
template <class Arch, class T>
void apply_reflectors(matrix_view<T const> a, std::span<T const> tau, matrix_view<T> c, q_side side, bool from_identity,
                      workspace scratch) noexcept {
  auto const memory = take_block_memory<T>(scratch, smaller(qr_block, tau.size()), a.rows, c.cols);
  auto const blocks = (tau.size() + qr_block - 1) / qr_block;
  for (std::size_t step = 0; step < blocks; ++step) {
    auto const j = qr_block * (side == q_side::transposed ? step : blocks - 1 - step);
    auto const k = smaller(qr_block, tau.size() - j);
    auto const first_col = from_identity ? smaller(j, c.cols) : 0;
    matrix_view<T> const vt{memory.vt.data, k, a.rows - j, memory.vt.row_stride};
    copy_transposed<Arch, T>(submatrix(a, j, j, a.rows - j, k), vt);
    complete_reflectors(vt);
    matrix_view<T> const t{memory.t.data, k, k};
    make_block_factor<Arch, T>(vt, tau.subspan(j, k), t, {memory.gram.data, k, k}, scratch);
    operand<T> const factor = side == q_side::transposed ? transposed(t) : operand<T>{t};
    reflect_block<Arch, T>(vt, factor, submatrix(c, j, first_col, a.rows - j, c.cols - first_col), memory.w, scratch);
  }
}

}  // namespace detail

/// a and tau: what qr() or pivoted_qr() left. Fails with size_mismatch, invalid_argument, overlap or workspace_too_small; C is
/// then untouched. Columns of C are independent.
template <class Arch = native_arch, real T>
status apply_q(std::type_identity_t<matrix_view<T const>> a, std::type_identity_t<std::span<T const>> tau, matrix_view<T> c,
               q_side side, workspace scratch) noexcept {
  if (auto const s = detail::check_reflectors<T>(a, tau.size()); !s) return s;
  if (c.rows != a.rows) return errc::size_mismatch;
  if (!c.valid()) return errc::invalid_argument;
  if (detail::shares_elements<T>(a, c)) return errc::overlap;
  if (scratch.size() < apply_q_scratch_bytes<T, Arch>(a.rows, a.cols, c.cols)) return errc::workspace_too_small;
  detail::apply_reflectors<Arch, T>(a, tau, c, side, false, scratch);
  return errc::ok;
}

/// q.cols <= q.rows = a.rows; as apply_q() otherwise.
template <class Arch = native_arch, real T>
status form_q(std::type_identity_t<matrix_view<T const>> a, std::type_identity_t<std::span<T const>> tau, matrix_view<T> q,
              workspace scratch) noexcept {
  if (auto const s = detail::check_reflectors<T>(a, tau.size()); !s) return s;
  if (q.rows != a.rows || q.cols > q.rows) return errc::size_mismatch;
  if (!q.valid()) return errc::invalid_argument;
  if (detail::shares_elements<T>(a, q)) return errc::overlap;
  if (scratch.size() < apply_q_scratch_bytes<T, Arch>(a.rows, a.cols, q.cols)) return errc::workspace_too_small;
  for (std::size_t i = 0; i < q.rows; ++i)
    for (std::size_t j = 0; j < q.cols; ++j) q(i, j) = T(i == j ? 1 : 0);
  detail::apply_reflectors<Arch, T>(a, tau, q, q_side::plain, true, scratch);
  return errc::ok;
}

}  // namespace skive
