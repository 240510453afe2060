// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/vector_codec.hpp, gaussian_grid.hpp, vector_table.hpp: laws of the concepts, the same bytes on every instruction set,
// the nearest codeword by trying all, the layout bit by bit, published errors, refusals.
#include "skive/codebook/vector_codec.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
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

// Relative to the power of rows of 4096 Gaussian numbers, a scale a row.
template <class Codec>
double gaussian_error() {
  std::vector<float> row(4096);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < 60; ++r) {
    counter_random{77, r}.fill_gaussian(row);
    auto const out = test::through(Codec{}, row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto const d = static_cast<double>(out[i]) - static_cast<double>(row[i]);
      error += d * d;
      power += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    }
  }
  return error / power;
}

TEST_CASE("Grids reach the published errors on Gaussian rows", "[codebook]") {
  // Within two standard errors of 245 000 numbers, about 0.6 %.
  CHECK(gaussian_error<kmeans2_d2>() < 0.1085 * 1.006);
  CHECK(gaussian_error<kmeans2_d3>() < 0.1017 * 1.006);
  CHECK(gaussian_error<kmeans2_d4>() < 0.0967 * 1.006);
  CHECK(gaussian_error<kmeans3_d2>() < 0.0297 * 1.006);
  CHECK(gaussian_error<kmeans3_d3>() < 0.0271 * 1.006);
  CHECK(gaussian_error<kmeans4_d2>() < 0.00780 * 1.006);
  CHECK(gaussian_error<kmeans5_d2>() < 0.00203 * 1.01);
  CHECK(gaussian_error<kmeans1_d4>() < 0.3415 * 1.006);
  CHECK(gaussian_error<kmeans_codec<1, 3>>() < 0.3563 * 1.006);
  CHECK(gaussian_error<kmeans_codec<4, 1>>() < 0.009497 * 1.006);
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

// Levels in 255 steps of the largest one, by the definition; whole chunks, tails, groups that begin within a chunk.
template <class Codec>
void check_products(std::size_t group) {
  auto const codec = made<Codec>(group);
  auto const& t = codec.code().table();
  float largest = 0;
  for (auto const& row : t.value)
    for (auto const v : row) largest = std::max(largest, std::fabs(v));
  REQUIRE(t.byte_unit == largest / 127);
  std::vector<float> x(1100);
  std::vector<float> y(1100);
  counter_random{4, 3}.fill_gaussian(x);
  counter_random{4, 4}.fill_gaussian(y);
  for (std::size_t const n : {0U, 7U, 512U, 1024U, 1100U})
    for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
      test::packed_row<Codec> packed{codec, n, test::layouts[1], 1};
      REQUIRE(codec.encode(std::span<float const>{x}.first(n), packed.to()));
      std::vector<float> decoded(n);
      REQUIRE(codec.decode(packed.from(), std::span{decoded}));
      test::scratch_memory scratch{codec.int8_query_bytes(n, kind)};
      auto const q = codec.prepare_int8(std::span<float const>{y}.first(n), kind, scratch.get());
      REQUIRE(q);
      auto const scales = packed.gathered()[1];
      double exact = 0;
      double magnitude = 0;
      for (std::size_t i = 0; i < n; ++i) {
        detail::query_place<8 / (Codec::code_type::table_type::dimension * 8 / Codec::code_type::table_type::index_bits)> const
            at{i, bit_order::low_first, kind};
        float scale = q->scale;
        if (kind == activation_scale::per_block) std::memcpy(&scale, q->data + at.scale, 4);
        auto const v = static_cast<double>(scale) * static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q->data[at.value]));
        auto const g = group == 0 ? 0 : i / group;
        auto const step = static_cast<double>(float16::decode(static_cast<std::uint16_t>(
                              std::to_integer<unsigned>(scales[2 * g]) | std::to_integer<unsigned>(scales[2 * g + 1]) << 8))) /
            1024;
        auto const unit = step * static_cast<double>(largest) / 127;
        auto const used = std::round(static_cast<double>(decoded[i]) / unit) * unit;
        REQUIRE(std::fabs(used - static_cast<double>(decoded[i])) <= 0.5001 * unit);
        exact += v * used;
        magnitude += std::fabs(v * used);
      }
      auto const check = [&]<class Arch>() {
        auto const got = codec.template dot<Arch>(packed.from(), *q);
        REQUIRE(got);
        REQUIRE(std::fabs(static_cast<double>(*got) - exact) <= 200 * 0x1p-24 * magnitude);
      };
      check.template operator()<scalar_arch>();
      test::for_each(test::few_arches{}, check);
      auto other = *q;
      other.order ^= 1U << 20;
      REQUIRE(codec.dot(packed.from(), other).error() == errc::invalid_argument);
    }
}

TEST_CASE("Products of grids with bytes", "[codebook]") {
  check_products<kmeans1_d4>(0);
  check_products<kmeans2_d2>(32);
  check_products<kmeans2_d2>(0);
  check_products<kmeans2_d4>(512);
  check_products<kmeans4_d2>(0);
  check_products<kmeans4_d2>(48);
  static_assert(!int8_group_code<detail::vector_groups<gaussian_grid<3, 9>>>);
}

}  // namespace
}  // namespace skive
