// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_trained.hpp - the trained trellis codes by name: tcq<bits, state bits>.
///
///   tcq2_l8   2 bits a number, states of 8 bits;   mad2, inst2: the computed codes 1MAD and 3INST at 2 bits, states of 16 bits
///
/// Registers: 16 levels and maps of 16 entries (E = 4) for L = 4, and for L = 6 and 8 at 1 and 2 bits; else 64 and 64 (E = 6).
/// Mean square error relative to the power of N(0, 1) rows of 4096 numbers, a scale for each row (245 000 numbers, 25 000
/// where L = 16; standard error about 0.3 and 1 %):
///
///   bits   L = 4    6        8        10       12       16
///   1      0.3025   0.2872   0.2777   0.2736   0.2701   -
///   2      0.0894   0.0800   0.0758   0.0730   0.0710   0.0680
///   3      0.0276   0.0234   0.0208   0.0190   0.0187   -
///   4      -        0.0065   0.0057   0.0052   0.0051   -
///
/// Model of : -
/// Cost     : declarations and 21 tables of at most 196 bytes.
/// Promise  : the codecs are empty values but for their scale's rule: nothing to load, nothing to free.
/// Source   : trained by bench/codebook/train_trellis.cpp.

#include "skive/codebook/trellis_codec.hpp"
#include "skive/codebook/trellis_trained_table.hpp"

namespace skive {

/// L: bits of a state, 4, 6, 8, 10, 12 or 16; B: bits a number, 1 to 4.
template <int L, int B>
struct trained_code {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 1;
  static constexpr int index_bits = detail::trained_table<L, B>::index_bits;
  static constexpr int maps = (L + index_bits - 1) / index_bits - 1;
  static constexpr int largest_entry = detail::trained_table<L, B>::table.largest();
  static constexpr int entry_levels = levels_of_entry(largest_entry);
  static constexpr bool linear_maps = detail::trained_table<L, B>::table.linear();
  using table_type = folded_table<index_bits, maps>;

  constexpr table_type const& table() const noexcept { return detail::trained_table<L, B>::table; }
  constexpr std::int16_t level(std::uint32_t state, int) const noexcept {
    return static_cast<std::int16_t>(entry_levels * table().level[table().index(state)]);
  }
  constexpr float sigma() const noexcept { return static_cast<float>(entry_levels) * table().sigma; }
};

template <int Bits, int StateBits, class Scale = float32>
using tcq = trellis_codec<trained_code<StateBits, Bits>, Scale>;

using tcq2_l4 = tcq<2, 4>;
using tcq2_l6 = tcq<2, 6>;
using tcq2_l8 = tcq<2, 8>;
using tcq2_l10 = tcq<2, 10>;
using tcq2_l12 = tcq<2, 12>;
using tcq2_l16 = tcq<2, 16>;
using mad2 = trellis_codec<mad1<16, 2>>;
using inst2 = trellis_codec<inst3<16, 2>>;

static_assert(stepwise_codec<tcq2_l8> && dot_codec<tcq2_l8> && dot_codec<tcq2_l12> && dot_codec<mad2>);

}  // namespace skive
