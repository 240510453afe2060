// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_codec.hpp - rows in a trellis code with a scale per row or per group of blocks.
///
///   row = groups (0: the row) of blocks of 256 numbers;   scale = kept(rms of the group);   step = fl32(scale / sigma of code)
///   x' = fl32(level step),   levels: the path nearest to RNE(x / step);   planes: codes, scales
///
/// A last, shorter block has the next multiple of 8 numbers that holds a state; those past the row cost nothing. `search` tries
/// five scales about the rms and keeps the one of least squared error: worth it where rows are not Gaussian.
///
/// Model of : dot_codec, with floats and with bytes (codebook/trellis_dot.hpp); stepwise_codec in steps of a block where the
///            encoder's metrics fit 128 KiB of stack (L <= 8)
/// Cost     : encoding: codebook/trellis_encoder.hpp, with `search` six times; folded codes of 2 and 4 bits decode in registers,
///            others by the rule.
/// Accuracy : mean square error relative to the group's on Gaussian rows: the table of codebook/trellis_trained.hpp.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
/// Source   : codebook/trellis.hpp.

#include "skive/codebook/scaled_codec.hpp"
#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/trellis_encoder.hpp"

namespace skive {

namespace detail {

/// Groups of blocks of a trellis code (codebook/scaled_codec.hpp).
template <trellis_code Code>
class trellis_groups {
  using shape = trellis_shape<Code>;
  using encoder = trellis_encoder<Code>;
  static constexpr std::size_t block = trellis_block;
  static constexpr auto step_bits = static_cast<std::size_t>(Code::step_bits);
  static constexpr auto step_values = static_cast<std::size_t>(Code::values);
  static constexpr std::size_t most_stack = std::size_t{1} << 17;
  static_assert(block % (8 * step_values) == 0);

 public:
  using code_type = Code;
  static constexpr std::size_t step = block;
  static constexpr std::size_t multiple = block;
  static constexpr std::size_t piece = block;
  static constexpr std::size_t piece_bytes = block / step_values * step_bits / 8;
  static constexpr bool stepwise = encoder::scratch_bytes(block / step_values) <= most_stack;

  constexpr trellis_groups() noexcept = default;
  constexpr explicit trellis_groups(Code code) noexcept : code_{code} {}
  static constexpr std::size_t bytes(std::size_t n) noexcept {
    auto const rest = n % block;
    return saturating_add(saturating_multiply(n / block, piece_bytes), rest == 0 ? 0 : coded(rest) / step_values * step_bits / 8);
  }
  static constexpr std::size_t scratch_bytes() noexcept { return encoder::scratch_bytes(block / step_values); }
  constexpr Code const& code() const noexcept { return code_; }
  constexpr float sigma() const noexcept { return code_.sigma(); }

  template <class Arch, class T>
  void encode(std::span<T const> values, float step_size, std::byte* out, workspace w) const noexcept {
    for (std::size_t i = 0; i < bytes(values.size()); ++i) out[i] = std::byte{0};
    if (!known_step(step_size)) return;
    each_path<Arch>(values, step_size, w, [&](std::span<std::uint32_t const> path, std::size_t first, std::size_t) noexcept {
      store_trellis_path<Code>(path, out + first / block * piece_bytes);
    });
  }
  template <class Arch, class T, class F>
  void approximate(std::span<T const> values, float step_size, workspace w, F f) const noexcept {
    float y[block];
    each_path<Arch>(values, step_size, w, [&](std::span<std::uint32_t const> path, std::size_t first, std::size_t size) noexcept {
      for (std::size_t i = 0; i < size; ++i)
        y[i] = level_value(code_.level(path[i / step_values], static_cast<int>(i % step_values)), step_size);
      f(first, size, y);
    });
  }
  template <class Arch>
  void decode(std::byte const* codes, float step_size, std::span<float> out) const noexcept {
    decode_trellis_block<Arch>(code_, codes, coded(out.size()), step_size, out);
  }
  template <class Arch>
  void round(std::span<scale_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires(stepwise)
  {
    alignas(64) std::byte memory[scratch_bytes()];
    for (std::size_t r = 0; r < x.rows; ++r) round_group<Arch>(*this, states[r], x.row(r), y.row(r), workspace{memory});
  }

  /// Products with bytes: codebook/trellis_dot.hpp.
  static constexpr int int8_width = Code::step_bits;
  static constexpr int int8_bias = []() -> int {
    if constexpr (folded_trellis_code<Code>) return trellis_bias<Code>;
    return 0;
  }();
  static constexpr std::uint32_t int8_order = []() -> std::uint32_t {
    if constexpr (folded_trellis_code<Code>) return trellis_query_order<Code>;
    return 0;
  }();
  template <class Arch>
    requires folded_trellis_code<Code>
  auto product(int8_query const& q) const noexcept {
    struct in_blocks : trellis_product<Code, Arch> {
      using trellis_product<Code, Arch>::trellis_product;
      void add(std::byte const* codes, float step_size, std::size_t first, std::size_t size) noexcept {
        trellis_product<Code, Arch>::add(codes, step_size, first, size, coded);
      }
    };
    return in_blocks{code_, q};
  }

 private:
  // Numbers of the block that `size` of them are coded in.
  static constexpr std::size_t coded(std::size_t size) noexcept {
    constexpr auto unit = 8 * step_values;
    constexpr auto least =
        ((static_cast<std::size_t>(Code::state_bits) + step_bits - 1) / step_bits * step_values + unit - 1) / unit * unit;
    auto const up = (size + unit - 1) / unit * unit;
    return up < least ? least : up;
  }

  // f(states, first number, count) for each block; step_size is known.
  template <class Arch, class T, class F>
  void each_path(std::span<T const> values, float step_size, workspace w, F f) const noexcept {
    auto const inverse = ieee_divide(1.0f, step_size);
    encoder e{code_, block / step_values, w};
    std::int16_t x[block];
    for (std::size_t first = 0; first < values.size(); first += block) {
      auto const size = values.size() - first < block ? values.size() - first : block;
      auto const all = size == block ? block : coded(size);
      for (std::size_t i = 0; i < all; ++i) x[i] = i < size ? source_level(widen(values[first + i]), inverse) : std::int16_t{0};
      f(e.template encode<Arch>(std::span<std::int16_t const>{x, all}, size), first, size);
    }
  }

  [[no_unique_address]] Code code_{};
};

}  // namespace detail

using trellis_scale = group_scale;

template <trellis_code Code, class Scale = float32>
using trellis_codec = scaled_codec<detail::trellis_groups<Code>, Scale>;

}  // namespace skive
