// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/online_softmax.hpp - softmax-weighted sums over parts of a context, in any number of parts, that merge.
///
///   M = max l_j,  S = sum_j exp(l_j - M),  A = sum_j exp(l_j - M) v_j;     result A / S,   logsumexp M + ln S
///   merge: M = max(M1, M2),  S = S1 e^(M1 - M) + S2 e^(M2 - M), A likewise
///
/// Masked logits are -infinity. A row that saw none but masked ones has M = -infinity, S = 0, A = 0 and results in zeros.
///
/// Model of : -
/// Cost     : an exponential for each logit; head_size multiplications for each row whose maximum rises.
/// Accuracy : exp within 2 ulp (xsimd); sums of floats. Splitting changes results by rounding only.
/// Promise  : the same parts merged in the same order give the same bits for one arch, whichever thread made them.
/// Source   : M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", arXiv:1805.02867; T. Dao et al.,
///            "FlashAttention", NeurIPS 2022.

#include "skive/kv/page.hpp"
#include "skive/simd/arithmetic.hpp"

#include <cmath>
#include <limits>

namespace skive {

/// Running state of some rows: what the caller lends, one row for each query.
struct attention_state {
  std::span<float> maximum;
  std::span<float> sum;
  matrix_view<float> accumulator;

  constexpr bool valid(std::size_t rows) const noexcept {
    return maximum.size() == rows && sum.size() == rows && accumulator.rows == rows && accumulator.valid();
  }
};

namespace detail {

inline constexpr float masked = -std::numeric_limits<float>::infinity();

template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> exponential(simd::floats<Arch> x) noexcept {
  for (std::size_t i = 0; i < x.registers; ++i) x.part[i] = xsimd::exp(x.part[i]);
  return x;
}
template <class Arch>
inline float exponential_of(float x) noexcept {
  return xsimd::exp(xsimd::batch<float, Arch>(x)).get(0);
}

/// x_i *= factor.
template <class Arch>
inline void scale_row(std::span<float> x, float factor) noexcept {
  using floats = simd::floats<Arch>;
  for (std::size_t i = 0; i < x.size(); i += 16) {
    auto const some = x.size() - i;
    store_some<Arch>(simd::product<Arch>(load_some<Arch>(x.data() + i, some), floats::broadcast(factor)), x.data() + i, some);
  }
}

/// The largest of some logits, -infinity for none.
template <class Arch>
inline float largest_logit(std::span<float const> x) noexcept {
  using floats = simd::floats<Arch>;
  auto most = floats::broadcast(masked);
  std::size_t i = 0;
  for (; i + 16 <= x.size(); i += 16) most = max(most, floats::load(x.data() + i));
  alignas(64) float lane[16];
  most.store(lane);
  auto largest = masked;
  for (auto const l : lane) largest = l > largest ? l : largest;
  for (; i < x.size(); ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/// Logits become weights exp(l - M) of row r; the state's maximum and sum move on, the accumulator is rescaled.
template <class Arch>
inline void weigh(attention_state const& state, std::size_t r, std::span<float> logits) noexcept {
  using floats = simd::floats<Arch>;
  auto const part = largest_logit<Arch>(logits);
  auto const before = state.maximum[r];
  if (part > before) {
    if (state.sum[r] != 0.0f) {
      auto const factor = exponential_of<Arch>(before - part);
      state.sum[r] *= factor;
      scale_row<Arch>(state.accumulator.row(r), factor);
    }
    state.maximum[r] = part;
  }
  auto const top = state.maximum[r] == masked ? 0.0f : state.maximum[r];  // nothing seen yet: all weights are exp(-infinity)
  auto total = floats::broadcast(0.0f);
  for (std::size_t i = 0; i < logits.size(); i += 16) {
    auto const some = logits.size() - i;
    alignas(64) float padded[16];
    auto* const at = logits.data() + i;
    if (some < 16)
      for (std::size_t k = 0; k < 16; ++k) padded[k] = k < some ? at[k] : masked;
    auto const x = floats::load(some < 16 ? padded : at) - floats::broadcast(top);
    auto const seen = x > floats::broadcast(-104.0f);  // below, the exponential of a float is zero
    auto const w = select(seen, exponential<Arch>(select(seen, x, floats::broadcast(0.0f))), floats::broadcast(0.0f));
    total = total + w;
    store_some<Arch>(w, at, some);
  }
  state.sum[r] += simd::sum(total);
}

}  // namespace detail

/// An empty context. Fails with size_mismatch.
template <class Arch = native_arch>
status reset(attention_state const& state) noexcept {
  if (!state.valid(state.accumulator.rows)) return errc::size_mismatch;
  for (std::size_t r = 0; r < state.accumulator.rows; ++r) {
    state.maximum[r] = detail::masked;
    state.sum[r] = 0.0f;
    for (auto& x : state.accumulator.row(r)) x = 0.0f;
  }
  return errc::ok;
}

/// A learned sink: a logit for each row that takes its share of the softmax and has no value. Fails with size_mismatch,
/// not_finite.
template <class Arch = native_arch>
status add_sink(attention_state const& state, std::span<float const> logits) noexcept {
  if (!state.valid(logits.size())) return errc::size_mismatch;
  if (!detail::within<Arch>(logits, std::numeric_limits<float>::max())) return errc::not_finite;
  for (std::size_t r = 0; r < logits.size(); ++r) {
    float one = logits[r];
    detail::weigh<Arch>(state, r, {&one, 1});
  }
  return errc::ok;
}

/// `into` takes up what `part` saw. Fails with size_mismatch.
template <class Arch = native_arch>
status merge(attention_state const& into, attention_state const& part) noexcept {
  using floats = simd::floats<Arch>;
  auto const rows = into.accumulator.rows;
  auto const n = into.accumulator.cols;
  if (!into.valid(rows) || !part.valid(rows) || part.accumulator.cols != n) return errc::size_mismatch;
  for (std::size_t r = 0; r < rows; ++r) {
    if (part.maximum[r] == detail::masked) continue;
    auto const top = part.maximum[r] > into.maximum[r] ? part.maximum[r] : into.maximum[r];
    auto const ours = into.sum[r] == 0.0f ? 0.0f : detail::exponential_of<Arch>(into.maximum[r] - top);
    auto const theirs = detail::exponential_of<Arch>(part.maximum[r] - top);
    into.maximum[r] = top;
    into.sum[r] = into.sum[r] * ours + part.sum[r] * theirs;
    for (std::size_t d = 0; d < n; d += 16) {
      auto* const a = &into.accumulator(r, d);
      auto const scaled = simd::product<Arch>(detail::load_some<Arch>(a, n - d), floats::broadcast(ours));
      auto const b = detail::load_some<Arch>(&part.accumulator(r, d), n - d);
      detail::store_some<Arch>(simd::fused(b, floats::broadcast(theirs), scaled), a, n - d);
    }
  }
  return errc::ok;
}

/// out = A / S, zeros for rows that saw nothing; logsumexp (if not empty) M + ln S. Fails with size_mismatch.
template <class Arch = native_arch>
status finish(attention_state const& state, matrix_view<float> out, std::span<float> logsumexp = {}) noexcept {
  auto const rows = state.accumulator.rows;
  if (!state.valid(rows) || !out.valid() || out.rows != rows || out.cols != state.accumulator.cols) return errc::size_mismatch;
  if (!logsumexp.empty() && logsumexp.size() != rows) return errc::size_mismatch;
  for (std::size_t r = 0; r < rows; ++r) {
    bool const some = state.sum[r] > 0.0f;
    auto const inverse = some ? 1.0f / state.sum[r] : 0.0f;
    for (std::size_t d = 0; d < out.cols; ++d) out(r, d) = some ? state.accumulator(r, d) * inverse : 0.0f;
    if (!logsumexp.empty()) logsumexp[r] = some ? state.maximum[r] + std::log(state.sum[r]) : detail::masked;
  }
  return errc::ok;
}

}  // namespace skive
