// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/grouped.hpp - a row cut into groups that share metadata: the engine under every block format.
///
///   row = groups of `group` numbers (the last may be shorter; group 0: the whole row is one);
///   plane 0 holds the codes, plane 1 + i metadata field i of each group, both without gaps inside a block
///
/// A scheme says what a group's state is and how a number becomes a code; the engine does rows, tails, layouts, packing and
/// refusals once for all. A block is the smallest count of groups whose codes and fields fill whole bytes: one group of
/// 32 nibbles, but two where a 4-bit zero point needs a partner.
///
/// Model of : stepwise_codec; block_codec where rounding depends on the position (core/stochastic_stream.hpp);
///            dot_codec, products with floats (block/lane_dot.hpp) and with bytes (block/integer_dot.hpp)
/// Cost     : one pass to settle, one to code; no allocation; 400 bytes of stack.
/// Accuracy : the scheme's.
/// Promise  : the same bytes everywhere; nothing is written before all sizes are checked; any bytes decode safely. A group
///            with a NaN or infinity decodes to NaN throughout and touches no neighbour; a zero group decodes to zeros.
/// Source   : -

#include "skive/block/digit_engine.hpp"
#include "skive/block/float_query.hpp"
#include "skive/block/integer_dot.hpp"
#include "skive/block/lane_engine.hpp"
#include "skive/block/lane_tile.hpp"
#include "skive/block/scheme.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"

namespace skive {

template <group_scheme Scheme>
class grouped : public takes_floats {
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static constexpr std::size_t chunk = 320;       // codes packed at once: whole bytes in every packing
  static constexpr std::size_t max_pending = 40;  // groups of a block that shares bytes: lcm(8, 5)
  static constexpr bool by_position = requires(Scheme s) { s.rounding.at_row(std::size_t{}); };

 public:
  using scheme_type = Scheme;
  using block_state = typename Scheme::state;
  static constexpr std::size_t plane_count = 1 + fields;

  constexpr grouped() noexcept = default;
  /// `group`: numbers that share a state, 0 for the whole row. `order`: which end of a byte comes first.
  constexpr explicit grouped(std::size_t group, Scheme scheme = {}, bit_order order = bit_order::low_first) noexcept
      : scheme_{scheme}, group_{group}, order_{order} {}

  constexpr Scheme const& scheme() const noexcept { return scheme_; }
  constexpr bit_order order() const noexcept { return order_; }
  constexpr std::size_t group_size() const noexcept { return group_; }
  /// The codec of row r: the same one unless rounding depends on the position.
  constexpr grouped at_row(std::size_t r) const noexcept {
    auto copy = *this;
    if constexpr (by_position) copy.scheme_.rounding = scheme_.rounding.at_row(r);
    return copy;
  }
  constexpr std::size_t step() const noexcept { return 1; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t block_size() const noexcept { return group_ * block_groups(); }
  constexpr std::size_t settle_bytes(std::size_t n) const noexcept { return scheme_.settle_bytes(n); }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return scheme_.settle_bytes(group_ == 0 || group_ > n ? n : group_);
  }

  /// Bytes of each plane for a row of n numbers; the largest std::size_t where that overflows.
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    std::array<std::size_t, plane_count> bytes{};
    bytes[0] = Scheme::packing::bytes(n);
    for (std::size_t i = 0; i < fields; ++i) bytes[1 + i] = detail::field_bytes(groups(n), Scheme::field_bits[i]);
    return bytes;
  }
  /// Groups of a row of n numbers: the states that write() expects.
  constexpr std::size_t groups(std::size_t n) const noexcept {
    return group_ == 0 ? (n != 0 ? 1 : 0) : n / group_ + (n % group_ != 0 ? 1 : 0);
  }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap, workspace_too_small; `to` is then untouched.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<bfloat16 const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<float16 const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  /// Fails with size_mismatch if a plane is too small; `row` is then untouched.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<bfloat16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }

  /// A product with floats: block/lane_dot.hpp has its order and its error. x has to outlive the query.
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    float y = 0.0f;
    multiply<Arch, 1>({from, {}, 1, &y, 0}, layout(q.size), &q);
    return y;
  }
  /// A product with bytes: block/integer_dot.hpp, for formats of integer levels. The query lies in the workspace. Fails with
  /// workspace_too_small or not_finite.
  constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale kind = activation_scale::per_block) const noexcept
    requires detail::integer_scheme<Scheme>
  {
    return detail::int8_query_bytes<Scheme::packing::width>(n, kind);
  }
  template <class Arch = native_arch>
  result<int8_query> prepare_int8(std::span<float const> x, activation_scale kind, workspace w) const noexcept
    requires detail::integer_scheme<Scheme>
  {
    return detail::prepare_int8<Arch, Scheme>(x, order_, kind, w);
  }
  /// Fails with size_mismatch, or with invalid_argument if another kind of codec made the query.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, plane_count> from, int8_query const& q) const noexcept
    requires detail::integer_scheme<Scheme>
  {
    if (!accepts(q)) return errc::invalid_argument;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    float y = 0.0f;
    multiply<Arch, 1>({from, {}, 1, &y, 0}, layout(q.size), &q);
    return y;
  }
  /// Products of rows with `Queries` queries of one length and kind, without checks: what kernel/ calls when it has made them.
  template <class Arch, std::size_t Queries>
  constexpr void multiply(detail::row_products<plane_count> const& rows, detail::group_layout const& of_n,
                          query const* q) const noexcept {
    detail::float_products<Arch, Queries>(scheme_, of_n, rows, q);
  }
  template <class Arch, std::size_t Queries>
  void multiply(detail::row_products<plane_count> const& rows, detail::group_layout const& of_n,
                int8_query const* q) const noexcept
    requires detail::integer_scheme<Scheme>
  {
    detail::integer_products<Arch, Queries>(scheme_, of_n, rows, q);
  }
  /// What multiply() has to know of rows of n numbers.
  constexpr detail::group_layout layout(std::size_t n) const noexcept {
    auto const per_block = block_groups();
    auto const block = group_ == 0 ? n : group_ * per_block;
    bool const apart = per_block == 1 || (per_block <= 16 && Scheme::packing::fills_bytes(group_ % Scheme::packing::period));
    return {n, group_ == 0 ? n : group_, per_block, groups(n), apart && n != 0 ? n / block * block : 0, order_};
  }
  constexpr bool accepts(query const&) const noexcept { return true; }
  constexpr bool accepts(int8_query const& q) const noexcept
    requires detail::integer_scheme<Scheme>
  {
    return q.order == detail::query_order<Scheme>(order_);
  }

  /// The state that encode() would choose for `values` as one group.
  constexpr block_state settle(std::span<float const> values, workspace w) const noexcept { return scheme_.settle(values, w); }
  /// y[0] = what x[0] becomes under `state`.
  constexpr void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept
    requires(!by_position)
  {
    y[0] = rounded(state, x[0]);
  }
  /// One column of many rows: y(r, 0) = what x(r, 0) becomes under states[r].
  constexpr void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires(!by_position)
  {
    for (std::size_t r = 0; r < x.rows; ++r) y(r, 0) = rounded(states[r], x(r, 0));
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one
  /// state per group.
  constexpr status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, plane_count> to,
                         workspace = {}) const noexcept {
    if (states.size() != groups(values.size())) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    store_row(values, to, [&](std::size_t g, std::size_t, std::size_t) { return states[g]; }, nearest_even{});
    return errc::ok;
  }

 private:
  constexpr std::size_t block_groups() const noexcept {
    if (group_ == 0) return 1;
    std::size_t k = 1;
    auto const whole = [&] {
      if (!Scheme::packing::fills_bytes(group_ % Scheme::packing::period * k)) return false;
      for (auto const bits : Scheme::field_bits)
        if (k * static_cast<std::size_t>(bits) % 8 != 0) return false;
      return true;
    };
    while (!whole()) ++k;
    return k;
  }
  constexpr float rounded(block_state const& state, float x) const noexcept {
    return scheme_.value(state, scheme_.code(state, x, scheme_.rounding));
  }

  template <class Arch, class T>
  constexpr status encode_row(std::span<T const> row, planes<std::byte, plane_count> const& to, workspace w) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    auto whole = whole_blocks<Arch>(row.size());
    if constexpr (has_engine<Arch>) {
      if (whole != 0 && !detail::codes_in_lanes<Arch>(scheme_)) whole = 0;
      if (whole != 0) engine<Arch>(row.size()).encode(row.first(whole), to, w);
    }
    auto const settle = [&](std::size_t, std::size_t first, std::size_t size) {
      return scheme_.settle(row.subspan(first, size), w);
    };
    store_row(row, to, settle, scheme_.rounding, whole);
    return errc::ok;
  }

  template <class Arch>
  static constexpr bool has_engine = detail::lane_scheme<Scheme, Arch> || detail::digit_scheme<Scheme, Arch>;
  template <class Arch>
  using engine_of = std::conditional_t<detail::lane_scheme<Scheme, Arch>, detail::lane_engine<Scheme, Arch>,
                                       detail::digit_engine<Scheme, Arch>>;
  // Numbers at the front of a row of n that the vector path takes: whole blocks, or all.
  template <class Arch>
  constexpr std::size_t whole_blocks(std::size_t n) const noexcept {
    if constexpr (has_engine<Arch>)
      if (!std::is_constant_evaluated() && n != 0) return engine_of<Arch>::takes(n, group_ == 0 ? n : group_, block_groups());
    return 0;
  }
  template <class Arch>
  constexpr auto engine(std::size_t n) const noexcept {
    return engine_of<Arch>{scheme_, group_ == 0 ? n : group_, block_groups(), order_};
  }

  // Block by block from number `begin` on: codes collect in a buffer that packs to whole bytes, narrow fields until the block
  // ends.
  template <class T, class StateOf, class Rounding>
  constexpr void store_row(std::span<T const> row, planes<std::byte, plane_count> const& to, StateOf state_of, Rounding rounding,
                           std::size_t begin = 0) const noexcept {
    auto const block = block_size() == 0 ? row.size() : block_size();
    auto const group = group_ == 0 ? row.size() : group_;
    for (std::size_t start = begin, b = block == 0 ? 0 : begin / block; start < row.size(); start += block, ++b) {
      auto const end = row.size() - start < block ? row.size() : start + block;
      std::array<std::uint8_t, chunk> codes{};
      std::array<std::array<std::uint32_t, max_pending>, fields> pending{};
      auto* out = to[0].data + b * to[0].block_stride;
      std::size_t filled = 0;
      std::size_t k = 0;
      for (std::size_t first = start; first < end; first += group, ++k) {
        auto const size = end - first < group ? end - first : group;
        block_state const state = state_of(first / group, first, size);
        auto const metadata = scheme_.store(state);
        for (std::size_t i = 0; i < fields; ++i) pending[i][k] = metadata[i];
        for (std::size_t j = first; j < first + size; ++j) {
          codes[filled++] = scheme_.code(state, detail::widen(row[j]), detail::rounding_at(rounding, j));
          if (filled == chunk) {
            Scheme::packing::pack(codes, order_, out);
            out += Scheme::packing::bytes(chunk);
            filled = 0;
          }
        }
      }
      Scheme::packing::pack(std::span{codes}.first(filled), order_, out);
      for (std::size_t i = 0; i < fields; ++i)
        detail::store_fields(std::span{pending[i]}.first(k), Scheme::field_bits[i], order_,
                             to[1 + i].data + b * to[1 + i].block_stride);
    }
  }

  template <class Arch, class T>
  constexpr status decode_row(planes<std::byte const, plane_count> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    auto const whole = whole_blocks<Arch>(row.size());
    if constexpr (has_engine<Arch>)
      if (whole != 0) engine<Arch>(row.size()).decode(from, row.first(whole));
    auto const block = block_size() == 0 ? row.size() : block_size();
    auto const group = group_ == 0 ? row.size() : group_;
    for (std::size_t start = whole, b = block == 0 ? 0 : whole / block; start < row.size(); start += block, ++b) {
      auto const end = row.size() - start < block ? row.size() : start + block;
      std::array<std::uint8_t, chunk> codes{};
      auto const* in = from[0].data + b * from[0].block_stride;
      std::size_t left = 0;
      std::size_t k = 0;
      for (std::size_t first = start; first < end; first += group, ++k) {
        auto const size = end - first < group ? end - first : group;
        std::array<std::uint32_t, fields> metadata{};
        for (std::size_t i = 0; i < fields; ++i)
          metadata[i] = detail::load_field(from[1 + i].data + b * from[1 + i].block_stride, k, Scheme::field_bits[i], order_);
        block_state const state = scheme_.load(metadata);
        for (std::size_t j = first; j < first + size; ++j, --left) {
          if (left == 0) {
            left = end - j < chunk ? end - j : chunk;
            Scheme::packing::unpack(in, order_, std::span{codes}.last(left));
            in += Scheme::packing::bytes(left);
          }
          row[j] = detail::narrow<T>(scheme_.value(state, codes[chunk - left]));
        }
      }
    }
    return errc::ok;
  }

  [[no_unique_address]] Scheme scheme_{};
  std::size_t group_ = Scheme::default_group;
  bit_order order_ = Scheme::default_order;
};

}  // namespace skive
