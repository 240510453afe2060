// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/grouped.hpp: block sizes, sizes that overflow, equal groups alone and in a row, columns, and random bytes of every codec.
#include "skive/block/grouped.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/sign.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace {

namespace test = skive::test;
constexpr auto largest = std::numeric_limits<std::size_t>::max();

// By definition: the least number of groups whose codes and fields are whole bytes.
std::size_t least_block(std::size_t group, std::size_t code_bits, std::size_t field_bits) {
  std::size_t k = 1;
  while (k * group * code_bits % 8 != 0 || k * field_bits % 8 != 0) ++k;
  return k * group;
}

}  // namespace

TEST_CASE("grouped: a block is the least count of groups that fills whole bytes", "[block]") {
  for (std::size_t group = 1; group < 300; ++group) {
    REQUIRE(skive::absmax<skive::int2>{group}.block_size() == least_block(group, 2, 16));
    REQUIRE(skive::absmax<skive::int3>{group}.block_size() == least_block(group, 3, 16));
    REQUIRE(skive::absmax<skive::int5>{group}.block_size() == least_block(group, 5, 16));
    REQUIRE(skive::absmax<skive::int8>{group}.block_size() == group);
    REQUIRE(skive::affine_int<3>{group}.block_size() == least_block(group, 3, 3));
    REQUIRE(skive::affine_int<4>{group}.block_size() == least_block(group, 4, 4));
    REQUIRE(skive::affine_int<1>{group}.block_size() == least_block(group, 1, 1));
    REQUIRE(skive::ternary_dense{group}.block_size() == std::lcm(group, std::size_t{5}));
  }
  CHECK(skive::absmax<skive::int4>{0}.block_size() == 0);
  static_assert(skive::absmax<skive::int4>{32}.plane_bytes(33) == std::array<std::size_t, 2>{17, 4});
}

TEST_CASE("grouped: sizes of huge rows do not wrap", "[block]") {
  for (std::size_t const group : {1U, 32U, 128U, 0U}) {
    skive::absmax<skive::int8, skive::float32> const codec{group};
    auto const bytes = codec.plane_bytes(largest);
    CHECK(bytes[0] == largest);
    if (group == 1) CHECK(bytes[1] == largest);
    if (group == 32) CHECK(bytes[1] == (largest / 32 + 1) * 4);
    skive::planes<std::byte, 2> p;
    std::array<std::byte, 64> memory{};
    CHECK(skive::planar(codec, largest, memory, p).error() == skive::errc::size_mismatch);
  }
}

TEST_CASE("grouped: codes are packed the same across the internal buffer's end", "[block]") {
  // Groups longer than the 320 codes packed at once, and blocks of several groups, against single numbers' codes.
  for (std::size_t const group : {319U, 320U, 321U, 640U, 1000U, 0U}) {
    auto const row = test::mixed_row(2003, static_cast<unsigned>(group));
    skive::absmax<skive::int3> const narrow{group};
    skive::absmax<skive::int8> const wide{group};
    auto const bytes = test::encoded(narrow, row)[0];
    auto const states = test::detail::settled(narrow, row);
    auto const numbers = test::detail::rounded(narrow, std::span{states}, row);
    auto const size = group == 0 ? row.size() : group;
    auto const per_block = narrow.block_size() == 0 ? row.size() : narrow.block_size();
    auto const block_bytes = narrow.plane_bytes(per_block)[0];
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto const bit = i / per_block * block_bytes * 8 + i % per_block * 3;
      unsigned two = std::to_integer<unsigned>(bytes[bit / 8]);
      if (bit / 8 + 1 < bytes.size()) two |= std::to_integer<unsigned>(bytes[bit / 8 + 1]) << 8;
      int const code = static_cast<int>(two >> bit % 8 & 7);
      float const level = static_cast<float>(code > 3 ? code - 8 : code);
      REQUIRE(level * states[i / size].scale == numbers[i]);
    }
    test::check_block_codec(wide, {2003});
  }
}

TEST_CASE("grouped: NaN in one group of bytes shared with others", "[block]") {
  skive::affine_int<3> const codec{3};  // eight groups of three share bytes
  auto row = test::mixed_row(48, 5);
  auto const clean = test::through(codec, row);
  row[13] = std::numeric_limits<float>::quiet_NaN();
  auto const dirty = test::through(codec, row);
  for (std::size_t i = 0; i < row.size(); ++i)
    if (i >= 12 && i < 15)
      CHECK(std::isnan(dirty[i]));
    else
      CHECK(dirty[i] == clean[i]);
}

TEST_CASE("grouped: works in a constant expression", "[block]") {
  constexpr auto decoded = [] {
    std::array<float, 4> const row{7, -7, 3, -1};
    std::array<std::byte, 4> memory{};
    std::array<float, 4> out{};
    skive::absmax<skive::int4> const codec{4};
    skive::planes<std::byte, 2> p;
    bool good = static_cast<bool>(skive::planar(codec, 4, memory, p));
    good = good && codec.encode(std::span<float const>{row}, p) &&
        codec.decode(skive::planes<std::byte const, 2>(p), std::span<float>{out});
    return good ? out : std::array<float, 4>{};
  }();
  static_assert(decoded == std::array<float, 4>{7, -7, 3, -1});
  SUCCEED();
}
