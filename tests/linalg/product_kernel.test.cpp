// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/product_kernel.hpp: a tile's sums are multiply-adds in the order of k, bit for bit, however its operands were laid down;
// what lies beside a tile, and above the diagonal of a lower one, stays.
#include "skive/linalg/product_kernel.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::operand;
using skive::test::matrix;

// One multiply-add as the instruction set has it: products of floats are exact in double.
template <class Arch>
float step(float a, float b, float sum) {
  if constexpr (skive::simd::fuses<Arch>) return std::fma(a, b, sum);
  auto const product = static_cast<float>(static_cast<double>(a) * static_cast<double>(b));
  return product + sum;
}

template <class Arch>
struct laid_down {
  using shape = skive::detail::product_shape<float, Arch>;
  alignas(64) float tile[shape::a_elements];
  alignas(64) float block[2 * shape::tile_cols * shape::block_depth];
};

struct form {
  std::size_t rows, cols, depth;
  bool a_transposed, b_transposed, lower;
};

template <class Arch>
void tile_is_a_chain(form const& f, std::mt19937& random) {
  using shape = skive::detail::product_shape<float, Arch>;
  CAPTURE(f.rows, f.cols, f.depth, f.a_transposed, f.b_transposed, f.lower);
  constexpr std::size_t row = 3, k0 = 2, col = 5;  // parts of larger operands
  auto const drawn = [&](std::size_t m, std::size_t n, bool t) {
    return skive::test::random_matrix<float>(t ? n : m, t ? m : n, random, 1, 3);
  };
  auto const a = drawn(row + f.rows, k0 + f.depth, f.a_transposed);
  auto const b = drawn(k0 + f.depth, col + f.cols, f.b_transposed);
  operand<float> const left{a.view(), f.a_transposed};
  operand<float> const right{b.view(), f.b_transposed};
  static laid_down<Arch> memory;
  std::fill(std::begin(memory.tile), std::end(memory.tile), 99.0f);
  std::fill(std::begin(memory.block), std::end(memory.block), 99.0f);
  skive::detail::pack_tile<float, Arch>(left, row, f.rows, k0, f.depth, memory.tile);
  skive::detail::packed_block<float, Arch> const block{right, k0, f.depth, col, f.cols, memory.block};
  block.pack(0);
  auto const start = skive::test::random_matrix<float>(shape::tile_rows + 1, 2 * shape::tile_cols, random);
  auto c = start;
  std::ptrdiff_t const diagonal = 4;
  skive::detail::tile_target<float> const to{&c(0, 0), c.view().row_stride,   f.rows, f.cols, 0.5f, 0.25f, false,
                                             f.lower,  f.lower ? diagonal : 0};
  auto const run = [&]<std::size_t Vectors, class Layout>(std::integral_constant<std::size_t, Vectors>, Layout) {
    skive::detail::multiply_tile<float, Arch, shape::tile_rows, Vectors, Layout>(memory.tile, memory.block, block.width(f.cols),
                                                                                 f.depth, {}, to);
  };
  using two = std::integral_constant<std::size_t, 2>;
  using one = std::integral_constant<std::size_t, 1>;
  bool const narrow = f.cols <= shape::lanes;
  if (f.a_transposed)
    narrow ? run(one{}, skive::detail::columns_layout<float, Arch>{}) : run(two{}, skive::detail::columns_layout<float, Arch>{});
  else
    narrow ? run(one{}, skive::detail::rows_layout<float, Arch>{}) : run(two{}, skive::detail::rows_layout<float, Arch>{});
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < c.rows(); ++i)
    for (std::size_t j = 0; j < c.cols(); ++j) {
      float expected = start(i, j);
      if (i < f.rows && j < f.cols && (!f.lower || static_cast<std::ptrdiff_t>(j) <= diagonal + static_cast<std::ptrdiff_t>(i))) {
        float sum = 0;
        for (std::size_t k = 0; k < f.depth; ++k) sum = step<Arch>(left(row + i, k0 + k), right(k0 + k, col + j), sum);
        expected = step<Arch>(0.5f, sum, 0.25f * start(i, j));
      }
      wrong += c(i, j) != expected ? 1U : 0U;
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("multiply_tile: sums of multiply-adds in the order of k, nothing beside them", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    using shape = skive::detail::product_shape<float, Arch>;
    std::mt19937 random{101};
    for (int turn = 0; turn < 8; ++turn)
      for (std::size_t const cols : {shape::tile_cols, shape::tile_cols - 1, shape::lanes, shape::lanes - 1, std::size_t{1}})
        tile_is_a_chain<Arch>(
            {turn % 3 == 0 ? shape::tile_rows : 1 + random() % shape::tile_rows, cols,
             turn == 0 ? shape::block_depth : 1 + random() % 70, (turn & 1) != 0, (turn & 2) != 0, (turn & 4) != 0},
            random);
  });
}

TEST_CASE("packed_block: panels of two registers of columns, the last of one if that is enough", "[linalg]") {
  using arch = skive::native_arch;
  using shape = skive::detail::product_shape<float, arch>;
  constexpr std::size_t depth = 5, cols = shape::tile_cols + 3;
  std::mt19937 random{102};
  static laid_down<arch> memory;
  for (bool const transposed : {false, true}) {
    auto const b = transposed ? skive::test::random_matrix<float>(cols, depth, random)
                              : skive::test::random_matrix<float>(depth, cols, random);
    operand<float> const right{b.view(), transposed};
    skive::detail::packed_block<float, arch>{right, 0, depth, 0, cols, memory.block}.pack(0);
    for (std::size_t k = 0; k < depth; ++k) {
      for (std::size_t j = 0; j < shape::tile_cols; ++j) CHECK(memory.block[k * shape::tile_cols + j] == right(k, j));
      float const* const last = memory.block + shape::tile_cols * depth + k * shape::lanes;
      for (std::size_t j = 0; j < shape::lanes; ++j) CHECK(last[j] == (j < 3 ? right(k, shape::tile_cols + j) : 0.0f));
    }
  }
}
