// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/matching_pursuit.hpp - vectors as sums of a few atoms of a dictionary: orthogonal matching pursuit.
///
///   repeat: take the atom k of largest |c_k|, c = D r, the lower index in a tie;   r = x - projection of x on the atoms taken
///
/// D: one atom of length 1 a row, the caller's. The projection is kept by a Cholesky factor that grows by a row. matching_pursuit
/// computes D r anew each step; batch_matching_pursuit takes it from the Gram matrix G = D D^T, made once: c = D x - sum_j
/// coefficient_j G_j. Stored as an index and an 8-bit float a term this is how Lexico keeps a key-value cache.
///
/// Model of : -
/// Cost     : a term: N d operations; batch: N times the terms so far, after N d once a vector (products of matrices).
/// Accuracy : coefficients solve the normal equations in double; |r|^2 of the report is that of the difference itself, batch:
///            from the correlations, and not below 2^-20 |x|^2.
/// Promise  : no allocation; the same bits for one instruction set. An atom that depends on those taken (1 - |projection|^2 <
///            1e-6) is passed over. A sum stops early when nothing correlates with the rest.
/// Source   : Y. C. Pati, R. Rezaiifar, P. S. Krishnaprasad, Asilomar 1993; R. Rubinstein, M. Zibulevsky, M. Elad, "Efficient
///            implementation of the K-SVD algorithm using batch orthogonal matching pursuit", Technion CS-2008-08; J. Kim et al.,
///            "Lexico: extreme KV cache compression via sparse coding over universal dictionaries", arXiv 2412.08890, 2024.

#include "skive/codebook/pursuit_state.hpp"
#include "skive/core/planes.hpp"
#include "skive/linalg/product.hpp"
#include "skive/linalg/vector.hpp"

namespace skive {

struct pursuit_options {
  std::size_t most = 8;    ///< terms, 1 to 64
  float tolerance = 0.0f;  ///< stop at |r| <= tolerance |x|
};

/// What one vector became: `terms` of its indices and coefficients are used, the others are 0.
struct pursuit_report {
  std::size_t terms = 0;
  double error = 0;  ///< |r|^2
};

namespace detail {

constexpr status check_pursuit(matrix_view<float const> dictionary, std::size_t d, pursuit_options const& o, std::size_t indices,
                               std::size_t coefficients) noexcept {
  if (d != dictionary.cols || indices != o.most || coefficients != o.most) return errc::size_mismatch;
  if (!dictionary.valid() || dictionary.rows == 0 || dictionary.cols == 0) return errc::invalid_argument;
  if (o.most == 0 || o.most > pursuit_most || !(o.tolerance >= 0)) return errc::invalid_argument;
  return dictionary.rows > 0xFFFF'FFFFU ? errc::overflow : errc::ok;
}

/// What is small enough to stop, for |x|^2 = power.
constexpr double pursuit_goal(double power, pursuit_options const& o) noexcept {
  return power * static_cast<double>(o.tolerance) * static_cast<double>(o.tolerance);
}

// The state as the caller's numbers.
inline pursuit_report hand_over(pursuit_state const& state, double error, std::span<std::uint32_t> indices,
                                std::span<float> coefficients) noexcept {
  for (std::size_t t = 0; t < indices.size(); ++t) {
    indices[t] = t < state.count ? state.atom[t] : 0;
    coefficients[t] = t < state.count ? static_cast<float>(state.coefficient[t]) : 0.0f;
  }
  return {state.count, error};
}

}  // namespace detail

/// Are all atoms finite and of length 1, within 2^-10? To be asked once for a dictionary: not_finite or invalid_argument if not.
inline status check_dictionary(matrix_view<float const> dictionary) noexcept {
  if (!dictionary.valid()) return errc::invalid_argument;
  for (std::size_t k = 0; k < dictionary.rows; ++k) {
    auto const* const row = dictionary.row(k).data();
    auto const square = detail::wide_dot<scalar_arch>(row, row, dictionary.cols);
    if (!(square < 1e300)) return errc::not_finite;
    if (square < 1 - 0x1p-9 || square > 1 + 0x1p-9) return errc::invalid_argument;
  }
  return errc::ok;
}

/// Scratch of matching_pursuit().
constexpr std::size_t matching_pursuit_bytes(std::size_t atoms, std::size_t d) noexcept {
  return saturating_add(saturating_multiply(workspace::bytes<float>(atoms), 2), workspace::bytes<float>(d));
}

/// One vector; `indices` and `coefficients`: options.most each. Fails with size_mismatch, invalid_argument (a view, no atom, a
/// number of terms outside 1 ... 64, a negative tolerance), overflow, not_finite (x) or workspace_too_small; nothing is then
/// written. Precondition: check_dictionary() holds.
template <class Arch = native_arch>
result<pursuit_report> matching_pursuit(matrix_view<float const> dictionary, std::span<float const> x,
                                        pursuit_options const& options, std::span<std::uint32_t> indices,
                                        std::span<float> coefficients, workspace scratch) noexcept {
  if (auto const s = detail::check_pursuit(dictionary, x.size(), options, indices.size(), coefficients.size()); !s) return s;
  for (auto const v : x)
    if (!is_finite(v)) return errc::not_finite;
  auto const n = dictionary.rows;
  auto const d = x.size();
  if (scratch.size() < matching_pursuit_bytes(n, d)) return errc::workspace_too_small;
  auto const c = scratch.take<float>(n);
  auto const open = scratch.take<float>(n);  // 0 for atoms that were tried, else 1
  auto const rest = scratch.take<float>(d);
  for (auto& v : open) v = 1.0f;
  for (std::size_t j = 0; j < d; ++j) rest[j] = x[j];
  auto const atom = [&](std::size_t k) noexcept { return dictionary.row(k).data(); };
  auto const power = detail::wide_dot<Arch>(x.data(), x.data(), d);
  auto error = power;
  detail::pursuit_state state;
  while (state.count < options.most && error > detail::pursuit_goal(power, options)) {
    for (std::size_t k = 0; k < n; ++k) c[k] = detail::dot<Arch>(atom(k), rest.data(), d) * open[k];
    auto const k = detail::strongest<Arch>(c, static_cast<float>(0x1p-20 * std::sqrt(power)));
    if (k == n) break;
    open[k] = 0.0f;
    double products[detail::pursuit_most];
    for (std::size_t j = 0; j < state.count; ++j) products[j] = detail::wide_dot<Arch>(atom(state.atom[j]), atom(k), d);
    if (!state.take(static_cast<std::uint32_t>(k), products, detail::wide_dot<Arch>(atom(k), atom(k), d),
                    detail::wide_dot<Arch>(atom(k), x.data(), d)))
      continue;
    error = 0;
    for (std::size_t j = 0; j < d; ++j) {
      auto left = static_cast<double>(x[j]);
      for (std::size_t t = 0; t < state.count; ++t)
        left -= state.coefficient[t] * static_cast<double>(dictionary(state.atom[t], j));
      rest[j] = static_cast<float>(left);
      error += left * left;
    }
  }
  return detail::hand_over(state, error, indices, coefficients);
}

namespace detail {

inline constexpr std::size_t pursuit_rows = 32;  // of x that are multiplied together

// One vector by its products with all atoms; c, open: a number an atom.
template <class Arch>
pursuit_report pursue_by_gram(matrix_view<float const> gram, std::span<float const> with_x, double power,
                              pursuit_options const& options, std::span<float> c, std::span<float> open,
                              std::span<std::uint32_t> indices, std::span<float> coefficients) noexcept {
  auto const n = gram.rows;
  for (std::size_t k = 0; k < n; ++k) c[k] = with_x[k], open[k] = 1.0f;
  auto error = power;
  pursuit_state state;
  while (state.count < options.most && error > pursuit_goal(power, options)) {
    auto const k = strongest<Arch>(c, static_cast<float>(0x1p-20 * std::sqrt(power)));
    if (k == n) break;
    open[k] = 0.0f;
    double products[pursuit_most];
    for (std::size_t j = 0; j < state.count; ++j) products[j] = static_cast<double>(gram(state.atom[j], k));
    if (!state.take(static_cast<std::uint32_t>(k), products, static_cast<double>(gram(k, k)), static_cast<double>(with_x[k]))) {
      c[k] = 0.0f;
      continue;
    }
    error = power - state.explained();
    if (!(error > 0x1p-20 * power)) error = 0;
    for (std::size_t a = 0; a < n; ++a) c[a] = with_x[a];
    for (std::size_t t = 0; t < state.count; ++t)
      axpy<Arch>(static_cast<float>(-state.coefficient[t]), gram.row(state.atom[t]).data(), c.data(), n);
    for (std::size_t a = 0; a < n; ++a) c[a] *= open[a];
  }
  return hand_over(state, error, indices, coefficients);
}

}  // namespace detail

/// Scratch of batch_matching_pursuit().
template <class Arch = native_arch>
constexpr std::size_t batch_matching_pursuit_bytes(std::size_t atoms, std::size_t d) noexcept {
  return saturating_add(matching_pursuit_bytes(atoms, d),
                        saturating_add(workspace::bytes<float>(saturating_multiply(detail::pursuit_rows, atoms)),
                                       product_scratch_bytes<float, Arch>(detail::pursuit_rows, atoms, d)));
}

/// Every row of x; row i of `indices` and `coefficients` are its terms. `gram`: dictionary times its transpose. Fails as
/// matching_pursuit() does, with size_mismatch unless there is a report a row and the Gram matrix is N x N.
template <class Arch = native_arch>
status batch_matching_pursuit(matrix_view<float const> dictionary, matrix_view<float const> gram, matrix_view<float const> x,
                              pursuit_options const& options, matrix_view<std::uint32_t> indices, matrix_view<float> coefficients,
                              std::span<pursuit_report> reports, workspace scratch) noexcept {
  auto const n = dictionary.rows;
  if (auto const s = detail::check_pursuit(dictionary, x.cols, options, indices.cols, coefficients.cols); !s) return s;
  if (gram.rows != n || gram.cols != n || indices.rows != x.rows || coefficients.rows != x.rows || reports.size() != x.rows)
    return errc::size_mismatch;
  if (!x.valid() || !gram.valid() || !indices.valid() || !coefficients.valid()) return errc::invalid_argument;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (auto const v : x.row(i))
      if (!is_finite(v)) return errc::not_finite;
  if (scratch.size() < batch_matching_pursuit_bytes<Arch>(n, dictionary.cols)) return errc::workspace_too_small;
  auto const c = scratch.take<float>(n);
  auto const open = scratch.take<float>(n);
  auto const products = scratch.take<float>(detail::pursuit_rows * n);
  for (std::size_t first = 0; first < x.rows; first += detail::pursuit_rows) {
    auto const count = x.rows - first < detail::pursuit_rows ? x.rows - first : detail::pursuit_rows;
    auto const rows = submatrix(x, first, 0, count, x.cols);
    matrix_view<float> const with_x{products.data(), count, n};
    if (auto const s = product<Arch>(rows, transposed(dictionary), with_x, scratch); !s) return s;
    for (std::size_t i = 0; i < count; ++i)
      reports[first + i] = detail::pursue_by_gram<Arch>(gram, with_x.row(i),
                                                        detail::wide_dot<Arch>(rows.row(i).data(), rows.row(i).data(), x.cols),
                                                        options, c, open, indices.row(first + i), coefficients.row(first + i));
  }
  return errc::ok;
}

}  // namespace skive
