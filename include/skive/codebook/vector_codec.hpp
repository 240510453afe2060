// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/vector_codec.hpp - rows in a vector codebook: P numbers in an index of Bits bits, a scale per row or group.
///
///   s = kept(rms of the group);   step = fl32(s / 1024);   y = RNE(x / step), |y| <= 32767;   index = nearest codeword to y
///   x' = fl32(level step);   planes: indices, Bits bits each, without gaps, lowest bit first; scales
///
/// A group's last vector is filled up with zeros. `Code` has a table(), a vector_table: one of the Gaussian grids
/// (codebook/gaussian_grid.hpp) or vector_code, the caller's own. `search` tries five scales about the rms and keeps the one of
/// least squared error: worth it where rows are not Gaussian.
///
/// Model of : dot_codec; stepwise_codec in steps of P
/// Cost     : encoding: codebook/vector_table.hpp; decoding: a load of P floats and a multiplication an index.
/// Accuracy : mean square error relative to the group's on Gaussian rows: codebook/gaussian_grid.hpp.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
///            Numbers beyond 32 s count as 32 s. Codewords that occur twice are written as the first.
/// Source   : V. Malinovskii et al., "Pushing the limits of large language model quantization via the linearity theorem" (HIGGS),
///            arXiv 2411.17525, 2024.

#include "skive/block/float_query.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/vector_table.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"

namespace skive {

/// How the scale of a group is chosen.
enum class vector_scale : std::uint8_t { rms, search };

template <class Code, class Scale = float16>
class vector_codec {
  using table_type = std::remove_cvref_t<decltype(Code{}.table())>;
  static constexpr std::size_t dimension = table_type::dimension;
  static constexpr std::size_t index_bits = table_type::index_bits;
  static constexpr std::size_t pairs = table_type::pairs;
  static constexpr std::size_t chunk = 16 * dimension;
  static_assert(Scale::bits % 8 == 0 && Scale::bits >= 16, "skive::vector_codec keeps float32, float16 or bfloat16 scales");

 public:
  static constexpr std::size_t plane_count = 2;
  using block_state = scale_state;
  using code_type = Code;

  constexpr vector_codec() noexcept = default;  // one scale a row
  constexpr explicit vector_codec(Code code, vector_scale choice = vector_scale::rms) noexcept : code_{code}, choice_{choice} {}
  /// A scale for every `group` numbers, a multiple of 8 P, or for the row (0); else invalid_argument.
  static constexpr result<vector_codec> make(std::size_t group, Code code = {},
                                             vector_scale choice = vector_scale::rms) noexcept {
    if (group % (8 * dimension) != 0) return errc::invalid_argument;
    vector_codec c{code, choice};
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
    auto const rest = vectors(n) % 8;
    return {saturating_add(saturating_multiply(vectors(n) / 8, index_bits), (rest * index_bits + 7) / 8),
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
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<bfloat16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<float16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }

  /// The scale that encode() would choose for `values` as one group.
  template <class Arch = native_arch>
  block_state settle(std::span<float const> values, workspace = {}) const noexcept {
    return settle_group<Arch>(values);
  }
  /// The codeword y that x becomes under `state`; P numbers, or fewer at a row's end.
  template <class Arch = native_arch>
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept {
    round<Arch>(std::span{&state, 1}, {x.data(), 1, x.size()}, {y.data(), 1, y.size()});
  }
  template <class Arch = native_arch>
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t first = 0; first < x.rows; first += 16) {
      auto const count = x.rows - first < 16 ? x.rows - first : 16;
      std::int16_t level[chunk]{};
      for (std::size_t r = 0; r < count; ++r)
        if (auto const inverse = inverse_of(step_of(states[first + r])); !is_zero(inverse))
          for (std::size_t j = 0; j < x.cols; ++j) level[r * dimension + j] = detail::source_level(x(first + r, j), inverse);
      std::uint32_t index[16];
      nearest<Arch>(level, index);
      for (std::size_t r = 0; r < count; ++r) {
        auto const unit = step_of(states[first + r]);
        for (std::size_t j = 0; j < y.cols; ++j) y(first + r, j) = value(index[r], j, unit);
      }
    }
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one
  /// state per group.
  template <class Arch = native_arch>
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace = {}) const noexcept {
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
    float values[4 * chunk];
    each_group(q.size, [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const unit = step_of(load(from, g));
      for (std::size_t i = 0; i < size; i += 4 * chunk) {
        auto const some = size - i < 4 * chunk ? size - i : 4 * chunk;
        decode_some<Arch>(codes_at(from, g, i), unit, std::span{values}.first(some));
        sum.add(values, q.data + first + i, some);
      }
    });
    return sum.total();
  }

 private:
  static constexpr std::size_t vectors(std::size_t n) noexcept { return n / dimension + (n % dimension != 0 ? 1 : 0); }
  static constexpr float step_of(scale_state const& s) noexcept { return detail::level_step(s.scale, table_type::unit); }
  static constexpr float inverse_of(float step) noexcept {
    return is_zero(step) || !is_finite(step) ? 0.0f : ieee_divide(1.0f, step);
  }
  template <class F>
  constexpr void each_group(std::size_t n, F f) const noexcept {
    auto const group = group_ == 0 ? n : group_;
    for (std::size_t first = 0, g = 0; first < n; first += group, ++g) f(g, first, n - first < group ? n - first : group);
  }
  static scale_state load(planes<std::byte const, 2> const& from, std::size_t g) noexcept {
    return detail::load_scale<Scale>(
        detail::load_field(from[1].data + g * from[1].block_stride, 0, Scale::bits, bit_order::low_first));
  }
  // Number i of a group, a multiple of 8 P.
  static std::byte const* codes_at(planes<std::byte const, 2> const& from, std::size_t g, std::size_t i) noexcept {
    return from[0].data + g * from[0].block_stride + i / (8 * dimension) * index_bits;
  }
  float value(std::uint32_t index, std::size_t j, float unit) const noexcept {
    return is_zero(unit) ? 0.0f : ieee_multiply(code_.table().value[index][j], unit);
  }

  // Index i of a string of indices: no byte past its last one is read.
  template <class Arch>
  [[gnu::always_inline]] static std::uint32_t index_at(std::byte const* codes, std::size_t i) noexcept {
    auto const bit = i * index_bits;
    auto const* p = codes + bit / 8;
    auto const shift = bit % 8;
    auto word = std::to_integer<std::uint32_t>(p[0]);
    if (shift + index_bits > 8) word |= std::to_integer<std::uint32_t>(p[1]) << 8;
    if (shift + index_bits > 16) word |= std::to_integer<std::uint32_t>(p[2]) << 16;
    return word >> shift & static_cast<std::uint32_t>(table_type::entries - 1);
  }
  template <class Arch>
  void decode_some(std::byte const* codes, float unit, std::span<float> out) const noexcept {
    auto const& t = code_.table();
    if (is_zero(unit)) {
      for (auto& v : out) v = 0.0f;
      return;
    }
    std::size_t i = 0;
    auto* to = out.data();
    for (; i + 8 * dimension <= out.size(); i += 8 * dimension, codes += index_bits, to += 8 * dimension)
#pragma GCC unroll 8
      for (std::size_t v = 0; v < 8; ++v) {
        auto const* const row = t.value[index_at<Arch>(codes, v)];
        for (std::size_t j = 0; j < dimension; ++j) to[v * dimension + j] = row[j] * unit;  // normal or zero: see unit
      }
    for (std::size_t v = 0; i < out.size(); ++i) {
      out[i] = t.value[index_at<Arch>(codes, v)][i % dimension] * unit;
      if (i % dimension == dimension - 1) ++v;
    }
  }

  // source_level() of each number: a product in float, too, rounds the exact one once.
  template <class Arch, class T>
  static void levels_of(std::span<T const> values, float inverse, std::int16_t* level) noexcept {
    std::size_t j = 0;
    if constexpr (simd::vector_arch<Arch> && std::is_same_v<T, float>) {
      using floats = simd::floats<Arch>;
      auto const by = floats::broadcast(inverse);
      auto const most = floats::broadcast(32767.0f);
      auto const shift = floats::broadcast(0x1.8p23f);
      for (; j + 16 <= values.size(); j += 16) {
        auto const p = simd::product(floats::load(values.data() + j), by);
        auto const bounded = max(min(p, most), floats::broadcast(0.0f) - most);
        std::int32_t rounded[16];
        (simd::as<std::int32_t>(bounded + shift) - simd::as<std::int32_t>(shift)).store(rounded);
        for (std::size_t l = 0; l < 16; ++l) level[j + l] = static_cast<std::int16_t>(rounded[l]);
      }
    }
    for (; j < values.size(); ++j) level[j] = detail::source_level(detail::widen(values[j]), inverse);
  }

  template <class Arch>
  void nearest(std::int16_t const (&level)[chunk], std::uint32_t* index) const noexcept {
    alignas(64) std::uint32_t words[16 * pairs];
    for (std::size_t v = 0; v < 16; ++v)
      for (std::size_t p = 0; p < pairs; ++p)
        words[16 * p + v] = detail::level_pair(level[v * dimension + 2 * p],
                                               2 * p + 1 < dimension ? level[v * dimension + 2 * p + 1] : std::int16_t{0});
    detail::nearest_entries<Arch>(code_.table(), words, index);
  }

  template <class Arch, class T>
  scale_state settle_group(std::span<T const> values) const noexcept {
    if (detail::largest_magnitude(values) >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    auto const s = detail::root_mean_square(values);
    auto best = detail::keep_root_mean_square<Scale>(s);
    if (choice_ == vector_scale::rms || is_zero(best.scale)) return best;
    auto least = error_at<Arch>(best, values);
    for (float const share : {0.96f, 1.04f, 0.92f, 1.08f}) {
      auto const state = detail::keep_root_mean_square<Scale>(ieee_multiply(s, share));
      auto const error = error_at<Arch>(state, values);
      if (error < least) least = error, best = state;
    }
    return best;
  }
  // Differences are rounded to float, so that their squares are exact in double.
  template <class Arch, class T>
  double error_at(scale_state const& state, std::span<T const> values) const noexcept {
    auto const unit = step_of(state);
    detail::lane_sums sums;
    each_chunk<Arch>(values, inverse_of(unit), [&](std::uint32_t const* index, std::size_t first, std::size_t size) noexcept {
      for (std::size_t j = 0; j < size; ++j) {
        auto const y = value(index[j / dimension], j % dimension, unit);
        auto const d = static_cast<double>(
            static_cast<float>(static_cast<double>(detail::widen(values[first + j])) - static_cast<double>(y)));
        sums.add(first + j, d * d);
      }
    });
    return sums.total();
  }
  // f(indices, first number, count) for sixteen vectors at a time; indices are 0 where the scale says nothing.
  template <class Arch, class T, class F>
  void each_chunk(std::span<T const> values, float inverse, F f) const noexcept {
    for (std::size_t i = 0; i < values.size(); i += chunk) {
      auto const size = values.size() - i < chunk ? values.size() - i : chunk;
      std::uint32_t index[16]{};
      if (!is_zero(inverse)) {
        std::int16_t level[chunk]{};
        levels_of<Arch>(values.subspan(i, size), inverse, level);
        nearest<Arch>(level, index);
      }
      f(index, i, size);
    }
  }
  template <class Arch, class T>
  void store_group(scale_state const& state, std::span<T const> values, std::size_t g,
                   planes<std::byte, 2> const& to) const noexcept {
    detail::store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[1].data + g * to[1].block_stride);
    auto* out = to[0].data + g * to[0].block_stride;
    std::uint32_t word = 0;
    std::size_t filled = 0;
    each_chunk<Arch>(values, inverse_of(step_of(state)), [&](std::uint32_t const* index, std::size_t, std::size_t size) noexcept {
      for (std::size_t v = 0; v < vectors(size); ++v) {
        word |= index[v] << filled;
        for (filled += index_bits; filled >= 8; filled -= 8, word >>= 8)
          *out++ = static_cast<std::byte>(static_cast<std::uint8_t>(word));
      }
    });
    if (filled != 0) *out = static_cast<std::byte>(static_cast<std::uint8_t>(word));
  }
  template <class Arch, class T>
  status encode_row(std::span<T const> row, planes<std::byte, 2> const& to) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const values = row.subspan(first, size);
      store_group<Arch>(settle_group<Arch>(values), values, g, to);
    });
    return errc::ok;
  }
  template <class Arch, class T>
  status decode_row(planes<std::byte const, 2> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    float values[chunk];
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const unit = step_of(load(from, g));
      if constexpr (std::is_same_v<T, float>) {
        decode_some<Arch>(codes_at(from, g, 0), unit, row.subspan(first, size));
      } else {
        for (std::size_t i = 0; i < size; i += chunk) {
          auto const some = size - i < chunk ? size - i : chunk;
          decode_some<Arch>(codes_at(from, g, i), unit, std::span{values}.first(some));
          for (std::size_t j = 0; j < some; ++j) row[first + i + j] = detail::narrow<T>(values[j]);
        }
      }
    });
    return errc::ok;
  }

  [[no_unique_address]] Code code_{};
  std::size_t group_ = 0;
  vector_scale choice_ = vector_scale::rms;
};

static_assert(dot_codec<vector_codec<vector_code<2, 4>>> && stepwise_codec<vector_codec<vector_code<4, 8>>>);

}  // namespace skive
