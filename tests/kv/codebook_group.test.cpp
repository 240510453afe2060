// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/codebook_group.hpp: entries come back, each stage takes the nearest to what is left, the first of equals, refusals.
#include "skive/kv/codebook_group.hpp"

#include "support/cache_rows.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::codebook_group;
using skive::codebook_shape;
using skive::errc;
namespace test = skive::test;

std::vector<float> through(codebook_group const& group, test::number_rows const& row) {
  std::vector<std::byte> bytes(group.group_bytes());
  test::number_rows out{1, row.cols};
  REQUIRE(group.encode(row.view(), bytes));
  REQUIRE(group.decode(bytes, 0, out.view()));
  return out.values;
}

}  // namespace

TEST_CASE("codebook_group: any entries of any part come back, codes of 3 bits lie without gaps", "[kv]") {
  constexpr codebook_shape shape{4, 1, 3};
  test::number_rows const books{2 * 8, 4, 11};  // two parts of eight entries
  auto const group = *codebook_group::make(8, shape, books.values);
  CHECK(group.group_bytes() == 1);
  for (std::size_t a = 0; a < 8; ++a)
    for (std::size_t b = 0; b < 8; ++b) {
      test::number_rows row{1, 8};
      for (std::size_t i = 0; i < 4; ++i) {
        row(0, i) = books(a, i);
        row(0, 4 + i) = books(8 + b, i);
      }
      std::byte code[1];
      REQUIRE(group.encode(row.view(), code));
      CHECK(std::to_integer<unsigned>(code[0]) == (a | b << 3));
      CHECK(through(group, row) == row.values);
    }
}

TEST_CASE("codebook_group: stages, by search of every entry", "[kv]") {
  constexpr codebook_shape shape{8, 2, 4};
  test::number_rows books{2 * 16, 8, 13};  // [stage][code]
  auto const group = *codebook_group::make(8, shape, books.values);
  test::number_rows const rows{40, 8, 17};
  for (std::size_t t = 0; t < rows.rows; ++t) {
    test::number_rows row{1, 8};
    for (std::size_t i = 0; i < 8; ++i) row(0, i) = rows(t, i);
    auto rest = row.values;
    std::vector<float> sum(8);
    for (std::size_t s = 0; s < 2; ++s) {
      std::size_t best = 0;
      double least = std::numeric_limits<double>::max();
      for (std::size_t c = 0; c < 16; ++c) {
        double far = 0;
        for (std::size_t i = 0; i < 8; ++i) {
          auto const d = static_cast<double>(rest[i]) - static_cast<double>(books(16 * s + c, i));
          far += d * d;
        }
        if (far < least) best = c;
        if (far < least) least = far;
      }
      for (std::size_t i = 0; i < 8; ++i) {
        rest[i] -= books(16 * s + best, i);
        sum[i] += books(16 * s + best, i);
      }
    }
    CHECK(through(group, row) == sum);
  }
}

TEST_CASE("codebook_group: the first of equal entries, refusals", "[kv]") {
  std::vector<float> books(4 * 8, 1.0f);  // four equal entries
  auto const group = *codebook_group::make(8, {8, 1, 2}, books);
  test::number_rows const row{1, 8, 3};
  std::byte code[1]{std::byte{0xFF}};
  REQUIRE(group.encode(row.view(), code));
  CHECK(code[0] == std::byte{0});

  CHECK(codebook_group::make(8, {3, 1, 2}, books).error() == errc::invalid_argument);
  CHECK(codebook_group::make(8, {8, 0, 2}, books).error() == errc::invalid_argument);
  CHECK(codebook_group::make(8, {8, 1, 9}, books).error() == errc::invalid_argument);
  CHECK(codebook_group::make(8, {8, 2, 2}, books).error() == errc::size_mismatch);
  books[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(codebook_group::make(8, {8, 1, 2}, books).error() == errc::not_finite);
}
