// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/nvfp4.hpp - NVFP4: E2M1 in groups of 16 with an E4M3 scale each and one float32 scale for the tensor.
///
///   x' = fl32(P_i fl32(s T));   s: UE4M3 code per group, T: tensor scale;   all arithmetic in float32, in the order given
///   dialect                T                 group scale s                    least s    zero group   element, encoded to E2M1
///   ideal                  amax / 2688       RNE(g / (6 T))                   0          s = 0        x / (s T)
///   transformer_engine     1 / S             RNE(g (S (1/6)))                 0          s = 0        x min(1 / (s (1/S)), max)
///   torchao                amax / 2688       RNE((g / 6) / T)                 2^-6       2^-6         x ((1 / T) / s)
///   compressed_tensors     1 / S             RNE(S (g / 6))                   0.125 at 0 0.125        x / (s / S)
///   model_opt              amax / 2688       RNE(g / (6 T))                   2^-9       1.0          x / (s T)
///   four_over_six          1 / S             RNE((g / 6) S), or RNE of 1.5    0          s = 0        x (1 / (s T))
///                                            times that if its error is less
///
/// g: amax of the group, amax: of the tensor, S = 2688 / amax, but 1536 / amax for four_over_six and 2688 (1 / amax) for
/// compressed_tensors; largest float at most, 1 for 0. Every s saturates at 448. The tensor's amax comes from fit(); make(amax)
/// takes a calibrated one. A group is coded with its kept s. four_over_six sums the squares of fl32(fl32(fl32(P_i s amax) / 1536)
/// - x_i), in double.
///
/// These orders give the bytes of the projects' float32 code: torchao nvfp4_quantize, TransformerEngine's reference quantizer,
/// compressed-tensors (S = 1 where it overflows), Model-Optimizer's NVFP4QTensor (s = 1 also where g / (6 T) vanishes),
/// fouroversix (its reference, saturating as its kernel). Two codes differ, of numbers that decode to zero: compressed-tensors
/// and Model-Optimizer write a -0 of the input as +0, TransformerEngine writes +-6 where s = 0. On a GPU torchao and
/// Model-Optimizer give a few other bytes: PyTorch multiplies there with the reciprocal of a constant that it is asked to divide
/// by. Numbers decode to the floats of torchao's and Model-Optimizer's dequantization; the other projects multiply in another
/// order.
///
/// Model of : stepwise_codec
/// Cost     : see block/grouped.hpp; four_over_six codes each group twice more, in lanes.
/// Accuracy : half a step of E2M1 at s T; the group's largest lands on 6 up to the rounding of s (2^-4 relative).
///            Tensors of amax below 2^-116: 1 / T or S leaves float32 and four_over_six, torchao lose accuracy as their projects
///            do.
/// Promise  : same bits everywhere. NaN or infinity in a group: s = 7F, values NaN. A tensor without finite amax is refused.
/// Source   : NVIDIA, "Pretraining Large Language Models with NVFP4", arXiv:2509.25149; J. Cook et al., "Four Over Six",
///            arXiv:2512.02010; the named projects for the order of operations.

#include "skive/block/group_error.hpp"
#include "skive/block/grouped.hpp"
#include "skive/block/scale_lanes.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/scale_float.hpp"
#include "skive/simd/double_sum.hpp"
#include "skive/simd/lookup.hpp"
#include "skive/simd/reduce.hpp"

namespace skive {

enum class nvfp4_dialect : std::uint8_t { ideal, transformer_engine, torchao, compressed_tensors, model_opt, four_over_six };

class nvfp4_scheme {
 public:
  struct state {
    std::uint32_t code = 0;
    float factor = 0.0f;  // x times or over this is encoded
    float scale = 0.0f;   // fl32(s T): decodes
  };
  using element = e2m1;
  using scale_format = ue4m3;
  using packing = bit_fields<4>;
  static constexpr std::array<int, 1> field_bits{8};
  static constexpr std::size_t default_group = 16;
  static constexpr bit_order default_order = bit_order::low_first;

  nearest_even rounding{};

  constexpr nvfp4_scheme() noexcept = default;
  /// For a tensor whose largest magnitude is `amax`. Fails with not_finite.
  static constexpr result<nvfp4_scheme> make(float amax, nvfp4_dialect dialect = nvfp4_dialect::ideal) noexcept {
    if (!is_finite(amax)) return errc::not_finite;
    return nvfp4_scheme{magnitude(amax), dialect};
  }
  constexpr nvfp4_dialect dialect() const noexcept { return dialect_; }
  /// What make() was given, as a magnitude.
  constexpr float amax() const noexcept { return amax_; }
  /// T: what a stored group scale is multiplied with.
  constexpr float tensor_scale() const noexcept { return tensor_scale_; }
  constexpr float scale_factor() const noexcept { return tensor_scale_; }

  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }

  template <class T>
  constexpr state settle(std::span<T const> values, workspace) const noexcept {
    auto const bits = detail::largest_magnitude(values);
    if (bits >= float_infinity_bits) return state_of(ue4m3::nan_code);
    auto const amax = std::bit_cast<float>(bits);
    if (dialect_ != nvfp4_dialect::four_over_six) return state_of(scale_code(amax));
    auto const base = ieee_multiply(ieee_divide(amax, 6.0f), encode_scale_);
    auto const six = state_of(ue4m3::encode(base));
    auto const four = state_of(ue4m3::encode(ieee_multiply(base, 1.5f)));
    return error(values, four) < error(values, six) ? four : six;
  }
  template <class R>
  constexpr std::uint8_t code(state const& s, float x, R r) const noexcept {
    if (is_zero(s.factor) || is_nan(s.factor)) return 0;
    if (is_zero(x)) return e2m1::encode(x);  // whatever the factor: torchao's is infinite for an amax below 2^-117
    return e2m1::encode(multiplies() ? ieee_multiply(x, s.factor) : ieee_divide(x, s.factor), r, saturating);
  }
  constexpr float value(state const& s, std::uint8_t c) const noexcept { return detail::value_at_scale<e2m1>(s.scale, c); }
  constexpr std::array<std::uint32_t, 1> store(state const& s) const noexcept { return {s.code}; }
  constexpr state load(std::array<std::uint32_t, 1> const& f) const noexcept {
    return state_of(static_cast<std::uint8_t>(f[0] & 0x7F));
  }

  /// The vector path (block/lane_scheme.hpp): s T, then what multiplies x, or what dividing by the factor needs.
  template <class Arch>
  static constexpr std::size_t lanes = simd::vector_arch<Arch> ? 4 : 0;
  constexpr bool settles_in_lanes() const noexcept { return dialect_ != nvfp4_dialect::four_over_six && tensor_in_lanes(); }
  /// four_over_six: the errors of both scales, where no number of the group or of its codes is near an end of float32.
  template <class Arch, class T>
  state settle_group(std::span<T const> values, workspace w) const noexcept {
    constexpr auto low = static_cast<std::int32_t>(magnitude_bits(0x1p-60f));
    auto least = simd::integers<Arch>::broadcast(low);
    detail::for_each_sixteen<Arch>(values, [&](simd::floats<Arch> const& x) __attribute__((always_inline)) {
      auto const m = simd::as<std::int32_t>(x) & simd::integers<Arch>::broadcast(0x7FFF'FFFF);
      least = min(least, select(m > simd::integers<Arch>::broadcast(0), m, least));
    });
    auto const bits = simd::largest(detail::largest_in_lanes<Arch>(values));
    bool const small = simd::smallest(simd::as<std::uint32_t>(least)) < static_cast<std::uint32_t>(low);
    if (dialect_ != nvfp4_dialect::four_over_six || !tensor_in_lanes() || small || bits < static_cast<std::uint32_t>(low) ||
        bits > magnitude_bits(0x1p60f))
      return settle(values, w);
    auto const base = ieee_multiply(ieee_divide(std::bit_cast<float>(bits), 6.0f), encode_scale_);
    auto const six = state_of(ue4m3::encode(base));
    auto const four = state_of(ue4m3::encode(ieee_multiply(base, 1.5f)));
    if (is_zero(six.scale) || is_zero(four.scale)) return settle(values, w);
    return error_in_lanes<Arch>(values, four) < error_in_lanes<Arch>(values, six) ? four : six;
  }
  template <class Arch>
  [[gnu::always_inline]] detail::lane_fields<Arch, 1> settle_lanes(simd::words<Arch> const& largest) const noexcept {
    using floats = simd::floats<Arch>;
    auto const code =
        format_lanes<ue4m3, Arch>::encode_finite(base_lanes<Arch>(simd::as<float>(largest)), floats::broadcast(0.0f));
    auto const small = simd::as<std::int32_t>(code) < simd::integers<Arch>::broadcast(0x08);  // AVX2 compares signed integers
    detail::lane_fields<Arch, 1> out;
    out.set(0, code);
    out.by_rule = detail::beyond_lanes<Arch>(largest) | small.bits();
    return out;
  }
  template <class Arch, bool Coding>
  [[gnu::always_inline]] auto load_lanes(std::array<simd::words<Arch>, 1> const& f) const noexcept {
    using floats = simd::floats<Arch>;
    auto const code = f[0] & simd::words<Arch>::broadcast(0x7F);
    auto const s = simd::product<Arch>(simd::float16_value(code << 7), floats::broadcast(256.0f));  // 7F is special, below
    auto const scale = simd::product<Arch>(s, floats::broadcast(tensor_scale_));
    auto const usual = tensor_in_lanes() ? 0U : ~0U;
    auto const number = simd::as<std::int32_t>(code);
    auto const special =
        (number < simd::integers<Arch>::broadcast(0x01)) | (number > simd::integers<Arch>::broadcast(ue4m3::nan_code - 1));
    detail::lane_parameters<Arch, Coding ? 4 : 1> out;
    out.by_rule = usual | special.bits();
    out.set(0, scale);
    if constexpr (Coding) {
      auto const d = simd::divisor<24, Arch>::of(factor_lanes<Arch>(s, scale));
      out.set(1, d.scale);
      out.set(2, d.inverse);
      out.set(3, d.rest);
    }
    return out;
  }
  template <class Arch>
  [[gnu::always_inline]] simd::words<Arch> code_lanes(simd::floats<Arch> const& x,
                                                      std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return format_lanes<e2m1, Arch>::encode_finite(scaled<Arch>(x, p), x);
  }
  template <class Arch>
  using sixty_four = detail::sixty_four<e2m1, Arch>;
  template <class Arch>
  [[gnu::always_inline]] auto wide_lanes(simd::floats<Arch> const& x, std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return sixty_four<Arch>::lanes(scaled<Arch>(x, p), x);
  }
  /// code(f), f(x, parameters) being the lanes of sixty_four: whether numbers are multiplied or divided is asked once.
  template <class Arch, class Code>
  [[gnu::always_inline]] auto choose_lanes(Code code) const noexcept {
    using floats = simd::floats<Arch>;
    using group = std::array<floats, 4>;
    if (multiplies())
      return code([](floats const& x, group const& p)
                      __attribute__((always_inline)) { return sixty_four<Arch>::lanes(simd::product<Arch>(x, p[1]), x); });
    return code([](floats const& x, group const& p) __attribute__((always_inline)) {
      return sixty_four<Arch>::lanes(simd::quotient(x, simd::divisor<24, Arch>{p[1], p[2], p[3]}), x);
    });
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> value_lanes(simd::words<Arch> const& codes,
                                                        std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return detail::values_at_scale<e2m1, Arch>(codes, p[0]);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> scaled_levels(simd::floats<Arch> const& level,
                                                          std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return simd::product<Arch>(level, p[0]);
  }

 private:
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> scaled(simd::floats<Arch> const& x,
                                                   std::array<simd::floats<Arch>, 4> const& p) const noexcept {
    return multiplies() ? simd::product<Arch>(x, p[1]) : simd::quotient(x, simd::divisor<24, Arch>{p[1], p[2], p[3]});
  }
  // Are the tensor's scales so far from the ends of float32 that plain products and quotients of them are exact?
  constexpr bool tensor_in_lanes() const noexcept {
    constexpr auto low = magnitude_bits(0x1p-40f);
    constexpr auto high = magnitude_bits(0x1p40f);
    auto const t = magnitude_bits(tensor_scale_);
    auto const e = magnitude_bits(encode_scale_);
    return t > low && t < high && e > low && e < high;
  }
  // What is rounded to the scale of a group whose largest magnitude is `amax`.
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> base_lanes(simd::floats<Arch> const& amax) const noexcept {
    using floats = simd::floats<Arch>;
    auto const six = floats::broadcast(6.0f);
    switch (dialect_) {
      case nvfp4_dialect::transformer_engine:
        return simd::product<Arch>(amax, floats::broadcast(ieee_multiply(encode_scale_, 1.0f / 6.0f)));
      case nvfp4_dialect::torchao: return amax / six / floats::broadcast(tensor_scale_);
      case nvfp4_dialect::compressed_tensors: return simd::product<Arch>(floats::broadcast(encode_scale_), amax / six);
      case nvfp4_dialect::ideal:
      case nvfp4_dialect::model_opt:
      case nvfp4_dialect::four_over_six: break;
    }
    return amax / floats::broadcast(six_scales_);
  }
  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> factor_lanes(simd::floats<Arch> const& s,
                                                         simd::floats<Arch> const& scale) const noexcept {
    using floats = simd::floats<Arch>;
    auto const one = floats::broadcast(1.0f);
    switch (dialect_) {
      case nvfp4_dialect::transformer_engine:
        return one / simd::product<Arch>(s, floats::broadcast(ieee_divide(1.0f, encode_scale_)));
      case nvfp4_dialect::torchao: return floats::broadcast(ieee_divide(1.0f, tensor_scale_)) / s;
      case nvfp4_dialect::compressed_tensors: return s / floats::broadcast(encode_scale_);
      case nvfp4_dialect::four_over_six: return one / scale;
      case nvfp4_dialect::ideal:
      case nvfp4_dialect::model_opt: break;
    }
    return scale;
  }

  constexpr nvfp4_scheme(float amax, nvfp4_dialect dialect) noexcept : dialect_{dialect}, amax_{amax} {
    bool const zero = is_zero(amax);
    float const range = dialect == nvfp4_dialect::four_over_six ? 1536.0f : 2688.0f;
    bool const compressed = dialect == nvfp4_dialect::compressed_tensors;
    auto const up = compressed ? ieee_multiply(ieee_divide(1.0f, amax), range) : ieee_divide(range, amax);
    encode_scale_ = zero ? 1.0f : is_finite(up) ? up : compressed ? 1.0f : std::numeric_limits<float>::max();
    bool const inverse = multiplies() ? dialect != nvfp4_dialect::torchao : compressed;
    tensor_scale_ = zero ? 1.0f : inverse ? ieee_divide(1.0f, encode_scale_) : ieee_divide(amax, range);
    if (is_zero(tensor_scale_)) tensor_scale_ = std::bit_cast<float>(1U);  // amax below 2^-138: the smallest float
    six_scales_ = ieee_multiply(6.0f, tensor_scale_);
  }
  constexpr bool multiplies() const noexcept {
    return dialect_ == nvfp4_dialect::transformer_engine || dialect_ == nvfp4_dialect::torchao ||
        dialect_ == nvfp4_dialect::four_over_six;
  }
  // x rounded to 24 bits, ties to even, as float32 does but without its exponent range.
  static constexpr double rounded24(double x) noexcept {
    auto const word = std::bit_cast<std::uint64_t>(x);
    return std::bit_cast<double>((word + 0x0FFF'FFFF + ((word >> 29) & 1)) & ~std::uint64_t{0x1FFF'FFFF});
  }
  template <class T>
  constexpr double error(std::span<T const> values, state const& s) const noexcept {
    auto const unit = static_cast<double>(ue4m3::decode(static_cast<std::uint8_t>(s.code))) * detail::exact_double(amax_);
    detail::lane_sums sums;
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto const x = detail::widen(values[i]);
      auto const product = rounded24(unit * static_cast<double>(e2m1::decode(code(s, x, nearest_even{}))));
      auto const d = rounded24(rounded24(product / 1536.0) - detail::exact_double(x));
      sums.add(i, d * d);
    }
    return sums.total();
  }

  // The same. A level is 1 or 1.5 times a power of two, so that two roundings give all products.
  template <class Arch, class T>
  double error_in_lanes(std::span<T const> values, state const& s) const noexcept {
    using floats = simd::floats<Arch>;
    auto const unit = static_cast<double>(ue4m3::decode(static_cast<std::uint8_t>(s.code))) * static_cast<double>(amax_);
    auto const one = static_cast<float>(rounded24(rounded24(unit) / 1536.0));
    auto const more = static_cast<float>(rounded24(rounded24(unit * 1.5) / 1536.0));
    simd::float_table<Arch> const products{std::array<float, 16>{0, one / 2, one, more, 2 * one, 2 * more, 4 * one, 4 * more,
                                                                 -0.0f, -one / 2, -one, -more, -2 * one, -2 * more, -4 * one,
                                                                 -4 * more}};
    auto const factor = floats::broadcast(s.factor);
    simd::double_sum<Arch> sum;
    detail::for_each_sixteen<Arch>(values, [&](floats const& x) __attribute__((always_inline)) {
      auto const codes = format_lanes<e2m1, Arch>::encode_finite(simd::product<Arch>(x, factor), x);
      sum.add_squares(look_up(products, codes) - x);
    });
    return sum.total();
  }

  constexpr std::uint8_t scale_code(float amax) const noexcept {
    switch (dialect_) {
      case nvfp4_dialect::transformer_engine:
        return ue4m3::encode(ieee_multiply(amax, ieee_multiply(encode_scale_, 1.0f / 6.0f)));
      case nvfp4_dialect::torchao: {
        auto const code = ue4m3::encode(ieee_divide(ieee_divide(amax, 6.0f), tensor_scale_));
        return code < 0x08 ? std::uint8_t{0x08} : code;  // 2^-6
      }
      case nvfp4_dialect::compressed_tensors: {
        auto const code = ue4m3::encode(ieee_multiply(encode_scale_, ieee_divide(amax, 6.0f)));
        return code == 0 ? std::uint8_t{0x20} : code;  // 0.125
      }
      case nvfp4_dialect::model_opt: {
        auto const base = ieee_divide(amax, six_scales_);
        if (is_zero(base)) return 0x38;  // 1.0
        auto const code = ue4m3::encode(base);
        return code == 0 ? std::uint8_t{0x01} : code;  // 2^-9
      }
      case nvfp4_dialect::ideal:
      case nvfp4_dialect::four_over_six: break;
    }
    return ue4m3::encode(ieee_divide(amax, six_scales_));
  }

  constexpr state state_of(std::uint8_t code) const noexcept {
    auto const s = ue4m3::decode(code);
    auto const scale = ieee_multiply(s, tensor_scale_);
    switch (dialect_) {
      case nvfp4_dialect::transformer_engine: {
        auto const inverse = ieee_divide(1.0f, ieee_multiply(s, ieee_divide(1.0f, encode_scale_)));
        return {code,
                is_finite(inverse) || code == ue4m3::nan_code ? inverse
                    : code == 0                               ? 0.0f
                                                              : std::numeric_limits<float>::max(),
                scale};
      }
      case nvfp4_dialect::torchao: return {code, ieee_divide(ieee_divide(1.0f, tensor_scale_), s), scale};
      case nvfp4_dialect::compressed_tensors: return {code, ieee_divide(s, encode_scale_), scale};
      case nvfp4_dialect::four_over_six: return {code, is_zero(scale) ? 0.0f : ieee_divide(1.0f, scale), scale};
      case nvfp4_dialect::ideal:
      case nvfp4_dialect::model_opt: break;
    }
    return {code, scale, scale};
  }

  nvfp4_dialect dialect_ = nvfp4_dialect::ideal;
  float amax_ = 1.0f;
  float encode_scale_ = 2688.0f;  // amax = 1 until fit
  float tensor_scale_ = 1.0f / 2688.0f;
  float six_scales_ = ieee_multiply(6.0f, 1.0f / 2688.0f);
};

/// nvfp4 codec for rows of a tensor: nvfp4{16, *nvfp4_scheme::make(amax)}; 4.5 bits a number and 32 for the tensor.
using nvfp4 = grouped<nvfp4_scheme>;

static_assert(stepwise_codec<nvfp4>);

}  // namespace skive
