// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/point_levels.hpp: bytes of words are the levels of every code; sixteen points are floats of them.
#include "skive/codebook/point_levels.hpp"

#include "support/simd_arches.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("Bytes of words are levels", "[codebook]") {
  auto const check = []<class Code>(Code) {
    std::size_t wrong = 0;
    for (std::uint64_t c = 0; c < std::uint64_t{1} << Code::code_bits; ++c) {
      std::uint64_t w[1];
      detail::point_words<Code>::words(c, w);
      std::int16_t level[8];
      Code::levels(c, level);
      for (std::size_t j = 0; j < 8; ++j) wrong += static_cast<std::int8_t>(w[0] >> (8 * j)) == level[j] ? 0U : 1U;
    }
    REQUIRE(wrong == 0);
  };
  check(e8p{});
  check(e8_1b{});
}

template <class Code>
void check_many(std::size_t count, float unit) {
  constexpr auto bytes = Code::code_bits / 8;
  std::mt19937 random{5};
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<std::byte> codes(count * bytes);  // nothing beyond may be read
    for (auto& b : codes) b = static_cast<std::byte>(random());
    std::vector<float> expected(8 * count);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t code = 0;
      for (std::size_t b = 0; b < bytes; ++b) code += std::to_integer<std::uint64_t>(codes[bytes * i + b]) << (8 * b);
      std::int16_t level[8];
      Code::levels(code, level);
      for (std::size_t j = 0; j < 8; ++j)
        expected[8 * i + j] = static_cast<float>(static_cast<double>(level[j]) * static_cast<double>(unit));
    }
    test::for_each(test::few_arches{}, [&]<class Arch>() {
      std::vector<float> out(8 * count);
      detail::decode_points<Code, Arch>(codes.data(), count, unit, out.data());
      REQUIRE(out == expected);
    });
  }
}

TEST_CASE("Up to sixteen points at once", "[codebook]") {
  for (std::size_t const count : {2U, 4U, 14U, 16U}) {
    check_many<e8p>(count, 0.3f);
    check_many<e8_1b>(count, 0x1p-80f);
    check_many<e8_3b>(count, 1.7f);
    check_many<e8_4b>(count, 123.4f);
  }
}

}  // namespace
}  // namespace skive
