// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice_codec.hpp - rows in points of a finite set of vectors, with a scale per row or per group.
///
///   s = kept(rms of the group);   step = fl32(s / source_scale);   y = RNE(x 2^16 / step), |y| <= 2^22;   code = nearest point to y
///   x' = fl32(level step 2^-unit_bits);   planes: codes (code_bits for each `dimension` numbers, without gaps, lowest bit first), scales
///
/// A group's last point is filled up with zeros.
///
/// Model of : dot_codec, E8P with bytes too (codebook/e8p_dot.hpp); stepwise_codec in steps of a point where the code is
///            `repeatable`
/// Cost     : encoding: the code's, on sixteen points at once; decoding one table look-up a number.
/// Accuracy : mean square error relative to the group's on Gaussian rows: see the codes.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/codebook/e8_sets.hpp"
#include "skive/codebook/e8p_dot.hpp"
#include "skive/codebook/point_coordinates.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/codebook/trellis_dot.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"

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

template <point_code Code, class Scale = float16>
class lattice_codec {
  static constexpr std::size_t dimension = Code::dimension;
  static constexpr std::size_t code_bits = Code::code_bits;
  static_assert(Scale::bits % 8 == 0 && Scale::bits >= 16, "skive::lattice_codec keeps float32, float16 or bfloat16 scales");

 public:
  static constexpr std::size_t plane_count = 2;
  using block_state = scale_state;
  using code_type = Code;

  constexpr lattice_codec() noexcept = default;  // one scale a row
  /// A scale for every `group` numbers, a multiple of the dimension, or for the row (0); else invalid_argument.
  static constexpr result<lattice_codec> make(std::size_t group) noexcept {
    if (group % dimension != 0) return errc::invalid_argument;
    lattice_codec c;
    c.group_ = group;
    return c;
  }

  constexpr std::size_t block_size() const noexcept { return group_; }
  constexpr std::size_t group_size() const noexcept { return group_; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t step() const noexcept { return dimension; }
  constexpr std::size_t groups(std::size_t n) const noexcept {
    return group_ == 0 ? (n != 0 ? 1 : 0) : n / group_ + (n % group_ != 0 ? 1 : 0);
  }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    auto const whole = group_ == 0 ? 0 : n / group_;
    auto const rest = group_ == 0 ? n : n % group_;
    return {saturating_add(saturating_multiply(whole, bytes_of(points(group_))), bytes_of(points(rest))),
            saturating_multiply(groups(n), Scale::bits / 8)};
  }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  template <class Arch = native_arch>
  status encode(std::span<bfloat16 const> row, planes<std::byte, 2> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  template <class Arch = native_arch>
  status encode(std::span<float16 const> row, planes<std::byte, 2> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  /// Fails with size_mismatch if a plane is too small; `row` is then untouched.
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace = {}) const noexcept {
    return decode_row(from, row);
  }
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<bfloat16> row, workspace = {}) const noexcept {
    return decode_row(from, row);
  }
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<float16> row, workspace = {}) const noexcept {
    return decode_row(from, row);
  }

  /// The scale that encode() would choose for `values` as one group.
  block_state settle(std::span<float const> values, workspace = {}) const noexcept { return settle_group(values); }
  /// The point y that x becomes under `state`; `dimension` numbers, or fewer at a row's end.
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept
    requires(Code::repeatable)
  {
    auto const step = step_of(state);
    for (auto& v : y) v = is_zero(step) ? 0.0f : state.scale;  // NaN stays
    if (is_zero(step) || !is_finite(step)) return;
    std::uint64_t code = 0;
    points_of<detail::single_lane>(x, ieee_divide(1.0f, step), &code);
    std::int16_t level[dimension]{};
    Code::levels(code, level);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = detail::level_value(level[i], unit_of(step));
  }
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires(Code::repeatable)
  {
    for (std::size_t r = 0; r < x.rows; ++r) round(states[r], x.row(r), y.row(r));
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one
  /// state per group.
  template <class Arch = native_arch>
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace = {}) const noexcept
    requires(Code::repeatable)
  {
    if (states.size() != groups(values.size())) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    each_group(values.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      store_group<Arch>(states[g], values.subspan(first, size), g, to);
    });
    return errc::ok;
  }

  /// A product with floats: the decoded numbers times x in sixteen lanes. x has to outlive the query.
  using query = float_query;
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace = {}) const noexcept {
    return query{x.data(), x.size()};
  }
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    detail::block_dot<Arch> sum;
    float values[chunk];
    each_chunk(q.size, from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      decode_points(codes, step, std::span{values}.first(size));
      sum.add(values, q.data + first, size);
    });
    return sum.total();
  }

  /// A product with bytes (block/int8_query.hpp). Fails with workspace_too_small or not_finite.
  constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale kind = activation_scale::per_block) const noexcept
    requires std::same_as<Code, e8p>
  {
    return detail::int8_query_bytes<1>(n, kind);
  }
  template <class Arch = native_arch>
  result<int8_query> prepare_int8(std::span<float const> x, activation_scale kind, workspace w) const noexcept
    requires std::same_as<Code, e8p>
  {
    auto const q = detail::prepare_int8<Arch, 1, detail::e8p_bias, false>(x, 1.0f, bit_order::low_first, kind, w);
    if (!q) return q;
    auto made = *q;
    made.order = detail::e8p_query_order;
    return made;
  }
  /// Fails with size_mismatch, or with invalid_argument if another kind of codec made the query.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, int8_query const& q) const noexcept
    requires std::same_as<Code, e8p>
  {
    if (!accepts(q)) return errc::invalid_argument;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    float y = 0.0f;
    multiply<Arch, 1>({from, {}, 1, &y, 0}, q.size, &q);
    return y;
  }
  /// Unchecked products of rows: what kernel/ calls.
  constexpr bool accepts(int8_query const& q) const noexcept
    requires std::same_as<Code, e8p>
  {
    return q.order == detail::e8p_query_order;
  }
  constexpr std::size_t layout(std::size_t n) const noexcept { return n; }
  template <class Arch, std::size_t Queries>
  void multiply(detail::row_products<2> const& rows, std::size_t n, int8_query const* q) const noexcept
    requires std::same_as<Code, e8p>
  {
    for (std::size_t t = 0; t < Queries; ++t) {
      detail::e8p_product<Arch> product{q[t]};
      for (std::size_t r = 0; r < rows.rows; ++r) {
        auto const from = rows.row(r);
        product.begin();
        each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
          product.add(from[0].data + g * from[0].block_stride, unit_of(step_of(load(from, g))), first, size);
        });
        rows.out[t * rows.stride + r] = static_cast<float>(product.total());
      }
    }
  }

 private:
  static constexpr std::size_t chunk = 16 * dimension;
  static scale_state load(planes<std::byte const, 2> const& from, std::size_t g) noexcept {
    return detail::load_scale<Scale>(
        detail::load_field(from[1].data + g * from[1].block_stride, 0, Scale::bits, bit_order::low_first));
  }
  static constexpr std::size_t points(std::size_t n) noexcept { return n / dimension + (n % dimension != 0 ? 1 : 0); }
  // ceil(points code_bits / 8): sixteen points fill 2 code_bits bytes.
  static constexpr std::size_t bytes_of(std::size_t points) noexcept {
    return saturating_add(saturating_multiply(points / 16, 2 * code_bits), (points % 16 * code_bits + 7) / 8);
  }
  static constexpr float step_of(scale_state const& s) noexcept { return detail::level_step(s.scale, Code::source_scale); }
  static constexpr float unit_of(float step) noexcept {
    return step * (1.0f / static_cast<float>(1 << Code::unit_bits));  // exact: steps are 0, NaN or 2^-80 and more
  }
  template <class F>
  constexpr void each_group(std::size_t n, F f) const noexcept {
    auto const group = group_ == 0 ? n : group_;
    for (std::size_t first = 0, g = 0; first < n; first += group, ++g) f(g, first, n - first < group ? n - first : group);
  }
  // f(codes, step, first number, count) for pieces of sixteen points.
  template <class F>
  void each_chunk(std::size_t n, planes<std::byte const, 2> const& from, F f) const noexcept {
    each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const state = load(from, g);
      auto const* codes = from[0].data + g * from[0].block_stride;
      for (std::size_t i = 0; i < size; i += chunk, codes += 2 * code_bits)
        f(codes, step_of(state), first + i, size - i < chunk ? size - i : chunk);
    });
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
  static void decode_points(std::byte const* codes, float step, std::span<float> out) noexcept {
    auto const unit = unit_of(step);
    auto const count = points(out.size());
    for (std::size_t p = 0; p < count; ++p) {
      std::int16_t level[dimension]{};
      Code::levels(load_code(codes, p, count), level);
      for (std::size_t j = 0; j < dimension && p * dimension + j < out.size(); ++j)
        out[p * dimension + j] = detail::level_value(level[j], unit);
    }
  }

  // The codes of one point for each lane of V; numbers past the end of `values` are zero.
  template <class V, class T>
  static void points_of(std::span<T const> values, float inverse, std::uint64_t* codes) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    alignas(64) std::int32_t x[dimension][lanes]{};
    for (std::size_t i = 0; i < values.size(); ++i)
      x[i % dimension][i / dimension] = detail::point_coordinate(detail::widen(values[i]), inverse);
    V y[dimension];
    for (std::size_t j = 0; j < dimension; ++j) y[j] = V::load(x[j]);
    Code::encode(y, codes);
  }
  template <class Arch>
  static void whole_chunk(float const* values, float inverse, std::uint64_t* codes) noexcept {
    simd::integers<Arch> y[dimension];
    detail::load_points<Arch, dimension>(values, inverse, y);
    Code::encode(y, codes);
  }

  template <class T>
  static scale_state settle_group(std::span<T const> values) noexcept {
    if (detail::largest_magnitude(values) >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    return detail::keep_root_mean_square<Scale>(detail::root_mean_square(values));
  }
  template <class Arch, class T>
  void store_group(scale_state const& state, std::span<T const> values, std::size_t g,
                   planes<std::byte, 2> const& to) const noexcept {
    detail::store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[1].data + g * to[1].block_stride);
    auto* out = to[0].data + g * to[0].block_stride;
    auto const step = step_of(state);
    auto const known = !is_zero(step) && is_finite(step);
    auto const inverse = known ? ieee_divide(1.0f, step) : 0.0f;
    for (std::size_t i = 0; i < values.size(); i += chunk) {
      auto const part = values.subspan(i, values.size() - i < chunk ? values.size() - i : chunk);
      std::uint64_t codes[16]{};
      if (known) encode_chunk<Arch>(part, inverse, codes);
      store_codes(codes, points(part.size()), out);
      out += 2 * code_bits;
    }
  }
  template <class Arch, class T>
  static void encode_chunk(std::span<T const> part, float inverse, std::uint64_t* codes) noexcept {
    if constexpr (simd::vector_arch<Arch>) {
      if (std::is_same_v<T, float> && part.size() == chunk) {
        if constexpr (std::is_same_v<T, float>) whole_chunk<Arch>(part.data(), inverse, codes);
      } else {
        points_of<simd::integers<Arch>>(part, inverse, codes);
      }
    } else {
      for (std::size_t p = 0; p < points(part.size()); ++p) {
        auto const rest = part.subspan(p * dimension);
        points_of<detail::single_lane>(rest.first(rest.size() < dimension ? rest.size() : dimension), inverse, codes + p);
      }
    }
  }
  template <class Arch, class T>
  status encode_row(std::span<T const> row, planes<std::byte, 2> const& to) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const values = row.subspan(first, size);
      store_group<Arch>(settle_group(values), values, g, to);
    });
    return errc::ok;
  }
  template <class T>
  status decode_row(planes<std::byte const, 2> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    float values[chunk];
    each_chunk(row.size(), from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      if constexpr (std::is_same_v<T, float>) {
        decode_points(codes, step, row.subspan(first, size));
      } else {
        decode_points(codes, step, std::span{values}.first(size));
        for (std::size_t i = 0; i < size; ++i) row[first + i] = detail::narrow<T>(values[i]);
      }
    });
    return errc::ok;
  }

  std::size_t group_ = 0;
};

static_assert(dot_codec<lattice_codec<e8_4b>> && stepwise_codec<lattice_codec<e8p>>);

}  // namespace skive
