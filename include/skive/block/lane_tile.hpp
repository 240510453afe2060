// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_tile.hpp - products of four packed rows with four vectors of floats at a time, and the choice of path.
///
///   sum_i x_i scale (level(code_i) - zero)        in lane j of 16 the numbers j, j + 16, ... of the row, one after another
///
/// A tile needs groups of whole registers; other rows take block/lane_dot.hpp vector by vector. Single rows at the end of a range
/// keep the order of a tile, so that ranges do not change bits.
///
/// Model of : -
/// Cost     : decoding is paid once for four vectors, loading a vector once for four rows.
/// Accuracy : |y - exact| <= (n / 16 + 10) 2^-24 sum |w_i x_i|, as in block/lane_dot.hpp.
/// Promise  : the bits depend on the row, the vector and the layout only.
/// Source   : -

#include "skive/block/lane_dot.hpp"

namespace skive::detail {

/// Rows of whole registers against several vectors: what is loaded of a vector serves `Rows` rows. Here a number is decoded with
/// its scale, and its products are added to the lane's total one after another.
template <class Scheme, class Arch, std::size_t Queries, std::size_t Rows>
  requires dot_lanes<Scheme, Arch>
class lane_tile {
  static constexpr int width = code_width<Scheme>;
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using floats = simd::floats<Arch>;
  using levels_at_once = sixty_four_levels<typename Scheme::element, width, Arch>;
  static constexpr bool at_once = Rows == 1 && levels_at_once::available && !levels_at_once::collects_nan;

 public:
  /// Groups are whole registers and lie side by side; the layout alone decides, so that every range of rows has the same bits.
  static constexpr bool fits(group_layout const& l) noexcept { return l.whole != 0 && l.group % 16 == 0; }

  static void add(Scheme const& scheme, group_layout const& layout, from_planes const (&from)[Rows], float_query const* queries,
                  float (&sum)[Rows][Queries]) noexcept {
    floats total[Rows][Queries];
#pragma GCC unroll 4
    for (auto& of_row : total)
#pragma GCC unroll 4
      for (auto& t : of_row) t = floats::broadcast(0.0f);
    auto const groups = layout.whole == layout.n ? layout.groups : layout.whole / layout.group;
    auto const group_bytes = Scheme::packing::bytes(layout.group);
    group_parameters<Arch> p[Rows];
    for (std::size_t first = 0; first < groups; first += p->capacity) {
      auto const count = groups - first < p->capacity ? groups - first : p->capacity;
      for (std::size_t r = 0; r < Rows; ++r) p[r].load(scheme, from[r], first, count, layout);
      std::size_t g = 0;
      if constexpr (at_once)
        if (from[0][0].block_stride == group_bytes * layout.per_block) {
          auto const* const codes = from[0][0].data + first * group_bytes;
          if (layout.group == 16) g = add_steps<4>(layout, codes, first, count, *p, queries, *total);
          if (layout.group == 32) g = add_steps<2>(layout, codes, first, count, *p, queries, *total);
          if (layout.group % 64 == 0) g = add_steps<1>(layout, codes, first, count, *p, queries, *total);
        }
      for (; g < count; ++g) {
        auto const b = layout.per_block == 1 ? first + g : (first + g) / layout.per_block;
        auto const in_block = (first + g - b * layout.per_block) * group_bytes;
        std::byte const* codes[Rows];
#pragma GCC unroll 4
        for (std::size_t r = 0; r < Rows; ++r) codes[r] = from[r][0].data + b * from[r][0].block_stride + in_block;
        for (std::size_t i = 0; i < layout.group; i += 16) {
          floats w[Rows];
#pragma GCC unroll 4
          for (std::size_t r = 0; r < Rows; ++r) w[r] = number(codes[r] + i / 8 * width, layout.order, p[r], g);
#pragma GCC unroll 4
          for (std::size_t q = 0; q < Queries; ++q) {
            auto const x = floats::load(queries[q].data + (first + g) * layout.group + i);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < Rows; ++r) total[r][q] = simd::fused(w[r], x, total[r][q]);
          }
        }
      }
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (std::size_t q = 0; q < Queries; ++q) sum[r][q] = simd::sum(total[r][q]);
  }

 private:
  // Sixty-four numbers a step, which `Groups` groups have; -> groups done. `codes`: of group `first`, those of p follow.
  template <std::size_t Groups>
  [[gnu::always_inline]] static std::size_t add_steps(group_layout const& layout, std::byte const* codes, std::size_t first,
                                                      std::size_t count, group_parameters<Arch> const& p,
                                                      float_query const* queries, floats (&total)[Queries]) noexcept {
    levels_at_once levels{layout.order};
    float const* x[Queries];
    for (std::size_t q = 0; q < Queries; ++q) x[q] = queries[q].data;
    auto at = first * layout.group;
    std::size_t g = 0;
    for (; g + Groups <= count; g += Groups)
      for (auto const end = at + layout.group * Groups; at != end; at += 64, codes += 8 * width)
        levels.each(codes, [&](std::size_t k, floats w) __attribute__((always_inline)) {
          auto const group = g + k * Groups / 4;
          if constexpr (has_zero_point<Scheme>) w = w + floats::broadcast(p.minus_zero_point[group]);
          w = simd::product<Arch>(w, floats::broadcast(p.scale[group]));
#pragma GCC unroll 4
          for (std::size_t q = 0; q < Queries; ++q) total[q] = simd::fused(w, floats::load(x[q] + at + 16 * k), total[q]);
        });
    return g;
  }
  [[gnu::always_inline]] static floats number(std::byte const* codes, bit_order order, group_parameters<Arch> const& p,
                                              std::size_t g) noexcept {
    if constexpr (requires { requires Scheme::element::has_nan; })
      if (p.scale[g] == 0.0f) return floats::broadcast(0.0f);
    auto level = load_levels<typename Scheme::element, width, Arch>(codes, order);
    if constexpr (has_zero_point<Scheme>) level = level + floats::broadcast(p.minus_zero_point[g]);
    return simd::product<Arch>(level, floats::broadcast(p.scale[g]));
  }
};

/// Products of rows r .. r + Rows - 1.
template <class Arch, std::size_t Queries, std::size_t Rows, class Scheme>
inline void float_tile_products(Scheme const& scheme, group_layout const& layout,
                                row_products<1 + Scheme::field_bits.size()> const& rows, std::size_t r,
                                float_query const* queries) noexcept {
  planes<std::byte const, 1 + Scheme::field_bits.size()> from[Rows];
  for (std::size_t i = 0; i < Rows; ++i) from[i] = rows.row(r + i);
  float sum[Rows][Queries];
  lane_tile<Scheme, Arch, Queries, Rows>::add(scheme, layout, from, queries, sum);
  for (std::size_t i = 0; i < Rows; ++i) {
    std::array<double, Queries> rest{};
    if (layout.whole != layout.n) dot_by_rule<Arch>(scheme, from[i], layout, layout.whole, layout.n, queries, rest);
    for (std::size_t q = 0; q < Queries; ++q)
      rows.out[q * rows.stride + r + i] = static_cast<float>(static_cast<double>(sum[i][q]) + rest[q]);
  }
}

/// Products of rows with vectors of one length; the planes are large enough.
template <class Arch, std::size_t Queries, class Scheme>
constexpr void float_products(Scheme const& scheme, group_layout const& layout,
                              row_products<1 + Scheme::field_bits.size()> const& rows, float_query const* queries) noexcept {
  if constexpr (Queries > 1 && dot_lanes<Scheme, Arch>)
    if (!std::is_constant_evaluated() && lane_tile<Scheme, Arch, Queries, 4>::fits(layout)) {
      std::size_t r = 0;
      if constexpr (simd::has_avx512<Arch>)  // elsewhere the sums of four rows do not stay in registers
        for (; r + 4 <= rows.rows; r += 4) float_tile_products<Arch, Queries, 4>(scheme, layout, rows, r, queries);
      for (; r < rows.rows; ++r) float_tile_products<Arch, Queries, 1>(scheme, layout, rows, r, queries);
      return;
    }
  for (std::size_t r = 0; r < rows.rows; ++r) {
    auto const from = rows.row(r);
    std::array<float, Queries> sum{};
    std::array<double, Queries> rest{};
    std::size_t done = 0;
    if constexpr (dot_lanes<Scheme, Arch>)
      if (!std::is_constant_evaluated() && layout.whole != 0) {
        done = layout.whole;
        auto const groups = done == layout.n ? layout.groups : done / layout.group;
        lane_dot<Scheme, Arch, Queries>{scheme, layout, queries}.add(from, groups, sum, rest);
      }
    if (done != layout.n) dot_by_rule<Arch>(scheme, from, layout, done, layout.n, queries, rest);
    for (std::size_t q = 0; q < Queries; ++q)
      rows.out[q * rows.stride + r] = static_cast<float>(static_cast<double>(sum[q]) + rest[q]);
  }
}

}  // namespace skive::detail
