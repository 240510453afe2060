// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/block_sparse.hpp: from masks of blocks and back, products in long double, refusals.
#include "skive/sparse/block_sparse.hpp"

#include "skive/format/half.hpp"
#include "skive/sparse/structured_masks.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Value>
void round_trip(std::size_t rows, std::size_t cols, std::size_t block_rows, std::size_t block_cols) {
  std::mt19937 random{7};
  std::vector<float> dense(rows * cols), scores(rows * cols), x(cols), y(rows);
  for (auto& v : dense) v = static_cast<float>(static_cast<int>(random() % 255) - 127) / 64;  // exact in every format here
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = std::fabs(dense[i]);
  for (auto& v : x) v = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000;
  auto const blocks = rows / block_rows * (cols / block_cols);
  auto const kept = blocks / 3;
  std::vector<std::byte> masks(rows * mask_bytes(cols));
  std::vector<std::byte> scratch(select_blocks_scratch(rows, cols, block_rows, block_cols));
  matrix_view<float const> const view{dense.data(), rows, cols};
  matrix_view<std::byte> const mask_view{masks.data(), rows, mask_bytes(cols)};
  REQUIRE(select_blocks({scores.data(), rows, cols}, block_rows, block_cols, kept, mask_view, workspace{scratch}));
  std::vector<std::uint32_t> starts(rows / block_rows + 1), columns(kept);
  std::vector<Value> values(kept * block_rows * block_cols);
  auto const n = to_block_sparse(view, mask_view, block_rows, block_cols, starts, columns, std::span{values});
  REQUIRE(n);
  REQUIRE(*n == kept);
  auto const m = block_sparse_matrix<Value>::make(starts, columns, values, block_rows, block_cols, cols);
  REQUIRE(m);
  REQUIRE(m->rows() == rows);
  std::vector<float> back(rows * cols, 7.0f);
  REQUIRE(m->to_dense({back.data(), rows, cols}));
  for (std::size_t i = 0; i < back.size(); ++i)
    REQUIRE(back[i] == (is_kept(mask_view.row(i / cols), i % cols) ? dense[i] : 0.0f));
  REQUIRE(m->multiply(x, y));
  for (std::size_t r = 0; r < rows; ++r) {
    long double sum = 0, size = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      auto const p = static_cast<long double>(back[r * cols + c]) * static_cast<long double>(x[c]);
      sum += p;
      size += std::fabs(p);
    }
    REQUIRE(std::fabs(static_cast<long double>(y[r]) - sum) <= (static_cast<long double>(cols) / 16 + 10) * 0x1p-24L * size);
  }
  CHECK(m->multiply(std::span{x}.first(cols - 1), y).error() == errc::size_mismatch);
  CHECK(to_block_sparse(view, mask_view, block_rows, block_cols, starts, std::span{columns}.first(kept - 1), std::span{values})
            .error() == errc::size_mismatch);
  auto const make = [&](std::size_t cols_of, std::span<std::uint32_t const> of) {
    return block_sparse_matrix<Value>::make(starts, of, values, block_rows, block_cols, cols_of).error();
  };
  CHECK(make(cols + 1, columns) == errc::size_mismatch);
  CHECK(make(block_cols << 31, columns) == errc::unsupported);  // block columns of 31 bits
  CHECK(block_sparse_matrix<Value>::make(starts, columns, values, 0, block_cols, cols).error() == errc::invalid_argument);
  CHECK(block_sparse_matrix<Value>::make(starts, columns, values, block_rows, 0, cols).error() == errc::invalid_argument);
  CHECK(make(cols, std::span{columns}.first(kept - 1)) == errc::size_mismatch);
  columns[kept / 2] = static_cast<std::uint32_t>(cols / block_cols);
  CHECK(make(cols, columns) == errc::corrupt);
}

}  // namespace

TEST_CASE("block_sparse: from masks of blocks and back", "[sparse]") {
  round_trip<float>(12, 40, 3, 5);
  round_trip<float16>(16, 96, 4, 16);
  round_trip<bfloat16>(8, 210, 1, 35);
}
