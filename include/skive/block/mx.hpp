// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/mx.hpp - OCP Microscaling: groups of 32 with a power-of-two scale, and block floating point.
///
///   X = 2^(E - 127), E the stored E8M0 code;   P_i = encode(x_i / X), saturating;   x' = X P_i
///   floor        E - 127 = floor(log2 amax) - emax           emax: exponent of the element's largest power of two
///   ceil         E - 127 = ceil(log2 amax) - emax
///   round_up     E - 127 = ceil(log2(amax / max_finite))     RCEIL: nothing ever saturates
///   even         floor(log2(amax + half an element step)) - emax: amax rounded to the element's fraction first
///   floor_plus_1 floor(log2 amax) - emax + 1
///   search       of floor - 1, floor and floor + 1 the one of least squared error, ties to the lower
///
/// Planes: codes, scales. Elements: e5m2, e4m3fn, e3m2, e2m3, e2m1, mxint8; fixed_point<b, b - 2> gives block floating point.
///
/// Model of : stepwise_codec
/// Cost     : see block/grouped.hpp; division by X is exact but for underflow.
/// Accuracy : half a step of the element at X; floor clips up to a quarter of amax (7 -> 6 in E2M1), round_up never clips.
/// Promise  : same bits everywhere. Zero group: E = 0, values 0. NaN or infinity: E = FF, values NaN. E is clamped to 0 .. FE and
///            elements are divided by the clamped scale.
/// Source   : OCP Microscaling Formats (MX) Specification v1.0, 2023; B. Rouhani et al., arXiv:2310.10537.

#include "skive/block/group_error.hpp"
#include "skive/block/group_error_lanes.hpp"
#include "skive/block/one_scale.hpp"
#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/integer.hpp"
#include "skive/simd/reduce.hpp"

namespace skive {

enum class mx_rule : std::uint8_t { floor, ceil, round_up, even, floor_plus_1, search };

template <class Element, class Rounding = nearest_even>
struct mx_scheme : detail::one_scale<Element, e8m0> {
  using packing = bit_fields<Element::bits>;
  static constexpr std::size_t default_group = 32;
  /// floor(log2 max_finite): 8 for E4M3, 2 for E2M1, 0 for INT8.
  static constexpr int emax = static_cast<int>(magnitude_bits(Element::max_finite) >> 23) - 127;
  /// Stored fraction bits at max_finite: 3 for E4M3, 1 for E2M1, 6 for INT8.
  static constexpr int fraction_bits = Element::fraction_bits;

  mx_rule rule = mx_rule::floor;
  [[no_unique_address]] Rounding rounding{};

  constexpr mx_scheme(mx_rule m = mx_rule::floor, Rounding r = {}) noexcept : rule{m}, rounding{r} {}

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }

  template <class T>
  constexpr scale_state settle(std::span<T const> values, workspace) const noexcept {
    auto const amax = detail::largest_magnitude(values);
    if (amax >= float_infinity_bits) return state_of(e8m0::nan_code);
    if (detail::is_zero_pattern(amax)) return state_of(0);
    if (rule != mx_rule::search) return state_of(clamped(exponent(amax, rule)));
    int const middle = exponent(amax, mx_rule::floor);
    auto best = state_of(clamped(middle - 1));
    auto least = detail::error_at_scale<Element>(values, best.scale);
    for (int e = middle; e <= middle + 1; ++e) {
      auto const s = state_of(clamped(e));
      auto const d = detail::error_at_scale<Element>(values, s.scale);
      if (d < least) {
        best = s;
        least = d;
      }
    }
    return best;
  }

  /// The vector path (block/lane_scheme.hpp). Quotients by powers of two are products, exact from 2^-60 on; smaller ones count as 0.
  template <class Arch, class T>
    requires detail::has_scale_lanes<Element, Arch>
  scale_state settle_group(std::span<T const> values, workspace w) const noexcept {
    auto const amax = simd::largest(detail::largest_in_lanes<Arch>(values));
    int const middle = static_cast<int>(amax >> 23) - 127 - emax;
    if (rule != mx_rule::search || amax >= float_infinity_bits || middle < -58 || middle > 58) return settle(values, w);
    auto best = state_of(clamped(middle - 1));
    auto least = detail::error_in_lanes<Element, 1, Arch>(values, best.scale);
    for (int e = middle; e <= middle + 1; ++e) {
      auto const s = state_of(clamped(e));
      auto const d = detail::error_in_lanes<Element, 1, Arch>(values, s.scale);
      if (d < least) {
        best = s;
        least = d;
      }
    }
    return best;
  }
  template <class Arch>
  static constexpr std::size_t lanes = detail::has_rounded_lanes<Element, Rounding, Arch> ? 3 : 0;
  constexpr bool settles_in_lanes() const noexcept { return rule != mx_rule::search; }
  template <class Arch>
  [[gnu::always_inline]] detail::lane_fields<Arch, 1> settle_lanes(simd::words<Arch> const& largest) const noexcept {
    using words = simd::words<Arch>;
    auto const up = words::broadcast(fraction_that_rises(rule));
    auto const fraction = largest & words::broadcast(0x7F'FFFF);
    auto const rises = select(fraction < up, words::broadcast(0), words::broadcast(1));
    return {{(largest >> 23) + rises - words::broadcast(emax)}, detail::beyond_lanes<Arch>(largest)};
  }

 private:
  static constexpr scale_state state_of(std::uint8_t code) noexcept { return {code, e8m0::decode(code)}; }
  static constexpr std::uint8_t clamped(int exponent) noexcept {
    return static_cast<std::uint8_t>(exponent < -127 ? 0 : exponent > 127 ? 254 : exponent + 127);
  }

  // The least fraction of amax (23 bits) that takes X to the next power of two.
  static constexpr std::uint32_t fraction_that_rises(mx_rule rule) noexcept {
    switch (rule) {
      case mx_rule::ceil: return 1;
      case mx_rule::round_up: return (magnitude_bits(Element::max_finite) & 0x7F'FFFFU) + 1;
      case mx_rule::even: return 0x80'0000U - (0x40'0000U >> fraction_bits);
      case mx_rule::floor_plus_1: return 0;
      case mx_rule::floor:
      case mx_rule::search: break;
    }
    return 0x80'0000U;
  }
  // Of X, before clamping; from the exponent field, never from a logarithm.
  static constexpr int exponent(std::uint32_t amax, mx_rule rule) noexcept {
    auto const parts = detail::take_apart(amax);  // 24-bit significand, top bit set
    return parts.exponent + 23 - emax + ((parts.significand & 0x7F'FFFFU) >= fraction_that_rises(rule) ? 1 : 0);
  }
};

/// mx<e2m1>{}: MXFP4, 4.25 bits a number; mx<e2m1>{32, {mx_rule::round_up}} as TransformerEngine and cuBLAS write it.
template <class Element, class Rounding = nearest_even>
using mx = grouped<mx_scheme<Element, Rounding>>;

/// Integers of Bits bits (sign included) that share an exponent: block floating point.
template <int Bits, class Rounding = nearest_even>
using block_float = mx<fixed_point<Bits, Bits - 2>, Rounding>;

static_assert(stepwise_codec<mx<e2m1>> && stepwise_codec<block_float<8>>);

}  // namespace skive
