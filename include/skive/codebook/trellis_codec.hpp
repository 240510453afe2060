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

#include "skive/block/float_query.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/trellis_encoder.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"

namespace skive {

/// How the scale of a group is chosen.
enum class trellis_scale : std::uint8_t { rms, search };

template <trellis_code Code, class Scale = float32>
class trellis_codec {
  using shape = detail::trellis_shape<Code>;
  using encoder = detail::trellis_encoder<Code>;
  static constexpr std::size_t block = detail::trellis_block;
  static constexpr auto step_bits = static_cast<std::size_t>(Code::step_bits);
  static constexpr auto step_values = static_cast<std::size_t>(Code::values);
  static constexpr std::size_t block_bytes = block / step_values * step_bits / 8;
  static constexpr std::size_t most_stack = std::size_t{1} << 17;
  static_assert(Scale::bits % 8 == 0 && Scale::bits >= 16, "skive::trellis_codec keeps float32, float16 or bfloat16 scales");
  static_assert(block % (8 * step_values) == 0);

 public:
  static constexpr std::size_t plane_count = 2;
  using block_state = scale_state;
  using code_type = Code;

  constexpr trellis_codec() noexcept = default;  // one scale a row
  constexpr explicit trellis_codec(Code code, trellis_scale choice = trellis_scale::rms) noexcept
      : code_{code}, choice_{choice} {}
  /// A scale for every `group` numbers, a multiple of 256, or for the row (0); else invalid_argument.
  static constexpr result<trellis_codec> make(std::size_t group, Code code = {},
                                              trellis_scale choice = trellis_scale::rms) noexcept {
    if (group % block != 0) return errc::invalid_argument;
    trellis_codec c{code, choice};
    c.group_ = group;
    return c;
  }

  constexpr Code const& code() const noexcept { return code_; }
  constexpr std::size_t block_size() const noexcept { return group_; }
  constexpr std::size_t group_size() const noexcept { return group_; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t step() const noexcept { return block; }
  constexpr std::size_t groups(std::size_t n) const noexcept {
    return group_ == 0 ? (n != 0 ? 1 : 0) : n / group_ + (n % group_ != 0 ? 1 : 0);
  }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    return {code_bytes(n), saturating_multiply(groups(n), Scale::bits / 8)};
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : encoder::scratch_bytes(block / step_values);
  }
  constexpr std::size_t settle_bytes(std::size_t n) const noexcept {
    return choice_ == trellis_scale::rms ? 0 : scratch_bytes(n);
  }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap, workspace_too_small; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  status encode(std::span<bfloat16 const> row, planes<std::byte, 2> to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  status encode(std::span<float16 const> row, planes<std::byte, 2> to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
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
  block_state settle(std::span<float const> values, workspace w) const noexcept {
    return settle_group<Arch>(values, w);
  }
  /// The block y that x becomes under `state`; 256 numbers, or fewer at a row's end.
  template <class Arch = native_arch>
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept
    requires(encoder::scratch_bytes(block / step_values) <= most_stack)
  {
    alignas(64) std::byte memory[encoder::scratch_bytes(block / step_values)];
    round_block<Arch>(state, x, y, workspace{memory});
  }
  /// The same with memory of the caller, scratch_bytes(256), for every code.
  template <class Arch = native_arch>
  status round(block_state const& state, std::span<float const> x, std::span<float> y, workspace w) const noexcept {
    if (x.size() != y.size() || x.size() > block) return errc::size_mismatch;
    if (w.size() < scratch_bytes(block)) return errc::workspace_too_small;
    round_block<Arch>(state, x, y, w);
    return errc::ok;
  }
  template <class Arch = native_arch>
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires(encoder::scratch_bytes(block / step_values) <= most_stack)
  {
    for (std::size_t r = 0; r < x.rows; ++r) round<Arch>(states[r], x.row(r), y.row(r));
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one
  /// state per group.
  template <class Arch = native_arch>
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace w) const noexcept {
    if (states.size() != groups(values.size())) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    if (w.size() < scratch_bytes(values.size())) return errc::workspace_too_small;
    each_group(values.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      store_group<Arch>(states[g], values.subspan(first, size), g, to, w);
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
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    detail::block_dot<Arch> sum;
    float values[block];
    each_block(q.size, from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      detail::decode_trellis_block<Arch>(code_, codes, coded(size), step, std::span{values}.first(size));
      sum.add(values, q.data + first, size);
    });
    return sum.total();
  }

  /// A product with bytes (block/int8_query.hpp). Fails with workspace_too_small or not_finite.
  constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale kind = activation_scale::per_block) const noexcept
    requires folded_trellis_code<Code>
  {
    return detail::int8_query_bytes<Code::step_bits>(n, kind);
  }
  template <class Arch = native_arch>
  result<int8_query> prepare_int8(std::span<float const> x, activation_scale kind, workspace w) const noexcept
    requires folded_trellis_code<Code>
  {
    auto q =
        detail::prepare_int8<Arch, Code::step_bits, detail::trellis_bias<Code>, false>(x, 1.0f, bit_order::low_first, kind, w);
    if (!q) return q;
    auto made = *q;
    made.order = detail::trellis_query_order<Code>;
    return made;
  }
  /// Fails with size_mismatch, or with invalid_argument if another kind of codec made the query.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, int8_query const& q) const noexcept
    requires folded_trellis_code<Code>
  {
    if (!accepts(q)) return errc::invalid_argument;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    float y = 0.0f;
    multiply<Arch, 1>({from, {}, 1, &y, 0}, q.size, &q);
    return y;
  }
  /// Unchecked products of rows: what kernel/ calls.
  constexpr bool accepts(int8_query const& q) const noexcept
    requires folded_trellis_code<Code>
  {
    return q.order == detail::trellis_query_order<Code>;
  }
  constexpr std::size_t layout(std::size_t n) const noexcept { return n; }
  template <class Arch, std::size_t Queries>
  void multiply(detail::row_products<2> const& rows, std::size_t n, int8_query const* q) const noexcept
    requires folded_trellis_code<Code>
  {
    for (std::size_t t = 0; t < Queries; ++t) {
      detail::trellis_product<Code, Arch> product{code_, q[t]};
      for (std::size_t r = 0; r < rows.rows; ++r) {
        auto const from = rows.row(r);
        product.begin();
        each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
          product.add(from[0].data + g * from[0].block_stride, detail::level_step(load(from, g).scale, code_.sigma()), first,
                      size, coded);
        });
        rows.out[t * rows.stride + r] = product.total();
      }
    }
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
  static constexpr std::size_t code_bytes(std::size_t n) noexcept {
    auto const rest = n % block;
    return saturating_add(saturating_multiply(n / block, block_bytes), rest == 0 ? 0 : coded(rest) / step_values * step_bits / 8);
  }
  template <class F>
  constexpr void each_group(std::size_t n, F f) const noexcept {
    auto const group = group_ == 0 ? n : group_;
    for (std::size_t first = 0, g = 0; first < n; first += group, ++g) f(g, first, n - first < group ? n - first : group);
  }
  // f(codes, step, first number, count) for each block.
  template <class F>
  void each_block(std::size_t n, planes<std::byte const, 2> const& from, F f) const noexcept {
    each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const step = detail::level_step(load(from, g).scale, code_.sigma());
      auto const* codes = from[0].data + g * from[0].block_stride;
      for (std::size_t i = 0; i < size; i += block, codes += block_bytes)
        f(codes, step, first + i, size - i < block ? size - i : block);
    });
  }
  static scale_state load(planes<std::byte const, 2> const& from, std::size_t g) noexcept {
    return detail::load_scale<Scale>(
        detail::load_field(from[1].data + g * from[1].block_stride, 0, Scale::bits, bit_order::low_first));
  }

  template <class Arch, class T>
  scale_state settle_group(std::span<T const> values, workspace w) const noexcept {
    if (detail::largest_magnitude(values) >= float_infinity_bits) return detail::not_finite_scale<Scale>();
    auto const s = detail::root_mean_square(values);
    if (choice_ == trellis_scale::rms) return detail::keep_root_mean_square<Scale>(s);
    scale_state best{};
    double least = 0;
    for (float const share : {1.0f, 0.96f, 1.04f, 0.92f, 1.08f}) {
      auto const state = detail::keep_root_mean_square<Scale>(ieee_multiply(s, share));
      auto const error = group_error_at<Arch>(state, values, w);
      if (share == 1.0f || error < least) {
        best = state;
        least = error;
      }
    }
    return best;
  }
  template <class Arch, class T>
  double group_error_at(scale_state const& state, std::span<T const> values, workspace w) const noexcept {
    detail::lane_sums sums;
    each_path<Arch>(state, values, w, [&](std::span<std::uint32_t const> path, float step, std::size_t first, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) {
        auto const y = detail::level_value(code_.level(path[i / step_values], static_cast<int>(i % step_values)), step);
        auto const d = static_cast<double>(
            static_cast<float>(static_cast<double>(detail::widen(values[first + i])) - static_cast<double>(y)));
        sums.add(first + i, d * d);
      }
    });
    return sums.total();
  }

  // f(states, step, first number, count) for each block of a group whose scale is finite and not zero.
  template <class Arch, class T, class F>
  void each_path(scale_state const& state, std::span<T const> values, workspace w, F f) const noexcept {
    auto const step = detail::level_step(state.scale, code_.sigma());
    if (is_zero(step) || !is_finite(step)) return;
    auto const inverse = ieee_divide(1.0f, step);
    encoder e{code_, block / step_values, w};
    std::int16_t x[block];
    for (std::size_t first = 0; first < values.size(); first += block) {
      auto const size = values.size() - first < block ? values.size() - first : block;
      auto const all = size == block ? block : coded(size);
      for (std::size_t i = 0; i < all; ++i)
        x[i] = i < size ? detail::source_level(detail::widen(values[first + i]), inverse) : std::int16_t{0};
      f(e.template encode<Arch>(std::span<std::int16_t const>{x, all}, size), step, first, size);
    }
  }
  template <class Arch>
  void round_block(block_state const& state, std::span<float const> x, std::span<float> y, workspace w) const noexcept {
    auto const step = detail::level_step(state.scale, code_.sigma());
    for (auto& v : y) v = is_zero(step) ? 0.0f : state.scale;  // NaN stays, see below for the others
    each_path<Arch>(state, x, w, [&](std::span<std::uint32_t const> path, float s, std::size_t first, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i)
        y[first + i] = detail::level_value(code_.level(path[i / step_values], static_cast<int>(i % step_values)), s);
    });
  }
  template <class Arch, class T>
  void store_group(scale_state const& state, std::span<T const> values, std::size_t g, planes<std::byte, 2> const& to,
                   workspace w) const noexcept {
    detail::store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[1].data + g * to[1].block_stride);
    auto* const codes = to[0].data + g * to[0].block_stride;
    for (std::size_t i = 0; i < code_bytes(values.size()); ++i) codes[i] = std::byte{0};
    each_path<Arch>(state, values, w, [&](std::span<std::uint32_t const> path, float, std::size_t first, std::size_t) {
      detail::store_trellis_path<Code>(path, codes + first / block * block_bytes);
    });
  }

  template <class Arch, class T>
  status encode_row(std::span<T const> row, planes<std::byte, 2> const& to, workspace w) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const values = row.subspan(first, size);
      store_group<Arch>(settle_group<Arch>(values, w), values, g, to, w);
    });
    return errc::ok;
  }
  template <class Arch, class T>
  status decode_row(planes<std::byte const, 2> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    float values[block];
    each_block(row.size(), from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      if constexpr (std::is_same_v<T, float>) {
        detail::decode_trellis_block<Arch>(code_, codes, coded(size), step, row.subspan(first, size));
      } else {
        detail::decode_trellis_block<Arch>(code_, codes, coded(size), step, std::span{values}.first(size));
        for (std::size_t i = 0; i < size; ++i) row[first + i] = detail::narrow<T>(values[i]);
      }
    });
    return errc::ok;
  }
  [[no_unique_address]] Code code_{};
  std::size_t group_ = 0;
  trellis_scale choice_ = trellis_scale::rms;
};

}  // namespace skive
