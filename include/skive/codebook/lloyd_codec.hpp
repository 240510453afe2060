// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lloyd_codec.hpp - groups in the levels of the optimal quantizer of N(0, 1), scaled by their root mean square.
///
///   s = kept(sqrt(mean x^2));   code = nearest level of fl32(x / s),   x' = fl32(level s);   planes: codes, scales
///
/// lloyd<2>{0} is the scalar code that every other code of a Gaussian row is measured against: behind a rotation it is what
/// TurboQuant calls its MSE code.
///
/// Model of : stepwise_codec, dot_codec (block/grouped.hpp)
/// Cost     : see block/grouped.hpp; scales settle by the scalar rule.
/// Accuracy : mean square error on N(0, 1) rows 0.36338, 0.11748, 0.034548, 0.0095010 for 1 to 4 bits.
/// Promise  : same bytes everywhere. A group below 2^-80 is zero; one with NaN or infinity has the scale NaN.
/// Source   : J. Max, S. P. Lloyd (codebook/lloyd_max.hpp).

#include "skive/block/one_scale.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/format/lookup.hpp"

namespace skive {

namespace detail {
template <int Bits>
struct gaussian_levels;
template <>
struct gaussian_levels<1> {
  static constexpr std::array<float, 2> levels{-0.797884561f, 0.797884561f};
};
template <>
struct gaussian_levels<2> {
  static constexpr std::array<float, 4> levels{-1.510417608f, -0.452780035f, 0.452780035f, 1.510417608f};
};
template <>
struct gaussian_levels<3> {
  static constexpr std::array<float, 8> levels{-2.151945705f, -1.343909279f, -0.756005281f, -0.245094179f,
                                               0.245094179f,  0.756005281f,  1.343909279f,  2.151945705f};
};
template <>
struct gaussian_levels<4> {
  static constexpr std::array<float, 16> levels{
      -2.732589571f, -2.069017227f, -1.618046386f, -1.256231197f, -0.942340456f, -0.656759119f, -0.388048299f, -0.128395030f,
      0.128395030f,  0.388048299f,  0.656759119f,  0.942340456f,  1.256231197f,  1.618046386f,  2.069017227f,  2.732589571f};
};
}  // namespace detail

/// 2^Bits levels, 1 to 4 bits, in ascending order.
template <int Bits>
using gaussian_lookup = lookup_format<detail::gaussian_levels<Bits>>;

template <int Bits, class Scale = float16>
struct lloyd_scheme : detail::one_scale<gaussian_lookup<Bits>, Scale> {
  using packing = bit_fields<Bits>;
  static constexpr std::size_t default_group = 0;
  [[no_unique_address]] nearest_even rounding{};

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  template <class T>
  constexpr scale_state settle(std::span<T const> values, workspace) const noexcept {
    if (detail::largest_magnitude(values) >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    return detail::keep_root_mean_square<Scale>(detail::root_mean_square(values));
  }
};

/// lloyd<2>{128}: 2 bits and a float16 scale for 128 numbers.
template <int Bits, class Scale = float16>
using lloyd = grouped<lloyd_scheme<Bits, Scale>>;
using lloyd2 = lloyd<2>;

static_assert(stepwise_codec<lloyd2>);

}  // namespace skive
