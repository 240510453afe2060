// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/truncated.hpp - two thin factors of a matrix: its singular values cut, as the layer's inputs weigh them.
///
///   D W S = U diag(sigma) V^T,   left = D^-1 U_k sigma_k^1/2,   right = sigma_k^1/2 V_k^T S^-1,   W ~ left right
///
///   auto const plain = truncated_svd<>::make(rank);
///   auto const whitened = truncated_svd<triangular_factor>::make(rank, {cholesky_factor_of_the_inputs});
///
/// S: a right_factor (lowrank/right_factor.hpp). D: weights of rows (FWSVD: roots of the Fisher information of rows), or none.
/// Applied to W minus its quantized form it is LQER, QERA and EoRA. With S S^T = X X^T no product of rank k leaves less of
/// |(W - left right) X|, and what is left is sqrt(sum of sigma_j^2 over j > k).
///
/// Model of : factorisation
/// Cost     : that of the decomposition (linalg/svd_fast.hpp, jacobi_svd.hpp, randomized_svd.hpp) and of S.
/// Accuracy : |D (W - left right) S| is the optimum's to c n u |D W S|; randomized: linalg/randomized_svd.hpp.
/// Promise  : all checks before the first write; not_finite where W or what comes of it is not finite.
/// Source   : C. Eckart, G. Young, Psychometrika 1, 1936; the methods as in lowrank/right_factor.hpp; FWSVD: Hsu et al., 2022.

#include "skive/core/concepts.hpp"
#include "skive/linalg/jacobi_svd.hpp"
#include "skive/linalg/randomized_svd.hpp"
#include "skive/lowrank/right_factor.hpp"

namespace skive {

enum class svd_method : std::uint8_t { fast, accurate, randomized };

template <right_factor S = identity_factor>
class truncated_svd {
 public:
  struct settings {
    svd_method method = svd_method::fast;
    randomized_svd_options randomized{};  ///< read by svd_method::randomized
    std::span<float const> row_weights;   ///< D: positive and finite, or empty
  };

  /// Fails with invalid_argument or size_mismatch where rank is 0, or S or D cannot be divided by.
  static result<truncated_svd> make(std::size_t rank, S const& s = {}, settings const& how = {}) noexcept {
    if (rank == 0) return errc::invalid_argument;
    if (auto const good = s.check(); !good) return good.error();
    if (!how.row_weights.empty())
      if (auto const good = diagonal_factor{how.row_weights}.check(); !good) return good.error();
    return truncated_svd{rank, s, how};
  }

  constexpr truncated_svd() noexcept = default;  // rank 0: factor() refuses every matrix
  constexpr std::size_t rank() const noexcept { return rank_; }

  template <class Arch = native_arch>
  std::size_t scratch_bytes(std::size_t rows, std::size_t cols) const noexcept {
    auto const each = factor_.template scratch_bytes<Arch>(rows, cols);
    auto const whole = how_.method == svd_method::randomized
        ? randomized_svd_scratch_bytes<float, Arch>(rows, cols, rank_, how_.randomized)
        : how_.method == svd_method::fast ? svd_fast_scratch_bytes<float, Arch>(rows, cols)
                                          : svd_accurate_scratch_bytes<float, Arch>(rows, cols);
    return workspace::bytes<float>(rows < cols ? rows : cols) + workspace::bytes<float>(rows * cols) +
        (each < whole ? whole : each);
  }

  /// left: rows x rank, right: rank x cols; rank <= min(rows, cols). Fails with size_mismatch, invalid_argument, overlap,
  /// workspace_too_small, not_finite or no_convergence; left and right are unspecified after the last two.
  template <class Arch = native_arch>
  status factor(matrix_view<float const> w, matrix_view<float> left, matrix_view<float> right, workspace scratch) const noexcept {
    if (auto const s = check(w, left, right); !s) return s;
    if (scratch.size() < scratch_bytes<Arch>(w.rows, w.cols)) return errc::workspace_too_small;
    auto const sigma = take_reals<float>(scratch, smaller(w));
    matrix_view<float> const work{take_reals<float>(scratch, w.rows * w.cols).data(), w.rows, w.cols};
    for (std::size_t i = 0; i < w.rows; ++i) {
      float const weight = how_.row_weights.empty() ? 1.0f : how_.row_weights[i];
      for (std::size_t k = 0; k < w.cols; ++k) work(i, k) = w(i, k) * weight;
    }
    if (auto const s = factor_.template multiply<Arch>(work, scratch); !s) return s;
    if (auto const s = decompose<Arch>(work, left, sigma, right, scratch); !s) return s;
    for (std::size_t k = 0; k < rank_; ++k) {
      float const root = detail::square_root(sigma[k]);
      for (std::size_t i = 0; i < w.rows; ++i) left(i, k) *= root;
      for (float& x : right.row(k)) x *= root;
    }
    for (std::size_t i = 0; i < how_.row_weights.size(); ++i)
      for (float& x : left.row(i)) x /= how_.row_weights[i];
    return factor_.template divide<Arch>(right, scratch);
  }

 private:
  constexpr truncated_svd(std::size_t rank, S const& s, settings const& how) noexcept : rank_{rank}, factor_{s}, how_{how} {}

  static constexpr std::size_t smaller(matrix_view<float const> w) noexcept { return w.rows < w.cols ? w.rows : w.cols; }

  status check(matrix_view<float const> w, matrix_view<float> left, matrix_view<float> right) const noexcept {
    if (rank_ == 0 || rank_ > smaller(w)) return errc::size_mismatch;
    if (left.rows != w.rows || left.cols != rank_ || right.rows != rank_ || right.cols != w.cols) return errc::size_mismatch;
    if (factor_.columns() != 0 && factor_.columns() != w.cols) return errc::size_mismatch;
    if (!how_.row_weights.empty() && how_.row_weights.size() != w.rows) return errc::size_mismatch;
    if (!w.valid() || !left.valid() || !right.valid()) return errc::invalid_argument;
    using detail::shares_elements;
    if (shares_elements<float>(w, left) || shares_elements<float>(w, right) || shares_elements<float>(left, right))
      return errc::overlap;
    return errc::ok;
  }

  template <class Arch>
  status decompose(matrix_view<float const> w, matrix_view<float> left, std::span<float> sigma, matrix_view<float> right,
                   workspace scratch) const noexcept {
    if (how_.method == svd_method::randomized)
      return randomized_svd<Arch, float>(w, left, sigma.first(rank_), right, how_.randomized, scratch);
    if (how_.method == svd_method::accurate) return svd_accurate<Arch, float>(w, left, sigma, right, scratch);
    return svd_fast<Arch, float>(w, left, sigma, right, scratch);
  }

  std::size_t rank_ = 0;
  S factor_{};
  settings how_{};
};

static_assert(factorisation<truncated_svd<>> && factorisation<truncated_svd<diagonal_factor>> &&
              factorisation<truncated_svd<triangular_factor>>);

}  // namespace skive
