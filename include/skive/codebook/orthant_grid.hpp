// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/orthant_grid.hpp - Gaussian grids of 4096 points for 2, 3 and 4 numbers: 6, 4 and 3 bits a number.
///
///   point k + 2^(12 - P) s = point k of the first orthant, number j negative where bit j of s is set
///
/// Grids that changes of sign map to themselves take 2^P times less to train and to keep. What it costs:
/// P = 4 has 0.0264 where a free grid of 4096 points has 0.0255, P = 3 0.0071 where P = 2 has 0.0078.
///
/// Model of : -
/// Cost     : tables of 64 to 112 KiB, which the compiler makes; encoding looks at all 4096 points (codebook/vector_table.hpp).
/// Accuracy : mean square error relative to the power of N(0, 1): P = 2, 6 bits 0.000506; P = 3, 4 bits 0.00710; P = 4, 3 bits
///            0.0264.
/// Promise  : codecs are empty values but for their group.
/// Source   : trained by bench/codebook/train_grids.cpp; V. Malinovskii et al. (codebook/vector_codec.hpp).

#include "skive/codebook/orthant_grid_table.hpp"
#include "skive/codebook/vector_codec.hpp"

namespace skive {

namespace detail {
template <int P>
inline constexpr vector_table<P, 12> orthant_entries = [] {
  constexpr auto p = static_cast<std::size_t>(P);
  constexpr std::size_t own = std::size_t{4096} >> p;
  std::int16_t level[4096][p]{};
  for (std::size_t i = 0; i < 4096; ++i)
    for (std::size_t j = 0; j < p; ++j) {
      auto const l = orthant_levels<P>::level[i % own][j];
      level[i][j] = (i / own >> j & 1) != 0 ? static_cast<std::int16_t>(-l) : l;
    }
  return vector_table<P, 12>{level};
}();
}  // namespace detail

/// P: numbers of a point, 2 to 4.
template <int P>
struct orthant_grid {
  using table_type = vector_table<P, 12>;
  constexpr table_type const& table() const noexcept { return detail::orthant_entries<P>; }
};

template <int P, class Scale = float16>
using orthant_codec = vector_codec<orthant_grid<P>, Scale>;
using kmeans6_d2 = orthant_codec<2>;
using kmeans4_d3 = orthant_codec<3>;
using kmeans3_d4 = orthant_codec<4>;

}  // namespace skive
