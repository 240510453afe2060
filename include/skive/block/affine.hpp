// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/affine.hpp - unsigned integers with a scale and an integer zero point per group.
///
///   lo = min(0, min x), hi = max(0, max x);   s = kept((hi - lo) / (2^b - 1));   z = clamp(RNE(-lo / s), 0, 2^b - 1)
///   code = clamp(round(fl32(x / s)) + z, 0, 2^b - 1),   x' = fl32((code - z) s)
///   planes: codes, scales, zero points (b bits each)
///
/// The range always contains 0, so that zero stays exact and the zero point fits into b bits.
///
/// Model of : stepwise_codec
/// Cost     : see block/grouped.hpp.
/// Accuracy : |x' - x| <= s/2 inside the range, s at its ends (the zero point is rounded), plus the rounding of s.
/// Promise  : same bits everywhere. Zero group: scale 0, values 0. Group with NaN or infinity: scale NaN, values NaN.
/// Source   : B. Jacob et al., "Quantization and Training of Neural Networks ...", CVPR 2018; E. Frantar et al., GPTQ, ICLR 2023.

#include "skive/block/grouped.hpp"
#include "skive/block/scale.hpp"
#include "skive/block/scale_lanes.hpp"
#include "skive/format/integer.hpp"

namespace skive {

template <int Bits, class Scale = float16, class Rounding = nearest_even>
struct affine_scheme {
  static_assert(1 <= Bits && Bits <= 8, "skive::affine_int holds 1 to 8 bits");
  struct state {
    scale_state scale;
    std::uint32_t zero_point = 0;
  };
  using element = uint_format<Bits>;
  using scale_format = Scale;
  static constexpr bool has_zero_point = true;
  using packing = bit_fields<Bits>;
  static constexpr std::array<int, 2> field_bits{Scale::bits, Bits};
  static constexpr std::size_t default_group = 32;
  static constexpr bit_order default_order = bit_order::low_first;
  static constexpr float max_code = static_cast<float>((1 << Bits) - 1);

  [[no_unique_address]] Rounding rounding{};

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }

  template <class T>
  constexpr state settle(std::span<T const> values, workspace) const noexcept {
    float low = 0.0f;
    float high = 0.0f;
    for (auto const& v : values) {
      auto const x = detail::widen(v);
      if (!is_finite(x)) return {detail::not_finite_scale<Scale>(), 0};
      if (less(x, low)) low = x;
      if (less(high, x)) high = x;
    }
    auto const scale = detail::keep_scale<Scale>(ieee_divide(width(low, high), max_code));
    if (is_zero(scale.scale)) return {scale, 0};
    return {scale, uint_format<Bits>::encode(ieee_divide(magnitude(low), scale.scale))};
  }
  template <class R>
  constexpr std::uint8_t code(state const& s, float x, R r) const noexcept {
    auto const zero = static_cast<std::int32_t>(s.zero_point);
    if (is_zero(s.scale.scale) || !is_finite(s.scale.scale)) return static_cast<std::uint8_t>(zero);
    return static_cast<std::uint8_t>(uint_format<Bits>::encode_affine(ieee_divide(x, s.scale.scale), zero, r));
  }
  constexpr float value(state const& s, std::uint8_t c) const noexcept {
    if (is_zero(s.scale.scale)) return 0.0f;
    return ieee_multiply(uint_format<Bits>::decode_affine(c, static_cast<std::int32_t>(s.zero_point)), s.scale.scale);
  }
  constexpr std::array<std::uint32_t, 2> store(state const& s) const noexcept { return {s.scale.code, s.zero_point}; }
  constexpr state load(std::array<std::uint32_t, 2> const& f) const noexcept { return {detail::load_scale<Scale>(f[0]), f[1]}; }

  /// The vector path (block/lane_scheme.hpp): scale, zero point, and what dividing by the scale needs.
  template <class Arch>
  static constexpr std::size_t lanes =
      (std::is_same_v<Rounding, nearest_even> && simd::vector_arch<Arch>) || detail::rounds_in_lanes<Rounding, Arch> ? 4 : 0;
  constexpr bool settles_in_lanes() const noexcept { return true; }
  template <class Arch>
  [[gnu::always_inline]] detail::lane_fields<Arch, 2> settle_lanes(simd::floats<Arch> const& low, simd::floats<Arch> const& high,
                                                                   simd::words<Arch> const& largest) const noexcept {
    auto const zero = simd::floats<Arch>::broadcast(0.0f);
    auto const code = detail::scale_codes<Scale, Arch>((high - low) / simd::floats<Arch>::broadcast(max_code));
    auto const scale = detail::scale_values<Scale, Arch>(code);
    auto const beyond = detail::beyond_lanes<Arch>(largest) | detail::scale_parameters<1, Arch, false>(scale).by_rule;
    return {{code, format_lanes<uint_format<Bits>, Arch>::encode_finite((zero - low) / scale, zero)}, beyond};
  }
  template <class Arch, bool Coding>
  [[gnu::always_inline]] auto load_lanes(std::array<simd::words<Arch>, 2> const& f) const noexcept {
    constexpr bool bounded = Coding && detail::bounds_quotients<element, Arch>;
    auto const scale = detail::scale_values<Scale, Arch>(f[0]);
    auto p = detail::scale_parameters<detail::scale_bits<Scale>, Arch, Coding, Coding ? 4 : 2>(
        scale, bounded ? detail::most_scale<Scale> : 0x1p60f);
    p.set(1, simd::to_float<Arch>(simd::as<std::int32_t>(f[1])));
    return p;
  }
  template <class Arch>
  [[gnu::always_inline]] simd::words<Arch> code_lanes(simd::floats<Arch> const& x,
                                                      std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    using floats = simd::floats<Arch>;
    auto const q = simd::quotient(x, simd::divisor<detail::scale_bits<Scale>, Arch>{p[0], p[2], p[3]});
    auto const n = detail::round_between<Arch>(q, floats::broadcast(0.0f) - p[1], floats::broadcast(max_code) - p[1]);
    auto const zero = simd::as<std::uint32_t>(p[1] + floats::broadcast(0x1.8p23f));
    return (n + zero) & simd::words<Arch>::broadcast((1U << Bits) - 1);
  }
  /// The same by any other policy, which stands at number i of the row.
  template <class Arch, class Policy>
  [[gnu::always_inline]] simd::words<Arch> rounded_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 4> const& p,
                                                         Policy& policy, std::size_t i) const noexcept {
    using floats = simd::floats<Arch>;
    auto q = simd::quotient(x, simd::divisor<detail::scale_bits<Scale>, Arch>{p[0], p[2], p[3]});
    if constexpr (Policy::sees_tiny) {
      if (detail::may_vanish<Arch>(simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF))) [[unlikely]]
        return codes_by_rule<Arch>(x, p, detail::policy_of_lanes<Arch>(policy, i));
      q = detail::at_least<Arch>(0x1p-60f, x, q);
    }
    auto const low = floats::broadcast(0.0f) - p[1];
    auto const n = detail::round_by_policy<Bits, 0, Arch, true>(q, low, floats::broadcast(max_code) - p[1], policy, i);
    auto const zero = simd::as<std::int32_t>(p[1] + floats::broadcast(0x1p23f));
    return simd::as<std::uint32_t>(n + zero) & simd::words<Arch>::broadcast((1U << Bits) - 1);
  }
  template <class Arch>
  using sixty_four = detail::sixty_four<uint_format<Bits>, Arch>;
  template <class Arch>
  [[gnu::always_inline]] auto wide_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    auto const q = simd::quotient(x, simd::divisor<detail::scale_bits<Scale>, Arch>{p[0], p[2], p[3]});
    return sixty_four<Arch>::lanes(q, x) + simd::nearest_integers<Arch>(p[1]);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> value_lanes(simd::words<Arch> const& codes,
                                                        std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return simd::product<Arch>(detail::integer_value<Bits, Arch>(codes, p[1]), p[0]);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> scaled_levels(simd::floats<Arch> const& level,
                                                          std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return simd::product<Arch>(level - p[1], p[0]);
  }

 private:
  template <class Arch, class Policy>
  [[gnu::noinline]] simd::words<Arch> codes_by_rule(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 4> const& p,
                                                    Policy policy) const noexcept {
    alignas(64) float number[16];
    alignas(64) float shared[2][16];
    x.store(number);
    p[0].store(shared[0]);
    p[1].store(shared[1]);
    return simd::generate<std::uint32_t, Arch>([&](std::size_t l) {
      state const s{{0, shared[0][l]}, static_cast<std::uint32_t>(shared[1][l])};
      return std::uint32_t{code(s, number[l], policy(l))};
    });
  }
  // high - low, where infinity stands for what does not fit (the scale then saturates).
  static constexpr float width(float low, float high) noexcept {
    constexpr float small = 0x1p-60f;  // below, operands may be subnormal: the same difference 2^96 times larger
    if (less(high, small) && less(-small, low))
      return ieee_multiply(ieee_multiply(high, 0x1p96f) - ieee_multiply(low, 0x1p96f), 0x1p-96f);
    auto const plain = [](float x) { return detail::is_normal_magnitude(magnitude_bits(x)) ? x : 0.0f; };
    return plain(high) / 2 - plain(low) / 2 > std::numeric_limits<float>::max() / 2 ? std::numeric_limits<float>::infinity()
                                                                                    : plain(high) - plain(low);
  }
};

/// affine_int<4>{32}: 4.625 bits a number (float16 scale, 4-bit zero point).
template <int Bits, class Scale = float16, class Rounding = nearest_even>
using affine_int = grouped<affine_scheme<Bits, Scale, Rounding>>;

static_assert(stepwise_codec<affine_int<4>>);

}  // namespace skive
