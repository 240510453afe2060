// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/interpolative.hpp - a matrix from some of its own columns and rows.
///
///   interpolative   W ~ W(:, J) T,          T(:, J) = 1
///   cur             W ~ W(:, J) U W(I, :),  U = T W(I, :)^+
///   pivot_factors   L R with L's rows I as they are: L = C L(I, :),  L R = C (L R)(I, :),  C(I, :) = 1            (PIFA)
///
/// J by column-pivoted QR of W, I by that of W(:, J)^T. PIFA keeps k rows of the product and C's other rows: k (m + n - k) numbers
/// instead of the k (m + n) of L and R, for the same product.
///
/// Model of : -
/// Cost     : 4 m n min(m, n) operations for the pivots of W; 4 m k^2 for those of thin factors.
/// Accuracy : |W - W(:, J) T| <= sqrt(1 + k (n - k)) 2^(k - 1) sigma_k+1 at worst; in practice within a few times sigma_k+1.
/// Promise  : W of rank below k: what is left behind the rank gets coefficients of zero, never NaN. not_finite for NaN or infinity;
///            all checks before the first write.
/// Source   : H. Cheng et al., "On the compression of low rank matrices", SIAM J. Sci. Comput. 26, 2005; M. Mahoney, P. Drineas,
///            "CUR matrix decompositions", PNAS 106, 2009; PIFA: J. Zhao et al., arXiv:2501.19090.

#include "skive/linalg/pivoted_qr.hpp"
#include "skive/linalg/qr.hpp"
#include "skive/linalg/triangular.hpp"

namespace skive {

namespace detail {

/// The first columns whose pivots are above rounding, `most` at most.
[[gnu::always_inline]] inline std::size_t pivots_above_rounding(matrix_view<float const> r, std::size_t most) noexcept {
  auto const longest = r.rows < r.cols ? r.cols : r.rows;
  std::size_t rank = 0;
  float const least =
      r.rows == 0 || r.cols == 0 ? 0.0f : absolute(r(0, 0)) * static_cast<float>(longest) * std::numeric_limits<float>::epsilon();
  while (rank < most && rank < r.rows && rank < r.cols && absolute(r(rank, rank)) > least) ++rank;
  return rank;
}

// R's leading square and what stands to the right of it: R_1^-1 R_2 in place. Triangles are small: k x k.
[[gnu::always_inline]] inline void solve_pivots(matrix_view<float> r, std::size_t rank) noexcept {
  for (std::size_t i = rank; i-- > 0;) {
    for (std::size_t l = i + 1; l < rank; ++l)
      for (std::size_t j = rank; j < r.cols; ++j) r(i, j) -= r(i, l) * r(l, j);
    for (std::size_t j = rank; j < r.cols; ++j) r(i, j) /= r(i, i);
  }
}

// x r^T = b of the upper triangle r; zeros behind the rank.
[[gnu::always_inline]] inline void solve_right_pivots(matrix_view<float const> b, matrix_view<float const> r, std::size_t rank,
                                                      matrix_view<float> x) noexcept {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = x.cols; j-- > 0;) {
      float sum = b(i, j);
      for (std::size_t l = j + 1; l < rank; ++l) sum -= x(i, l) * r(j, l);
      x(i, j) = j < rank && i < rank ? sum / r(j, j) : 0.0f;
    }
}

}  // namespace detail

template <class Arch = native_arch>
std::size_t interpolative_scratch_bytes(std::size_t m, std::size_t n) noexcept {
  return workspace::bytes<float>(m * n) + workspace::bytes<float>(m < n ? m : n) + workspace::bytes<std::size_t>(n) +
      pivoted_qr_scratch_bytes<float, Arch>(m, n);
}

/// columns: J, k of them; t: k x n. Returns the rank that was found, k at most: columns and rows of t behind it are of no account
/// (the rows are zero). Fails with size_mismatch, invalid_argument, overlap, workspace_too_small or not_finite.
template <class Arch = native_arch>
result<std::size_t> interpolative(matrix_view<float const> w, std::span<std::size_t> columns, matrix_view<float> t,
                                  workspace scratch) noexcept {
  auto const k = columns.size();
  if (!w.valid() || !t.valid()) return errc::invalid_argument;
  if (k > w.rows || k > w.cols || t.rows != k || t.cols != w.cols) return errc::size_mismatch;
  if (detail::shares_elements<float>(w, t)) return errc::overlap;
  if (scratch.size() < interpolative_scratch_bytes<Arch>(w.rows, w.cols)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, float>(w)) return errc::not_finite;
  matrix_view<float> const r{take_reals<float>(scratch, w.rows * w.cols).data(), w.rows, w.cols};
  auto const tau = take_reals<float>(scratch, w.rows < w.cols ? w.rows : w.cols);
  auto const order = scratch.take<std::size_t>(w.cols);
  for (std::size_t i = 0; i < w.rows; ++i)
    for (std::size_t j = 0; j < w.cols; ++j) r(i, j) = w(i, j);
  if (auto const s = pivoted_qr<Arch, float>(r, tau, order, scratch); !s) return s.error();
  auto const rank = detail::pivots_above_rounding(r, k);
  detail::solve_pivots(r, rank);
  for (std::size_t i = 0; i < k; ++i) {
    columns[i] = order[i];
    for (std::size_t j = 0; j < w.cols; ++j) {
      float const inside = i == j ? 1.0f : 0.0f;
      t(i, order[j]) = i >= rank ? 0.0f : j < rank ? inside : r(i, j);
    }
  }
  return rank;
}

template <class Arch = native_arch>
std::size_t cur_scratch_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept {
  auto const larger = [](std::size_t a, std::size_t b) { return a < b ? b : a; };
  auto const inner = larger(larger(interpolative_scratch_bytes<Arch>(m, n), interpolative_scratch_bytes<Arch>(k, m)),
                            larger(larger(qr_scratch_bytes<float, Arch>(n, k), apply_q_scratch_bytes<float, Arch>(n, k, k)),
                                   product_scratch_bytes<float, Arch>(k, n, n)));
  return 3 * workspace::bytes<float>(k * n) + 2 * workspace::bytes<float>(k * m) + workspace::bytes<float>(k * k) +
      workspace::bytes<float>(k) + inner;
}

/// columns: J, rows: I, k of each; middle: U, k x k. Returns the rank that was found, k at most: rows and columns of U behind it are
/// zero. Fails like interpolative().
template <class Arch = native_arch>
result<std::size_t> cur(matrix_view<float const> w, std::span<std::size_t> rows, std::span<std::size_t> columns,
                        matrix_view<float> middle, workspace scratch) noexcept {
  auto const k = columns.size();
  if (!w.valid() || !middle.valid()) return errc::invalid_argument;
  if (rows.size() != k || k > w.rows || k > w.cols || middle.rows != k || middle.cols != k) return errc::size_mismatch;
  if (detail::shares_elements<float>(w, middle)) return errc::overlap;
  if (scratch.size() < cur_scratch_bytes<Arch>(w.rows, w.cols, k)) return errc::workspace_too_small;
  auto const take = [&scratch](std::size_t m, std::size_t n) {
    return matrix_view<float>{take_reals<float>(scratch, m * n).data(), m, n};
  };
  auto const t = take(k, w.cols);
  auto const some = take(k, w.rows);
  auto const unused = take(k, w.rows);
  auto const own = take(w.cols, k);
  auto const basis = take(w.cols, k);
  auto const along = take(k, k);
  auto const tau = take_reals<float>(scratch, k);
  auto const found = interpolative<Arch>(w, columns, t, scratch);
  if (!found) return found;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t l = 0; l < w.rows; ++l) some(i, l) = w(l, columns[i]);
  auto const independent = interpolative<Arch>(some, rows, unused, scratch);
  if (!independent) return independent;
  auto const rank = *found < *independent ? *found : *independent;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < w.cols; ++j) own(j, i) = i < rank ? w(rows[i], j) : 0.0f;
  if (auto const s = qr<Arch, float>(own, tau, scratch); !s) return s.error();  // W(I, :)^T = Q R, so U = T Q R^-T
  if (auto const s = form_q<Arch, float>(own, tau, basis, scratch); !s) return s.error();
  if (auto const s = product<Arch, float>(matrix_view<float const>{t}, matrix_view<float const>{basis}, along, scratch); !s)
    return s.error();
  detail::solve_right_pivots(along, own, rank, middle);
  return rank;
}

template <class Arch = native_arch>
std::size_t pivot_factors_scratch_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept {
  auto const whole = interpolative_scratch_bytes<Arch>(k, m);
  auto const part = product_scratch_bytes<float, Arch>(k, n, k);
  return 2 * workspace::bytes<float>(k * m) + workspace::bytes<float>(k * k) + (whole < part ? part : whole);
}

/// left: m x k, right: k x n. rows: I, k of them; kept: k x n, rows I of L R; others: (m - k) x k, C's rows that are not in I, in
/// their order. Returns the rank of L that was found; rows of `kept` behind it are of no account (their coefficients are zero).
/// Fails like interpolative().
template <class Arch = native_arch>
result<std::size_t> pivot_factors(matrix_view<float const> left, matrix_view<float const> right, std::span<std::size_t> rows,
                                  matrix_view<float> kept, matrix_view<float> others, workspace scratch) noexcept {
  auto const m = left.rows;
  auto const k = left.cols;
  if (!left.valid() || !right.valid() || !kept.valid() || !others.valid()) return errc::invalid_argument;
  if (k > m || right.rows != k || rows.size() != k || kept.rows != k || kept.cols != right.cols) return errc::size_mismatch;
  if (others.rows != m - k || others.cols != k) return errc::size_mismatch;
  matrix_view<float const> const from[]{left, right};
  for (auto const& in : from)
    if (detail::shares_elements<float>(in, kept) || detail::shares_elements<float>(in, others)) return errc::overlap;
  if (detail::shares_elements<float>(kept, others)) return errc::overlap;
  if (scratch.size() < pivot_factors_scratch_bytes<Arch>(m, right.cols, k)) return errc::workspace_too_small;
  if (!detail::all_finite<Arch, float>(right)) return errc::not_finite;
  matrix_view<float> const turned{take_reals<float>(scratch, k * m).data(), k, m};
  matrix_view<float> const t{take_reals<float>(scratch, k * m).data(), k, m};
  matrix_view<float> const some{take_reals<float>(scratch, k * k).data(), k, k};
  detail::copy_transposed<Arch, float>(left, turned);
  auto const rank = interpolative<Arch>(turned, rows, t, scratch);
  if (!rank) return rank;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t l = 0; l < k; ++l) some(i, l) = left(rows[i], l);
  if (auto const s = product<Arch, float>(matrix_view<float const>{some}, right, kept, scratch); !s) return s.error();
  std::size_t next = 0;
  for (std::size_t i = 0; i < m; ++i) {
    bool pivot = false;
    for (auto const row : rows) pivot = pivot || row == i;
    if (pivot) continue;
    for (std::size_t l = 0; l < k; ++l) others(next, l) = t(l, i);
    ++next;
  }
  return rank;
}

}  // namespace skive
