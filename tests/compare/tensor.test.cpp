// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/tensor.hpp: every code of the 8- and 16-bit types by the definition of its format, shapes and reasons to skip.
#include "compare/tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::compare;

// A float of `exponent` and `mantissa` bits; finite_only: E4M3 of OCP, all ones are NaN and there is no infinity.
double value_of(unsigned code, int exponent, int mantissa, bool finite_only) {
  int const bias = (1 << (exponent - 1)) - 1;
  int const top = (1 << exponent) - 1;
  auto const fraction = static_cast<int>(code & ((1u << mantissa) - 1));
  auto const field = static_cast<int>((code >> mantissa) & ((1u << exponent) - 1));
  double const sign = ((code >> (mantissa + exponent)) & 1u) != 0 ? -1 : 1;
  if (field == top && (finite_only ? fraction == (1 << mantissa) - 1 : fraction != 0))
    return std::numeric_limits<double>::quiet_NaN();
  if (field == top && !finite_only) return sign * std::numeric_limits<double>::infinity();
  if (field == 0) return sign * std::ldexp(fraction, 1 - bias - mantissa);
  return sign * std::ldexp(fraction + (1 << mantissa), field - bias - mantissa);
}

template <class T>
tensor holding(number_type type, std::vector<T> const& values) {
  auto const memory = std::make_shared<std::vector<T>>(values);
  return {"t", "file", type, {1, values.size()}, std::as_bytes(std::span{*memory}), memory, false};
}

template <class Code>
void every_code(number_type type, int exponent, int mantissa, bool finite_only) {
  std::vector<Code> codes;
  for (unsigned c = 0; c <= std::numeric_limits<Code>::max(); ++c) codes.push_back(static_cast<Code>(c));
  std::vector<float> out(codes.size() - 3);
  to_float(holding(type, codes), 3, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    double const expected = value_of(static_cast<unsigned>(i + 3), exponent, mantissa, finite_only);
    auto const found = static_cast<double>(out[i]);
    if (std::isnan(expected))
      REQUIRE(std::isnan(found));
    else
      REQUIRE((found == expected && std::signbit(found) == std::signbit(expected)));
  }
}

}  // namespace

TEST_CASE("tensor: every code of the small types", "[compare]") {
  every_code<std::uint16_t>(number_type::f16, 5, 10, false);
  every_code<std::uint16_t>(number_type::bf16, 8, 7, false);
  every_code<std::uint8_t>(number_type::f8_e4m3, 4, 3, true);
  every_code<std::uint8_t>(number_type::f8_e5m2, 5, 2, false);
}

TEST_CASE("tensor: F32 is read as it is, F64 rounds once", "[compare]") {
  std::vector<float> out(3);
  to_float(holding<float>(number_type::f32, {1.5f, -0.0f, 0x1p-149f}), 0, out);
  CHECK((out[0] == 1.5f && std::signbit(out[1]) && std::bit_cast<std::uint32_t>(out[2]) == 1));
  to_float(holding<double>(number_type::f64, {1 + 0x1p-24, 1 + 0x1.8p-23, 1e300}), 0, out);
  CHECK((out[0] == 1 && out[1] == 1 + 0x1p-22f && std::isinf(out[2])));
}

TEST_CASE("tensor: scales of MX and packed types are listed, not compared", "[compare]") {
  for (auto const type : {number_type::f8_e8m0, number_type::f6_e2m3, number_type::f4, number_type::u8})
    CHECK(reason_to_skip(holding<std::uint8_t>(type, {1, 2, 3, 4})).find("is not compared") != std::string::npos);
  CHECK(reason_to_skip(holding<float>(number_type::f32, {1, 2})).empty());
}
