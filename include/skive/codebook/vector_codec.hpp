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
/// Model of : dot_codec, with bytes too where bytes hold whole vectors (codebook/vector_dot.hpp); stepwise_codec in steps of P
/// Cost     : encoding: codebook/vector_table.hpp; decoding: a load of P floats and a multiplication an index.
/// Accuracy : mean square error relative to the group's on Gaussian rows: codebook/gaussian_grid.hpp.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
///            Numbers beyond 32 s count as 32 s. Codewords that occur twice are written as the first.
/// Source   : V. Malinovskii et al., "Pushing the limits of large language model quantization via the linearity theorem" (HIGGS),
///            arXiv 2411.17525, 2024.

#include "skive/codebook/scaled_codec.hpp"
#include "skive/codebook/vector_dot.hpp"

namespace skive {

namespace detail {

/// Groups of entries of a table (codebook/scaled_codec.hpp).
template <class Code>
class vector_groups {
  using table_type = std::remove_cvref_t<decltype(Code{}.table())>;
  static constexpr std::size_t dimension = table_type::dimension;
  static constexpr std::size_t index_bits = table_type::index_bits;
  static constexpr std::size_t pairs = table_type::pairs;
  static constexpr std::size_t chunk = 16 * dimension;
  static constexpr std::size_t vectors(std::size_t n) noexcept { return n / dimension + (n % dimension != 0 ? 1 : 0); }

 public:
  using code_type = Code;
  static constexpr std::size_t step = dimension;
  static constexpr std::size_t multiple = 8 * dimension;
  static constexpr std::size_t piece = 4 * chunk;
  static constexpr std::size_t piece_bytes = 8 * index_bits;
  static constexpr std::size_t run = chunk;
  static constexpr bool stepwise = true;

  constexpr vector_groups() noexcept = default;
  constexpr explicit vector_groups(Code code) noexcept : code_{code} {}
  static constexpr std::size_t bytes(std::size_t n) noexcept {
    auto const rest = vectors(n) % 8;
    return saturating_add(saturating_multiply(vectors(n) / 8, index_bits), (rest * index_bits + 7) / 8);
  }
  static constexpr std::size_t scratch_bytes() noexcept { return 0; }
  constexpr Code const& code() const noexcept { return code_; }
  static constexpr float sigma() noexcept { return table_type::unit; }

  template <class Arch, class T>
  void encode(std::span<T const> values, float step_size, std::byte* out, workspace) const noexcept {
    index_string codes{out};
    each_chunk<Arch>(values, inverse_of(step_size), [&](std::uint32_t const* index, std::size_t, std::size_t size) noexcept {
      codes.add(index, vectors(size));
    });
    codes.end();
  }
  /// Of codebook/short_groups.hpp.
  template <class Arch, class T>
  void encode_run(std::span<T const> values, std::span<float const> steps, std::byte* out, std::size_t stride) const noexcept {
    auto const group = chunk / steps.size();
    std::int16_t level[chunk];
    std::uint32_t index[16];
    for (std::size_t g = 0; g < steps.size(); ++g)
      levels_of<Arch>(values.subspan(g * group, group), inverse_of(steps[g]), level + g * group);
    nearest<Arch>(level, index);
    for (std::size_t g = 0; g < steps.size(); ++g) {
      index_string codes{out + g * stride};
      codes.add(index + g * (group / dimension), group / dimension);
      codes.end();
    }
  }
  template <class Arch, class T, class F>
  void approximate(std::span<T const> values, float step_size, workspace, F f) const noexcept {
    float y[chunk];
    auto const inverse = inverse_of(step_size);
    each_chunk<Arch>(values, inverse, [&](std::uint32_t const* index, std::size_t first, std::size_t size) noexcept {
      for (std::size_t j = 0; j < size; ++j) y[j] = value(index[j / dimension], j % dimension, step_size);
      f(first, size, y);
    });
  }
  template <class Arch>
  void decode(std::byte const* codes, float unit, std::span<float> out) const noexcept {
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

  /// Products with bytes: codebook/vector_dot.hpp.
  static constexpr int int8_bias = vector_bias;
  static constexpr int int8_width = []() -> int {
    if constexpr (table_of_bytes<table_type>) return static_cast<int>(8 / vector_bytes<table_type, scalar_arch>::fields);
    return 8;
  }();
  static constexpr std::uint32_t int8_order = vector_query_order(static_cast<std::size_t>(8 / int8_width));
  template <class Arch>
    requires table_of_bytes<table_type>
  auto product(int8_query const& q) const noexcept {
    using bytes_of_table = vector_bytes<table_type, Arch>;
    return byte_level_product<bytes_of_table, Arch>{bytes_of_table{code_.table()}, q};
  }

  // Sixteen vectors at once, each at a scale of its own.
  template <class Arch>
  void round(std::span<scale_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t first = 0; first < x.rows; first += 16) {
      auto const count = x.rows - first < 16 ? x.rows - first : 16;
      std::int16_t level[chunk]{};
      for (std::size_t r = 0; r < count; ++r)
        if (auto const inverse = inverse_of(level_step(states[first + r].scale, sigma())); !is_zero(inverse))
          for (std::size_t j = 0; j < x.cols; ++j) level[r * dimension + j] = source_level(x(first + r, j), inverse);
      std::uint32_t index[16];
      nearest<Arch>(level, index);
      for (std::size_t r = 0; r < count; ++r) {
        auto const unit = level_step(states[first + r].scale, sigma());
        for (std::size_t j = 0; j < y.cols; ++j) y(first + r, j) = value(index[r], j, unit);
      }
    }
  }

 private:
  // Indices one after another, lowest bit first.
  struct index_string {
    std::byte* out;
    std::uint32_t word = 0;
    std::size_t filled = 0;

    void add(std::uint32_t const* index, std::size_t count) noexcept {
      for (std::size_t v = 0; v < count; ++v) {
        word |= index[v] << filled;
        for (filled += index_bits; filled >= 8; filled -= 8, word >>= 8)
          *out++ = static_cast<std::byte>(static_cast<std::uint8_t>(word));
      }
    }
    void end() noexcept {
      if (filled != 0) *out = static_cast<std::byte>(static_cast<std::uint8_t>(word));
    }
  };
  static constexpr float inverse_of(float step_size) noexcept {
    return known_step(step_size) ? ieee_divide(1.0f, step_size) : 0.0f;
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
    for (; j < values.size(); ++j) level[j] = source_level(widen(values[j]), inverse);
  }

  template <class Arch>
  void nearest(std::int16_t const (&level)[chunk], std::uint32_t* index) const noexcept {
    alignas(64) std::uint32_t words[16 * pairs];
    for (std::size_t v = 0; v < 16; ++v)
      for (std::size_t p = 0; p < pairs; ++p)
        words[16 * p + v] =
            level_pair(level[v * dimension + 2 * p], 2 * p + 1 < dimension ? level[v * dimension + 2 * p + 1] : std::int16_t{0});
    nearest_entries<Arch>(code_.table(), words, index);
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

  [[no_unique_address]] Code code_{};
};

}  // namespace detail

using vector_scale = group_scale;

template <class Code, class Scale = float16>
using vector_codec = scaled_codec<detail::vector_groups<Code>, Scale>;

static_assert(dot_codec<vector_codec<vector_code<2, 4>>> && stepwise_codec<vector_codec<vector_code<4, 8>>>);

}  // namespace skive
