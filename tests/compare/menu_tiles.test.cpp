// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles in compare: pieces of rows that the program codes one by one give the figures of the whole matrix.
#include "compare/evaluate.hpp"
#include "compare/menu_entry.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using namespace skive::compare;
using matrix = matrix_view<float const>;

// Squared error of the whole matrix in one call of the library.
template <class Codec>
double whole_error(Codec const& codec, matrix m) {
  auto const bytes = codec.plane_bytes(m.rows, m.cols);
  std::vector<std::byte> memory(total_bytes(bytes));
  planes<std::byte, Codec::plane_count> p;
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); at += bytes[i++]) p[i] = {memory.data() + at, bytes[i], 0};
  test::scratch_memory scratch{codec.scratch_bytes(m.rows, m.cols)};
  std::vector<float> out(m.rows * m.cols);
  REQUIRE(codec.encode(m, p, scratch.get()));
  REQUIRE(codec.decode(p, matrix_view<float>{out.data(), m.rows, m.cols}, scratch.get()));
  double sum = 0;
  for (std::size_t r = 0; r < m.rows; ++r)
    for (std::size_t c = 0; c < m.cols; ++c) {
      double const d = static_cast<double>(out[r * m.cols + c]) - static_cast<double>(m(r, c));
      sum += d * d;
    }
  return sum;
}

// More than one chunk of rows, whose count is no multiple of the tiles' height; the last columns and rows are cut tiles.
struct tall {
  std::vector<float> numbers = test::mixed_row(700 * 1030, 6);
  subject s{{numbers.data(), 700, 1030}, {}, std::nullopt, 0};
  tall() { s.sums = sums_of(s.weights, 1); }
};

template <class Codec>
void is_whole(tall const& t, char const* name, Codec const& codec) {
  CAPTURE(name);
  auto const sums = evaluate(*make_format(name), t.s, {1, 0});
  CHECK(std::abs(sums.error_squares / whole_error(codec, t.s.weights) - 1) < 1e-12);
  CHECK(sums.bits == 8.0 * static_cast<double>(total_bytes(codec.plane_bytes(700, 1030))));
  CHECK(sums.elements == 700.0 * 1030);
  auto const again = evaluate(*make_format(name), t.s, {3, 0});
  CHECK(std::memcmp(&again, &sums, sizeof sums) == 0);
}

}  // namespace

TEST_CASE("tiles: the figures are those of the whole matrix", "[compare]") {
  tall const t;
  REQUIRE(chunk_rows(1030) % 128 != 0);
  REQUIRE(chunk_rows(1030) < 700);
  is_whole(t, "e4m3fn_tile128x128", *tiles<absmax_scheme<e4m3fn>>::make(128, 128));
  is_whole(t, "int4_tile100x16", *tiles<absmax_scheme<int4>>::make(100, 16));
  is_whole(t, "int8_column", *tiles<absmax_scheme<int8>>::make(700, 1));
  is_whole(t, "int8_tile10000x1", *tiles<absmax_scheme<int8>>::make(700, 1));
  is_whole(t, "uint8_tile3x1030", *tiles<affine_scheme<8>>::make(3, 1030));
}

TEST_CASE("tiles: a piece is a whole number of tiles high", "[compare]") {
  tall const t;
  for (auto const* name : {"int8_tile128x128", "int8_tile1x16", "int8_tile255x7"}) {
    auto const codec = make_format(name)->fit(t.s.weights);
    auto const height = codec->row_multiple();
    CHECK(codec->description()->tile_rows == height);
    auto const first = codec->bytes({2 * height, 1030});
    CHECK(first + codec->bytes({700 - 2 * height, 1030}) == codec->bytes({700, 1030}));
  }
  CHECK(make_format("int4_g32")->fit(t.s.weights)->row_multiple() == 1);
  CHECK(evaluate(*make_format("int4_column"), t.s, {1, 1e3}).encode_ns > 0);
}
