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

#include "skive/lowrank/rounded_factors.hpp"
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
    if constexpr (!exact) inner = larger(inner, rounding().template scratch_bytes<Arch>(m, n));
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

  auto rounding() const noexcept { return detail::rounded_factors<FactorCodec, S>{factor_codec_, s_, rank_, how_.inner_rounds}; }

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
      return rounding().template round<Arch>(t.rest, t.left, t.right, scratch);
  }
  template <class Arch>
  result<double> measure(task const& t, workspace scratch) const noexcept {
    if (auto const s = subtract_product<Arch>(t, scratch); !s) return s.error();
    for (std::size_t i = 0; i < t.w.rows; ++i)
      for (std::size_t k = 0; k < t.w.cols; ++k) t.rest(i, k) -= t.q(i, k);
    if (auto const s = s_.template multiply<Arch>(t.rest, scratch); !s) return s.error();
    return detail::square_root(detail::sum_of_squares<Arch, float>(t.rest));
  }

  Codec codec_{};
  FactorCodec factor_codec_{};
  S s_{};
  std::size_t rank_ = 0;
  split_settings how_{};
};

}  // namespace skive
