// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/randomized_svd.hpp - leading singular values and vectors by a random sketch of the range.
///
///   Y = A omega, omega n x l;   Q = orth(Y);   q times: Z = orth(A^T Q), Q = orth(A Z);   A = Q B, B = Q^T A;   SVD of B
///
///   randomized_svd            k = sigma.size() triplets, l = k + oversampling
///   randomized_svd_adaptive   blocks of columns until |A - Q B| <= relative_error |A| in the Frobenius norm: returns the rank
///
/// For k <= n / 8 or so: of a flat spectrum, which whitened weights have, a larger share is lost that svd_fast keeps.
///
/// Model of : -
/// Cost     : 2 q + 2 products of 2 m n l operations, each a pass over A, and (m + n) l^2 work between them.
/// Accuracy : E |A - Q B|_F <= sqrt(1 + k / (p - 1)) (sum of sigma_j^2 over j > k)^(1/2) for gaussian sketches and q = 0.
/// Promise  : the same bits for one seed and instruction set; not_finite for NaN or infinity; A of any rank.
/// Source   : N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011; blocks: W. Yu,
///            Y. Gu, Y. Li, "Efficient randomized algorithms for the fixed-precision low-rank matrix approximation", SIMAX 39,
///            2018.

#include "skive/linalg/range_finder.hpp"
#include "skive/linalg/sketch.hpp"

namespace skive {

struct randomized_svd_options {
  std::size_t oversampling = 8;
  std::size_t power_iterations = 1;
  sketch kind = sketch::gaussian;
  std::uint64_t seed = 0;
};

namespace detail {

// Checks what both forms share; `factor`: the power of two that A is taken times.
template <real T>
status check_randomized(matrix_view<T const> a, matrix_view<T> u, std::span<T> sigma, matrix_view<T> vt) noexcept {
  auto const k = sigma.size();
  if (!a.valid() || !u.valid() || !vt.valid()) return errc::invalid_argument;
  if (k > a.rows || k > a.cols || u.cols > k || vt.rows > k) return errc::size_mismatch;
  if ((u.cols != 0 && u.rows != a.rows) || (vt.rows != 0 && vt.cols != a.cols)) return errc::size_mismatch;
  matrix_view<T const> const values{sigma.data(), 1, k};
  if (shares_elements<T>(a, u) || shares_elements<T>(a, vt) || shares_elements<T>(a, values)) return errc::overlap;
  if (shares_elements<T>(u, vt) || shares_elements<T>(u, values) || shares_elements<T>(vt, values)) return errc::overlap;
  return errc::ok;
}

template <class Arch, real T>
status randomized_scale(matrix_view<T const> a, T& factor) noexcept {
  auto const longest = a.rows < a.cols ? a.cols : a.rows;
  T largest(0);
  for (std::size_t i = 0; i < a.rows; ++i)
    if (!find_largest<Arch, T>(a.row(i), largest)) return errc::not_finite;
  factor = power_of_two_for(largest, longest * longest);
  return errc::ok;
}

/// Whether y = A omega says that A is finite, since what is not would spread over its row of y, and most likely of moderate size.
template <class Arch, real T>
bool is_moderate(matrix_view<T const> y) noexcept {
  T largest(0);
  for (std::size_t i = 0; i < y.rows; ++i)
    if (!find_largest<Arch, T>(y.row(i), largest)) return false;
  return largest < T(65536) && T(1) < largest * T(65536);
}

/// Of floats in double.
template <class Arch, real T>
auto sum_of_squares(matrix_view<T const> a) noexcept {
  if constexpr (std::same_as<T, float>) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rows; ++i) sum += wide_dot<Arch>(&a(i, 0), &a(i, 0), a.cols);
    return sum;
  } else {
    T sum(0);
    for (std::size_t i = 0; i < a.rows; ++i) sum += dot<Arch>(&a(i, 0), &a(i, 0), a.cols);
    return sum;
  }
}

constexpr std::size_t sketch_columns(std::size_t m, std::size_t n, std::size_t wanted) noexcept {
  auto const most = m < n ? m : n;
  return wanted < most ? wanted : most;
}

}  // namespace detail

/// Scratch of randomized_svd for k triplets of an m x n matrix.
template <real T, class Arch = native_arch>
std::size_t randomized_svd_scratch_bytes(std::size_t m, std::size_t n, std::size_t k,
                                         randomized_svd_options const& options) noexcept {
  auto const l = detail::sketch_columns(m, n, k + options.oversampling);
  return workspace::bytes<T>(m * l) + workspace::bytes<T>(n * l) + workspace::bytes<T>(l * l) +
      detail::range_finder<T, Arch>::scratch_bytes(m, n, l);
}

/// k = sigma.size() leading triplets; u: m x r, vt: r x n, r <= k or empty. Fails with invalid_argument, size_mismatch, overlap,
/// workspace_too_small, not_finite or no_convergence; results are untouched then.
template <class Arch = native_arch, real T>
status randomized_svd(std::type_identity_t<matrix_view<T const>> a, matrix_view<T> u, std::span<T> sigma,
                      std::type_identity_t<matrix_view<T>> vt, randomized_svd_options const& options,
                      workspace scratch) noexcept {
  if (auto const s = detail::check_randomized<T>(a, u, sigma, vt); !s) return s;
  if (sigma.empty()) return errc::ok;
  if (scratch.size() < randomized_svd_scratch_bytes<T, Arch>(a.rows, a.cols, sigma.size(), options))
    return errc::workspace_too_small;
  auto const l = detail::sketch_columns(a.rows, a.cols, sigma.size() + options.oversampling);
  matrix_view<T> const y{take_reals<T>(scratch, a.rows * l).data(), a.rows, l};
  matrix_view<T> const z{take_reals<T>(scratch, a.cols * l).data(), a.cols, l};
  matrix_view<T> const r{take_reals<T>(scratch, l * l).data(), l, l};
  auto const attempt = [&](T const& factor, bool known) -> status {
    detail::range_finder<T, Arch> const range{a, factor, scratch};
    fill_sketch(z, options.kind, options.seed);
    range.times(z, y);
    if (!known && !detail::is_moderate<Arch, T>(y)) return errc::not_finite;
    auto found = range.orthonormalize(y, r);
    for (std::size_t i = 0; i < options.power_iterations && found; ++i) {
      range.transposed_times(y, z);
      found = range.orthonormalize(z, r);
      if (!found) break;
      range.times(z, y);
      found = range.orthonormalize(y, r);
    }
    if (!found) return found;
    range.transposed_times(y, z);
    return range.triplets(y, z, u, sigma, vt);
  };
  if (auto const s = attempt(T(1), false); s.error() != errc::not_finite) return s;  // most matrices need no pass for their range
  T factor(1);
  if (auto const s = detail::randomized_scale<Arch, T>(a, factor); !s) return s;
  return attempt(factor, true);
}

/// Columns that randomized_svd_adaptive adds at a time.
inline constexpr std::size_t adaptive_block = 16;

/// Scratch of randomized_svd_adaptive for at most k triplets.
template <real T, class Arch = native_arch>
std::size_t randomized_svd_adaptive_scratch_bytes(std::size_t m, std::size_t n, std::size_t k) noexcept {
  auto const l = detail::sketch_columns(m, n, k);
  return workspace::bytes<T>(m * l) + workspace::bytes<T>(n * l) + workspace::bytes<T>((m + n) * adaptive_block) +
      workspace::bytes<T>(adaptive_block * adaptive_block) + detail::range_finder<T, Arch>::scratch_bytes(m, n, l);
}

/// The rank r <= sigma.size() with which |A - U diag(sigma) V^T| <= relative_error |A|: the first r columns of u, of which it has
/// sigma.size(), numbers of sigma and rows of vt are written, the others are zero. relative_error: at least 32 sqrt(u) (2^-7 for
/// float, below which the sum of squares that is left has no digits). no_convergence if sigma.size() is not enough: the triplets
/// that were found are written. Fails otherwise as randomized_svd does; options.oversampling is not used.
template <class Arch = native_arch, real T>
result<std::size_t> randomized_svd_adaptive(std::type_identity_t<matrix_view<T const>> a, matrix_view<T> u, std::span<T> sigma,
                                            std::type_identity_t<matrix_view<T>> vt,
                                            std::type_identity_t<T> const& relative_error, randomized_svd_options const& options,
                                            workspace scratch) noexcept {
  auto const most = sigma.size();
  if (auto const s = detail::check_randomized<T>(a, u, sigma, vt); !s) return s;
  if ((u.cols != 0 && u.cols != most) || (vt.rows != 0 && vt.rows != most)) return errc::size_mismatch;
  T const rounding = std::numeric_limits<T>::epsilon() / T(2);
  if (!(relative_error * relative_error >= T(1024) * rounding)) return errc::invalid_argument;
  if (most == 0) return errc::no_convergence;
  if (scratch.size() < randomized_svd_adaptive_scratch_bytes<T, Arch>(a.rows, a.cols, most)) return errc::workspace_too_small;
  T factor(1);
  if (auto const s = detail::randomized_scale<Arch, T>(a, factor); !s) return s;
  matrix_view<T> const q{take_reals<T>(scratch, a.rows * most).data(), a.rows, most};
  matrix_view<T> const bt{take_reals<T>(scratch, a.cols * most).data(), a.cols, most};
  auto const block = take_reals<T>(scratch, (a.rows + a.cols) * adaptive_block);
  auto const small = take_reals<T>(scratch, adaptive_block * adaptive_block);
  detail::range_finder<T, Arch> const range{a, factor, scratch};
  using sum = decltype(detail::sum_of_squares<Arch, T>(a));
  sum left = detail::sum_of_squares<Arch, T>(a) * static_cast<sum>(factor) * static_cast<sum>(factor);
  sum const enough = left * static_cast<sum>(relative_error) * static_cast<sum>(relative_error);
  std::size_t cols = 0;
  while (cols < most && enough < left) {
    auto const count = most - cols < adaptive_block ? most - cols : adaptive_block;
    matrix_view<T> const y{block.data(), a.rows, count};
    matrix_view<T> const z{block.data() + a.rows * adaptive_block, a.cols, count};
    matrix_view<T> const r{small.data(), count, count};
    auto const known = submatrix(q, 0, 0, a.rows, cols);
    auto const refine = [&] {
      range.times(z, y);
      for (int twice = 0; twice < 2; ++twice) {  // what is left may be as small as the rounding of what was removed
        range.remove(known, y);
        (void)range.orthonormalize(y, r);
      }
    };
    fill_sketch(z, options.kind, options.seed, cols);
    refine();
    for (std::size_t i = 0; i < options.power_iterations; ++i) {
      range.transposed_times(y, z);
      (void)range.orthonormalize(z, r);
      refine();
    }
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < count; ++j) q(i, cols + j) = y(i, j);
    auto const part = submatrix(bt, 0, cols, a.cols, count);
    range.transposed_times(y, part);
    left -= detail::sum_of_squares<Arch, T>(part);
    cols += count;
  }
  bool const found = !(enough < left);
  auto const kept = [&](matrix_view<T> m, bool by_rows) {
    return by_rows ? submatrix(m, 0, 0, m.rows == 0 ? 0 : cols, m.cols) : submatrix(m, 0, 0, m.rows, m.cols == 0 ? 0 : cols);
  };
  if (cols != 0)
    if (auto const s = range.triplets(submatrix(q, 0, 0, a.rows, cols), submatrix(bt, 0, 0, a.cols, cols), kept(u, false),
                                      sigma.first(cols), kept(vt, true));
        !s)
      return s;
  auto rank = cols;
  for (; found && rank > 0; --rank) {
    auto const last = static_cast<sum>(sigma[rank - 1]) * static_cast<sum>(factor);
    if (enough < left + last * last) break;
    left += last * last;
  }
  for (std::size_t k = rank; k < most; ++k) {
    sigma[k] = T(0);
    for (std::size_t i = 0; i < u.rows && u.cols != 0; ++i) u(i, k) = T(0);
    for (std::size_t i = 0; i < vt.cols && vt.rows != 0; ++i) vt(k, i) = T(0);
  }
  if (!found) return errc::no_convergence;
  return rank;
}

}  // namespace skive
