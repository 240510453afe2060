// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice_codec.hpp - rows in points of a finite set of vectors, with a scale per row or per group.
///
///   s = kept(rms of the group);   step = fl32(s / source_scale);   y = RNE(x 2^16 / step), |y| <= 2^22
///   code = nearest point to y;   x' = fl32(level step 2^-unit_bits)
///   planes: codes (code_bits for each `dimension` numbers, without gaps, lowest bit first), scales
///
/// A group's last point is filled up with zeros.
///
/// Model of : dot_codec, the sets of E8 with bytes too (codebook/e8p_dot.hpp); stepwise_codec in steps of a point where the code
///            is `repeatable`
/// Cost     : encoding: the code's, on sixteen points at once; decoding sixteen points of the sets of E8 as bytes of words
///            (codebook/point_levels.hpp), others a table look-up a number.
/// Accuracy : mean square error relative to the group's on Gaussian rows: see the codes.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
/// Source   : -

#include "skive/codebook/e8_sets.hpp"
#include "skive/codebook/e8p_dot.hpp"
#include "skive/codebook/point_coordinates.hpp"
#include "skive/codebook/point_levels.hpp"
#include "skive/codebook/scaled_codec.hpp"

namespace skive {

/// A finite set of vectors of `dimension` integers times 2^-unit_bits. levels(code, out) is total; encode(y, codes) finds the
/// point for each lane of y, which is in 2^-16. repeatable: every point is its own nearest one.
template <class C>
concept point_code = primitive<C> && C::dimension >= 1 && C::code_bits >= 1 && C::code_bits <= 56 && C::unit_bits <= 12 &&
    requires(std::uint64_t code, std::int16_t* out, std::uint64_t* codes, detail::single_lane const (&y)[C::dimension]) {
      { C::source_scale } -> std::convertible_to<float>;
      { C::repeatable } -> std::convertible_to<bool>;
      { C::levels(code, out) } noexcept -> std::same_as<void>;
      { C::encode(y, codes) } noexcept -> std::same_as<void>;
    };
static_assert(point_code<e8p> && point_code<e8_1b> && point_code<e8_3b>);

namespace detail {

/// decode(codes, level): the levels of one code in each lane.
template <class C>
concept decodes_in_lanes =
    requires(std::uint64_t const (&codes)[1], single_lane (&level)[C::dimension]) { C::decode(codes, level); };

/// Groups of points (codebook/scaled_codec.hpp).
template <point_code Code>
class point_groups {
  static constexpr std::size_t dimension = Code::dimension;
  static constexpr std::size_t code_bits = Code::code_bits;
  static constexpr std::size_t points(std::size_t n) noexcept { return n / dimension + (n % dimension != 0 ? 1 : 0); }
  // ceil(points code_bits / 8): sixteen points fill 2 code_bits bytes.
  static constexpr std::size_t bytes_of(std::size_t points) noexcept {
    return saturating_add(saturating_multiply(points / 16, 2 * code_bits), (points % 16 * code_bits + 7) / 8);
  }

 public:
  using code_type = Code;
  static constexpr std::size_t step = dimension;
  static constexpr std::size_t multiple = dimension;
  static constexpr std::size_t piece = 16 * dimension;
  static constexpr std::size_t piece_bytes = 2 * code_bits;
  static constexpr std::size_t run = piece;
  static constexpr bool stepwise = Code::repeatable;

  constexpr point_groups() noexcept = default;
  constexpr explicit point_groups(Code) noexcept {}
  static constexpr std::size_t bytes(std::size_t n) noexcept { return bytes_of(points(n)); }
  static constexpr std::size_t scratch_bytes() noexcept { return 0; }
  static constexpr Code const& code() noexcept { return only_code; }
  static constexpr float sigma() noexcept { return Code::source_scale; }

  template <class Arch, class T>
  void encode(std::span<T const> values, float step_size, std::byte* out, workspace) const noexcept {
    auto const known = known_step(step_size);
    auto const inverse = known ? ieee_divide(1.0f, step_size) : 0.0f;
    for (std::size_t i = 0; i < values.size(); i += piece, out += piece_bytes) {
      auto const part = values.subspan(i, values.size() - i < piece ? values.size() - i : piece);
      std::uint64_t codes[16]{};
      if (known) encode_piece<Arch>(part, inverse, codes);
      store_codes(codes, points(part.size()), out);
    }
  }
  /// Of codebook/short_groups.hpp.
  template <class Arch, class T>
  void encode_run(std::span<T const> values, std::span<float const> steps, std::byte* out, std::size_t stride) const noexcept {
    auto const each = 16 / steps.size();
    alignas(64) float inverse[16];
    for (std::size_t p = 0; p < 16; ++p) inverse[p] = p % each == 0 ? ieee_divide(1.0f, steps[p / each]) : inverse[p - 1];
    std::uint64_t codes[16];
    if constexpr (std::is_same_v<T, float>) {
      whole_piece<Arch>(values.data(), simd::floats<Arch>::load(inverse), codes);
    } else {
      float wide[piece];
      for (std::size_t i = 0; i < piece; ++i) wide[i] = widen(values[i]);
      whole_piece<Arch>(wide, simd::floats<Arch>::load(inverse), codes);
    }
    for (std::size_t g = 0; g < steps.size(); ++g) store_codes(codes + g * each, each, out + g * stride);
  }
  template <class Arch, class T, class F>
  void approximate(std::span<T const> values, float step_size, workspace, F f) const noexcept {
    auto const inverse = ieee_divide(1.0f, step_size);
    float y[piece];
    for (std::size_t i = 0; i < values.size(); i += piece) {
      auto const part = values.subspan(i, values.size() - i < piece ? values.size() - i : piece);
      std::uint64_t codes[16]{};
      encode_piece<Arch>(part, inverse, codes);
      for (std::size_t p = 0; p < points(part.size()); ++p) write_point(codes[p], step_size, std::span{y}.subspan(p * dimension));
      f(i, part.size(), y);
    }
  }
  template <class Arch>
  void decode(std::byte const* codes, float step_size, std::span<float> out) const noexcept {
    if constexpr (simd::vector_arch<Arch> && has_point_words<Code>)
      if (out.size() % (2 * dimension) == 0 && !is_zero(step_size))
        return decode_points<Code, Arch>(codes, out.size() / dimension, unit_of(step_size), out.data());
    if constexpr (simd::vector_arch<Arch> && decodes_in_lanes<Code>)
      if (out.size() == piece && !is_zero(step_size)) return decode_lanes<Arch>(codes, unit_of(step_size), out.data());
    auto const count = points(out.size());
    for (std::size_t p = 0; p < count; ++p) write_point(load_code(codes, p, count), step_size, out.subspan(p * dimension));
  }
  template <class Arch>
  void round(std::span<scale_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t r = 0; r < x.rows; ++r) round_group<Arch>(*this, states[r], x.row(r), y.row(r), workspace{});
  }

  /// Where the code has a product with bytes: the sets of E8.
  static constexpr int int8_width = 1;
  static constexpr int int8_bias = e8p_bias;
  static constexpr std::uint32_t int8_order = e8p_query_order;
  template <class Arch>
    requires has_e8_bytes<Code>
  static auto product(int8_query const& q) noexcept {
    struct in_steps : byte_level_product<e8_bytes<Code, Arch>, Arch> {
      using base = byte_level_product<e8_bytes<Code, Arch>, Arch>;
      using base::base;
      void add(std::byte const* codes, float step_size, std::size_t first, std::size_t size) noexcept {
        base::add(codes, unit_of(step_size), first, size);
      }
    };
    return in_steps{{}, q};
  }

 private:
  static constexpr float unit_of(float step_size) noexcept {
    return step_size * (1.0f / static_cast<float>(1 << Code::unit_bits));  // exact: steps are 0, NaN or 2^-80 and more
  }
  static void write_point(std::uint64_t code, float step_size, std::span<float> out) noexcept {
    std::int16_t level[dimension]{};
    Code::levels(code, level);
    auto const unit = unit_of(step_size);
    for (std::size_t j = 0; j < dimension && j < out.size(); ++j) out[j] = level_value(level[j], unit);
  }
  template <class Arch>
  static void decode_lanes(std::byte const* from, float unit, float* out) noexcept {
    std::uint64_t codes[16];
    for (std::size_t p = 0; p < 16; ++p) codes[p] = load_code(from, p, 16);
    simd::integers<Arch> level[dimension];
    Code::decode(codes, level);
    simd::floats<Arch> x[dimension];
    auto const by = simd::floats<Arch>::broadcast(unit);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < dimension; ++j) x[j] = simd::product(simd::to_float(level[j]), by);
    simd::lanes_to_rows(x, out, dimension);
  }
  // Bits code_bits i ... of a piece of `points` points.
  static std::uint64_t load_code(std::byte const* from, std::size_t i, std::size_t points) noexcept {
    auto const first = i * code_bits;
    auto const last = first + code_bits <= 8 * bytes_of(points) ? (first + code_bits + 7) / 8 : bytes_of(points);
    std::uint64_t code = 0;
    for (auto b = first / 8; b < last; ++b) {
      auto const byte = std::to_integer<std::uint64_t>(from[b]);
      code |= 8 * b < first ? byte >> (first - 8 * b) : byte << (8 * b - first);
    }
    return code & ((std::uint64_t{1} << code_bits) - 1);
  }
  static void store_codes(std::uint64_t const* codes, std::size_t count, std::byte* out) noexcept {
    std::uint64_t word = 0;
    std::size_t filled = 0;
    for (std::size_t p = 0; p < count; ++p) {
      word |= codes[p] << filled;  // fewer than 8 bits are waiting
      for (filled += code_bits; filled >= 8; filled -= 8, word >>= 8)
        *out++ = static_cast<std::byte>(static_cast<std::uint8_t>(word));
    }
    if (filled > 0) *out = static_cast<std::byte>(static_cast<std::uint8_t>(word));
  }
  // The codes of one point for each lane of V; numbers past the end of `values` are zero.
  template <class V, class T>
  static void points_of(std::span<T const> values, float inverse, std::uint64_t* codes) noexcept {
    constexpr auto lanes = lane_count<V>;
    alignas(64) std::int32_t x[dimension][lanes]{};
    for (std::size_t i = 0; i < values.size(); ++i) x[i % dimension][i / dimension] = point_coordinate(widen(values[i]), inverse);
    V y[dimension];
    for (std::size_t j = 0; j < dimension; ++j) y[j] = V::load(x[j]);
    Code::encode(y, codes);
  }
  template <class Arch>
  static void whole_piece(float const* values, simd::floats<Arch> const& inverse, std::uint64_t* codes) noexcept {
    simd::integers<Arch> y[dimension];
    load_points<Arch, dimension>(values, inverse, y);
    Code::encode(y, codes);
  }

  template <class Arch, class T>
  static void encode_piece(std::span<T const> part, float inverse, std::uint64_t* codes) noexcept {
    if constexpr (simd::vector_arch<Arch>) {
      if (part.size() <= dimension) return points_of<single_lane>(part, inverse, codes);
      if (std::is_same_v<T, float> && part.size() == piece) {
        if constexpr (std::is_same_v<T, float>) whole_piece<Arch>(part.data(), simd::floats<Arch>::broadcast(inverse), codes);
      } else {
        points_of<simd::integers<Arch>>(part, inverse, codes);
      }
    } else {
      for (std::size_t p = 0; p < points(part.size()); ++p) {
        auto const rest = part.subspan(p * dimension);
        points_of<single_lane>(rest.first(rest.size() < dimension ? rest.size() : dimension), inverse, codes + p);
      }
    }
  }
  static constexpr Code only_code{};
};

}  // namespace detail

template <point_code Code, class Scale = float16>
using lattice_codec = scaled_codec<detail::point_groups<Code>, Scale>;

static_assert(dot_codec<lattice_codec<e8_4b>> && stepwise_codec<lattice_codec<e8p>>);

}  // namespace skive
