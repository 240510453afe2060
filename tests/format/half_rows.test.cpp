// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/rows.hpp with bfloat16 and float16 numbers: all 65536 of each into every small format and all codes back, to floats too,
// against the scalar rule, under every overflow policy, with subnormals flushed and not; every short length at odd addresses.
#include "skive/format/rows.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr std::size_t all = 0x1'0000;

template <class T>
std::vector<T> all_numbers() {
  std::vector<T> x(all);
  for (std::size_t i = 0; i < all; ++i) x[i] = T{static_cast<std::uint16_t>(i)};
  return x;
}

constexpr overflow_policy policies[] = {{overflow_action::saturate, overflow_action::saturate},
                                        {overflow_action::saturate, overflow_action::to_special},
                                        {overflow_action::to_special, overflow_action::saturate},
                                        {overflow_action::to_special, overflow_action::to_special}};

// One more number than there are, so that the last ones don't fill a register; the byte behind stays.
template <class Format, class T, class Arches>
void check_encode(Arches arches) {
  auto x = all_numbers<T>();
  x.push_back(x[0x4000]);
  for (auto const policy : policies) {
    std::vector<std::uint8_t> expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      expected[i] = static_cast<std::uint8_t>(Format::encode(T::decode(x[i].code), nearest_even{}, policy));
    expected.push_back(0xA5);
    auto const run = [&]<class Arch>() {
      std::vector<std::uint8_t> codes(expected.size(), 0xA5);
      bool const good = static_cast<bool>(
          encode_row<Format, Arch>(std::span<T const>{x}, std::span{codes}.first(x.size()), nearest_even{}, policy));
      CHECK((good && codes == expected));
    };
    test::for_each(arches, run);
    test::flush_subnormals const mode;
    test::for_each(arches, run);
  }
}

template <class T>
T as_number(float x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return T::from(x, nearest_even{}, non_saturating);
}

template <class Format, class T, class Arches>
void check_decode(Arches arches) {
  std::vector<std::uint8_t> codes(std::size_t{1} << Format::bits);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  std::vector<T> expected(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) expected[i] = as_number<T>(static_cast<float>(Format::decode(codes[i])));
  auto const run = [&]<class Arch>() {
    std::vector<T> numbers(codes.size());
    bool const good = static_cast<bool>(decode_row<Format, Arch>(std::span<std::uint8_t const>{codes}, std::span{numbers}));
    CHECK((good && std::memcmp(numbers.data(), expected.data(), numbers.size() * sizeof(T)) == 0));
  };
  test::for_each(arches, run);
  test::flush_subnormals const mode;
  test::for_each(arches, run);
}

template <class... Formats, class Arches>
void check_each(Arches arches) {
  (check_encode<Formats, bfloat16>(arches), ...);
  (check_encode<Formats, float16>(arches), ...);
  (check_decode<Formats, bfloat16>(arches), ...);
  (check_decode<Formats, float16>(arches), ...);
  (check_decode<Formats, float>(arches), ...);
}

// Lengths 0 .. 3 registers + 1 from and to addresses that are multiples of nothing but the number.
template <class Format, class T, class Arch>
void check_lengths(std::vector<T> const& x) {
  std::vector<std::uint8_t> codes(60);
  std::vector<T> back(60);
  for (std::size_t n = 0; n <= 49; ++n)
    for (std::size_t offset = 0; offset < 3; ++offset) {
      auto const from = std::span{x}.subspan(0x3A00 + 7 * n + offset, n);
      codes.assign(codes.size(), 0xA5);
      back.assign(back.size(), T{0x1234});
      REQUIRE(encode_row<Format, Arch>(from, std::span{codes}.subspan(offset, n)));
      REQUIRE(
          decode_row<Format, Arch>(std::span<std::uint8_t const>{codes}.subspan(offset, n), std::span{back}.subspan(offset, n)));
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < codes.size(); ++i) {
        bool const inside = offset <= i && i < offset + n;
        auto const code = inside ? Format::encode(T::decode(from[i - offset].code)) : std::uint8_t{0xA5};
        auto const number = inside ? T::from(Format::decode(code), nearest_even{}, non_saturating) : T{0x1234};
        wrong += codes[i] == code && back[i] == number ? 0U : 1U;
      }
      REQUIRE(wrong == 0);
    }
}

}  // namespace

TEST_CASE("all halves into eight bits and back", "[format]") {
  check_each<e4m3fn, e5m2, e4m3fnuz>(test::few_arches{});
  check_each<e5m2fnuz, e4m3b11fnuz, e4m3_ieee, e3m4_ieee, e3m4fn>(test::first_arch{});
}

TEST_CASE("all halves into four and six bits and back", "[format]") { check_each<e2m1, e2m3, e3m2>(test::first_arch{}); }

TEST_CASE("short rows of halves at odd addresses", "[format]") {
  auto const upper = all_numbers<bfloat16>();
  auto const half = all_numbers<float16>();
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    check_lengths<e4m3fn, bfloat16, Arch>(upper);
    check_lengths<e5m2, float16, Arch>(half);
  });
}
