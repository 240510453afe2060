// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/low_rank_group.hpp - a quantized group, a low-rank term for what that loses, and a few numbers kept: GEAR.
///
///   X ~ Q + A B + S;   S: kept numbers, which Q sees as the mean of their vector;   A B: rank r of X - S - Q by power iteration
///   group: [page of Q, as many tokens as the group][A: tokens x r][B: r x head size, float16 each][kept: kv/group_outliers.hpp]
///
/// Kept are the numbers farthest from the mean of their vector: a channel over the group's tokens (keys) or a token (values).
///
/// Model of : token_group
/// Cost     : encode: Q, and 4 rounds of 2 r multiply-adds a number; decode: Q, and r multiply-adds a number.
/// Accuracy : the residual of Q, less its leading directions as far as 4 rounds find them and float16 holds them.
/// Promise  : the same bytes as far as those of Q are: products of floats are summed in double, where they are exact.
/// Source   : H. Kang et al., "GEAR: An Efficient KV Cache Compression Recipe", arXiv:2403.05527.

#include "skive/core/random.hpp"
#include "skive/kv/group_outliers.hpp"
#include "skive/kv/grouped_pages.hpp"

#include <cmath>

namespace skive {

enum class outlier_vector : std::uint8_t { channel, token };

/// Quantizer: a key_quantizer or value_quantizer whose page is the group.
template <class Quantizer>
class low_rank_group {
 public:
  constexpr low_rank_group() noexcept = default;
  /// `rank` may be 0, `kept` too. Fails with invalid_argument.
  static constexpr result<low_rank_group> make(Quantizer const& quantizer, std::size_t rank, std::size_t kept,
                                               outlier_vector vector) noexcept {
    auto const n = quantizer.head_size();
    auto const tokens = quantizer.page_tokens();
    if (n == 0 || tokens == 0 || tokens > 65536 / n || rank > n || rank > tokens || kept > n * tokens / 2)
      return errc::invalid_argument;
    return low_rank_group{quantizer, rank, kept, vector};
  }
  constexpr std::size_t head_size() const noexcept { return quantizer_.head_size(); }
  constexpr std::size_t group_tokens() const noexcept { return quantizer_.page_tokens(); }
  constexpr std::size_t group_bytes() const noexcept { return kept_at() + detail::outlier_bytes(kept_); }
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const numbers = group_tokens() * head_size();
    return 2 * workspace::bytes<float>(numbers) + workspace::bytes<std::uint32_t>(kept_) +
        2 * workspace::bytes<float>(rank_ * (group_tokens() + head_size())) + quantizer_.scratch_bytes(0);
  }

  /// Precondition: rows of a group, at most 65504. Fails with workspace_too_small.
  status encode(matrix_view<float const> rows, std::span<std::byte> to, workspace scratch) const noexcept {
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    auto const n = head_size();
    matrix_view<float> const dense{scratch.take<float>(rows.rows * n).data(), rows.rows, n};
    auto const memory = scratch.take<float>(rows.rows * n);
    matrix_view<float> const rest{memory.data(), rows.rows, n};
    auto const positions = scratch.take<std::uint32_t>(kept_);
    for (std::size_t t = 0; t < rows.rows; ++t)
      for (std::size_t d = 0; d < n; ++d) {
        dense(t, d) = rows(t, d);
        auto const far = rows(t, d) - mean(rows, t, d);
        rest(t, d) = far < 0 ? -far : far;
      }
    detail::keep_outliers(rows, memory, positions, to.data() + kept_at());
    for (auto const p : positions) dense(p / n, p % n) = mean(rows, p / n, p % n);
    auto const page = to.first(quantizer_.page_bytes());
    if (auto const s = quantizer_.append(dense, 0, page, scratch); !s) return s;
    if (auto const s = quantizer_.decode(page, 0, rest, scratch); !s) return s;
    for (std::size_t t = 0; t < rows.rows; ++t)
      for (std::size_t d = 0; d < n; ++d) rest(t, d) = dense(t, d) - rest(t, d);
    for (auto const p : positions) rest(p / n, p % n) = 0.0f;
    factor(rest, to.data() + quantizer_.page_bytes(), scratch);
    return errc::ok;
  }
  /// Tokens first, first + 1 ... of the group. Fails with workspace_too_small.
  status decode(std::span<std::byte const> from, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    if (auto const s = quantizer_.decode(from.first(quantizer_.page_bytes()), first, out, scratch); !s) return s;
    auto const n = head_size();
    auto const* const left = from.data() + quantizer_.page_bytes();
    auto const* const right = left + 2 * rank_ * group_tokens();
    auto const row = scratch.take<float>(rank_ * n);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = half(right + 2 * i);
    for (std::size_t t = 0; t < out.rows; ++t)
      for (std::size_t r = 0; r < rank_; ++r) {
        auto const a = half(left + 2 * ((first + t) * rank_ + r));
        for (std::size_t d = 0; d < n; ++d) out(t, d) += a * row[r * n + d];
      }
    detail::restore_outliers(from.data() + kept_at(), kept_, first, out);
    return errc::ok;
  }

 private:
  constexpr low_rank_group(Quantizer const& quantizer, std::size_t rank, std::size_t kept, outlier_vector vector) noexcept
      : quantizer_{quantizer}, rank_{rank}, kept_{kept}, vector_{vector} {}
  constexpr std::size_t kept_at() const noexcept { return quantizer_.page_bytes() + 2 * rank_ * (group_tokens() + head_size()); }
  static float half(std::byte const* from) noexcept {
    std::uint16_t code = 0;
    std::memcpy(&code, from, 2);
    return float16::decode(code);
  }
  static void put_half(float x, std::byte* to) noexcept {
    auto const code = float16::encode(x < -65504.0f ? -65504.0f : x > 65504.0f ? 65504.0f : x);
    std::memcpy(to, &code, 2);
  }
  // Of the channel or token that (t, d) lies in.
  float mean(matrix_view<float const> rows, std::size_t t, std::size_t d) const noexcept {
    double sum = 0;
    if (vector_ == outlier_vector::channel) {
      for (std::size_t i = 0; i < rows.rows; ++i) sum += static_cast<double>(rows(i, d));
      return static_cast<float>(sum / static_cast<double>(rows.rows));
    }
    for (auto const x : rows.row(t)) sum += static_cast<double>(x);
    return static_cast<float>(sum / static_cast<double>(rows.cols));
  }

  // E ~ A B: B from A, A = E B^T orthonormalised, four times, from random signs on; then B = A^T E.
  void factor(matrix_view<float const> e, std::byte* to, workspace scratch) const noexcept {
    if (rank_ == 0) return;
    matrix_view<float> const a{scratch.take<float>(rank_ * e.rows).data(), rank_, e.rows};  // transposed
    matrix_view<float> const b{scratch.take<float>(rank_ * e.cols).data(), rank_, e.cols};
    counter_random const random{7};
    for (std::size_t r = 0; r < rank_; ++r)
      for (std::size_t d = 0; d < e.cols; ++d) b(r, d) = random.bits(r * e.cols + d) >> 31 != 0 ? 1.0f : -1.0f;
    for (int round = 0; round < 4; ++round) {
      for (std::size_t r = 0; r < rank_; ++r)
        for (std::size_t t = 0; t < e.rows; ++t) a(r, t) = product(e.row(t), b.row(r));
      for (std::size_t r = 0; r < rank_; ++r) orthonormalise(a, r);
      for (std::size_t r = 0; r < rank_; ++r)
        for (std::size_t d = 0; d < e.cols; ++d) {
          double sum = 0;
          for (std::size_t t = 0; t < e.rows; ++t) sum += static_cast<double>(a(r, t)) * static_cast<double>(e(t, d));
          b(r, d) = static_cast<float>(sum);
        }
    }
    for (std::size_t t = 0; t < e.rows; ++t)
      for (std::size_t r = 0; r < rank_; ++r) put_half(a(r, t), to + 2 * (t * rank_ + r));
    for (std::size_t r = 0; r < rank_; ++r)
      for (std::size_t d = 0; d < e.cols; ++d) put_half(b(r, d), to + 2 * (rank_ * e.rows + r * e.cols + d));
  }
  static float product(std::span<float const> x, std::span<float const> y) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    return static_cast<float>(sum);
  }
  // Row r of `a` without the rows before it, of length 1; zeros if nothing is left.
  static void orthonormalise(matrix_view<float> a, std::size_t r) noexcept {
    for (int twice = 0; twice < 2; ++twice) {
      for (std::size_t k = 0; k < r; ++k) {
        auto const along = product(a.row(r), a.row(k));
        for (std::size_t t = 0; t < a.cols; ++t)
          a(r, t) = static_cast<float>(static_cast<double>(a(r, t)) - static_cast<double>(along) * static_cast<double>(a(k, t)));
      }
      double square = 0;
      for (auto const x : a.row(r)) square += static_cast<double>(x) * static_cast<double>(x);
      auto const inverse = square > 0x1p-60 ? 1.0 / std::sqrt(square) : 0.0;
      for (auto& x : a.row(r)) x = static_cast<float>(static_cast<double>(x) * inverse);
    }
  }

  Quantizer quantizer_{};
  std::size_t rank_ = 0;
  std::size_t kept_ = 0;
  outlier_vector vector_ = outlier_vector::channel;
};

}  // namespace skive
