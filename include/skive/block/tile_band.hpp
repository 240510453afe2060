// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/tile_band.hpp - a row of tiles of a matrix, and the states of its tiles in planes of whole bytes.
///
///   band: rows top .. top + height, tiles of `width` columns, the first of which is number `first` of the matrix
///
/// Model of : - (used by block/tiles.hpp)
/// Cost     : a copy of a tile moves its numbers once; no allocation.
/// Promise  : a last tile that the matrix cuts has fewer columns.
/// Source   : -

#include "skive/block/scheme.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace skive::detail {

/// The state of group i of a plane of whole bytes.
template <class Scheme>
constexpr typename Scheme::state stored_state(Scheme const& scheme,
                                              planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                              std::size_t i) noexcept {
  std::array<std::uint32_t, Scheme::field_bits.size()> metadata{};
  for (std::size_t f = 0; f < metadata.size(); ++f)
    metadata[f] = load_field(from[1 + f].data, i, Scheme::field_bits[f], Scheme::default_order);
  return scheme.load(metadata);
}
template <class Scheme>
constexpr void store_state(Scheme const& scheme, typename Scheme::state const& state, std::size_t i,
                           planes<std::byte, 1 + Scheme::field_bits.size()> const& to) noexcept {
  auto const metadata = scheme.store(state);
  for (std::size_t f = 0; f < metadata.size(); ++f)
    store_fields(std::span{&metadata[f], 1}, Scheme::field_bits[f], Scheme::default_order,
                 to[1 + f].data + field_bytes(i, Scheme::field_bits[f]));
}

/// The policy of row r.
template <class Rounding>
constexpr auto rounding_of_row(Rounding const& rounding, std::size_t r) noexcept {
  if constexpr (requires { rounding.at_row(r); })
    return rounding.at_row(r);
  else
    return rounding;
}

/// Rows top .. top + height of a matrix, and its tiles of `width` columns, the first of which is number `first`.
struct tile_band {
  std::size_t top;
  std::size_t height;
  std::size_t width;
  std::size_t first;
};

/// The numbers of tile j of a band, in scratch.
constexpr std::span<float const> copy_of_tile(matrix_view<float const> const& in, tile_band const& b, std::size_t j,
                                              std::span<float> scratch) noexcept {
  auto const left = j * b.width;
  auto const width = in.cols - left < b.width ? in.cols - left : b.width;
  for (std::size_t r = 0; r < b.height; ++r)
    for (std::size_t c = 0; c < width; ++c) scratch[r * width + c] = in(b.top + r, left + c);
  return scratch.first(b.height * width);
}

}  // namespace skive::detail
