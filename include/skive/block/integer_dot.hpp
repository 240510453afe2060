// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/integer_dot.hpp - products of packed rows with vectors of bytes: no weight ever becomes a float.
///
///   sum_g scale_g sum_(b in g) s_b sum_(i in b) (byte(code_i) - bias - zero_g) q_i        b: numbers of one scale of the vector
///
/// 64 bytes of codes are a step: lane j of 16 takes bytes 4 j .. 4 j + 3, whose numbers share both scales, sums their products as
/// an integer, multiplies the sum by s_b, and adds it, times scale_g, to its total. Then the lanes are added as simd/reduce.hpp
/// says. Groups that end inside a lane, other packings and scalar_arch take the rule (block/integer_rule.hpp).
///
/// Model of : -
/// Cost     : 4 bits, 128 numbers and one vector: about 12 instructions with AVX-512 VNNI, tables add 2; AVX2 34 to 36.
/// Accuracy : the integers are exact: 32 products of at most 255 * 127 a lane, below 2^21, and no sum runs on from step to step,
///            so that no length overflows. |y - exact| <= (steps + 12) 2^-24 sum_i |w_i q_i s_i| for w of exact levels; tables
///            that round add unit / 2 scale_g |q_i s_i| a number. Against x itself: 0.5001 s_i |w_i| a number more.
/// Promise  : any bytes are safe; nothing is read outside of the planes. A group whose scale is not finite gives NaN or infinity.
/// Source   : -

#include "skive/block/integer_step.hpp"
#include "skive/block/scale_cursor.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

template <class Scheme, class Arch, std::size_t Queries>
  requires integer_lanes<Scheme, Arch>
class integer_dot {
  static constexpr int width = Scheme::packing::width;
  // Rows at once: 32 registers hold the sums of 16 products. Four rows share the vector and the cost of their ends.
  static constexpr std::size_t tile = simd::has_avx512<Arch> ? 4 : 1;
  // Memory is read best in order: scales of a row, which mostly stand behind its codes, are asked for behind them.
  static constexpr bool fields_last = tile == 1;
  using steps = code_steps<width>;
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  static constexpr bool halves = Queries == 1 && floats::registers > 1 && width != 8;

 public:
  /// Do groups end where lanes do?
  static constexpr bool fits(group_layout const& l) noexcept {
    return l.n != 0 && (l.groups == 1 || l.group % steps::lane_numbers == 0);
  }

  /// Are there loops for these groups? Pairs of vectors have none for lanes that are no power of two: they are rare.
  static constexpr bool has_loop(group_layout const& l) noexcept {
    return Queries != 2 || spread_of<Arch>(lanes_of(l), false) != spread::any;
  }

  integer_dot(Scheme const& scheme, group_layout const& layout, int8_query const* queries) noexcept
      : scheme_{scheme},
        layout_{layout},
        bytes_{Scheme::packing::bytes(layout.n)},
        block_bytes_{layout.groups == 1 ? bytes_ : Scheme::packing::bytes(layout.group * layout.per_block)},
        lanes_{lanes_of(layout)} {
    for (std::size_t q = 0; q < Queries; ++q) {
      queries_[q] = queries[q].data;
      scale_[q] = queries[q].scale;
      has_least_ |= queries[q].has_least;
    }
  }

  void operator()(row_products<1 + Scheme::field_bits.size()> const& rows, activation_scale kind) const noexcept {
    if (kind == activation_scale::per_block) return choose<true>(rows);
    choose<false>(rows);
  }

 private:
  using products = row_products<1 + Scheme::field_bits.size()>;

  static constexpr std::size_t lanes_of(group_layout const& l) noexcept {
    return l.groups == 1 ? 16 * steps::count(l.n) : l.group / steps::lane_numbers;
  }
  template <bool PerBlock>
  void choose(products const& rows) const noexcept {
    // Bytes come out of memory faster to the longer loop (Zen 3: .86 of what can be read, .80 by halves).
    if (Queries == 1 && width == 8 && lanes_ == 8 && floats::registers > 1) return multiply<PerBlock, spread::broadcast>(rows);
    switch (spread_of<Arch>(lanes_, halves)) {
      case spread::broadcast: return multiply<PerBlock, spread::broadcast>(rows);
      case spread::halves:
        if constexpr (halves) return multiply<PerBlock, spread::halves>(rows);
        return;
      case spread::shift: return multiply<PerBlock, spread::shift>(rows);
      case spread::any:
        if constexpr (Queries != 2) return multiply<PerBlock, spread::any>(rows);
    }
  }

  // Bytes of a vector's step.
  template <bool PerBlock>
  static constexpr std::size_t record_of =
      record_bytes(steps::fields, PerBlock ? activation_scale::per_block : activation_scale::per_token);

  // Several rows share what is loaded of the vectors.
  template <bool PerBlock, spread Spread>
  [[gnu::noinline]] void multiply(products const& rows) const noexcept {
    if constexpr (meets_signed<Scheme, Arch>)
      if (!has_least_) return multiply_all<PerBlock, Spread, true>(rows);
    multiply_all<PerBlock, Spread, false>(rows);
  }
  template <bool PerBlock, spread Spread, bool Signed>
  [[gnu::always_inline]] void multiply_all(products const& rows) const noexcept {
    integer_step<Scheme, Arch, Queries, Signed> const meet{layout_.order};
    std::size_t r = 0;
    multiply_tiles<PerBlock, Spread, tile>(meet, rows, r);
    if constexpr (tile != 1) multiply_tiles<PerBlock, Spread, 1>(meet, rows, r);
  }

  // Rows r, r + 1, ... by so many at once. Sixteen groups are `lanes_` steps. What rows share stands before the loop: theirs is short.
  template <bool PerBlock, spread Spread, std::size_t Rows, class Step>
  [[gnu::always_inline]] void multiply_tiles(Step const& meet, products const& rows, std::size_t& r) const noexcept {
    if (r + Rows > rows.rows) return;
    group_parameters<Arch> p[Rows];
    scale_cursor<Spread, Arch> const at_first{p, lanes_};
    auto const scheme = scheme_;
    auto const layout = layout_;
    auto const count = steps::count(layout.n);
    bool const side_by_side = layout.groups <= layout.per_block || rows.first[0].block_stride == block_bytes_;
    auto const plain = side_by_side ? bytes_ / steps::code_bytes : 0;  // steps that are read as they lie
    matrix_ahead const ahead{bytes_, rows.pitch[0], Rows};
    auto const next = ahead.next;
    bool const fields_behind = fields_last && next.whole();
    from_planes from[Rows];
    for (std::size_t i = 0; i < Rows; ++i) from[i] = rows.row(r + i);
    for (bool more = true; more; r += Rows) {
      floats total[Rows][Queries];
#pragma GCC unroll 4
      for (auto& of_row : total)
#pragma GCC unroll 4
        for (auto& t : of_row) t = floats::broadcast(0.0f);
      std::size_t step = 0;
      for (std::size_t first = 0; step < count; first += p->capacity) {
        auto const groups = layout.groups - first < p->capacity ? layout.groups - first : p->capacity;
        for (std::size_t i = 0; i < Rows; ++i) {
          if (!fields_behind) prefetch_fields<Scheme, Arch>(from[i], first, groups, layout, next, rows.pitch, ahead.rows);
          p[i].load(scheme, from[i], first, groups, layout);
        }
        auto const some = (groups * lanes_ + 15) / 16;
        auto const end = count - step < some ? count : step + some;
        auto cursor = at_first;
        while (step < end) {
          alignas(64) std::byte gathered[Rows][64];
          std::byte const* codes_at[Rows];
          auto const distance = next.from(step * steps::code_bytes);
          auto stop = next.last_with(distance, steps::code_bytes, end < plain ? end : plain);
          if (step < plain) {
            for (std::size_t i = 0; i < Rows; ++i) codes_at[i] = from[i][0].data + step * steps::code_bytes;
          } else {
            stop = step + 1;
            for (std::size_t i = 0; i < Rows; ++i) {
              gather_codes<Arch>(from[i][0], step * steps::code_bytes, bytes_, block_bytes_, gathered[i]);
              codes_at[i] = gathered[i];
            }
          }
          auto record = step * record_of<PerBlock>;
          auto const* only = queries_[0] + record;
          auto run = cursor;
          auto const* const codes_end = codes_at[0] + (stop - step) * steps::code_bytes;
          for (; codes_at[0] != codes_end; record += record_of<PerBlock>, only += record_of<PerBlock>) {
            words codes[Rows];
#pragma GCC unroll 4
            for (std::size_t i = 0; i < Rows; ++i) {
              simd::prefetch<Arch>(codes_at[i], distance);
              codes[i] = meet.spread_codes(codes_at[i]);
            }
            auto const vector = [&](std::size_t q)
                                    __attribute__((always_inline)) { return Queries == 1 ? only : queries_[q] + record; };
            meet.template add<PerBlock, Rows>(codes, vector, run, total);
#pragma GCC unroll 4
            for (auto& at : codes_at) at += steps::code_bytes;
          }
          cursor.advance(stop - step, run);
          step = stop;
        }
        if (fields_behind) prefetch_fields<Scheme, Arch>(from[0], first, groups, layout, next, rows.pitch, ahead.rows);
      }
#pragma GCC unroll 4
      for (std::size_t i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (std::size_t q = 0; q < Queries; ++q) rows.out[q * rows.stride + r + i] = simd::sum(total[i][q]) * scale_[q];
      more = r + 2 * Rows <= rows.rows;
      for (std::size_t i = 0; more && i < Rows; ++i)
        for (std::size_t f = 0; f < rows.pitch.size(); ++f) from[i][f].data += Rows * rows.pitch[f];
    }
  }

  Scheme const& scheme_;
  group_layout const& layout_;
  std::size_t bytes_;
  std::size_t block_bytes_;
  std::size_t lanes_;
  std::byte const* queries_[Queries];
  float scale_[Queries];
  bool has_least_ = false;
};

/// Products of rows with vectors of one length and kind; the planes are large enough.
template <class Arch, std::size_t Queries, class Scheme>
inline void integer_products(Scheme const& scheme, group_layout const& layout,
                             row_products<1 + Scheme::field_bits.size()> const& rows, int8_query const* queries) noexcept {
  if constexpr (integer_lanes<Scheme, Arch>) {
    using lanes = integer_dot<Scheme, Arch, Queries>;
    if (lanes::fits(layout) && lanes::has_loop(layout)) return lanes{scheme, layout, queries}(rows, queries->kind);
    if (lanes::fits(layout)) {
      for (std::size_t q = 0; q < Queries; ++q) {
        auto one = rows;
        one.out += q * rows.stride;
        integer_products<Arch, 1>(scheme, layout, one, queries + q);
      }
      return;
    }
  }
  for (std::size_t r = 0; r < rows.rows; ++r)
    for (std::size_t q = 0; q < Queries; ++q)
      rows.out[q * rows.stride + r] = integer_dot_by_rule<Arch>(scheme, layout, rows.row(r), queries[q]);
}

}  // namespace skive::detail
