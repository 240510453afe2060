// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/quantized.hpp - a quantized matrix and two thin factors beside it, found in turns.
///
///   W ~ Q + L R,   Q = decode(encode(rows of W - L R)),   (L, R) = SVD_k((W - Q) S) S^-1
///
///   quantize_first, S = 1                    LoftQ: L R = 0, then Q, (L, R), Q, (L, R), ...
///   quantize_first, one round, any S         LQER, L2QER, QERA, EoRA
///   factor_first, one round, S = 1           SVDQuant after migrate() (lowrank/migration.hpp): (L, R) of W, Q of what is left
///   factors of a codec, S S^T = X X^T        CALDERA: R rounded, L by least squares and rounded, R by least squares, ...
///
/// FactorCodec rounds R's rows and L's columns; exact_factors leaves them alone. The bytes are those of the codecs: of R's rows,
/// L's columns, and the rows of W - L R, which give Q again (factor_first) or whose Q is the one of the round (quantize_first).
///
/// Model of : -
/// Cost     : per round one pass of the codec, one decomposition (lowrank/truncated.hpp), a product and S; inner rounds: two
///            products and solves of rank k each.
/// Accuracy : the loss |(W - Q - L R) S| is summed in double from numbers rounded as products of floats are.
/// Promise  : the best of all rounds is kept: more rounds never give a larger loss. Rank 0 gives the codec's own Q. not_finite for
///            NaN or infinity in W; all checks before the first write.
/// Source   : LoftQ: Y. Li et al., arXiv:2310.08659; CALDERA: R. Saha et al., arXiv:2405.18886; SVDQuant: M. Li et al.,
///            arXiv:2411.05007; LPLR: R. Saha et al., 2023.

#include "skive/core/with_arch.hpp"
#include "skive/linalg/cholesky.hpp"
#include "skive/lowrank/truncated.hpp"

namespace skive {

/// No rounding of the factors.
struct exact_factors {};

enum class split_order : std::uint8_t { quantize_first, factor_first };

struct split_settings {
  split_order order = split_order::quantize_first;
  std::size_t rounds = 1;
  std::size_t inner_rounds = 4;  ///< of rounded factors
  svd_method method = svd_method::fast;
};

struct split_report {
  double loss = 0;             ///< |(W - Q - L R) S| in the Frobenius norm
  double first_loss = 0;       ///< after the first round
  std::size_t best_round = 0;  ///< from 1
};

namespace detail {

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

}  // namespace detail

template <block_codec Codec, right_factor S = identity_factor, class FactorCodec = exact_factors>
class quantized_low_rank {
  static constexpr bool exact = std::same_as<FactorCodec, exact_factors>;

 public:
  /// Fails with invalid_argument (no round, S) or size_mismatch (S).
  static result<quantized_low_rank> make(Codec const& codec, std::size_t rank, S const& s = {}, split_settings const& how = {},
                                         FactorCodec const& factors = {}) noexcept {
    if (how.rounds == 0) return errc::invalid_argument;
    if (auto const good = s.check(); !good) return good.error();
    quantized_low_rank made;
    made.codec_ = codec;
    made.factor_codec_ = factors;
    made.s_ = s;
    made.rank_ = rank;
    made.how_ = how;
    return made;
  }

  constexpr std::size_t rank() const noexcept { return rank_; }

  template <class Arch = native_arch>
  std::size_t scratch_bytes(std::size_t m, std::size_t n) const noexcept {
    auto const larger = [](std::size_t a, std::size_t b) { return a < b ? b : a; };
    auto inner = larger(detail::round_rows_bytes(codec_, n), product_scratch_bytes<float, Arch>(m, n, larger(rank_, 1)));
    inner = larger(inner, s_.template scratch_bytes<Arch>(m, n));
    if (rank_ != 0) inner = larger(inner, truncation().template scratch_bytes<Arch>(m, n));
    if constexpr (!exact) {
      auto const k = rank_;
      auto fitting = larger(larger(detail::round_rows_bytes(factor_codec_, n), detail::round_rows_bytes(factor_codec_, m)),
                            product_scratch_bytes<float, Arch>(larger(m, k), larger(n, k), larger(m, n)));
      fitting = larger(fitting, s_.template scratch_bytes<Arch>(larger(m, k), n));
      fitting = larger(fitting, cholesky_scratch_bytes<float, Arch>(k));
      fitting = larger(fitting, larger(solve_scratch_bytes<float, Arch>(m, k), solve_scratch_bytes<float, Arch>(k, n)));
      inner = larger(inner,
                     saturating_add(fitting,
                                    workspace::bytes<float>(k * k) + 2 * workspace::bytes<float>(m * k) +
                                        3 * workspace::bytes<float>(k * n) + workspace::bytes<float>(m * n)));
    }
    return saturating_add(inner,
                          2 * workspace::bytes<float>(m * n) + workspace::bytes<float>(m * larger(rank_, 1)) +
                              workspace::bytes<float>(larger(rank_, 1) * n));
  }

  /// quantized: Q, of W's shape; left: rows x rank, right: rank x cols. Fails with size_mismatch, invalid_argument, overlap,
  /// workspace_too_small, not_finite, or as the codecs do; results are unspecified if a codec or a decomposition fails.
  template <class Arch = native_arch>
  result<split_report> split(matrix_view<float const> w, matrix_view<float> quantized, matrix_view<float> left,
                             matrix_view<float> right, workspace scratch) const noexcept {
    if (auto const s = check<Arch>(w, quantized, left, right, scratch); !s) return s.error();
    task now{w, detail::take_matrix(scratch, w.rows, w.cols), detail::take_matrix(scratch, w.rows, w.cols),
             detail::take_matrix(scratch, w.rows, rank_), detail::take_matrix(scratch, rank_, w.cols)};
    for (auto const part : {now.q, now.left, now.right})
      for (std::size_t i = 0; i < part.rows; ++i)
        for (float& x : part.row(i)) x = 0;
    split_report report;
    for (std::size_t round = 1; round <= how_.rounds; ++round) {
      bool const quantizes_first = how_.order == split_order::quantize_first;
      for (bool const quantizes : {quantizes_first, !quantizes_first}) {
        auto const s = quantizes ? quantize<Arch>(now, scratch) : factor<Arch>(now, scratch);
        if (!s) return s.error();
      }
      auto const loss = measure<Arch>(now, scratch);
      if (!loss) return loss.error();
      if (round == 1) report.first_loss = *loss;
      if (round != 1 && !(*loss < report.loss)) continue;
      report.loss = *loss;
      report.best_round = round;
      detail::copy_matrix<float>(now.q, quantized);
      detail::copy_matrix<float>(now.left, left);
      detail::copy_matrix<float>(now.right, right);
    }
    return report;
  }

 private:
  struct task {
    matrix_view<float const> w;
    matrix_view<float> rest, q, left, right;
  };

  truncated_svd<S> truncation() const noexcept { return *truncated_svd<S>::make(rank_, s_, {how_.method, {}, {}}); }

  template <class Arch>
  status check(matrix_view<float const> w, matrix_view<float> q, matrix_view<float> left, matrix_view<float> right,
               workspace const& scratch) const noexcept {
    if (!w.valid() || !q.valid() || !left.valid() || !right.valid()) return errc::invalid_argument;
    if (q.rows != w.rows || q.cols != w.cols || rank_ > w.rows || rank_ > w.cols) return errc::size_mismatch;
    if (rank_ != 0 && (left.rows != w.rows || left.cols != rank_ || right.rows != rank_ || right.cols != w.cols))
      return errc::size_mismatch;
    if (s_.columns() != 0 && s_.columns() != w.cols) return errc::size_mismatch;
    matrix_view<float const> const all[]{w, q, left, right};
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = i + 1; j < 4; ++j)
        if (detail::shares_elements<float>(all[i], all[j])) return errc::overlap;
    if (scratch.size() < scratch_bytes<Arch>(w.rows, w.cols)) return errc::workspace_too_small;
    return detail::all_finite<Arch, float>(w) ? errc::ok : errc::not_finite;
  }

  // rest = W - L R.
  template <class Arch>
  status subtract_product(task const& t, workspace scratch) const noexcept {
    detail::copy_matrix<float>(t.w, t.rest);
    if (rank_ == 0) return errc::ok;
    return product<Arch, float>(matrix_view<float const>{t.left}, matrix_view<float const>{t.right}, t.rest, scratch, -1.0f,
                                1.0f);
  }
  template <class Arch>
  status quantize(task const& t, workspace scratch) const noexcept {
    if (auto const s = subtract_product<Arch>(t, scratch); !s) return s;
    return detail::round_rows<Arch>(codec_, t.rest, t.q, scratch);
  }
  template <class Arch>
  status factor(task const& t, workspace scratch) const noexcept {
    if (rank_ == 0) return errc::ok;
    for (std::size_t i = 0; i < t.w.rows; ++i)
      for (std::size_t k = 0; k < t.w.cols; ++k) t.rest(i, k) = t.w(i, k) - t.q(i, k);
    if (auto const s = truncation().template factor<Arch>(t.rest, t.left, t.right, scratch); !s) return s;
    if constexpr (exact)
      return errc::ok;
    else
      return round_factors<Arch>(t, scratch);
  }
  template <class Arch>
  result<double> measure(task const& t, workspace scratch) const noexcept {
    if (auto const s = subtract_product<Arch>(t, scratch); !s) return s.error();
    for (std::size_t i = 0; i < t.w.rows; ++i)
      for (std::size_t k = 0; k < t.w.cols; ++k) t.rest(i, k) -= t.q(i, k);
    if (auto const s = s_.template multiply<Arch>(t.rest, scratch); !s) return s.error();
    return detail::square_root(detail::sum_of_squares<Arch, float>(t.rest));
  }

  // Rows of R and columns of L rounded in turns, each as the other one's rounding leaves it to be; the best pair is kept. E = rest.
  template <class Arch>
  status round_factors(task const& t, workspace scratch) const noexcept {
    auto const m = t.w.rows;
    auto const n = t.w.cols;
    auto const k = rank_;
    auto const es = detail::take_matrix(scratch, m, n);
    auto const left_t = detail::take_matrix(scratch, k, m);
    auto const best_left_t = detail::take_matrix(scratch, k, m);
    auto const best_right = detail::take_matrix(scratch, k, n);
    auto const right = detail::take_matrix(scratch, k, n);
    auto const weighted = detail::take_matrix(scratch, k, n);
    auto const gram = detail::take_matrix(scratch, k, k);
    detail::copy_matrix<float>(t.rest, es);
    if (auto const s = s_.template multiply<Arch>(es, scratch); !s) return s;
    detail::copy_matrix<float>(t.right, right);
    double best = -1;
    for (std::size_t round = 0; round <= how_.inner_rounds; ++round) {
      if (auto const s = detail::round_rows<Arch>(factor_codec_, right, t.right, scratch); !s) return s;
      detail::copy_matrix<float>(t.right, weighted);
      if (auto const s = s_.template multiply<Arch>(weighted, scratch); !s) return s;
      (void)product<Arch, float>(matrix_view<float const>{weighted}, transposed(es), left_t, scratch);  // R S (E S)^T
      (void)symmetric_product<Arch, float>(matrix_view<float const>{weighted}, gram, scratch);
      if (auto const s = solve_gram<Arch>(gram, left_t, scratch); !s) return s;
      if (auto const s = detail::round_rows<Arch>(factor_codec_, left_t, left_t, scratch); !s) return s;
      (void)product<Arch, float>(transposed(left_t), matrix_view<float const>{weighted}, es, scratch, -1.0f, 1.0f);
      auto const loss = detail::sum_of_squares<Arch, float>(es);
      if (best < 0 || loss < best) {
        best = loss;
        detail::copy_matrix<float>(left_t, best_left_t);
        detail::copy_matrix<float>(t.right, best_right);
      }
      (void)product<Arch, float>(transposed(left_t), matrix_view<float const>{weighted}, es, scratch, 1.0f, 1.0f);
      (void)product<Arch, float>(matrix_view<float const>{left_t}, matrix_view<float const>{t.rest}, right, scratch);
      (void)symmetric_product<Arch, float>(matrix_view<float const>{left_t}, gram, scratch);
      if (auto const s = solve_gram<Arch>(gram, right, scratch); !s) return s;
    }
    detail::copy_matrix<float>(best_right, t.right);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t r = 0; r < k; ++r) t.left(i, r) = best_left_t(r, i);
    return errc::ok;
  }

  // b <- G^-1 b; a G of lower rank is damped.
  template <class Arch>
  static status solve_gram(matrix_view<float> gram, matrix_view<float> b, workspace scratch) noexcept {
    (void)mirror_lower<Arch>(gram);
    cholesky_report<float> report;
    if (auto const s = cholesky<Arch>(gram, report, scratch); !s) return s;
    if (auto const s = solve_left<Arch, float>(lower(gram), b, scratch); !s) return s;
    return solve_left<Arch, float>(transposed(lower(gram)), b, scratch);
  }

  Codec codec_{};
  FactorCodec factor_codec_{};
  S s_{};
  std::size_t rank_ = 0;
  split_settings how_{};
};

}  // namespace skive
