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
#include "skive/core/real_bits.hpp"
#include "skive/format/integer.hpp"
#include "skive/simd/double_sum.hpp"

#include <cstring>
#include <limits>

namespace skive {

/// One bit: 0 is +1, 1 is -1.
struct sign_format {
  using code_type = std::uint8_t;
  static constexpr int bits = 1;
  static constexpr float max_finite = 1.0f;
  code_type code{};
  static constexpr float decode(code_type c) noexcept { return (c & 1) != 0 ? -1.0f : 1.0f; }
  /// Negative numbers (not -0 and NaN) give 1; there is nothing to round.
  template <class Real, class R = nearest_even>
  static constexpr code_type encode(Real x, R = {}, overflow_policy = {}) noexcept {
    auto const u = detail::unpack_real(x);  // not x < 0: a processor may take a subnormal for zero
    return u.negative && u.kind != detail::real_kind::zero && u.kind != detail::real_kind::nan ? 1 : 0;
  }
};

/// Codes 0, 1, 2 for -1, 0, 1.
struct ternary_format {
  using code_type = std::uint8_t;
  static constexpr int bits = 2;
  static constexpr float max_finite = 1.0f;
  code_type code{};
  static constexpr float decode(code_type c) noexcept { return c == 0 ? -1.0f : c == 1 ? 0.0f : 1.0f; }
  template <class Real, class R = nearest_even>
  static constexpr code_type encode(Real x, R rounding = {}, overflow_policy = {}) noexcept {
    return static_cast<code_type>(int2::integer(int2::encode(x, rounding)) + 1);
  }
};

template <class Arch>
struct format_lanes<sign_format, Arch> {
  [[gnu::always_inline]] static simd::words<Arch> encode_finite(simd::floats<Arch> const&,
                                                                simd::floats<Arch> const& sign) noexcept {
    auto const zero = simd::as<std::uint32_t>(sign) == simd::words<Arch>::broadcast(0x8000'0000);
    return select(zero, simd::words<Arch>::broadcast(0), simd::as<std::uint32_t>(sign) >> 31);
  }
  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    return simd::as<float>((codes << 31) | simd::as<std::uint32_t>(simd::floats<Arch>::broadcast(1.0f)));
  }
};

template <class Arch>
struct format_lanes<ternary_format, Arch> {
  [[gnu::always_inline]] static simd::words<Arch> encode_finite(simd::floats<Arch> const& x, simd::floats<Arch> const&) noexcept {
    auto const one = simd::floats<Arch>::broadcast(1.0f);
    auto const n = detail::round_between<Arch>(x, simd::floats<Arch>::broadcast(-1.0f), one);
    return (n + simd::words<Arch>::broadcast(1)) & simd::words<Arch>::broadcast(3);
  }
  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    auto const n = min(simd::as<std::int32_t>(codes & simd::words<Arch>::broadcast(3)), simd::integers<Arch>::broadcast(2));
    return simd::to_float<Arch>(n - simd::integers<Arch>::broadcast(1));
  }
};

namespace detail {

// Sixty-four signs: what a register says of its lanes is their codes already.
template <class Arch>
  requires simd::has_avx2<Arch>
struct sixty_four<sign_format, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const&, simd::floats<Arch> const& x) noexcept {
    return simd::as<std::int32_t>(x);
  }
  [[gnu::always_inline]] static void store(lane_type const (&x)[4], bit_order order, std::byte* to) noexcept {
    std::uint64_t signs = 0;
    auto const minus_zero = lane_type::broadcast(std::numeric_limits<std::int32_t>::min());
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      signs |= std::uint64_t{((x[i] < lane_type::broadcast(0)) & (x[i] > minus_zero)).bits()} << (16 * i);
    if (order == bit_order::high_first) {  // the bits of each byte the other way round
      signs = (signs >> 1 & 0x5555'5555'5555'5555) | (signs & 0x5555'5555'5555'5555) << 1;
      signs = (signs >> 2 & 0x3333'3333'3333'3333) | (signs & 0x3333'3333'3333'3333) << 2;
      signs = (signs >> 4 & 0x0F0F'0F0F'0F0F'0F0F) | (signs & 0x0F0F'0F0F'0F0F'0F0F) << 4;
    }
    std::memcpy(to, &signs, sizeof signs);
  }
};

template <class Arch>
  requires simd::has_avx2<Arch>
struct sixty_four<ternary_format, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q, simd::floats<Arch> const&) noexcept {
    return bounded_integers<Arch>(q) + lane_type::broadcast(1);
  }
  [[gnu::always_inline]] static void store(lane_type const (&n)[4], bit_order order, std::byte* to) noexcept {
    simd::store_to_two<Arch>(n, order, to);
  }
};

}  // namespace detail

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
