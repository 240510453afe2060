// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/tile_settle_lanes.hpp - metadata of the tiles of a band: the first half of block/tile_lanes.hpp.
///
///   the largest magnitude of each column of a band, then of each tile, then the metadata of sixteen tiles at once
///
/// Schemes that need more than the largest magnitude settle tile by tile, from a copy in scratch.
///
/// Model of : -
/// Cost     : a pass over the numbers; the maxima of 512 columns on the stack.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input, shape and stride.
/// Source   : -

#include "skive/block/lane_batch.hpp"
#include "skive/block/tile_band.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
class tile_settling : lane_batches<Scheme, Arch> {
  using base = lane_batches<Scheme, Arch>;
  using typename base::floats, typename base::to_planes, typename base::words;
  using base::fields, base::scheme_;
  static constexpr std::size_t piece = 512;  // columns whose maxima are at hand
  static constexpr bit_order order = Scheme::default_order;

 public:
  explicit tile_settling(Scheme const& scheme) noexcept : base{scheme, 1, 1, order} {}

  /// Stores the metadata of the tiles in columns begin .. end of a band: whole tiles, or cut by the matrix; `scratch` holds one.
  void run(matrix_view<float const> const& in, tile_band const& b, std::size_t begin, std::size_t end, to_planes const& to,
           std::span<float> scratch, workspace w) const noexcept {
    if constexpr (settles_by_largest<Scheme, Arch>)
      if (scheme_.settles_in_lanes()) return settle_by_largest(in, b, begin, end, to, scratch, w);
    for (auto j = begin / b.width; j * b.width < end; ++j) {
      auto const numbers = copy_of_tile(in, b, j, scratch);
      if constexpr (settles_by_range<Scheme, Arch>) {
        if (scheme_.settles_in_lanes()) {
          auto const range = ranges_of_groups<Arch>(numbers, numbers.size(), 1);
          auto const settled = scheme_.template settle_lanes<Arch>(range.low, range.high, range.largest);
          if ((settled.by_rule & 1) == 0) {
            store_tiles(settled, b.first + j, 1, to);
            continue;
          }
        }
      }
      store_state(scheme_, this->settle_group(numbers, w), b.first + j, to);
    }
  }

 private:
  void settle_by_largest(matrix_view<float const> const& in, tile_band const& b, std::size_t begin, std::size_t end,
                         to_planes const& to, std::span<float> scratch, workspace w) const noexcept
    requires settles_by_largest<Scheme, Arch>
  {
    alignas(64) std::uint32_t of_column[piece];
    alignas(64) std::uint32_t of_tile[16];
    auto j = begin / b.width;  // the tile whose columns come
    std::size_t count = 0;     // tiles before it that wait
    std::uint32_t largest = 0;
    auto const flush = [&] {
      auto const settled = scheme_.template settle_lanes<Arch>(words::load(of_tile));
      store_tiles(settled, b.first + j - count, count, to);
      for (auto by_rule = settled.by_rule & ((1U << count) - 1); by_rule != 0; by_rule &= by_rule - 1) {
        auto const g = j - count + static_cast<std::size_t>(std::countr_zero(by_rule));
        store_state(scheme_, scheme_.settle(copy_of_tile(in, b, g, scratch), w), b.first + g, to);
      }
      count = 0;
    };
    for (std::size_t g = 0; g < 16; ++g) of_tile[g] = 0;
    for (auto c = begin; c < end; c += piece) {
      auto const n = end - c < piece ? end - c : piece;
      largest_of_columns(in, b, c, n, of_column);
      for (std::size_t i = 0; i < n;) {
        auto const stop = (j + 1) * b.width - c < n ? (j + 1) * b.width - c : n;
        for (; i < stop; ++i) largest = of_column[i] > largest ? of_column[i] : largest;
        if (c + stop != (j + 1) * b.width && c + stop != end) break;  // it goes on in the next piece
        of_tile[count++] = largest;
        largest = 0;
        ++j;
        if (count == 16) flush();
      }
    }
    if (count != 0) flush();
  }
  // of_column[i]: bits of the largest magnitude of column c + i.
  static void largest_of_columns(matrix_view<float const> const& in, tile_band const& b, std::size_t c, std::size_t n,
                                 std::uint32_t (&of_column)[piece]) noexcept {
    auto const size = words::broadcast(0x7FFF'FFFF);
    for (std::size_t i = 0; i < n; i += 16) words::broadcast(0).store(of_column + i);
    for (std::size_t r = 0; r < b.height; ++r) {
      std::span<float const> const row{in.data + (b.top + r) * in.row_stride + c, n};
      std::size_t i = 0;
      for_each_sixteen<Arch>(row, [&](floats const& x) __attribute__((always_inline)) {
        max(words::load(of_column + i), simd::as<std::uint32_t>(x) & size).store(of_column + i);
        i += 16;
      });
    }
  }
  static void store_tiles(lane_fields<Arch, fields> const& settled, std::size_t first, std::size_t count,
                          to_planes const& to) noexcept {
    alignas(64) std::uint32_t field[16];
    for (std::size_t f = 0; f < fields; ++f) {
      settled.value[f].store(field);
      store_fields(std::span{field}.first(count), Scheme::field_bits[f], order,
                   to[1 + f].data + field_bytes(first, Scheme::field_bits[f]));
    }
  }
};

}  // namespace skive::detail
