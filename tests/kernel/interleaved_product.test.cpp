// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/interleaved_rows.hpp, interleaved_vectors.hpp, interleaved_product.hpp: lossless both ways; exact integers; the bound for
// two packed operands; refusals. On several instruction sets of this unit.
#include "skive/kernel/interleaved_product.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "support/interleaved_matrix.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::activation_scale;
using skive::errc;

auto gaussian(std::size_t n, std::size_t seed) {
  return [=](std::size_t r) { return test::gaussian_numbers(n, seed + r); };
}

template <class Codec>
void check_both_ways(Codec const& codec, std::size_t n, std::size_t count) {
  test::packed_rows<Codec> const rows{codec, count, n, gaussian(n, 1)};
  test::interleaved_matrix<Codec> tiles{rows};
  for (std::size_t r = 0; r < count; ++r)
    for (auto const l : {test::layout::planar, test::layout::reversed}) {
      test::packed_row<Codec> plain{codec, n, test::layout::planar, 1};
      test::packed_row<Codec> back{codec, n, l, 1};
      REQUIRE(codec.template encode<skive::scalar_arch>(std::span<float const>{gaussian(n, 1)(r)}, plain.to()));
      REQUIRE(tiles.layout.unpack(tiles.from(), r, back.to()));
      CAPTURE(n, count, r);
      REQUIRE(back.gathered() == plain.gathered());
      REQUIRE(back.guards_hold());
    }
  auto const bytes = tiles.layout.plane_bytes();  // word 1 of row 2 stands where the layout says
  if (count > 2 && codec.plane_bytes(n)[0] >= 8 && codec.block_size() != 0 && codec.plane_bytes(codec.block_size())[0] >= 8)
    for (std::size_t i = 0; i < 4; ++i) REQUIRE(tiles.memory[0][64 + 8 + i] == rows.matrix().row(2)[0].data[4 + i]);
  REQUIRE(bytes[0] % 64 == 0);
}

// Integers of at most 127, which every block of 32 reaches: they are their own bytes.
std::vector<float> whole_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = i % 32 == 0 ? -127.0f : static_cast<float>(static_cast<int>(random() % 255) - 127);
  return x;
}

// Rows of `levels`, which the codec keeps as they are at the scale of the first ones: every product is an integer over 2.
template <class Arch, class Codec>
void check_exact(Codec const& codec, std::vector<float> const& levels, std::size_t n, std::size_t count, std::size_t vectors) {
  auto const group = codec.group_size() == 0 ? n : codec.group_size();
  test::packed_rows<Codec> const rows{codec, count, n, [&](std::size_t r) {
                                        std::mt19937 random{static_cast<unsigned>(r + 7)};
                                        std::vector<float> row(n);
                                        for (std::size_t i = 0; i < n; ++i)
                                          row[i] = levels[i % group < levels.size() ? i % group : random() % levels.size()];
                                        return row;
                                      }};
  test::interleaved_matrix<Codec> tiles{rows};
  std::vector<float> x;
  for (unsigned t = 0; t < vectors; ++t)
    for (auto const v : whole_numbers(n, 50 + t)) x.push_back(v);
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
    test::scratch_memory memory{skive::interleaved_vectors_bytes(vectors, n)};
    auto const q =
        skive::interleave_floats<Arch>(codec, skive::matrix_view<float const>{x.data(), vectors, n}, kind, memory.get());
    REQUIRE(q);
    std::vector<float> y(vectors * (count + 1), -77.0f);
    REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), *q, {y.data(), vectors, count, count + 1}));
    for (std::size_t t = 0; t < vectors; ++t) {
      for (std::size_t r = 0; r < count; ++r) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < n; ++i)
          sum += static_cast<std::int64_t>(2 * rows.numbers[r][i]) * static_cast<std::int64_t>(x[t * n + i]);
        CAPTURE(n, r, t);
        REQUIRE(y[t * (count + 1) + r] == static_cast<float>(sum) / 2);
      }
      REQUIRE(y[t * (count + 1) + count] == -77.0f);
    }
    auto const part = count > 16 ? std::size_t{1} : 0;  // a range has the bits that the whole has
    std::vector<float> some(vectors * (count - 16 * part));
    skive::row_range const range{part, tiles.layout.tiles() - part};
    REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), *q, {some.data(), vectors, count - 16 * part}, range));
    for (std::size_t t = 0; t < vectors; ++t)
      for (std::size_t r = 16 * part; r < count; ++r)
        REQUIRE(some[t * (count - 16 * part) + r - 16 * part] == y[t * (count + 1) + r]);
  }
}

template <class A, class B>
void check_two_packed(A const& a, B const& b, std::size_t n, std::size_t segment) {
  test::packed_rows<A> const left{a, 5, n, gaussian(n, 300)};
  test::packed_rows<B> const right{b, 18, n, gaussian(n, 400)};
  test::interleaved_matrix<B> tiles{right};
  test::scratch_memory memory{skive::interleaved_vectors_bytes(3, n)};
  auto const q = skive::interleave_rows(b, a, left.matrix(), n, {1, 3}, memory.get());
  REQUIRE(q);
  REQUIRE(q->segment == segment);
  std::vector<float> y(3 * 18);
  REQUIRE(skive::interleaved_product(tiles.layout, tiles.from(), *q, {y.data(), 3, 18}));
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t r = 0; r < 18; ++r) {
      test::double_product const exact{left.numbers[1 + t], right.numbers[r]};
      CAPTURE(n, t, r);
      auto const bound = static_cast<double>(n / segment + 6) * 0x1p-24 * exact.magnitude;
      REQUIRE(std::fabs(static_cast<double>(y[t * 18 + r]) - exact.sum) <= bound);
    }
}

}  // namespace

TEST_CASE("interleaved_rows: every byte comes back", "[kernel]") {
  for (std::size_t const count : {1U, 16U, 19U})
    for (std::size_t const n : {1U, 31U, 96U, 200U}) {
      check_both_ways(skive::absmax<skive::int4>{32}, n, count);
      check_both_ways(skive::affine_int<4>{32, {}, skive::bit_order::high_first}, n, count);
      check_both_ways(skive::nvfp4{16, *skive::nvfp4_scheme::make(5.0f)}, n, count);
      check_both_ways(skive::absmax<skive::int8>{0}, n, count);
      check_both_ways(skive::binary{32}, n, count);
      check_both_ways(skive::ternary{64}, n, count);
      check_both_ways(skive::absmax<skive::int3>{32}, n, count);
      check_both_ways(skive::absmax<skive::int5>{64, {}, skive::bit_order::high_first}, n, count);
      check_both_ways(skive::mx<skive::e2m3>{32}, n, count);
    }
}

TEST_CASE("interleaved_product: products of integers are exact", "[kernel]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check_exact<Arch>(skive::absmax<skive::int4>{32}, {-7, 7, 3, -1, 0, 5}, 100, 35, 3);
    check_exact<Arch>(skive::affine_int<4>{64}, {-5, 10, 0, 1, 9}, 256, 16, 2);
  });
  using native = skive::native_arch;
  check_exact<native>(skive::absmax<skive::int4>{32, {}, skive::bit_order::high_first}, {-7, 7, 2}, 64, 49, 35);
  check_exact<native>(skive::absmax<skive::int8>{0}, {127, -127, 5, -90}, 129, 33, 1);
  check_exact<native>(skive::absmax<skive::int2>{64}, {-1, 1, 0}, 128, 17, 2);
  test::for_each(test::few_arches{}, []<class Arch>() {
    check_exact<Arch>(skive::absmax<skive::int3>{32}, {-3, 3, 1, -1, 0, 2}, 200, 17, 3);
    check_exact<Arch>(skive::absmax<skive::int5>{32, {}, skive::bit_order::high_first}, {-15, 15, 7, -9, 0, 4}, 100, 35, 3);
  });
  check_exact<native>(skive::absmax<skive::int6>{16}, {-31, 31, 17, -9, 0, 4}, 100, 18, 2);
  check_exact<native>(skive::absmax<skive::int7>{32}, {-63, 63, 17, -40, 0, 1}, 100, 18, 2);
  check_exact<native>(skive::mx<skive::e2m1>{32}, {6, -6, 0.5f, -1.5f, 3}, 96, 34, 5);
  check_exact<native>(skive::nvfp4{16, *skive::nvfp4_scheme::make(2688.0f)}, {6, -6, 0.5f, -1.5f, 3}, 80, 34, 5);
}

TEST_CASE("interleaved_product: no length overflows", "[kernel]") {
  // The largest bytes there are, all of one sign, far past 2^31 in all: 255 * 127 * 2^18 = 8.5e9.
  std::size_t const n = std::size_t{1} << 18;
  skive::affine_int<8> const codec{0};
  test::packed_rows<skive::affine_int<8>> const rows{codec, 1, n, [&](std::size_t) {
                                                       std::vector<float> row(n, 255.0f);
                                                       row[1] = 0.0f;
                                                       return row;
                                                     }};
  REQUIRE(rows.numbers[0][0] == 255.0f);
  test::interleaved_matrix<skive::affine_int<8>> tiles{rows};
  std::vector<float> const x(n, 127.0f);
  test::scratch_memory memory{skive::interleaved_vectors_bytes(1, n)};
  auto const q =
      skive::interleave_floats(codec, skive::matrix_view<float const>{x.data(), 1, n}, activation_scale::per_token, memory.get());
  float y = 0;
  REQUIRE(skive::interleaved_product(tiles.layout, tiles.from(), *q, {&y, 1, 1}));
  auto const exact = 255.0 * 127.0 * static_cast<double>(n - 1);
  REQUIRE(std::fabs(static_cast<double>(y) - exact) <= static_cast<double>(n / 32 + 3) * 0x1p-24 * exact);
}

TEST_CASE("interleaved_product: two packed operands", "[kernel]") {
  skive::nvfp4 const nvfp4{16, *skive::nvfp4_scheme::make(5.0f)};
  for (std::size_t const n : {15U, 64U, 250U, 512U}) {
    check_two_packed(skive::absmax<skive::int8>{0}, skive::absmax<skive::int8>{0}, n, 32);
    check_two_packed(skive::absmax<skive::int4>{32}, skive::absmax<skive::int4>{64}, n, 32);
    check_two_packed(skive::mx<skive::e2m1>{32}, skive::mx<skive::e2m1>{32}, n, 32);
    check_two_packed(nvfp4, nvfp4, n, n > 16 ? 16 : 32);
    check_two_packed(skive::ternary{64}, skive::ternary{64}, n, 32);
    check_two_packed(nvfp4, skive::affine_int<4>{32}, n, n > 16 ? 16 : 32);
  }
}

TEST_CASE("interleaved_product: what is refused, and nothing is written", "[kernel]") {
  using codec_type = skive::absmax<skive::int4>;
  codec_type const codec{32};
  std::size_t const n = 64;
  using rows_type = skive::interleaved_rows<codec_type>;
  CHECK(rows_type::make(codec_type{8}, 4, n).error() == errc::invalid_argument);
  CHECK(rows_type::make(codec_type{24}, 4, n).error() == errc::invalid_argument);
  CHECK(rows_type::make(codec, ~std::size_t{0} / 8, n).error() == errc::overflow);
  CHECK(rows_type::make(codec, ~std::size_t{0}, n).error() == errc::overflow);
  test::packed_rows<codec_type> const rows{codec, 20, n, gaussian(n, 1)};
  test::interleaved_matrix<codec_type> tiles{rows};
  auto short_plane = tiles.to();
  --short_plane[1].size;
  CHECK(tiles.layout.pack(rows.matrix(), short_plane).error() == errc::size_mismatch);
  auto fewer = rows.matrix();
  fewer.rows = 19;
  CHECK(tiles.layout.pack(fewer, tiles.to()).error() == errc::size_mismatch);
  test::packed_row<codec_type> row{codec, n};
  CHECK(tiles.layout.unpack(tiles.from(), 20, row.to()).error() == errc::size_mismatch);
  CHECK(tiles.layout.unpack(short_plane, 0, row.to()).error() == errc::size_mismatch);
  auto small = row.to();
  --small[0].size;
  CHECK(tiles.layout.unpack(tiles.from(), 0, small).error() == errc::size_mismatch);
  CHECK(row.untouched());

  auto x = test::gaussian_numbers(2 * n, 3);
  test::scratch_memory memory{skive::interleaved_vectors_bytes(2, n)};
  auto const view = skive::matrix_view<float const>{x.data(), 2, n};
  auto const prepared = [&](auto const& c) {
    return skive::interleave_floats(c, view, activation_scale::per_block, memory.get());
  };
  auto const q = prepared(codec);
  std::vector<float> y(40, -77.0f);
  auto const error = [&](auto const& vectors, std::size_t columns, skive::row_range range) {
    return skive::interleaved_product(tiles.layout, tiles.from(), vectors, {y.data(), 2, columns}, range).error();
  };
  CHECK(error(*q, 19, {0, 2}) == errc::size_mismatch);
  CHECK(error(*q, 20, {1, 2}) == errc::size_mismatch);
  CHECK(error(*q, 20, {3, 0}) == errc::size_mismatch);
  CHECK(skive::interleaved_product(tiles.layout, short_plane, *q, {y.data(), 2, 20}).error() == errc::size_mismatch);
  auto longer = *q;
  longer.size = n + 1;
  CHECK(error(longer, 20, {0, 2}) == errc::size_mismatch);
  auto foreign = *q;
  foreign.order ^= 1;
  CHECK(error(foreign, 20, {0, 2}) == errc::invalid_argument);
  foreign = *q;
  foreign.segment = 8;
  CHECK(error(foreign, 20, {0, 2}) == errc::invalid_argument);
  CHECK(y == std::vector<float>(40, -77.0f));
  CHECK(error(*q, 20, {0, 2}) == errc::ok);

  test::scratch_memory little{skive::interleaved_vectors_bytes(2, n) - 64};
  CHECK(skive::interleave_floats(codec, view, activation_scale::per_token, little.get()).error() == errc::workspace_too_small);
  CHECK(skive::interleave_rows(codec, codec, rows.matrix(), n, {0, 2}, little.get()).error() == errc::workspace_too_small);
  CHECK(skive::interleave_rows(codec, codec, rows.matrix(), n, {19, 2}, memory.get()).error() == errc::size_mismatch);
  CHECK(skive::interleave_rows(codec, codec_type{8}, rows.matrix(), n, {0, 2}, memory.get()).error() == errc::invalid_argument);
  CHECK(skive::interleave_floats(codec, skive::matrix_view<float const>{x.data(), 2, n, n - 1}, activation_scale::per_block,
                                 memory.get())
            .error() == errc::overflow);
  x[70] = std::numeric_limits<float>::infinity();
  CHECK(prepared(codec).error() == errc::not_finite);
}
