// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/sign.hpp - binary and ternary groups: signs, or signs and zeros, times a mean magnitude.
///
///   s = kept(mean |x|)
///   binary  : code = x < 0,                            x' = s, -s               1 bit
///   ternary : code = clamp(RNE(fl32(x / s)), -1, 1) + 1,   x' = -s, 0, s        2 bits, or 5 codes in 8 bits
///   planes: codes, scales
///
/// The binary scale is the least-squares one; the ternary rule is BitNet b1.58's absmean, per group.
///
/// Model of : stepwise_codec
/// Cost     : see block/grouped.hpp.
/// Accuracy : binary relative MSE 1 - (mean |x|)^2 / mean x^2, 0.363 for a Gaussian.
/// Promise  : same bits everywhere (the mean runs over 16 lanes in double). Zero group: scale 0, values 0. Group with NaN or
///            infinity: scale NaN, values NaN. The unused ternary code 3 decodes to +s.
/// Source   : M. Rastegari et al., "XNOR-Net", ECCV 2016; S. Ma et al., "The Era of 1-bit LLMs", arXiv:2402.17764.

#include "skive/block/group_error.hpp"
#include "skive/block/one_scale.hpp"
#include "skive/format/sign_lanes.hpp"
#include "skive/simd/double_sum.hpp"

namespace skive {

template <class Format, class Packing, class Scale = float16>
struct mean_scheme : detail::one_scale<Format, Scale> {
  using packing = Packing;
  static constexpr std::size_t default_group = 128;
  nearest_even rounding{};

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  template <class T>
  constexpr scale_state settle(std::span<T const> values, workspace) const noexcept {
    detail::lane_sums sums;
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto const x = detail::widen(values[i]);
      if (!is_finite(x)) return detail::not_finite_scale<Scale>();
      sums.add(i, detail::normal_or_zero(magnitude(x)));
    }
    return keep_mean(sums.total(), values.size());
  }
  template <class R>
  constexpr std::uint8_t code(scale_state const& s, float x, R r) const noexcept {
    if constexpr (std::is_same_v<Format, sign_format>)  // x / s may vanish, its sign does not
      return is_zero(s.scale) || !is_finite(s.scale) ? std::uint8_t{0} : Format::encode(x);
    else
      return detail::code_at_scale<Format>(s.scale, x, r);
  }

  /// The vector path (block/lane_scheme.hpp).
  template <class Arch, class T>
  scale_state settle_group(std::span<T const> values, workspace) const noexcept {
    auto const clear_sign = simd::words<Arch>::broadcast(0x7FFF'FFFF);
    auto largest = simd::words<Arch>::broadcast(0);
    simd::double_sum<Arch> sum;
    detail::for_each_sixteen<Arch>(values, [&](simd::floats<Arch> const& x) __attribute__((always_inline)) {
      auto const magnitude = simd::as<std::uint32_t>(x) & clear_sign;
      largest = max(largest, magnitude);
      sum.add(simd::as<float>(magnitude));
    });
    if (simd::largest<Arch>(largest) >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    return keep_mean(sum.total(), values.size());
  }
  template <class Arch>
  static constexpr std::size_t lanes = simd::vector_arch<Arch> ? 3 : 0;

 private:
  static constexpr scale_state keep_mean(double sum, std::size_t count) noexcept {
    auto const mean = count == 0 ? 0.0 : sum / static_cast<double>(count);
    return detail::keep_scale<Scale>(mean < 0x1p-126 ? 0.0f : static_cast<float>(mean));
  }
};

using binary = grouped<mean_scheme<sign_format, bit_fields<1>>>;      ///< 1.125 bits a number at group 128
using ternary = grouped<mean_scheme<ternary_format, bit_fields<2>>>;  ///< 2.125
using ternary_dense = grouped<mean_scheme<ternary_format, trits>>;    ///< 1.725

static_assert(stepwise_codec<binary> && stepwise_codec<ternary> && stepwise_codec<ternary_dense>);

}  // namespace skive
