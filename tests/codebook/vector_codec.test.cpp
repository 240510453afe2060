// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/vector_codec.hpp, gaussian_grid.hpp, vector_table.hpp: laws of the concepts, the same bytes on every instruction set,
// the nearest codeword by trying all, the layout bit by bit, published errors, refusals.
#include "skive/codebook/vector_codec.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/vector_table.hpp"
#include "skive/core/random.hpp"
#include "support/gaussian_error.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Codec>
Codec made(std::size_t group) {
  auto const c = Codec::make(group);
  REQUIRE(c);
  return *c;
}

TEST_CASE("Vector codecs keep the laws of their concepts", "[codebook]") {
  auto const terms = [](std::size_t n) { return static_cast<double>(n / 16 + 24); };
  test::check_block_codec(kmeans2_d4{}, {0, 1, 8, 63, 64, 130});
  test::check_block_codec(made<kmeans3_d3>(24), {0, 3, 24, 100});
  test::check_block_codec(made<kmeans_codec<3, 1, float32>>(32), {0, 5, 96, 97});
  test::check_stepwise_codec(kmeans2_d4{}, {0, 4, 136});
  test::check_stepwise_codec(made<kmeans3_d3>(24), {72});
  test::check_dot_codec<native_arch>(kmeans4_d2{}, {0, 1, 16, 517}, terms);
  test::check_dot_codec<scalar_arch>(made<kmeans2_d4>(64), {5, 300}, terms);
}

template <class Arch, class Codec>
test::byte_rows encoded_by(Codec const& codec, std::vector<float> const& row) {
  test::packed_row<Codec> packed{codec, row.size()};
  REQUIRE(codec.template encode<Arch>(std::span<float const>{row}, packed.to()));
  return packed.gathered();
}

template <class Codec>
void check_arches(Codec const& codec, std::size_t n) {
  auto const row = test::mixed_row(n, 5);
  auto const bytes = encoded_by<scalar_arch>(codec, row);
  test::for_each(test::few_arches{}, [&]<class Arch>() { REQUIRE((encoded_by<Arch>(codec, row) == bytes)); });
}

TEST_CASE("Every instruction set gives the bytes of the rule", "[codebook]") {
  check_arches(made<kmeans_codec<1, 1>>(8), 67);
  check_arches(made<kmeans2_d2>(32), 150);
  check_arches(kmeans3_d3{}, 151);
  check_arches(made<kmeans2_d4>(64), 210);
}

// Indices by the definition of the layout: bit i of the string is bit i % 8 of byte i / 8.
std::uint32_t index_of(std::vector<std::byte> const& codes, std::size_t i, std::size_t bits) {
  std::uint32_t index = 0;
  for (std::size_t b = 0; b < bits; ++b)
    index |= (std::to_integer<std::uint32_t>(codes[(i * bits + b) / 8]) >> ((i * bits + b) % 8) & 1) << b;
  return index;
}

template <class Codec>
void check_nearest(Codec const& codec, std::size_t n) {
  std::vector<float> row(n);
  counter_random{1, n}.fill_gaussian(row);
  row[1] = 9.0f;
  row[2] = -50.0f;
  auto const bytes = encoded_by<native_arch>(codec, row);
  auto const out = test::through(codec, row);
  auto const scale = float16::decode(
      static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[1][0]) | std::to_integer<unsigned>(bytes[1][1]) << 8));
  auto const& t = typename Codec::code_type{}.table();
  auto const p = t.dimension;
  bool right = true;
  for (std::size_t v = 0; p * v + p <= n; ++v) {
    auto const distance = [&](std::size_t k) {
      double sum = 0;
      for (std::size_t j = 0; j < p; ++j) {
        auto const d =
            static_cast<double>(row[p * v + j]) / static_cast<double>(scale) - static_cast<double>(t.value[k][j]) / 1024;
        sum += d * d;
      }
      return sum;
    };
    auto const index = index_of(bytes[0], v, t.index_bits);
    for (std::size_t k = 0; k < t.entries; ++k)
      right &= distance(index) <= distance(k) + 0.05 * (1 + std::sqrt(distance(k))) / 16;
    for (std::size_t j = 0; j < p; ++j) right &= out[p * v + j] == t.value[index][j] * (scale / 1024);
  }
  REQUIRE(right);
}

TEST_CASE("Indices are those of the nearest points, packed lowest bit first", "[codebook]") {
  check_nearest(kmeans2_d4{}, 400);
  check_nearest(kmeans3_d3{}, 300);
  check_nearest(kmeans5_d2{}, 300);
  check_nearest(kmeans2_d2{}, 99);
}

TEST_CASE("Grids reach the published errors on Gaussian rows", "[codebook]") {
  // Within two standard errors of 245 000 numbers, about 0.6 %.
  CHECK(test::gaussian_error(kmeans2_d2{}, 60) < 0.1085 * 1.006);
  CHECK(test::gaussian_error(kmeans2_d3{}, 60) < 0.1017 * 1.006);
  CHECK(test::gaussian_error(kmeans2_d4{}, 60) < 0.0967 * 1.006);
  CHECK(test::gaussian_error(kmeans3_d2{}, 60) < 0.0297 * 1.006);
  CHECK(test::gaussian_error(kmeans3_d3{}, 60) < 0.0271 * 1.006);
  CHECK(test::gaussian_error(kmeans4_d2{}, 60) < 0.00780 * 1.006);
  CHECK(test::gaussian_error(kmeans5_d2{}, 60) < 0.00203 * 1.01);
  CHECK(test::gaussian_error(kmeans1_d4{}, 60) < 0.3415 * 1.006);
  CHECK(test::gaussian_error(kmeans_codec<1, 3>{}, 60) < 0.3563 * 1.006);
  CHECK(test::gaussian_error(kmeans_codec<4, 1>{}, 60) < 0.009497 * 1.006);
}

TEST_CASE("The scale search is never worse, and better where rows are not Gaussian", "[codebook]") {
  auto const error = [](kmeans2_d4 const& codec, std::vector<float> const& row) {
    auto const out = test::through(codec, row);
    double sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i) sum += std::pow(static_cast<double>(out[i]) - static_cast<double>(row[i]), 2);
    return sum;
  };
  kmeans2_d4 const searched{{}, vector_scale::search};
  auto row = test::gaussian_row(1024, 3);
  REQUIRE(error(searched, row) <= error({}, row));
  for (std::size_t i = 0; i < row.size(); i += 7) row[i] *= 3;
  REQUIRE(error(searched, row) < 0.99 * error({}, row));
  check_arches(searched, 230);
  test::check_block_codec(*kmeans3_d2::make(64, {}, vector_scale::search), {0, 64, 130});
  test::check_stepwise_codec(searched, {136});
}

TEST_CASE("A caller's own table", "[codebook]") {
  using table = vector_table<2, 2>;
  std::vector<float> const codewords{1, 1, -1, 1, 1, -1, -1, -1};
  table t;
  REQUIRE(table::make({codewords.data(), 4, 2}, t));
  vector_codec<vector_code<2, 2>, float32> const codec{vector_code<2, 2>{&t}};
  std::vector<float> const row{3, 3, -3, 3, 3, -3, -3, -3, 3, -3};
  REQUIRE(test::through(codec, row) == row);
  REQUIRE(std::to_integer<int>(encoded_by<native_arch>(codec, row)[0][0]) == 0b11'10'01'00);
  std::vector<float> wrong = codewords;
  REQUIRE(table::make({wrong.data(), 3, 2}, t).error() == errc::size_mismatch);
  wrong[3] = 8.5f;
  REQUIRE(table::make({wrong.data(), 4, 2}, t).error() == errc::invalid_argument);
  wrong[3] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(table::make({wrong.data(), 4, 2}, t).error() == errc::not_finite);
  REQUIRE(test::through(codec, row) == row);
}

TEST_CASE("Zero, tiny, huge and infinite groups", "[codebook]") {
  auto const codec = made<kmeans_codec<2, 4, float32>>(32);
  std::vector<float> row(5 * 32);
  for (std::size_t i = 0; i < 32; ++i) {
    auto const x = static_cast<float>(i % 5) - 2.0f;
    row[32 + i] = x * 0x1p-100f;
    row[64 + i] = x * 0x1p120f;
    row[96 + i] = i == 7 ? std::numeric_limits<float>::infinity() : x;
    row[128 + i] = x;
  }
  auto const out = test::through(codec, row);
  for (std::size_t i = 0; i < 32; ++i) {
    REQUIRE(std::bit_cast<std::uint32_t>(out[i]) == 0);
    REQUIRE(std::bit_cast<std::uint32_t>(out[32 + i]) == 0);
    REQUIRE(is_finite(out[64 + i]));
    REQUIRE(is_nan(out[96 + i]));
    REQUIRE(std::fabs(out[128 + i] - row[128 + i]) < 1.5f);
  }
  REQUIRE(kmeans2_d4::make(48).error() == errc::invalid_argument);
}

}  // namespace
}  // namespace skive
