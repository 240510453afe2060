// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/gram.hpp - second moments of a stream of activations: G = sum over tokens of x x^T.
///
///   sums (i, j), j <= i, at i (i + 1) / 2 + j in double; tokens wait in float until 512 of them make a block
///   G = ... + (X_b^T X_b of block b, in float registers) + ..., block after block in double
///
/// A token with a NaN, an infinity or a number beyond 2^59 is left out and counted. Memory is the caller's. The accumulator is a
/// view with counters: copies share sums.
///
/// G is as exact as sums of 512 products in float: factors in double should take it for what it is, with a relative tolerance or
/// damping above 2^-24 (linalg/cholesky.hpp).
///
/// Threads: (a) each takes the same tokens and a range of rows of G, or (b) each takes tokens of its own, and merge() adds up.
///
/// Model of : -
/// Cost     : n^2 operations a token, as matrix products; sums are read and written once in 512 tokens. No allocation.
/// Accuracy : |G_ij - exact| <= (261 u + blocks 2^-53) sum over tokens |x_i x_j|, u = 2^-24, to first order; products below
/// 2^-126
///            may count as zero.
/// Promise  : for one instruction set the bits depend on the sequence of tokens only: not on how add() gets them, nor on ranges
///            of rows (a). merge() commutes; sums of other orders of shards (b) differ within shards 2^-53 sum |x_i x_j|. Counts
///            of tokens are exact, whatever is merged. Sums do not overflow.
/// Source   : P. Blanchard, N. Higham, T. Mary, "A class of fast and accurate summation algorithms", SIAM J. Sci. Comput. 42,
/// 2020.

#include "skive/core/status.hpp"
#include "skive/format/rows.hpp"
#include "skive/linalg/product.hpp"
#include "skive/simd/reduce.hpp"
#include "skive/simd/widen.hpp"

namespace skive {

struct gram_counts {
  std::uint64_t tokens = 0;         ///< in the sums, or waiting for them
  std::uint64_t skipped = 0;        ///< left out: not finite, or beyond 2^59
  std::uint64_t first_skipped = 0;  ///< number of the first of these among all tokens, from 0; nothing if there is none
};

class gram_accumulator {
 public:
  static constexpr std::size_t block_tokens = 512;
  static constexpr std::size_t panel_rows = 168;  // of G, that are made together, and the columns: a part for the second cache
  static constexpr std::size_t panel_cols = 1024;

  /// Numbers of `sums` for all rows of n channels, or for rows first .. first + count - 1; numbers of `waiting`.
  static constexpr std::size_t sum_count(std::size_t n) noexcept { return sum_count(0, n); }
  static constexpr std::size_t sum_count(std::size_t first, std::size_t count) noexcept {
    return triangle(first + count) - triangle(first);
  }
  static constexpr std::size_t waiting_count(std::size_t n) noexcept { return block_tokens * n; }

  constexpr gram_accumulator() noexcept = default;
  /// All rows; sums are set to zero. Fails with size_mismatch.
  static result<gram_accumulator> make(std::size_t channels, std::span<double> sums, std::span<float> waiting) noexcept {
    return make(channels, 0, channels, sums, waiting);
  }
  /// Rows first .. first + count - 1.
  static result<gram_accumulator> make(std::size_t channels, std::size_t first, std::size_t count, std::span<double> sums,
                                       std::span<float> waiting) noexcept {
    if (channels >= (std::size_t{1} << 31) || first > channels || count > channels - first) return errc::size_mismatch;
    if (sums.size() != sum_count(first, count) || waiting.size() != waiting_count(channels)) return errc::size_mismatch;
    for (double& s : sums) s = 0;
    gram_accumulator g;
    g.channels_ = channels;
    g.first_ = first;
    g.count_ = count;
    g.sums_ = sums;
    g.waiting_ = waiting;
    return g;
  }

  constexpr std::size_t channels() const noexcept { return channels_; }
  constexpr gram_counts counts() const noexcept { return counts_; }
  /// Tokens that flush() would take into the sums.
  constexpr std::size_t waiting() const noexcept { return filled_; }
  /// Of add() and flush().
  template <class Arch = native_arch>
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const rows = count_ < panel_rows ? count_ : panel_rows;
    auto const cols = channels_ < panel_cols ? channels_ : panel_cols;
    return workspace::bytes<float>(rows * cols) + product_scratch_bytes<float, Arch>(rows, cols, block_tokens);
  }

  /// Rows of tokens: float, bfloat16 or float16. Fails with size_mismatch, invalid_argument or workspace_too_small before it
  /// takes one.
  template <class Arch = native_arch, class Number>
  status add(matrix_view<Number> tokens, workspace scratch) noexcept {
    if (tokens.cols != channels_) return errc::size_mismatch;
    if (!tokens.valid()) return errc::invalid_argument;
    if (scratch.size() < scratch_bytes<Arch>()) return errc::workspace_too_small;
    for (std::size_t t = 0; t < tokens.rows; ++t) {
      if (take<Arch>(tokens.row(t).data())) {
        ++counts_.tokens;
        if (++filled_ == block_tokens) add_block<Arch>(scratch);
      } else {
        if (counts_.skipped++ == 0) counts_.first_skipped = counts_.tokens;
      }
    }
    return errc::ok;
  }

  /// Ends the block: needed once before merge() and read(). Fails with workspace_too_small.
  template <class Arch = native_arch>
  status flush(workspace scratch) noexcept {
    if (filled_ == 0) return errc::ok;
    if (scratch.size() < scratch_bytes<Arch>()) return errc::workspace_too_small;
    add_block<Arch>(scratch);
    return errc::ok;
  }

  /// Adds the sums and counts of tokens that come after this one's. Fails with size_mismatch (other channels or rows) or
  /// invalid_argument (tokens wait in one of both, or both have the same sums).
  status merge(gram_accumulator const& other) noexcept {
    if (other.channels_ != channels_ || other.first_ != first_ || other.count_ != count_) return errc::size_mismatch;
    if (filled_ != 0 || other.filled_ != 0 || (sums_.data() == other.sums_.data() && !sums_.empty()))
      return errc::invalid_argument;
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
    if (counts_.skipped == 0) counts_.first_skipped = counts_.tokens + other.counts_.first_skipped;
    counts_.tokens += other.counts_.tokens;
    counts_.skipped += other.counts_.skipped;
    return errc::ok;
  }

  /// A channel in which every token had zero, or less than 2^-75 in size. Precondition: the channel is one of the rows.
  constexpr bool is_dead(std::size_t channel) const noexcept { return sums_[offset(channel) + channel] == 0; }
  constexpr std::size_t dead() const noexcept {
    std::size_t n = 0;
    for (std::size_t i = first_; i < first_ + count_; ++i) n += is_dead(i) ? 1U : 0U;
    return n;
  }

  /// factor G, both triangles; of rows first .. first + count - 1 only the lower triangle where these are not all. T: float (each
  /// number rounded once more) or double. Fails with size_mismatch or invalid_argument (tokens wait).
  template <class T>
  status read(matrix_view<T> out, double factor = 1.0) const noexcept {
    if (out.rows != channels_ || out.cols != channels_) return errc::size_mismatch;
    if (!out.valid() || filled_ != 0) return errc::invalid_argument;
    for (std::size_t i = first_; i < first_ + count_; ++i)
      for (std::size_t j = 0; j <= i; ++j) out(i, j) = static_cast<T>(factor * sums_[offset(i) + j]);
    return count_ == channels_ ? mirror_lower(out) : errc::ok;
  }

 private:
  static constexpr std::uint32_t largest_pattern = 0x5D000000;  // 2^59: sums of 512 squares stay below 2^128

  static constexpr std::size_t triangle(std::size_t n) noexcept { return n % 2 == 0 ? n / 2 * (n + 1) : (n + 1) / 2 * n; }
  // Where row i of the triangle starts in sums.
  constexpr std::size_t offset(std::size_t i) const noexcept { return triangle(i) - triangle(first_); }

  // A token as floats, at the end of those that wait. False if it has to be left out.
  template <class Arch, class Number>
  bool take(Number const* from) noexcept {
    float* const to = waiting_.data() + filled_ * channels_;
    std::size_t i = 0;
    std::uint32_t largest = 0;
    if constexpr (simd::vector_arch<Arch>) {
      auto const sign = simd::words<Arch>::broadcast(0x7FFF'FFFF);
      auto most = simd::integers<Arch>::broadcast(0);
      for (; i + 16 <= channels_; i += 16) {
        auto const x = detail::load_numbers<Arch>(from + i);
        most = max(most, simd::as<std::int32_t>(simd::as<std::uint32_t>(x) & sign));
        x.store(to + i);
      }
      largest = simd::largest(simd::as<std::uint32_t>(most));
    }
    for (; i < channels_; ++i) {
      to[i] = detail::widen(from[i]);
      auto const magnitude = std::bit_cast<std::uint32_t>(to[i]) & 0x7FFF'FFFFU;
      if (largest < magnitude) largest = magnitude;
    }
    return largest <= largest_pattern;
  }

  // The tokens that wait go into the sums, some rows of G at a time.
  template <class Arch>
  void add_block(workspace scratch) noexcept {
    matrix_view<float const> const x{waiting_.data(), filled_, channels_};
    filled_ = 0;
    auto const memory =
        scratch.take<float>((count_ < panel_rows ? count_ : panel_rows) * (channels_ < panel_cols ? channels_ : panel_cols));
    for (std::size_t i = first_; i < first_ + count_; i += panel_rows) {
      auto const rows = first_ + count_ - i < panel_rows ? first_ + count_ - i : panel_rows;
      for (std::size_t j = 0; j < i + rows; j += panel_cols) {
        auto const cols = i + rows - j < panel_cols ? i + rows - j : panel_cols;
        matrix_view<float> const part{memory.data(), rows, cols};
        detail::product_range const range{j <= i ? i - j : 0, j <= i};  // what lies above the diagonal is left out, or not read
        detail::multiply<float, Arch>(detail::product_factors<float>{transposed(submatrix(x, 0, i, x.rows, rows)),
                                                                     submatrix(x, 0, j, x.rows, cols), 1.0f, 0.0f, range},
                                      part, scratch);
        for (std::size_t r = 0; r < rows; ++r)
          if (j <= i + r)
            add_row<Arch>(part.row(r).data(), sums_.data() + offset(i + r) + j, i + r + 1 - j < cols ? i + r + 1 - j : cols);
      }
    }
  }

  template <class Arch>
  static void add_row(float const* from, double* to, std::size_t n) noexcept {
    std::size_t j = 0;
    if constexpr (vector_real<double, Arch>) {
      using batch = xsimd::batch<float, Arch>;
      using wide = xsimd::batch<double, Arch>;
      for (; j + batch::size <= n; j += batch::size) {
        auto const x = simd::widen<Arch>(batch::load_unaligned(from + j));
        (wide::load_unaligned(to + j) + x.low).store_unaligned(to + j);
        (wide::load_unaligned(to + j + wide::size) + x.high).store_unaligned(to + j + wide::size);
      }
    }
    for (; j < n; ++j) to[j] += static_cast<double>(from[j]);
  }

  std::size_t channels_ = 0;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t filled_ = 0;
  std::span<double> sums_;
  std::span<float> waiting_;
  gram_counts counts_;
};

static_assert(std::is_trivially_copyable_v<gram_accumulator>);

}  // namespace skive
