// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/tiled_csl.hpp: from masks and back, places by both orders, products in double, words reordered, refusals.
#include "skive/sparse/tiled_csl.hpp"

#include "skive/format/half.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Value>
void round_trip(std::size_t rows, std::size_t cols, csl_tiles const& tiles, unsigned part) {
  std::mt19937 random{part};
  std::vector<float> dense(rows * cols), x(cols), y(rows);
  for (auto& v : dense) v = static_cast<float>(static_cast<int>(random() % 255) - 127) / 64;  // exact in both formats
  for (auto& v : x) v = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000;
  std::vector<std::byte> masks(rows * mask_bytes(cols));
  matrix_view<std::byte> const mask_view{masks.data(), rows, mask_bytes(cols)};
  for (std::size_t i = 0; i < dense.size(); ++i) set_kept(mask_view.row(i / cols), i % cols, random() % 100 < part);
  matrix_view<float const> const view{dense.data(), rows, cols};
  std::vector<std::uint32_t> starts(rows / tiles.rows * (cols / tiles.cols) + 1), words(2 * dense.size());
  auto const n = to_tiled_csl<Value>(view, mask_view, starts, words, tiles);
  REQUIRE(n);
  CHECK(*n % tiles.unit == 0);
  std::size_t kept = count_kept(masks);
  CHECK((*n >= kept && *n < kept + tiles.unit * starts.size()));
  if (*n != 0)
    CHECK(to_tiled_csl<Value>(view, mask_view, starts, std::span{words}.first(*n - 1), tiles).error() == errc::size_mismatch);
  REQUIRE(to_tiled_csl<Value>(view, mask_view, starts, std::span{words}.first(*n), tiles));
  words.resize(*n);
  for (std::size_t t = 0; t + 1 < starts.size(); ++t)  // any order of words in a tile
    std::shuffle(words.begin() + starts[t], words.begin() + starts[t + 1], random);
  auto const m = tiled_csl_matrix<Value>::make(starts, words, rows, cols, tiles);
  REQUIRE(m);
  std::vector<float> back(rows * cols, 7.0f);
  REQUIRE(m->to_dense({back.data(), rows, cols}));
  for (std::size_t i = 0; i < back.size(); ++i)
    REQUIRE(back[i] == (is_kept(mask_view.row(i / cols), i % cols) ? dense[i] : 0.0f));
  REQUIRE(m->multiply(x, y));
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0, size = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      auto const p = static_cast<double>(back[r * cols + c]) * static_cast<double>(x[c]);
      sum += p;
      size += std::fabs(p);
    }
    REQUIRE(std::fabs(static_cast<double>(y[r]) - sum) <=
            static_cast<double>(cols + tiles.unit * cols / tiles.cols + 1) * 0x1p-24 * size);
  }
  CHECK(m->multiply(std::span{x}.first(cols - 1), y).error() == errc::size_mismatch);
  CHECK(m->to_dense({back.data(), rows - 1, cols}).error() == errc::size_mismatch);
}

}  // namespace

TEST_CASE("tiled_csl: from masks and back", "[sparse]") {
  round_trip<float16>(512, 128, {}, 20);
  round_trip<float16>(256, 192, {256, 64, 4, true}, 30);
  round_trip<bfloat16>(12, 40, {3, 5, 1, false}, 50);
  round_trip<bfloat16>(16, 64, {8, 64, 8, true}, 0);
  round_trip<float16>(8, 8, {8, 8, 4, false}, 100);
  round_trip<float16>(6, 10, {3, 5, 4, false}, 100);  // full tiles of no whole unit: a zero at place 0 besides its number
}

TEST_CASE("tiled_csl: words and places", "[sparse]") {
  csl_tiles const tiles{256, 64, 4, true};
  CHECK((tiles.place(9, 3) == 9 * 64 + (3 ^ 8) && tiles.place(15, 3) == 15 * 64 + (3 ^ 56)));
  for (std::size_t r = 0; r < 256; ++r)
    for (std::size_t c = 0; c < 64; ++c) REQUIRE((tiles.row_of(tiles.place(r, c)) == r && tiles.col_of(tiles.place(r, c)) == c));
  std::vector<float> dense(256 * 64);
  dense[5 * 64 + 7] = 1.0f;
  std::vector<std::byte> masks(256 * 8);
  set_kept(std::span{masks}.subspan(5 * 8, 8), 7, true);
  std::vector<std::uint32_t> starts(2), words(4, 99);
  REQUIRE(to_tiled_csl<float16>({dense.data(), 256, 64}, {masks.data(), 256, 8}, starts, words));
  CHECK((starts == std::vector<std::uint32_t>{0, 4}));
  CHECK((words == std::vector<std::uint32_t>{0x3C00U | (5U * 64 + 7) << 16, 0, 0, 0}));
  masks[0] = std::byte{0x17};  // kernels store words at their places: the first that is free is that of column 3
  REQUIRE(to_tiled_csl<float16>({dense.data(), 256, 64}, {masks.data(), 256, 8}, starts, std::span{words}.first(0)).error() ==
          errc::size_mismatch);
  words.resize(8);
  REQUIRE(to_tiled_csl<float16>({dense.data(), 256, 64}, {masks.data(), 256, 8}, starts, words));
  for (std::size_t k = 5; k < 8; ++k) CHECK(words[k] == 3U << 16);
}

TEST_CASE("tiled_csl: refusals", "[sparse]") {
  std::vector<std::uint32_t> starts{0, 4, 8}, words(8);
  csl_tiles const tiles{4, 8, 4, false};
  auto const make = [&](std::size_t rows = 4, std::size_t cols = 16) {
    return tiled_csl_matrix<float16>::make(starts, words, rows, cols, tiles).error();
  };
  CHECK(make() == errc::ok);
  CHECK(make(5) == errc::size_mismatch);
  CHECK(make(4, 17) == errc::size_mismatch);
  CHECK(make(8) == errc::size_mismatch);
  words[3] = 32U << 16;
  CHECK(make() == errc::corrupt);
  words[3] = 31U << 16;
  CHECK(make() == errc::ok);
  for (auto const& bad : {std::vector<std::uint32_t>{4, 4, 8}, {0, 4, 7}, {0, 12, 8}, {0, 3, 8}, {0, 4, 4}}) {
    starts = bad;
    CHECK(make() == errc::corrupt);
  }
  for (auto const& bad : {csl_tiles{0, 8, 4, false},
                          {4, 0, 4, false},
                          {4, 8, 0, false},
                          {4, 8, 4, true},
                          {512, 256, 4, false},
                          {4, 8, 65537, false}}) {
    CHECK(tiled_csl_matrix<float16>::make(starts, words, 4, 16, bad).error() == errc::invalid_argument);
    CHECK(to_tiled_csl<float16>({}, {}, starts, words, bad).error() == errc::invalid_argument);
  }
  std::vector<float> const dense(64);
  std::vector<std::byte> const masks(8);
  CHECK(to_tiled_csl<float16>({dense.data(), 4, 16}, {masks.data(), 4, 1}, starts, words, tiles).error() == errc::size_mismatch);
  CHECK(to_tiled_csl<float16>({dense.data(), 3, 16}, {masks.data(), 3, 2}, starts, words, tiles).error() == errc::size_mismatch);
  CHECK(to_tiled_csl<float16>({dense.data(), 4, 8}, {masks.data(), 4, 1}, starts, words, tiles).error() == errc::size_mismatch);

  // 65536 tiles of one number each, filled up to units of 65536 words: one start too large for 32 bits.
  std::size_t const many = 65536;
  std::vector<float> const row(many, 1.0f);
  std::vector<std::byte> const kept(many / 8, std::byte{255});
  starts.assign(many + 1, 7);
  CHECK(to_tiled_csl<float16>({row.data(), 1, many}, {kept.data(), 1, many / 8}, starts, words, {1, 1, 65536, false}).error() ==
        errc::unsupported);
  CHECK(starts.front() == 7);
}
