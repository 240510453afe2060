// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/gaussian_grid.hpp - the grids of least mean square error for N(0, I_P), by name: gaussian_grid<P, Bits>.
///
///   kmeans_codec<Bits, P>   rows in points of P numbers, P Bits bits an index: kmeans_codec<2, 4> has 256 points of 4 numbers
///
/// Mean square error relative to the power of N(0, 1), by bits a number (Lloyd-Max: P = 1):
///
///   bits   P = 1    2        3        4
///   1      0.3635   0.3636   0.3565   0.3416
///   2      0.1173   0.1076   0.1012   0.0966
///   3      0.0345   0.0297   0.0271   -
///   4      0.00950  0.00780  -        -
///   5      -        0.00198  -        -
///
/// Model of : -
/// Cost     : tables of 7 KiB for P = 4 at 2 bits, 12 KiB for P = 3 at 3 bits, 16 KiB for P = 2 at 5 bits, others 4 KiB and less.
/// Accuracy : levels are rounded to 1 / 1024: 1e-7 of the error.
/// Promise  : codecs are empty values but for their group: nothing to load, nothing to free.
/// Source   : trained by bench/codebook/train_grids.cpp; V. Malinovskii et al. (codebook/vector_codec.hpp).

#include "skive/codebook/gaussian_grid_table.hpp"
#include "skive/codebook/vector_codec.hpp"

namespace skive {

namespace detail {
template <int P, int Bits>
inline constexpr vector_table<P, Bits> gaussian_grid_entries{gaussian_grid_levels<P, Bits>::level};
}  // namespace detail

/// P numbers in an index of Bits bits.
template <int P, int Bits>
struct gaussian_grid {
  using table_type = vector_table<P, Bits>;
  constexpr table_type const& table() const noexcept { return detail::gaussian_grid_entries<P, Bits>; }
};

/// Bits a number, points of P numbers.
template <int Bits, int P, class Scale = float16>
using kmeans_codec = vector_codec<gaussian_grid<P, Bits * P>, Scale>;

using kmeans1_d4 = kmeans_codec<1, 4>;
using kmeans2_d2 = kmeans_codec<2, 2>;
using kmeans2_d3 = kmeans_codec<2, 3>;
using kmeans2_d4 = kmeans_codec<2, 4>;
using kmeans3_d2 = kmeans_codec<3, 2>;
using kmeans3_d3 = kmeans_codec<3, 3>;
using kmeans4_d2 = kmeans_codec<4, 2>;
using kmeans5_d2 = kmeans_codec<5, 2>;

static_assert(stepwise_codec<kmeans2_d4> && dot_codec<kmeans2_d4> && stepwise_codec<kmeans3_d3>);

}  // namespace skive
