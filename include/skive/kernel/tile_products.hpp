// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/tile_products.hpp - the loops of products of tiles of sixteen rows with batches of vectors.
///
///   for 32 vectors, for two tiles, for each segment: unpack the tiles' codes once, then add the segment's product of each vector
///
///   Rows       rows(), group(), numbers(); reader<Tiles>{rows, tile}, which reads Tiles tiles from `tile` on, segment after segment:
///              load_group(g, scale, minus_zero), load_codes(i, half, bytes): bytes from number 16 half on of tile i
///   Products   numbers: of a segment; codes: what registers hold of one; unpack(reader, i, segment, scale) -> codes;
///              add(codes, segment, vector, scale, minus_zero, total)
///
/// Model of : -
/// Cost     : that of Rows and Products; 4 KiB of stack for the sums of 32 vectors and 32 rows.
/// Accuracy : segments are added in ascending order, in float.
/// Promise  : each sum has the bits that its row and vector give, whatever the range and the batch. Writes y(t, r) once.
/// Source   : -

#include "skive/core/checked.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/simd/arithmetic.hpp"

#include <cstring>

namespace skive::detail {

template <class Rows, class Products, class Arch>
class tile_products {
  using floats = simd::floats<Arch>;
  static constexpr std::size_t most_vectors = 32;
  static constexpr std::size_t tiles_at_once = simd::has_avx512<Arch> ? 2 : 1;  // that 32 or 16 registers can hold

 public:
  tile_products(Rows const& rows, Products const& products) noexcept : rows_{rows}, products_{products} {}

  /// Tiles first .. last - 1 with all vectors; y's column 0 is row 16 first.
  void operator()(std::size_t first, std::size_t last, std::size_t vectors, matrix_view<float> y) const noexcept {
    for (std::size_t t = 0; t < vectors; t += most_vectors) {
      auto const some = smaller(most_vectors, vectors - t);
      auto tile = first;
      for (; tile + tiles_at_once <= last; tile += tiles_at_once) multiply<tiles_at_once>(tile, t, some, first, y);
      for (; tile < last; ++tile) multiply<1>(tile, t, some, first, y);
    }
  }

 private:
  template <std::size_t Tiles>
  [[gnu::noinline]] void multiply(std::size_t tile, std::size_t t, std::size_t some, std::size_t first,
                                  matrix_view<float> y) const noexcept {
    alignas(64) float total[most_vectors][Tiles][16];
    for (std::size_t v = 0; v < some; ++v)
      for (auto& of_tile : total[v])
        for (auto& sum : of_tile) sum = 0.0f;
    typename Rows::template reader<Tiles> reader{rows_, tile};
    auto const product = products_;  // here its tables stay in registers
    constexpr auto numbers = Products::numbers;
    auto const segments = (rows_.numbers() + numbers - 1) / numbers;
    auto const of_group = (rows_.group() + numbers - 1) / numbers;
    floats scale[Tiles];
    floats minus_zero[Tiles];
    std::size_t left = 0;  // segments until the next group
    for (std::size_t s = 0, g = 0; s < segments; ++s, --left) {
      if (left == 0) {
        left = of_group;
        reader.load_group(g++, scale, minus_zero);
      }
      typename Products::codes codes[Tiles];
      for (std::size_t i = 0; i < Tiles; ++i) product.unpack(reader, i, s, scale[i], codes[i]);
      for (std::size_t v = 0; v < some; ++v) product.add(codes, s, t + v, scale, minus_zero, total[v]);
    }
    for (std::size_t i = 0; i < Tiles; ++i) {
      auto const r = 16 * (tile + i);
      auto const count = smaller(16, rows_.rows() - r);
      for (std::size_t v = 0; v < some; ++v) std::memcpy(&y(t + v, r - 16 * first), total[v][i], count * sizeof(float));
    }
  }

  Rows const& rows_;
  Products const& products_;
};

}  // namespace skive::detail
