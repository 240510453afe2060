// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All 2^32 floats into the formats with a vector rule, on three sorts of instruction sets: the codes of the scalar rule,
// which all_floats.test.cpp proves. Hidden: ./run test --exhaustive.
#include "skive/format/minifloat_lanes.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer_lanes.hpp"
#include "skive/format/lookup_lanes.hpp"
#include "skive/format/scale_float.hpp"
#include "support/lane_checks.hpp"

#include <cstdint>
#include <thread>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr std::uint64_t chunk = 1 << 14;

// The floats of every second chunk, from chunk `first` on.
template <class Format>
test::lane_tally sweep(std::uint64_t first) {
  test::lane_tally t;
  test::word_list numbers(chunk);
  for (std::uint64_t begin = first * chunk; begin < std::uint64_t{1} << 32; begin += 2 * chunk) {
    for (std::uint64_t i = 0; i < chunk; ++i) numbers[i] = static_cast<std::uint32_t>(begin + i);
    auto const expected = test::scalar_codes<Format, saturating>(numbers);
    test::for_each(test::few_arches{}, [&]<class Arch>() { test::check_encode<Format, saturating, Arch>(numbers, expected, t); });
  }
  return t;
}

template <class... Formats>
void check_all_floats() {
  auto const check = []<class Format>(Format const*) {
    test::lane_tally odd;
    std::thread other{[&] { odd = sweep<Format>(1); }};
    auto const even = sweep<Format>(0);
    other.join();
    CAPTURE(even.first, even.got, even.want, odd.first, odd.got, odd.want);
    CHECK(even.wrong + odd.wrong == 0);
    CHECK((even.checked + odd.checked) % (std::uint64_t{1} << 32) == 0);
  };
  (check(static_cast<Formats const*>(nullptr)), ...);
}

}  // namespace

TEST_CASE("all floats into eight bits in lanes", "[format][.exhaustive]") {
  check_all_floats<e4m3fn, e5m2, e4m3fnuz, e5m2fnuz, e4m3b11fnuz, e4m3_ieee, e3m4_ieee, e3m4fn>();
}
TEST_CASE("all floats into four and six bits in lanes", "[format][.exhaustive]") { check_all_floats<e2m1, e2m3, e3m2>(); }
TEST_CASE("all floats into scales and float16 in lanes", "[format][.exhaustive]") { check_all_floats<ue4m3, ue5m3, float16>(); }
TEST_CASE("all floats into integers and tables in lanes", "[format][.exhaustive]") {
  check_all_floats<int4, int8, uint8, mxint8, nf4, fp4_bnb>();
}
