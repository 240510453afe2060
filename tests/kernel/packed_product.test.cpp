// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/packed_query.hpp, packed_product.hpp, expert_products.hpp: products of two packed matrices against sums in double, exact
// where both sides are integers; matrices in tiles; mixtures of experts; refusals.
#include "skive/kernel/packed_product.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kernel/expert_products.hpp"
#include "support/packed_rows.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::errc;

auto gaussian(std::size_t n, std::size_t seed) {
  return [=](std::size_t r) { return test::gaussian_numbers(n, seed + r); };
}

// |y - sum| <= terms 2^-24 sum |a b|, in batches of 1, 2 and all rows of A.
template <class Arch, class A, class B>
void check_bound(A const& a, B const& b, std::size_t n, double terms, std::size_t count) {
  test::packed_rows<A> const left{a, count, n, gaussian(n, 20)};
  test::packed_rows<B> const right{b, 7, n, gaussian(n, 90)};
  std::vector<float> first;
  for (std::size_t const batch : {32U, 2U, 1U}) {
    test::scratch_memory memory{skive::packed_product_bytes(a, b, n, batch)};
    std::vector<float> y(count * 8, -77.0f);
    REQUIRE(skive::packed_product<Arch>(a, left.matrix(), b, right.matrix(), n, {y.data(), count, 7, 8}, memory.get()));
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t r = 0; r < 7; ++r) {
        test::double_product const exact{left.numbers[t], right.numbers[r]};
        CAPTURE(n, batch, t, r);
        REQUIRE(std::fabs(static_cast<double>(y[8 * t + r]) - exact.sum) <= terms * 0x1p-24 * exact.magnitude + 1e-30);
      }
      REQUIRE(y[8 * t + 7] == -77.0f);
    }
  }
}
// Few rows of A and many.
template <class Arch, class A, class B>
void check_bound(A const& a, B const& b, std::size_t n) {
  for (std::size_t const count : {5U, 9U}) check_bound<Arch>(a, b, n, static_cast<double>(n / 16 + 28), count);
}

// Integers of at most `most`, which each group of 16 reaches on both sides: scales are 1, products exact.
template <class A, class B>
void check_integers(A const& a, B const& b, int most_a, int most_b, std::size_t n) {
  auto const whole = [n](int most, unsigned seed) {
    return [=](std::size_t r) {
      std::mt19937 random{static_cast<unsigned>(r) + seed};
      std::vector<float> row(n);
      for (std::size_t i = 0; i < n; ++i)
        row[i] = i % 16 == 0 ? static_cast<float>(most)
                             : static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) - most);
      return row;
    };
  };
  for (std::size_t const count : {3U, 8U}) {
    test::packed_rows<A> const left{a, count, n, whole(most_a, 1)};
    test::packed_rows<B> const right{b, 4, n, whole(most_b, 2)};
    test::scratch_memory memory{skive::packed_product_bytes(a, b, n)};
    std::vector<float> y(count * 4);
    REQUIRE(skive::packed_product(a, left.matrix(), b, right.matrix(), n, {y.data(), count, 4}, memory.get()));
    for (std::size_t t = 0; t < count; ++t)
      for (std::size_t r = 0; r < 4; ++r) {
        std::int64_t sum = 0;
        auto const x = whole(most_a, 1)(t);
        auto const w = whole(most_b, 2)(r);
        for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::int64_t>(x[i]) * static_cast<std::int64_t>(w[i]);
        CAPTURE(n, t, r);
        REQUIRE(y[4 * t + r] == static_cast<float>(sum));
      }
  }
}

}  // namespace

TEST_CASE("packed_product: two packed operands within the bound", "[kernel]") {
  skive::nvfp4 const nvfp4{16, *skive::nvfp4_scheme::make(5.0f)};
  using native = skive::native_arch;
  for (std::size_t const n : {1U, 33U, 256U, 700U}) {
    check_bound<native>(skive::absmax<skive::e4m3fn>{0}, skive::absmax<skive::e4m3fn>{128}, n);
    check_bound<native>(skive::absmax<skive::e4m3fn>{128}, skive::absmax<skive::e4m3fn>{0}, n);
    check_bound<native>(nvfp4, nvfp4, n);
    check_bound<native>(skive::mx<skive::e2m1>{32}, skive::mx<skive::e2m1>{32}, n);
    check_bound<native>(skive::mx<skive::e4m3fn>{32}, skive::mx<skive::e2m1>{32}, n);
    check_bound<native>(skive::absmax<skive::int8>{0}, skive::affine_int<4>{32}, n);
    check_bound<native>(skive::absmax<skive::int4>{6}, skive::absmax<skive::int4>{32}, n);  // groups end within lanes
    check_bound<native>(skive::absmax<skive::int3>{24}, skive::absmax<skive::int8>{64}, n);
  }
  check_bound<skive::scalar_arch>(nvfp4, nvfp4, 100);
}

TEST_CASE("packed_product: integers are exact, one scale a token, a group or a tensor", "[kernel]") {
  for (std::size_t const n : {16U, 100U, 512U, 1040U}) {
    check_integers(skive::absmax<skive::int8>{0}, skive::absmax<skive::int8>{0}, 127, 127, n);
    check_integers(skive::absmax<skive::int4>{32}, skive::absmax<skive::int4>{16}, 7, 7, n);
    check_integers(skive::absmax<skive::int8>{16}, skive::absmax<skive::int4>{0}, 127, 7, n);
    check_integers(skive::absmax<skive::int2>{16}, skive::absmax<skive::int4>{16}, 1, 7, n);
    check_integers(skive::static_scale<skive::int8>{0, *skive::static_scale_scheme<skive::int8>::make(127.0f)},
                   skive::absmax<skive::int8>{0}, 127, 127, n);
  }
}

TEST_CASE("packed_product: no length overflows in 32 bits", "[kernel]") {
  std::size_t const n = std::size_t{1} << 18;  // 127 * 127 * 2^18 is 4.2e9
  skive::absmax<skive::int8> const codec{0};
  auto const all = [=](std::size_t) { return std::vector<float>(n, 127.0f); };
  test::scratch_memory memory{skive::packed_product_bytes(codec, codec, n, 1)};
  for (std::size_t const count : {1U, 8U}) {
    test::packed_rows<skive::absmax<skive::int8>> const rows{codec, count, n, all};
    std::vector<float> y(count * count);
    skive::matrix_view<float> const out{y.data(), count, count};
    REQUIRE(skive::packed_product(codec, rows.matrix(), codec, rows.matrix(), n, out, memory.get()));
    auto const exact = 127.0 * 127.0 * static_cast<double>(n);
    for (auto const v : y)
      REQUIRE(std::fabs(static_cast<double>(v) - exact) <= static_cast<double>(n / 16 + 28) * 0x1p-24 * exact);
  }
}

TEST_CASE("packed_product: weights in tiles", "[kernel]") {
  auto const tiles = *skive::tiles<skive::absmax_scheme<skive::e4m3fn>>::make(8, 32);
  skive::absmax<skive::e4m3fn> const tokens{32};
  std::size_t const rows = 21;
  std::size_t const n = 80;
  auto const numbers = test::gaussian_numbers(rows * n, 5);
  std::vector<std::byte> codes(tiles.plane_bytes(rows, n)[0]);
  std::vector<std::byte> scales(tiles.plane_bytes(rows, n)[1]);
  skive::planes<std::byte, 2> const to{{{{codes.data(), codes.size(), 0}, {scales.data(), scales.size(), 0}}}};
  test::scratch_memory scratch{tiles.scratch_bytes(rows, n)};
  REQUIRE(tiles.encode({numbers.data(), rows, n}, to, scratch.get()));
  std::vector<float> decoded(rows * n);
  REQUIRE(tiles.decode(to, {decoded.data(), rows, n}, scratch.get()));
  test::packed_rows<skive::absmax<skive::e4m3fn>> const left{tokens, 3, n, gaussian(n, 60)};
  test::scratch_memory memory{skive::packed_product_bytes(tokens, skive::strip_codec(tiles), n, 3)};
  std::vector<float> y(3 * rows);
  REQUIRE(skive::packed_product(tokens, left.matrix(), tiles, to, n, {y.data(), 3, rows}, memory.get()));
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t r = 0; r < rows; ++r) {
      test::double_product const exact{left.numbers[t], {decoded.data() + r * n, decoded.data() + (r + 1) * n}};
      REQUIRE(std::fabs(static_cast<double>(y[t * rows + r]) - exact.sum) <= 20 * 0x1p-24 * exact.magnitude);
    }
  auto cut = to;
  --cut[1].size;
  CHECK(skive::packed_product(tokens, left.matrix(), tiles, cut, n, {y.data(), 3, rows}, memory.get()).error() ==
        errc::size_mismatch);
  CHECK(skive::matrix_strip(tiles, to, rows, n, 3).error() == errc::size_mismatch);
  auto const odd = *skive::tiles<skive::absmax_scheme<skive::int4>>::make(8, 3);
  CHECK(skive::matrix_strip(odd, to, 4, 6, 0).error() == errc::invalid_argument);
}

TEST_CASE("packed_product: what is refused", "[kernel]") {
  skive::absmax<skive::int8> const codec{16};
  std::size_t const n = 64;
  test::packed_rows<skive::absmax<skive::int8>> const rows{codec, 3, n, gaussian(n, 1)};
  auto const m = rows.matrix();
  std::vector<float> y(9, -77.0f);
  test::scratch_memory memory{skive::packed_product_bytes(codec, codec, n, 1)};
  test::scratch_memory little{skive::packed_product_bytes(codec, codec, n, 1) - 64};
  auto const error = [&](auto const& a, auto const& b, std::size_t size, skive::matrix_view<float> out, skive::workspace w) {
    return skive::packed_product(codec, a, codec, b, size, out, w).error();
  };
  skive::matrix_view<float> const out{y.data(), 3, 3};
  auto cut = m;
  --cut.first[1].size;
  CHECK(error(cut, m, n, out, memory.get()) == errc::size_mismatch);
  CHECK(error(m, cut, n, out, memory.get()) == errc::size_mismatch);
  CHECK(error(m, m, n + 16, out, memory.get()) == errc::size_mismatch);
  CHECK(error(m, m, n, {y.data(), 2, 3}, memory.get()) == errc::size_mismatch);
  CHECK(error(m, m, n, {y.data(), 3, 2}, memory.get()) == errc::size_mismatch);
  CHECK(error(m, m, n, {y.data(), 3, 3, 1}, memory.get()) == errc::size_mismatch);
  CHECK(error(m, m, n, out, little.get()) == errc::workspace_too_small);
  CHECK(y == std::vector<float>(9, -77.0f));
  skive::absmax<skive::int4> const other{6};
  test::packed_rows<skive::absmax<skive::int4>> const narrow{other, 1, n, gaussian(n, 1)};
  CHECK(skive::packed_query(codec, other, narrow.matrix().row(0), n, memory.get()).error() == errc::invalid_argument);
  CHECK(skive::packed_query(codec, codec, cut.row(2), n, memory.get()).error() == errc::size_mismatch);
  CHECK(skive::packed_query(codec, codec, m.row(0), n, skive::workspace{}).error() == errc::workspace_too_small);

  auto bad = rows;  // a group that was not finite
  bad.memory[1 * rows.pitch + n] = std::byte{0xFF};
  bad.memory[1 * rows.pitch + n + 1] = std::byte{0x7F};
  REQUIRE(error(bad.matrix(), m, n, out, memory.get()) == errc::ok);
  for (std::size_t i = 0; i < 9; ++i) CHECK(std::isnan(y[i]) == (i / 3 == 1));
}

TEST_CASE("expert_products: ragged rows, a matrix and a scale for each expert", "[kernel]") {
  std::size_t const n = 96;
  std::size_t const width = 9;
  std::vector<test::packed_rows<skive::nvfp4>> matrices;
  std::vector<skive::expert<skive::nvfp4>> experts;
  for (std::size_t e = 0; e < 4; ++e)
    matrices.emplace_back(skive::nvfp4{16, *skive::nvfp4_scheme::make(3.0f + static_cast<float>(e))}, width, n,
                          gaussian(n, 10 * e));
  for (auto const& m : matrices) experts.push_back({m.codec, m.matrix()});
  std::vector<std::size_t> const offsets{0, 2, 2, 7, 8};
  skive::mx<skive::e2m1> const of_tokens{32};
  test::packed_rows<skive::mx<skive::e2m1>> const packed{of_tokens, 8, n, gaussian(n, 500)};
  std::vector<test::scratch_memory> memory(8, test::scratch_memory{matrices[0].codec.int8_query_bytes(n)});
  std::vector<skive::int8_query> tokens;
  for (std::size_t t = 0; t < 8; ++t)
    tokens.push_back(*skive::packed_query(matrices[0].codec, of_tokens, packed.matrix().row(t), n, memory[t].get()));
  std::vector<float> y(8 * 10, -77.0f);
  skive::matrix_view<float> const out{y.data(), 8, width, 10};
  auto const all = std::span<skive::expert<skive::nvfp4> const>{experts};
  auto const queries = std::span<skive::int8_query const>{tokens};
  auto const error = [&](std::vector<std::size_t> const& o, auto const& q, skive::matrix_view<float> v) {
    return skive::expert_products(all, std::span<std::size_t const>{o}, q, v).error();
  };
  CHECK(error({0, 2, 2, 7}, queries, out) == errc::size_mismatch);
  CHECK(error({0, 2, 2, 7, 7}, queries, out) == errc::invalid_argument);
  CHECK(error({1, 2, 2, 7, 8}, queries, out) == errc::invalid_argument);
  CHECK(error({0, 3, 2, 7, 8}, queries, out) == errc::invalid_argument);
  CHECK(error(offsets, queries.first(7), out) == errc::size_mismatch);
  CHECK(error(offsets, queries, {y.data(), 8, width - 1, 10}) == errc::size_mismatch);
  auto wrong = tokens;
  wrong[7].order ^= 1;
  CHECK(error(offsets, std::span<skive::int8_query const>{wrong}, out) == errc::invalid_argument);
  wrong = tokens;
  wrong[7].size = n - 16;
  CHECK(error(offsets, std::span<skive::int8_query const>{wrong}, out) == errc::size_mismatch);
  wrong = tokens;
  wrong[7].kind = skive::activation_scale::per_token;
  CHECK(error(offsets, std::span<skive::int8_query const>{wrong}, out) == errc::invalid_argument);
  experts[3].weights.first[0].size = 10;
  CHECK(error(offsets, queries, out) == errc::size_mismatch);
  experts[3].weights = matrices[3].matrix();
  CHECK(y == std::vector<float>(80, -77.0f));

  REQUIRE(error(offsets, queries, out) == errc::ok);
  for (std::size_t e = 0; e < 4; ++e)
    for (auto t = offsets[e]; t < offsets[e + 1]; ++t) {
      for (std::size_t r = 0; r < width; ++r) {
        test::double_product const exact{packed.numbers[t], matrices[e].numbers[r]};
        REQUIRE(std::fabs(static_cast<double>(y[10 * t + r]) - exact.sum) <= 16 * 0x1p-24 * exact.magnitude);
      }
      REQUIRE(y[10 * t + 9] == -77.0f);
    }
}
