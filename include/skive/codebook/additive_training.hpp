// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/additive_training.hpp - codebooks whose codewords are added: stage by stage, then all together.
///
///   train_residual     codebook m: k-means of what beam search with codebooks 0 .. m - 1 leaves of the samples
///   update_codewords   for given codes all codewords at once by least squares: (A + damping) change = residuals; A counts how
///                      often two codewords occur together
///   train_additive     train_residual, then rounds of beam search and update_codewords; the best codebooks of all rounds stay
///
/// Model of : -
/// Cost     : residual: M k-means and M encodings; update: (M K)^3 / 3 operations and (M K)^2 doubles.
/// Accuracy : the update in double; damping 1e-9 of the mean count, since sums of codebooks are determined up to shifts only. It
///            never raises the error of the codes given but by rounding. Codewords that occur nowhere stay.
/// Promise  : as codebook/additive_quantizer.hpp.
/// Source   : codebook/additive_quantizer.hpp.

#include "skive/codebook/additive_quantizer.hpp"
#include "skive/linalg/cholesky.hpp"

namespace skive {

namespace detail {

/// Sum of squares that codes leave of x; `rest`: where the differences go, or nothing.
inline double additive_error(additive_quantizer const& q, matrix_view<float const> x, matrix_view<std::uint8_t const> codes,
                             matrix_view<float> rest) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.cols; ++j) {
      float y = 0;
      for (std::size_t m = 0; m < q.codebooks(); ++m) y += q.codebook(m)(codes(i, m), j);
      auto const d = x(i, j) - y;
      sum += static_cast<double>(d) * static_cast<double>(d);
      if (rest.data != nullptr) rest(i, j) = d;
    }
  return sum;
}

}  // namespace detail

constexpr std::size_t train_residual_bytes(std::size_t n, std::size_t d, std::size_t codebooks, std::size_t codewords,
                                           beam_search const& beam) noexcept {
  auto const own = saturating_add(workspace::bytes<float>(saturating_multiply(n, d)),
                                  workspace::bytes<std::uint8_t>(saturating_multiply(n, codebooks)));
  auto const clusters = kmeans_bytes(n, d, codewords);
  auto const search = additive_quantizer::scratch_bytes(d, codebooks, codewords, beam.width);
  return saturating_add(own, clusters > search ? clusters : search);
}

/// Fills `codebooks`; returns the error that is left. Fails as additive_quantizer::make(), kmeans() and encode() do;
/// options.cosine and options.balanced are unsupported.
template <class Arch = native_arch>
result<double> train_residual(matrix_view<float const> x, std::size_t stages, std::size_t codewords, std::span<float> codebooks,
                              kmeans_options const& options, beam_search const& beam, workspace scratch) noexcept {
  if (auto const q = additive_quantizer::make(x.cols, stages, codewords, codebooks); !q) return q.error();
  if (options.cosine || options.balanced) return errc::unsupported;
  if (beam.width == 0 || beam.width > additive_quantizer::most_width) return errc::invalid_argument;
  if (auto const s = detail::check_kmeans(x, {codebooks.data(), codewords, x.cols}, {}); !s) return s;
  if (auto const s = detail::check_kmeans_call(x.rows, {codebooks.data(), stages * codewords, x.cols}, options, {}); !s) return s;
  if (scratch.size() < train_residual_bytes(x.rows, x.cols, stages, codewords, beam)) return errc::workspace_too_small;
  matrix_view<float> const rest{scratch.take<float>(x.rows * x.cols).data(), x.rows, x.cols};
  auto const codes = scratch.take<std::uint8_t>(x.rows * stages);
  auto const each = codewords * x.cols;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.cols; ++j) rest(i, j) = x(i, j);
  double error = 0;
  for (std::size_t m = 0; m < stages; ++m) {
    auto const r = kmeans<Arch>(rest, {codebooks.data() + m * each, codewords, x.cols}, {}, options, scratch);
    if (!r) return r.error();
    auto const q = additive_quantizer::make(x.cols, m + 1, codewords, codebooks.first((m + 1) * each));
    matrix_view<std::uint8_t> const own{codes.data(), x.rows, m + 1, stages};
    if (auto const s = q->template encode<Arch>(x, own, beam, scratch); !s) return s;
    error = detail::additive_error(*q, x, own, rest);
  }
  return error;
}

template <class Arch = native_arch>
constexpr std::size_t update_codewords_bytes(std::size_t n, std::size_t d, std::size_t codebooks,
                                             std::size_t codewords) noexcept {
  auto const all = saturating_multiply(codebooks, codewords);
  auto const factor = cholesky_scratch_bytes<double, Arch>(all);
  auto const solve = solve_scratch_bytes<double, Arch>(all, d);
  return saturating_add(saturating_add(workspace::bytes<double>(saturating_multiply(all, all)),
                                       workspace::bytes<double>(saturating_multiply(all, d))),
                        saturating_add(workspace::bytes<float>(saturating_multiply(n, d)), factor > solve ? factor : solve));
}

/// Moves all codewords; returns the error that the codes then leave. Fails as additive_quantizer::make() does, with
/// invalid_argument (a view), corrupt, not_finite, workspace_too_small, or as cholesky() does; codebooks are then untouched.
template <class Arch = native_arch>
result<double> update_codewords(matrix_view<float const> x, matrix_view<std::uint8_t const> codes, std::size_t codewords,
                                std::span<float> codebooks, workspace scratch) noexcept {
  auto const q = additive_quantizer::make(x.cols, codes.cols, codewords, codebooks);
  if (!q) return q.error();
  if (codes.rows != x.rows) return errc::size_mismatch;
  if (!x.valid() || !codes.valid() || x.rows == 0) return errc::invalid_argument;
  if (auto const s = q->check(codes); !s) return s;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (auto const v : x.row(i))
      if (!is_finite(v)) return errc::not_finite;
  if (scratch.size() < update_codewords_bytes<Arch>(x.rows, x.cols, codes.cols, codewords)) return errc::workspace_too_small;
  auto const all = codes.cols * codewords;
  matrix_view<double> const a{scratch.take<double>(all * all).data(), all, all};
  matrix_view<double> const change{scratch.take<double>(all * x.cols).data(), all, x.cols};
  matrix_view<float> const rest{scratch.take<float>(x.rows * x.cols).data(), x.rows, x.cols};
  static_cast<void>(detail::additive_error(*q, x, codes, rest));
  for (std::size_t r = 0; r < all; ++r) {
    for (auto& v : a.row(r)) v = 0;
    for (auto& v : change.row(r)) v = 0;
  }
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t m = 0; m < codes.cols; ++m) {
      auto const r = m * codewords + codes(i, m);
      for (std::size_t o = 0; o < codes.cols; ++o) a(r, o * codewords + codes(i, o)) += 1;
      for (std::size_t j = 0; j < x.cols; ++j) change(r, j) += static_cast<double>(rest(i, j));
    }
  for (std::size_t r = 0; r < all; ++r)
    if (a(r, r) < 1) a(r, r) = 1;  // occurs nowhere: no residuals, no change
  cholesky_report<double> report;
  if (auto const s = cholesky<Arch>(a, report, scratch, {1e-9, 40}); !s) return s;
  if (auto const s = solve_left<Arch>(lower(a), change, scratch); !s) return s;
  if (auto const s = solve_left<Arch>(transposed(lower(a)), change, scratch); !s) return s;
  for (std::size_t r = 0; r < all; ++r)
    for (std::size_t j = 0; j < x.cols; ++j) {
      auto& c = codebooks[r * x.cols + j];
      c = static_cast<float>(static_cast<double>(c) + change(r, j));
    }
  return detail::additive_error(*q, x, codes, {});
}

template <class Arch = native_arch>
constexpr std::size_t train_additive_bytes(std::size_t n, std::size_t d, std::size_t codebooks, std::size_t codewords,
                                           beam_search const& beam) noexcept {
  auto rest = train_residual_bytes(n, d, codebooks, codewords, beam);
  auto const update = update_codewords_bytes<Arch>(n, d, codebooks, codewords);
  if (rest < update) rest = update;
  return saturating_add(
      rest,
      saturating_add(workspace::bytes<std::uint8_t>(saturating_multiply(n, codebooks)),
                     workspace::bytes<float>(saturating_multiply(saturating_multiply(codebooks, codewords), d))));
}

/// Fills `codebooks`; returns the least error of an encoding. Fails as train_residual() and update_codewords() do.
template <class Arch = native_arch>
result<double> train_additive(matrix_view<float const> x, std::size_t codebook_count, std::size_t codewords,
                              std::span<float> codebooks, kmeans_options const& options, beam_search const& beam, int rounds,
                              workspace scratch) noexcept {
  if (auto const q = additive_quantizer::make(x.cols, codebook_count, codewords, codebooks); !q) return q.error();
  if (scratch.size() < train_additive_bytes<Arch>(x.rows, x.cols, codebook_count, codewords, beam))
    return errc::workspace_too_small;
  auto const memory = scratch.take<std::uint8_t>(x.rows * codebook_count);
  auto const now = scratch.take<float>(codebooks.size());
  matrix_view<std::uint8_t> const codes{memory.data(), x.rows, codebook_count};
  auto least = train_residual<Arch>(x, codebook_count, codewords, codebooks, options, beam, scratch);
  if (!least) return least;
  for (std::size_t i = 0; i < now.size(); ++i) now[i] = codebooks[i];
  for (int round = 0; round < rounds; ++round) {
    auto const q = additive_quantizer::make(x.cols, codebook_count, codewords, now);
    if (auto const s = q->template encode<Arch>(x, codes, beam, scratch); !s) return s;
    auto const error = update_codewords<Arch>(x, codes, codewords, now, scratch);
    if (!error) return error;
    if (!(*error < *least)) continue;
    least = error;
    for (std::size_t i = 0; i < now.size(); ++i) codebooks[i] = now[i];
  }
  return least;
}

}  // namespace skive
