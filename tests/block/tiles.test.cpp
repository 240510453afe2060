// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/tiles.hpp: every tile decodes as if it were a row of its own; bytes, cut edges, strides and refusals.
#include "skive/block/tiles.hpp"

#include "laws/block_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"

#include <algorithm>
#include <cmath>

namespace {

using skive::errc;
using skive::matrix_view;
namespace test = skive::test;

using fp8_tiles = skive::tiles<skive::absmax_scheme<skive::e4m3fn>>;
static_assert(skive::matrix_codec<fp8_tiles>);
static_assert(skive::matrix_codec<skive::tiles<skive::static_scale_scheme<skive::int8>>>);

struct shape {
  std::size_t rows, cols, tile_rows, tile_cols;
};
constexpr shape shapes[]{{1, 1, 1, 1},     {1, 1, 128, 128}, {4, 6, 2, 3},     {5, 7, 2, 3},        {3, 17, 8, 4}, {17, 3, 4, 8},
                         {9, 9, 10, 3},    {9, 9, 3, 10},    {1, 33, 1, 16},   {33, 1, 16, 1},      {6, 10, 1, 1}, {7, 5, 7, 5},
                         {40, 70, 32, 32}, {64, 64, 32, 32}, {65, 63, 32, 32}, {130, 129, 128, 128}};

constexpr std::byte fill{0xA5};
constexpr std::size_t guard = 37;  // odd: planes start at any address

// Planes with guard bytes before, between and after.
template <class Codec>
class packed_matrix {
 public:
  static constexpr std::size_t count = Codec::plane_count;
  packed_matrix(Codec const& codec, std::size_t rows, std::size_t cols) : bytes_{codec.plane_bytes(rows, cols)} {
    memory_.assign(skive::total_bytes(bytes_) + (count + 1) * guard, fill);
    std::size_t at = guard;
    for (std::size_t i = 0; i < count; ++i) {
      planes_[i] = {memory_.data() + at, bytes_[i], 0};
      at += bytes_[i] + guard;
    }
  }
  packed_matrix(packed_matrix const&) = delete;

  skive::planes<std::byte, count> const& to() const { return planes_; }
  std::vector<std::byte> plane(std::size_t i) const { return {planes_[i].data, planes_[i].data + bytes_[i]}; }
  bool untouched() const { return memory_ == std::vector<std::byte>(memory_.size(), fill); }
  bool guards_hold() const {
    std::size_t at = 0;
    for (std::size_t i = 0; i <= count; ++i) {
      for (std::size_t g = 0; g < guard; ++g)
        if (memory_[at + g] != fill) return false;
      at += guard + (i < count ? bytes_[i] : 0);
    }
    return true;
  }

 private:
  std::array<std::size_t, count> bytes_;
  std::vector<std::byte> memory_;
  skive::planes<std::byte, count> planes_;
};

// encode and decode with rows `pad` floats further apart than they must be; nothing between the rows is touched.
template <class Codec>
std::vector<float> through(Codec const& codec, std::vector<float> const& m, std::size_t rows, std::size_t cols,
                           std::size_t pad = 0) {
  auto const stride = cols + pad;
  std::vector<float> in(rows * stride + 1, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> out(rows * stride + 1, -77.0f);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) in[r * stride + c] = m[r * cols + c];
  packed_matrix<Codec> packed{codec, rows, cols};
  test::scratch_memory scratch{codec.scratch_bytes(rows, cols)};
  auto const before = test::allocations();
  auto const first = codec.encode(matrix_view<float const>{in.data(), rows, cols, stride}, packed.to(), scratch.get());
  auto const second = codec.decode(packed.to(), matrix_view<float>{out.data(), rows, cols, stride}, scratch.get());
  REQUIRE(test::allocations() == before);
  REQUIRE(first.error() == errc::ok);
  REQUIRE(second.error() == errc::ok);
  REQUIRE(packed.guards_hold());
  std::vector<float> result;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (stride != 0 && i < rows * stride && i % stride < cols)
      result.push_back(out[i]);
    else
      REQUIRE(out[i] == -77.0f);
  return result;
}

// Every tile gathered into a row of one group.
template <class Row>
std::vector<float> tile_by_tile(Row const& row_codec, std::vector<float> const& m, shape const& s) {
  std::vector<float> out(m.size(), -1.0f);
  for (std::size_t top = 0; top < s.rows; top += s.tile_rows)
    for (std::size_t left = 0; left < s.cols; left += s.tile_cols) {
      std::vector<std::size_t> at;
      std::vector<float> tile;
      for (auto r = top; r < std::min(s.rows, top + s.tile_rows); ++r)
        for (auto c = left; c < std::min(s.cols, left + s.tile_cols); ++c) at.push_back(r * s.cols + c);
      for (auto const i : at) tile.push_back(m[i]);
      auto const decoded = test::through(row_codec, tile);
      for (std::size_t k = 0; k < at.size(); ++k) out[at[k]] = decoded[k];
    }
  return out;
}

template <class Format, class Scale = typename skive::detail::default_scale<Format>::type>
void matches_rows(skive::scale_choice choice = skive::scale_choice::absmax, std::size_t largest = 100'000) {
  using scheme = skive::absmax_scheme<Format, Scale>;
  unsigned seed = 0;
  for (auto const& s : shapes) {
    if (s.rows * s.cols > largest) continue;
    CAPTURE(s.rows, s.cols, s.tile_rows, s.tile_cols);
    auto const m = test::mixed_row(s.rows * s.cols, ++seed);
    auto const codec = skive::tiles<scheme>::make(s.tile_rows, s.tile_cols, scheme{choice, {}});
    REQUIRE(codec.has_value());
    auto const expected = test::bits_of(tile_by_tile(skive::absmax<Format, Scale>{0, scheme{choice, {}}}, m, s));
    REQUIRE((test::bits_of(through(*codec, m, s.rows, s.cols)) == expected));
    REQUIRE((test::bits_of(through(*codec, m, s.rows, s.cols, 5)) == expected));
  }
}

std::vector<std::byte> bytes(std::initializer_list<int> list) {
  std::vector<std::byte> out;
  for (auto const b : list) out.push_back(static_cast<std::byte>(b));
  return out;
}

}  // namespace

TEST_CASE("tiles: each tile is a row of one group", "[block]") {
  matches_rows<skive::e4m3fn>();
  matches_rows<skive::int8, skive::float32>();
  matches_rows<skive::int4>();
  matches_rows<skive::int3, skive::bfloat16>();
  matches_rows<skive::nf4>();
  matches_rows<skive::int8, skive::e4m3fn>();
}

TEST_CASE("tiles: the exact search has its scratch", "[block]") {
  matches_rows<skive::int4>(skive::scale_choice::mse, 200);
  matches_rows<skive::int2, skive::float32>(skive::scale_choice::mse, 200);
}

TEST_CASE("tiles: a scheme without metadata", "[block]") {
  skive::tiles<skive::static_scale_scheme<skive::int8>> const codec;
  CHECK((codec.plane_bytes(300, 7) == std::array<std::size_t, 1>{2100}));
  CHECK(through(codec, {1, -2, 300, 0.4f, 2.5f, -1000}, 2, 3, 1) == std::vector<float>{1, -2, 127, 0, 2, -127});
}

TEST_CASE("tiles: bytes of a 3 x 5 matrix in 2 x 2 tiles", "[block]") {
  // int4 with float16 scales: the largest magnitudes 7, 14, 3.5 / 28, 0, 56 give scales 1, 2, 0.5 / 4, 0, 8.
  std::vector<float> const m{7, -1, 2,  14, 3.5f,   //
                             2, 3,  -4, 0,  -1.5f,  //
                             4, 28, 0,  0,  -56};
  auto const codec = *skive::tiles<skive::absmax_scheme<skive::int4>>::make(2, 2);
  packed_matrix const packed{codec, 3, 5};
  test::scratch_memory scratch{codec.scratch_bytes(3, 5)};
  REQUIRE(codec.encode(matrix_view<float const>{m.data(), 3, 5}, packed.to(), scratch.get()));
  CHECK((packed.plane(0) == bytes({0xF7, 0x71, 0x07, 0x32, 0x0E, 0x0D, 0x71, 0x00, 0x09})));
  CHECK((packed.plane(1) == bytes({0x00, 0x3C, 0x00, 0x40, 0x00, 0x38, 0x00, 0x44, 0x00, 0x00, 0x00, 0x48})));
  CHECK(packed.guards_hold());
  CHECK(through(codec, m, 3, 5) == m);
}

TEST_CASE("tiles: sizes", "[block]") {
  fp8_tiles const codec;  // 128 x 128
  using sizes = std::array<std::size_t, 2>;
  CHECK((codec.plane_bytes(0, 0) == sizes{0, 0}));
  CHECK((codec.plane_bytes(0, 9) == sizes{0, 0}));
  CHECK((codec.plane_bytes(9, 0) == sizes{0, 0}));
  CHECK((codec.plane_bytes(1, 1) == sizes{1, 4}));
  CHECK((codec.plane_bytes(128, 128) == sizes{16384, 4}));
  CHECK((codec.plane_bytes(129, 128) == sizes{129 * 128, 8}));
  CHECK((codec.plane_bytes(7168, 2112) == sizes{7168 * 2112, 56 * 17 * 4}));
  auto const most = std::numeric_limits<std::size_t>::max();
  CHECK((codec.plane_bytes(most, most) == sizes{most, most}));
  CHECK(codec.scratch_bytes(most, most) == most);
  // Rows of nibbles start on a byte.
  CHECK(((*skive::tiles<skive::absmax_scheme<skive::int4>>::make(2, 3)).plane_bytes(4, 5) == sizes{12, 8}));
}

TEST_CASE("tiles: make refuses", "[block]") {
  CHECK(fp8_tiles::make(0, 1).error() == errc::invalid_argument);
  CHECK(fp8_tiles::make(1, 0).error() == errc::invalid_argument);
  auto const most = std::numeric_limits<std::size_t>::max();
  CHECK(fp8_tiles::make(most, 2).error() == errc::overflow);
  CHECK(fp8_tiles::make(2, most).error() == errc::overflow);
  CHECK(fp8_tiles::make(most / 8, 1).has_value());
}

TEST_CASE("tiles: refusals come before the first write", "[block]") {
  auto const codec = *skive::tiles<skive::absmax_scheme<skive::int4>>::make(2, 3);
  auto const m = test::mixed_row(5 * 7, 1);
  std::vector<float> out(m.size(), -77.0f);
  matrix_view<float const> const in{m.data(), 5, 7};
  matrix_view<float> const back{out.data(), 5, 7};
  packed_matrix const packed{codec, 5, 7};
  auto const need = codec.scratch_bytes(5, 7);
  test::scratch_memory enough{need};
  test::scratch_memory less{need - 1};
  auto const refuses = [&](auto const& to, skive::workspace w, errc why, matrix_view<float const> from, matrix_view<float> onto) {
    CHECK(codec.encode(from, to, w).error() == why);
    CHECK(packed.untouched());
    CHECK(codec.decode(to, onto, w).error() == why);
    CHECK(out == std::vector<float>(m.size(), -77.0f));
  };
  for (std::size_t i = 0; i < packed.count; ++i) {
    auto to = packed.to();
    --to[i].size;
    refuses(to, enough.get(), errc::size_mismatch, in, back);
    to[i].size = 0;
    refuses(to, enough.get(), errc::size_mismatch, in, back);
  }
  refuses(packed.to(), less.get(), errc::workspace_too_small, in, back);
  refuses(packed.to(), skive::workspace{}, errc::workspace_too_small, in, back);
  refuses(packed.to(), enough.get(), errc::overflow, {m.data(), 5, 7, 6}, {out.data(), 5, 7, 6});
  auto const most = std::numeric_limits<std::size_t>::max();
  refuses(packed.to(), enough.get(), errc::overflow, {m.data(), most, 7, 7}, {out.data(), most, 7, 7});
}

TEST_CASE("tiles: an empty matrix needs no memory", "[block]") {
  fp8_tiles const codec;
  skive::planes<std::byte, 2> const none;
  for (auto const& [rows, cols] : {std::pair<std::size_t, std::size_t>{0, 0}, {0, 5}, {5, 0}}) {
    test::scratch_memory scratch{codec.scratch_bytes(rows, cols)};
    CHECK(codec.encode(matrix_view<float const>{nullptr, rows, cols}, none, scratch.get()));
    CHECK(codec.decode(none, matrix_view<float>{nullptr, rows, cols}, scratch.get()));
  }
}

TEST_CASE("tiles: a tile that is not finite leaves its neighbours alone", "[block]") {
  auto const codec = *fp8_tiles::make(4, 3);
  std::size_t const rows = 10;
  std::size_t const cols = 8;
  auto m = test::mixed_row(rows * cols, 5);
  for (auto const bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (std::size_t at = 0; at < m.size(); ++at) {
      auto dirty = m;
      dirty[at] = bad;
      auto const clean = through(codec, m, rows, cols);
      auto const got = through(codec, dirty, rows, cols);
      bool right = true;
      for (std::size_t i = 0; i < m.size(); ++i) {
        bool const same_tile = i / cols / 4 == at / cols / 4 && i % cols / 3 == at % cols / 3;
        auto const keeps = std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(clean[i]);
        right = right && (same_tile ? std::isnan(got[i]) : keeps);
      }
      REQUIRE(right);
    }
}

TEST_CASE("tiles: a zero tile decodes to zeros", "[block]") {
  auto const codec = *fp8_tiles::make(2, 2);
  auto const out = through(codec, {0, -0.0f, 1, 0, 0, 448}, 2, 3);
  CHECK((out == std::vector<float>{0, 0, 1, 0, 0, 448}));
  CHECK(test::bits_of(out)[1] == 0);
}
