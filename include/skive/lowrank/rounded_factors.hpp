// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/rounded_factors.hpp - two thin factors whose numbers are those of a codec, rounded in turns.
///
///   minimise |(E - L R) S|:   R rounded by rows, L = least squares, rounded by columns, R = least squares, ...   the best pair is kept
///
/// Model of : -
/// Cost     : a round: two products and two solves of rank k, and two passes of the codec over the factors.
/// Accuracy : losses are sums in double of numbers rounded as products of floats are.
/// Promise  : more rounds never give a larger loss. A Gram matrix of lower rank is damped (linalg/cholesky.hpp).
/// Source   : LPLR: R. Saha et al., 2023; CALDERA: R. Saha et al., arXiv:2405.18886.

#include "skive/core/with_arch.hpp"
#include "skive/linalg/cholesky.hpp"
#include "skive/linalg/randomized_svd.hpp"
#include "skive/lowrank/right_factor.hpp"

namespace skive::detail {

/// from's rows as the codec gives them back.
template <class Arch, block_codec Codec>
status round_rows(Codec const& codec, matrix_view<float const> from, matrix_view<float> to, workspace scratch) noexcept {
  auto const memory = scratch.take<std::byte>(total_bytes(codec.plane_bytes(from.cols)));
  planes<std::byte, Codec::plane_count> bytes;
  if (auto const s = planar(codec, from.cols, memory, bytes); !s) return s;
  for (std::size_t i = 0; i < from.rows; ++i) {
    if (auto const s = with_arch<Arch>::encode(codec, from.row(i), bytes, scratch); !s) return s;
    planes<std::byte const, Codec::plane_count> const written = bytes;
    if (auto const s = with_arch<Arch>::decode(codec, written, to.row(i), scratch); !s) return s;
  }
  return errc::ok;
}
template <block_codec Codec>
[[gnu::always_inline]] inline std::size_t round_rows_bytes(Codec const& codec, std::size_t n) noexcept {
  return saturating_add(workspace::bytes<std::byte>(total_bytes(codec.plane_bytes(n))),
                        saturating_add(codec.scratch_bytes(n), workspace::alignment));
}

[[gnu::always_inline]] inline matrix_view<float> take_matrix(workspace& scratch, std::size_t rows, std::size_t cols) noexcept {
  return {take_reals<float>(scratch, rows * cols).data(), rows, cols};
}
template <class T>
[[gnu::always_inline]] inline void copy_matrix(matrix_view<T const> from, matrix_view<T> to) noexcept {
  for (std::size_t i = 0; i < from.rows; ++i)
    for (std::size_t k = 0; k < from.cols; ++k) to(i, k) = from(i, k);
}

/// The rounding of L, m x k, and R, k x n; S S^T weighs columns of E.
template <block_codec FactorCodec, right_factor S>
struct rounded_factors {
  FactorCodec codec;
  S s;
  std::size_t rank;
  std::size_t rounds;  ///< beside the first

  template <class Arch>
  std::size_t scratch_bytes(std::size_t m, std::size_t n) const noexcept {
    auto const larger = [](std::size_t a, std::size_t b) { return a < b ? b : a; };
    auto const k = rank;
    auto fitting = larger(larger(round_rows_bytes(codec, n), round_rows_bytes(codec, m)),
                          product_scratch_bytes<float, Arch>(larger(m, k), larger(n, k), larger(m, n)));
    fitting = larger(fitting, s.template scratch_bytes<Arch>(larger(m, k), n));
    fitting = larger(fitting, cholesky_scratch_bytes<float, Arch>(k));
    fitting = larger(fitting, larger(solve_scratch_bytes<float, Arch>(m, k), solve_scratch_bytes<float, Arch>(k, n)));
    return saturating_add(fitting,
                          workspace::bytes<float>(k * k) + 2 * workspace::bytes<float>(m * k) +
                              3 * workspace::bytes<float>(k * n) + workspace::bytes<float>(m * n));
  }

  /// E ~ L R: R is read, L and R are written. Precondition: rank > 0. Fails as the codec and cholesky() do.
  template <class Arch>
  status round(matrix_view<float const> e, matrix_view<float> l, matrix_view<float> r, workspace scratch) const noexcept {
    auto const m = e.rows;
    auto const n = e.cols;
    auto const k = rank;
    auto const es = take_matrix(scratch, m, n);
    auto const left_t = take_matrix(scratch, k, m);
    auto const best_left_t = take_matrix(scratch, k, m);
    auto const best_right = take_matrix(scratch, k, n);
    auto const right = take_matrix(scratch, k, n);
    auto const weighted = take_matrix(scratch, k, n);
    auto const gram = take_matrix(scratch, k, k);
    copy_matrix<float>(e, es);
    if (auto const ok = s.template multiply<Arch>(es, scratch); !ok) return ok;
    copy_matrix<float>(r, right);
    double best = -1;
    for (std::size_t round = 0; round <= rounds; ++round) {
      if (auto const ok = round_rows<Arch>(codec, right, r, scratch); !ok) return ok;
      copy_matrix<float>(r, weighted);
      if (auto const ok = s.template multiply<Arch>(weighted, scratch); !ok) return ok;
      (void)product<Arch, float>(matrix_view<float const>{weighted}, transposed(es), left_t, scratch);  // R S (E S)^T
      (void)symmetric_product<Arch, float>(matrix_view<float const>{weighted}, gram, scratch);
      if (auto const ok = solve_gram<Arch>(gram, left_t, scratch); !ok) return ok;
      if (auto const ok = round_rows<Arch>(codec, left_t, left_t, scratch); !ok) return ok;
      (void)product<Arch, float>(transposed(left_t), matrix_view<float const>{weighted}, es, scratch, -1.0f, 1.0f);
      auto const loss = sum_of_squares<Arch, float>(es);
      if (best < 0 || loss < best) {
        best = loss;
        copy_matrix<float>(left_t, best_left_t);
        copy_matrix<float>(r, best_right);
      }
      (void)product<Arch, float>(transposed(left_t), matrix_view<float const>{weighted}, es, scratch, 1.0f, 1.0f);
      (void)product<Arch, float>(matrix_view<float const>{left_t}, e, right, scratch);
      (void)symmetric_product<Arch, float>(matrix_view<float const>{left_t}, gram, scratch);
      if (auto const ok = solve_gram<Arch>(gram, right, scratch); !ok) return ok;
    }
    copy_matrix<float>(best_right, r);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < k; ++j) l(i, j) = best_left_t(j, i);
    return errc::ok;
  }

 private:
  // b <- G^-1 b; a G of lower rank is damped.
  template <class Arch>
  static status solve_gram(matrix_view<float> gram, matrix_view<float> b, workspace scratch) noexcept {
    (void)mirror_lower<Arch>(gram);
    cholesky_report<float> report;
    if (auto const ok = cholesky<Arch>(gram, report, scratch); !ok) return ok;
    if (auto const ok = solve_left<Arch, float>(lower(gram), b, scratch); !ok) return ok;
    return solve_left<Arch, float>(transposed(lower(gram)), b, scratch);
  }
};

}  // namespace skive::detail
