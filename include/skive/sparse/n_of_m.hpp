// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/n_of_m.hpp - keeps the N largest of each M scores: 2:4, 4:8, 1:4, 16:32 and any other up to M = 32.
///
///   entry i of a group is kept  <=>  fewer than N entries j of it go before i: s_j > s_i, or s_j = s_i and j < i
///
/// For any score that adds up over entries this mask is the optimum. "n:m" keeps n of m, as hardware says; papers whose
/// prune_n counts what is removed mean m - n.
///
/// Model of : mask_pattern
/// Cost     : ranks by comparison, M <= 8: M - 1 compares for 16 entries and some logic on 64 bits; M > 8: 2 (M - 1)
///            instructions for a group of 16. No allocation.
/// Accuracy : exact.
/// Promise  : exactly N of each M, the same bits on every instruction set; NaN is refused before the first write.
/// Source   : A. Mishra et al., "Accelerating Sparse Deep Neural Networks", arXiv:2104.08378.

#include "skive/core/concepts.hpp"
#include "skive/sparse/mask.hpp"
#include "skive/sparse/n_of_m_lanes.hpp"
#include "skive/sparse/score_order.hpp"

namespace skive {

template <int N, int M>
struct n_of_m {
  static_assert(0 < N && N <= M && M <= 32, "skive::n_of_m keeps N of M, 1 <= N <= M <= 32");
  static constexpr std::size_t kept = N;   ///< entries kept of each group
  static constexpr std::size_t group = M;  ///< entries of a group

  /// Bit i of `mask`: score i is kept. Fails with size_mismatch unless scores.size() is a multiple of M and mask.size() its
  /// mask_bytes(), with not_finite where a score is NaN; infinities are the largest and smallest scores.
  template <class Arch = native_arch>
  constexpr status select(std::span<float const> scores, std::span<std::byte> mask) const noexcept {
    if (!fit(scores, mask)) return errc::size_mismatch;
    auto const kinds = detail::kinds_of<Arch>(scores);
    if (kinds.nan) return errc::not_finite;
    if (kinds.signs)
      select_in<by_score, Arch>(scores, mask);
    else
      select_in<by_magnitude, Arch>(scores, mask);
    return errc::ok;
  }
  /// The same for |weight| as score; here NaN is larger than infinity.
  template <class Arch = native_arch>
  constexpr status select_magnitudes(std::span<float const> weights, std::span<std::byte> mask) const noexcept {
    if (!fit(weights, mask)) return errc::size_mismatch;
    select_in<by_magnitude, Arch>(weights, mask);
    return errc::ok;
  }

 private:
  static constexpr bool fit(std::span<float const> scores, std::span<std::byte> mask) noexcept {
    return scores.size() % M == 0 && mask.size() == mask_bytes(scores.size());
  }
  template <class Order, class Arch>
  static constexpr void select_in(std::span<float const> scores, std::span<std::byte> mask) noexcept {
    detail::bit_writer out{mask.data()};
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated()) return detail::select_in_lanes<N, M, Order, Arch>(scores, out);
    for (std::size_t first = 0; first < scores.size(); first += M) out.append(of_group<Order>(scores.data() + first), M);
    out.finish();
  }
  template <class Order>
  static constexpr std::uint64_t of_group(float const* score) noexcept {
    std::uint64_t chosen = 0;
    for (int i = 0; i < M; ++i) {
      int before = 0;
      for (int j = 0; j < M; ++j) before += Order::key(score[j]) > Order::key(score[i]) - (j < i ? 1 : 0) ? 1 : 0;
      chosen |= (before < N ? std::uint64_t{1} : 0) << i;
    }
    return chosen;
  }
};

static_assert(mask_pattern<n_of_m<2, 4>> && mask_pattern<n_of_m<16, 32>>);

}  // namespace skive
