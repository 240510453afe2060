// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/batch_product.hpp, plain_tiles.hpp, tile_products.hpp, bfloat16_vectors.hpp: plain rows have the products of interleaved
// ones, bit for bit, at any pitch, in blocks, in ranges and on several instruction sets; packed rows as bfloat16; refusals.
#include "skive/kernel/batch_product.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/interleaved_matrix.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::activation_scale;
using skive::errc;

auto gaussian(std::size_t n, std::size_t seed) {
  return [=](std::size_t r) { return test::gaussian_numbers(n, seed + r); };
}
std::vector<float> vectors_of(std::size_t count, std::size_t n) {
  std::vector<float> x;
  for (std::size_t t = 0; t < count; ++t)
    for (auto const v : test::gaussian_numbers(n, 700 + t)) x.push_back(v);
  return x;
}

// The same rows with all planes of a block side by side, and bytes between the rows.
template <class Codec>
struct rows_in_blocks {
  std::size_t pitch;
  std::vector<std::byte> memory;
  skive::packed_matrix<Codec::plane_count> matrix;

  explicit rows_in_blocks(test::packed_rows<Codec> const& rows)
      : pitch{skive::interleaved_bytes(rows.codec, rows.n) + 3}, memory(rows.rows * pitch + 1, std::byte{0x77}) {
    std::array<std::size_t, Codec::plane_count> order{};
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      skive::planes<std::byte, Codec::plane_count> to;
      REQUIRE(skive::interleaved(rows.codec, rows.n, std::span{memory}.subspan(r * pitch), order, to));
      test::scratch_memory scratch{rows.codec.scratch_bytes(rows.n)};
      REQUIRE(rows.codec.template encode<skive::scalar_arch>(std::span<float const>{gaussian(rows.n, 1)(r)}, to, scratch.get()));
    }
    matrix.rows = rows.rows;
    matrix.pitch.fill(pitch);
    REQUIRE(skive::interleaved(rows.codec, rows.n, std::span<std::byte const>{memory}, order, matrix.first));
    for (auto& p : matrix.first.parts) p.size += (rows.rows - 1) * pitch;
  }
};

template <class Arch, class Codec, class Vectors>
void check_same(test::packed_rows<Codec> const& rows, Vectors const& x) {
  auto const count = rows.rows;
  test::interleaved_matrix<Codec> tiles{rows};
  std::vector<float> expected(x.count * count);
  REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), x, {expected.data(), x.count, count}));
  rows_in_blocks<Codec> const blocks{rows};
  for (auto const& m : {rows.matrix(), blocks.matrix}) {
    std::vector<float> y(x.count * (count + 1), -77.0f);
    REQUIRE(skive::batch_product<Arch>(rows.codec, m, x, {y.data(), x.count, count, count + 1}));
    for (std::size_t t = 0; t < x.count; ++t) {
      for (std::size_t r = 0; r < count; ++r) {
        CAPTURE(rows.n, t, r);
        REQUIRE(y[t * (count + 1) + r] == expected[t * count + r]);
      }
      REQUIRE(y[t * (count + 1) + count] == -77.0f);
    }
    if (count < 3) continue;
    std::vector<float> some(x.count * (count - 2));
    REQUIRE(skive::batch_product<Arch>(rows.codec, m, x, {some.data(), x.count, count - 2}, {1, count - 2}));
    for (std::size_t t = 0; t < x.count; ++t)
      for (std::size_t r = 0; r + 2 < count; ++r) REQUIRE(some[t * (count - 2) + r] == expected[t * count + 1 + r]);
  }
}

template <class Arch, class Codec>
void check(Codec const& codec, std::size_t n, std::size_t count, std::size_t vectors) {
  test::packed_rows<Codec> const rows{codec, count, n, gaussian(n, 1)};
  auto const x = vectors_of(vectors, n);
  skive::matrix_view<float const> const view{x.data(), vectors, n};
  if constexpr (skive::detail::integer_scheme<typename Codec::scheme_type>)
    for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
      test::scratch_memory memory{skive::interleaved_vectors_bytes(vectors, n)};
      check_same<Arch>(rows, *skive::interleave_floats<Arch>(codec, view, kind, memory.get()));
    }
  else {
    test::scratch_memory memory{skive::bfloat16_vectors_bytes(vectors, n)};
    check_same<Arch>(rows, *skive::interleave_bfloat16<Arch>(codec, view, memory.get()));
  }
}

template <class Arch, class A, class B>
void check_packed(A const& a, B const& b, std::size_t n) {
  test::packed_rows<A> const left{a, 5, n, gaussian(n, 20)};
  test::packed_rows<B> const right{b, 19, n, gaussian(n, 90)};
  test::scratch_memory memory{skive::bfloat16_vectors_bytes(3, n)};
  auto const x = skive::interleave_bfloat16_rows<Arch>(b, a, left.matrix(), n, {1, 3}, memory.get());
  REQUIRE(x);
  std::vector<float> y(3 * 19);
  REQUIRE(skive::batch_product<Arch>(b, right.matrix(), *x, {y.data(), 3, 19}));
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t r = 0; r < 19; ++r) {
      test::double_product const exact{left.numbers[1 + t], right.numbers[r]};
      CAPTURE(n, t, r);
      REQUIRE(std::fabs(static_cast<double>(y[19 * t + r]) - exact.sum) <=
              static_cast<double>(n / 16 + 28) * 0x1p-24 * exact.magnitude + 1e-30);
    }
}

}  // namespace

TEST_CASE("batch_product: plain rows have the products of interleaved rows", "[kernel]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check<Arch>(skive::affine_int<4>{64}, 640, 19, 3);
    check<Arch>(skive::absmax<skive::e4m3fn>{128}, 300, 18, 3);
  });
  using native = skive::native_arch;
  check<native>(skive::static_scale<skive::int8>{32, *skive::static_scale_scheme<skive::int8>::make(3.0f)}, 1100, 35, 33);
  check<native>(skive::absmax<skive::int4>{0}, 70, 1, 1);
  check<native>(skive::absmax<skive::int4>{32, {}, skive::bit_order::high_first}, 31, 2, 1);
  check<native>(skive::nvfp4{16, *skive::nvfp4_scheme::make(5.0f)}, 1000, 33, 2);
  check<native>(skive::ternary{128}, 700, 17, 2);
  check<native>(skive::absmax<skive::int5>{64, {}, skive::bit_order::high_first}, 700, 17, 2);
  check<native>(skive::mx<skive::e3m2>{32}, 700, 17, 2);
}

TEST_CASE("batch_product: packed rows as bfloat16 numbers, exact products", "[kernel]") {
  for (std::size_t const n : {1U, 40U, 512U}) {
    check_packed<skive::native_arch>(skive::absmax<skive::e4m3fn>{16}, skive::absmax<skive::e4m3fn>{128}, n);
    check_packed<skive::native_arch>(skive::mx<skive::e5m2>{32}, skive::mx<skive::e3m2>{32}, n);
    check_packed<skive::native_arch>(skive::absmax<skive::int3>{48}, skive::absmax<skive::e4m3fn>{0}, n);
  }
}

TEST_CASE("batch_product: no length overflows", "[kernel]") {
  // The largest bytes there are, all of one sign, far past 2^32 in all: 255 * 127 * 2^18 = 8.5e9.
  std::size_t const n = std::size_t{1} << 18;
  skive::affine_int<8> const codec{0};
  test::packed_rows<skive::affine_int<8>> const rows{codec, 1, n, [&](std::size_t) {
                                                       std::vector<float> row(n, 255.0f);
                                                       row[1] = 0.0f;
                                                       return row;
                                                     }};
  for (float const sign : {1.0f, -1.0f}) {
    std::vector<float> const x(n, 127.0f * sign);
    test::scratch_memory memory{skive::interleaved_vectors_bytes(1, n)};
    auto const q = skive::interleave_floats(codec, skive::matrix_view<float const>{x.data(), 1, n}, activation_scale::per_token,
                                            memory.get());
    float y = 0;
    REQUIRE(skive::batch_product(codec, rows.matrix(), *q, {&y, 1, 1}));
    auto const exact = 255.0 * 127.0 * static_cast<double>(n - 1) * static_cast<double>(sign);
    REQUIRE(std::fabs(static_cast<double>(y) - exact) <= static_cast<double>(n / 32 + 3) * 0x1p-24 * std::fabs(exact));
  }
}

TEST_CASE("batch_product: what is refused, and nothing is written", "[kernel]") {
  using codec_type = skive::absmax<skive::e4m3fn>;
  codec_type const codec{32};
  std::size_t const n = 64;
  test::packed_rows<codec_type> rows{codec, 20, n, gaussian(n, 1)};
  auto const m = rows.matrix();
  auto const x = vectors_of(2, n);
  skive::matrix_view<float const> const view{x.data(), 2, n};
  test::scratch_memory memory{skive::bfloat16_vectors_bytes(20, n)};
  auto const q = *skive::interleave_bfloat16(codec, view, memory.get());
  std::vector<float> y(40, -77.0f);
  auto const error = [&](auto const& c, auto const& of, auto const& vectors, std::size_t columns, skive::row_range range) {
    return skive::batch_product(c, of, vectors, {y.data(), 2, columns}, range).error();
  };
  auto cut = m;
  --cut.first[1].size;
  CHECK(error(codec, cut, q, 20, {0, 20}) == errc::size_mismatch);
  CHECK(error(codec, m, q, 19, {0, 20}) == errc::size_mismatch);
  CHECK(error(codec, m, q, 20, {1, 20}) == errc::size_mismatch);
  CHECK(skive::batch_product(codec, m, q, {y.data(), 1, 20}).error() == errc::size_mismatch);
  CHECK(skive::batch_product(codec, m, q, {y.data(), 2, 20, 19}).error() == errc::size_mismatch);
  auto other = q;
  other.order ^= 1;
  CHECK(error(codec, m, other, 20, {0, 20}) == errc::invalid_argument);
  codec_type const odd{8};  // groups end within segments
  test::packed_rows<codec_type> const short_groups{odd, 20, n, gaussian(n, 1)};
  CHECK(error(odd, short_groups.matrix(), q, 20, {0, 20}) == errc::invalid_argument);
  using bytes_type = skive::absmax<skive::int8>;
  test::packed_rows<bytes_type> const of_bytes{bytes_type{16}, 20, n, gaussian(n, 1)};
  test::scratch_memory more{skive::interleaved_vectors_bytes(2, n)};
  auto const bytes = *skive::interleave_floats(bytes_type{32}, view, activation_scale::per_block, more.get());
  CHECK(error(bytes_type{16}, of_bytes.matrix(), bytes, 20, {0, 20}) == errc::invalid_argument);
  CHECK(y == std::vector<float>(40, -77.0f));
  CHECK(error(codec, m, q, 0, {20, 0}) == errc::ok);
  CHECK(error(codec, m, q, 20, {0, 20}) == errc::ok);

  auto const rows_error = [&](codec_type const& c, auto const& of, std::size_t size, skive::row_range range, skive::workspace w) {
    return skive::interleave_bfloat16_rows(codec, c, of, size, range, w).error();
  };
  CHECK(rows_error(odd, short_groups.matrix(), n, {0, 2}, memory.get()) == errc::invalid_argument);
  CHECK(rows_error(codec, cut, n, {0, 2}, memory.get()) == errc::size_mismatch);
  CHECK(rows_error(codec, m, n, {19, 2}, memory.get()) == errc::size_mismatch);
  test::scratch_memory little{skive::bfloat16_vectors_bytes(2, n) - 64};
  CHECK(rows_error(codec, m, n, {0, 2}, little.get()) == errc::workspace_too_small);

  rows.memory[2 * rows.pitch] = std::byte{0x7F};  // a NaN in row 2; in row 3 one under a scale of 0
  rows.memory[3 * rows.pitch] = std::byte{0x7F};
  for (std::size_t i = 0; i < 4; ++i) rows.memory[3 * rows.pitch + n + i] = std::byte{0};
  auto const special = skive::interleave_bfloat16_rows(codec, codec, rows.matrix(), n, {0, 20}, memory.get());
  std::vector<float> all(400);
  REQUIRE(skive::batch_product(codec, rows.matrix(), *special, {all.data(), 20, 20}));
  for (std::size_t i = 0; i < 400; ++i) CHECK(std::isnan(all[i]) == (i / 20 == 2 || i % 20 == 2));
}
