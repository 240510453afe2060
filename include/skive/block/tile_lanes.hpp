// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/tile_lanes.hpp - the vector path of block/tiles.hpp: rows of a band of tiles, each column with its tile's parameters.
///
///   x and the parameters of its column, sixteen columns at a time, row after row
///
/// A band is worked on in spans of whole tiles that fit the second-level cache with all their rows, if there are such spans; the
/// codes of a span start on a byte. A scheme's members work on sixteen numbers whatever group each belongs to, so tiles of any
/// width take them.
///
/// Model of : -
/// Cost     : that of block/lane_engine.hpp, and loads of the parameters; those of 512 columns on the stack, 8 KiB at most.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input, shape and stride.
/// Source   : -

#include "skive/block/lane_batch.hpp"
#include "skive/block/scale_lanes.hpp"
#include "skive/block/tile_settle_lanes.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
class tile_lanes : lane_batches<Scheme, Arch> {
  using base = lane_batches<Scheme, Arch>;
  using typename base::batch, typename base::floats, typename base::from_planes, typename base::policy;
  using typename base::to_planes, typename base::words;
  using base::codes_of, base::fields, base::parameters, base::scheme_;
  static constexpr int width = code_width<Scheme>;
  static constexpr std::size_t piece = 512;  // columns whose parameters are at hand
  static constexpr bit_order order = Scheme::default_order;

 public:
  explicit tile_lanes(Scheme const& scheme) noexcept : base{scheme, 1, 1, order} {}

  /// Columns that settle and are coded together: whole tiles that start on a byte, or all.
  static constexpr std::size_t span_columns(std::size_t tile_width) noexcept {
    auto whole = tile_width;
    while (whole % 16 != 0 && whole <= piece) whole += tile_width;
    return whole <= piece ? piece / whole * whole : tile_width % 16 == 0 ? tile_width : ~std::size_t{0};
  }

  /// Encodes columns begin .. end of a band; `scratch` holds a tile.
  void encode(matrix_view<float const> const& in, tile_band const& b, std::size_t begin, std::size_t end, to_planes const& to,
              std::span<float> scratch, workspace w) const noexcept {
    tile_settling<Scheme, Arch>{scheme_}.run(in, b, begin, end, to, scratch, w);
    from_planes const stored = to;
    for (auto c = begin; c < end; c += piece) {
      auto const n = end - c < piece ? end - c : piece;
      columns const p{*this, stored, b, c, n, std::true_type{}};
      for (auto r = b.top; r < b.top + b.height; ++r)
        encode_row(in.data + r * in.row_stride + c, n, p, r, to[0].data + r * Scheme::packing::bytes(in.cols) + c / 8 * width);
    }
  }
  void decode(from_planes const& from, tile_band const& b, matrix_view<float> const& out) const noexcept {
    for (std::size_t c = 0; c < out.cols; c += piece) {
      auto const n = out.cols - c < piece ? out.cols - c : piece;
      columns const p{*this, from, b, c, n, std::false_type{}};
      for (auto r = b.top; r < b.top + b.height; ++r)
        decode_row(from[0].data + r * Scheme::packing::bytes(out.cols) + c / 8 * width, n, p, out.data + r * out.row_stride + c);
    }
  }

 private:
  // Parameters of at most `piece` columns from `begin` on, column by column.
  class columns {
   public:
    template <bool Coding>
    columns(tile_lanes const& of, from_planes const& from, tile_band const& b, std::size_t begin, std::size_t n,
            std::bool_constant<Coding>) noexcept
        : begin_{begin}, from_{from}, band_{b} {
      auto const last = (begin + n - 1) / b.width;
      batch tiles;
      for (auto j = begin / b.width; j <= last; j += tiles.count) {
        tiles.count = last - j < 16 ? last - j + 1 : 16;
        for (std::size_t f = 0; f < fields; ++f)
          for (std::size_t g = 0; g < tiles.count; ++g)
            tiles.field[f][g] = load_field(from[1 + f].data, b.first + j + g, Scheme::field_bits[f], order);
        of.template load<Coding>(tiles);
        for (std::size_t g = 0; g < tiles.count; ++g) {
          auto const left = (j + g) * b.width < begin ? 0 : (j + g) * b.width - begin;
          auto const right = (j + g + 1) * b.width - begin < n ? (j + g + 1) * b.width - begin : n;
          auto const p = tiles.table.of(g);
          for (auto c = left; c < right; c += 16)  // past `right` the next tile comes, or nothing
            for (std::size_t i = 0; i < parameters; ++i) p[i].store(lane_[i] + c);
          if (tiles.table.by_rule(g))
            for (auto c = left / 16; c <= (right - 1) / 16; ++c) by_rule_ |= std::uint32_t{1} << c;
        }
      }
    }
    [[gnu::always_inline]] std::array<floats, parameters> at(std::size_t c) const noexcept {
      std::array<floats, parameters> p;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < parameters; ++i) p[i] = floats::load(lane_[i] + c);
      return p;
    }
    /// The first of them in the matrix.
    std::size_t begin() const noexcept { return begin_; }
    bool none_by_rule() const noexcept { return by_rule_ == 0; }
    /// Does one of the sixteen columns from c on, a multiple of 16, take the scalar rule?
    bool by_rule(std::size_t c) const noexcept { return ((by_rule_ >> (c / 16)) & 1) != 0; }
    typename Scheme::state state(Scheme const& scheme, std::size_t c) const noexcept {
      return stored_state(scheme, from_, band_.first + (begin_ + c) / band_.width);
    }

   private:
    std::size_t begin_;
    from_planes from_;
    tile_band band_;
    alignas(64) float lane_[parameters][piece + 16];
    std::uint32_t by_rule_ = 0;
  };

  void encode_row(float const* x, std::size_t n, columns const& p, std::size_t r, std::byte* out) const noexcept {
    auto of_row = scheme_;
    of_row.rounding = rounding_of_row(scheme_.rounding, r);
    policy rounding = policy_of<Arch>(of_row);
    std::size_t c = 0;
    if constexpr (codes_sixty_four<Scheme, Arch>)
      if (p.none_by_rule()) {
        using wide = typename Scheme::template sixty_four<Arch>;
        for (; c + 64 <= n; c += 64, out += 8 * width) {
          typename wide::lane_type lanes[4];
#pragma GCC unroll 4
          for (std::size_t i = 0; i < 4; ++i)
            lanes[i] = scheme_.template wide_lanes<Arch>(load_numbers<Arch>(x + c + 16 * i), p.at(c + 16 * i));
          wide::store(lanes, order, out);
        }
      }
    for (; c + 16 <= n; c += 16, out += 2 * width)
      if (p.by_rule(c)) [[unlikely]]
        encode_by_rule(std::span{x + c, 16}, p, c, of_row.rounding, out);
      else
        simd::store_fields<width, Arch>(codes_of(load_numbers<Arch>(x + c), p.at(c), rounding.from(p.begin() + c), p.begin() + c),
                                        order, out);
    if (c != n) encode_by_rule(std::span{x + c, n - c}, p, c, of_row.rounding, out);
  }
  // At most sixteen columns.
  template <class Rounding>
  [[gnu::noinline]] void encode_by_rule(std::span<float const> x, columns const& p, std::size_t c, Rounding const& rounding,
                                        std::byte* out) const noexcept {
    std::array<std::uint8_t, 16> codes{};
    for (std::size_t i = 0; i < x.size(); ++i)
      codes[i] = scheme_.code(p.state(scheme_, c + i), x[i], rounding_at(rounding, p.begin() + c + i));
    Scheme::packing::pack(std::span{codes}.first(x.size()), order, out);
  }

  void decode_row(std::byte const* in, std::size_t n, columns const& p, float* x) const noexcept {
    std::size_t c = 0;
    if constexpr (decodes_sixty_four<Scheme, Arch>)
      if (p.none_by_rule()) {
        simd::nibble_floats<Arch, few_values<typename Scheme::element>> const table{order};
        for (; c + 64 <= n; c += 64, in += 8 * width) {
          floats level[4];
          table.load(in, level);
#pragma GCC unroll 4
          for (std::size_t i = 0; i < 4; ++i)
            scheme_.template scaled_levels<Arch>(level[i], p.at(c + 16 * i)).store(x + c + 16 * i);
        }
      }
    for (; c + 16 <= n; c += 16, in += 2 * width)
      if (p.by_rule(c)) [[unlikely]]
        decode_by_rule(in, p, c, std::span{x + c, 16});
      else if constexpr (requires { scheme_.template stored_lanes<Arch>(in, p.at(c)); })
        scheme_.template stored_lanes<Arch>(in, p.at(c)).store(x + c);
      else
        scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(in, order), p.at(c)).store(x + c);
    if (c != n) decode_by_rule(in, p, c, std::span{x + c, n - c});
  }
  [[gnu::noinline]] void decode_by_rule(std::byte const* in, columns const& p, std::size_t c, std::span<float> x) const noexcept {
    std::array<std::uint8_t, 16> codes{};
    Scheme::packing::unpack(in, order, std::span{codes}.first(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = scheme_.value(p.state(scheme_, c + i), codes[i]);
  }
};

}  // namespace skive::detail
