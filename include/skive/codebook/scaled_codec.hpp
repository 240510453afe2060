// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/scaled_codec.hpp - rows in groups of numbers that a code for N(0, 1) writes, each with a scale.
///
///   s = kept(rms of the group);   step = fl32(s / sigma);   codes: those of x / step, by Groups;   x' = fl32(level step)
///   planes: codes, a group from a whole byte on; scales
///
/// Groups, the parameter, says how numbers become codes: points of a set (codebook/lattice_codec.hpp), entries of a table
/// (codebook/vector_codec.hpp), paths of a trellis (codebook/trellis_codec.hpp). `search` tries five scales about the rms and
/// keeps the one of least squared error: worth it where rows are not Gaussian.
///
/// Model of : dot_codec; stepwise_codec in steps of Groups::step where Groups::stepwise
/// Cost     : the code's; encoding with `search` six times.
/// Promise  : same bytes everywhere; any bytes decode. A group below 2^-80 decodes to zeros, one with a NaN or infinity to NaN.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/block/group_parameters.hpp"
#include "skive/codebook/block_dot.hpp"
#include "skive/codebook/short_groups.hpp"
#include "skive/format/half.hpp"

namespace skive {

template <group_code Groups, class Scale>
class scaled_codec : public takes_floats {
  static_assert(Scale::bits % 8 == 0 && Scale::bits >= 16, "skive::scaled_codec keeps float32, float16 or bfloat16 scales");

 public:
  static constexpr std::size_t plane_count = 2;
  using block_state = scale_state;
  using code_type = typename Groups::code_type;

  constexpr scaled_codec() noexcept = default;  // one scale a row
  constexpr explicit scaled_codec(code_type code, group_scale choice = group_scale::rms) noexcept
      : groups_{code}, choice_{choice} {}
  /// A scale for every `group` numbers, a multiple of Groups::multiple, or for the row (0); else invalid_argument.
  static constexpr result<scaled_codec> make(std::size_t group, code_type code = {},
                                             group_scale choice = group_scale::rms) noexcept {
    if (group % Groups::multiple != 0) return errc::invalid_argument;
    scaled_codec c{code, choice};
    c.group_ = group;
    return c;
  }

  constexpr code_type const& code() const noexcept { return groups_.code(); }
  constexpr std::size_t block_size() const noexcept { return group_; }
  constexpr std::size_t group_size() const noexcept { return group_; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t step() const noexcept { return Groups::step; }
  constexpr std::size_t groups(std::size_t n) const noexcept {
    return group_ == 0 ? (n != 0 ? 1 : 0) : n / group_ + (n % group_ != 0 ? 1 : 0);
  }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    auto const whole = group_ == 0 ? 0 : n / group_;
    auto const rest = group_ == 0 ? n : n % group_;
    return {saturating_add(saturating_multiply(whole, Groups::bytes(group_)), Groups::bytes(rest)),
            saturating_multiply(groups(n), Scale::bits / 8)};
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept { return n == 0 ? 0 : Groups::scratch_bytes(); }
  constexpr std::size_t settle_bytes(std::size_t n) const noexcept { return choice_ == group_scale::rms ? 0 : scratch_bytes(n); }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap, workspace_too_small; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  status encode(std::span<bfloat16 const> row, planes<std::byte, 2> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  status encode(std::span<float16 const> row, planes<std::byte, 2> to, workspace w = {}) const noexcept {
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

  /// The scale that encode() would choose for `values` as one group. Precondition: w has settle_bytes(values.size()).
  template <class Arch = native_arch>
  block_state settle(std::span<float const> values, workspace w = {}) const noexcept {
    return detail::settle_group<Arch, Scale>(groups_, choice_, values, w);
  }
  /// The numbers y that x becomes under `state`; step() of them, or fewer at a row's end.
  template <class Arch = native_arch>
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept
    requires(Groups::stepwise)
  {
    round<Arch>(std::span{&state, 1}, {x.data(), 1, x.size()}, {y.data(), 1, y.size()});
  }
  template <class Arch = native_arch>
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires(Groups::stepwise)
  {
    groups_.template round<Arch>(states, x, y);
  }
  /// The same with memory of the caller, scratch_bytes(step()), for every code.
  template <class Arch = native_arch>
  status round(block_state const& state, std::span<float const> x, std::span<float> y, workspace w) const noexcept {
    if (x.size() != y.size() || x.size() > step()) return errc::size_mismatch;
    if (w.size() < scratch_bytes(step())) return errc::workspace_too_small;
    detail::round_group<Arch>(groups_, state, x, y, w);
    return errc::ok;
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one
  /// state per group.
  template <class Arch = native_arch>
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace w = {}) const noexcept {
    if (states.size() != groups(values.size())) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    if (w.size() < scratch_bytes(values.size())) return errc::workspace_too_small;
    each_group(values.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      store_group<Arch>(states[g], values.subspan(first, size), g, to, w);
    });
    return errc::ok;
  }

  /// A product with floats: the decoded numbers times x in sixteen lanes. x has to outlive the query.
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    detail::block_dot<Arch> sum;
    float values[Groups::piece];
    each_piece(q.size, from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      groups_.template decode<Arch>(codes, step, std::span{values}.first(size));
      sum.add(values, q.data + first, size);
    });
    return sum.total();
  }

  /// A product with bytes (block/int8_query.hpp). Fails with workspace_too_small or not_finite.
  constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale kind = activation_scale::per_block) const noexcept
    requires int8_group_code<Groups>
  {
    return detail::int8_query_bytes<Groups::int8_width>(n, kind);
  }
  template <class Arch = native_arch>
  result<int8_query> prepare_int8(std::span<float const> x, activation_scale kind, workspace w) const noexcept
    requires int8_group_code<Groups>
  {
    auto const q =
        detail::prepare_int8<Arch, Groups::int8_width, Groups::int8_bias, false>(x, 1.0f, bit_order::low_first, kind, w);
    if (!q) return q;
    auto made = *q;
    made.order = Groups::int8_order;
    return made;
  }
  /// Fails with size_mismatch, or with invalid_argument if another kind of codec made the query.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, int8_query const& q) const noexcept
    requires int8_group_code<Groups>
  {
    if (!accepts(q)) return errc::invalid_argument;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    float y = 0.0f;
    multiply<Arch, 1>({from, {}, 1, &y, 0}, q.size, &q);
    return y;
  }
  /// Unchecked products of rows: what kernel/ calls.
  constexpr bool accepts(int8_query const& q) const noexcept
    requires int8_group_code<Groups>
  {
    return q.order == Groups::int8_order;
  }
  constexpr std::size_t layout(std::size_t n) const noexcept { return n; }
  template <class Arch, std::size_t Queries>
  void multiply(detail::row_products<2> const& rows, std::size_t n, int8_query const* q) const noexcept
    requires int8_group_code<Groups>
  {
    for (std::size_t t = 0; t < Queries; ++t) {
      auto product = groups_.template product<Arch>(q[t]);
      for (std::size_t r = 0; r < rows.rows; ++r) {
        auto const from = rows.row(r);
        product.begin();
        each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
          product.add(from[0].data + g * from[0].block_stride, step_of(load(from, g)), first, size);
        });
        rows.out[t * rows.stride + r] = static_cast<float>(product.total());
      }
    }
  }

 private:
  static scale_state load(planes<std::byte const, 2> const& from, std::size_t g) noexcept {
    return detail::load_scale<Scale>(
        detail::load_field(from[1].data + g * from[1].block_stride, 0, Scale::bits, bit_order::low_first));
  }
  float step_of(scale_state const& s) const noexcept { return detail::level_step(s.scale, groups_.sigma()); }
  template <class F>
  constexpr void each_group(std::size_t n, F f) const noexcept {
    auto const group = group_ == 0 ? n : group_;
    for (std::size_t first = 0, g = 0; first < n; first += group, ++g) f(g, first, n - first < group ? n - first : group);
  }
  // f(codes, step, first number, count) for each piece.
  template <class F>
  void each_piece(std::size_t n, planes<std::byte const, 2> const& from, F f) const noexcept {
    each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const step = step_of(load(from, g));
      auto const* codes = from[0].data + g * from[0].block_stride;
      for (std::size_t i = 0; i < size; i += Groups::piece, codes += Groups::piece_bytes)
        f(codes, step, first + i, size - i < Groups::piece ? size - i : Groups::piece);
    });
  }

  template <class Arch, class T>
  void store_group(scale_state const& state, std::span<T const> values, std::size_t g, planes<std::byte, 2> const& to,
                   workspace w) const noexcept {
    detail::store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[1].data + g * to[1].block_stride);
    groups_.template encode<Arch>(values, step_of(state), to[0].data + g * to[0].block_stride, w);
  }
  template <class Arch, class T>
  status encode_row(std::span<T const> row, planes<std::byte, 2> const& to, workspace w) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    auto const done =
        choice_ == group_scale::rms ? detail::encode_short_groups<Arch, Scale>(groups_, group_, row, to, w) : std::size_t{0};
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      if (first < done) return;
      auto const values = row.subspan(first, size);
      store_group<Arch>(detail::settle_group<Arch, Scale>(groups_, choice_, values, w), values, g, to, w);
    });
    return errc::ok;
  }
  template <class Arch, class T>
  status decode_row(planes<std::byte const, 2> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    float values[Groups::piece];
    each_piece(row.size(), from, [&](std::byte const* codes, float step, std::size_t first, std::size_t size) {
      if constexpr (std::is_same_v<T, float>) {
        groups_.template decode<Arch>(codes, step, row.subspan(first, size));
      } else {
        groups_.template decode<Arch>(codes, step, std::span{values}.first(size));
        for (std::size_t i = 0; i < size; ++i) row[first + i] = detail::narrow<T>(values[i]);
      }
    });
    return errc::ok;
  }

  [[no_unique_address]] Groups groups_{};
  std::size_t group_ = 0;
  group_scale choice_ = group_scale::rms;
};

}  // namespace skive
