// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rows under policies other than nearest even: the codes of the scalar rule, with subnormals flushed and not.

#include "skive/core/stochastic_stream.hpp"
#include "skive/format/rows.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

// All upper halves of floats, each with a lower half that may be a tie or beside one; then an odd tail.
inline std::vector<float> const& scattered_floats() {
  static auto const all = [] {
    constexpr std::uint32_t low[] = {0, 1, 0x8000, 0x7FFF, 0x8001, 0xFFFF, 0x1000, 0x0FFF, 0x4000, 0xC001};
    std::mt19937 random{8};
    std::vector<float> x;
    for (std::uint32_t high = 0; high < 0x1'0000; ++high) {
      auto const any = static_cast<std::uint32_t>(random() % 0x1'0000);
      x.push_back(std::bit_cast<float>(high << 16 | (random() % 2 == 0 ? low[random() % 10] : any)));
    }
    for (std::size_t i = x.size(); i-- > 1;) std::swap(x[i], x[random() % i]);
    for (int i = 0; i < 7; ++i) x.push_back(x[static_cast<std::size_t>(i)]);
    return x;
  }();
  return all;
}

template <class Format, class Arches, class Rounding>
void check_rounded_row(Arches arches, Rounding const& rounding) {
  auto const& x = scattered_floats();
  std::vector<typename Format::code_type> expected(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if constexpr (requires { rounding.at(i); })
      expected[i] = Format::encode(x[i], rounding.at(i));
    else
      expected[i] = Format::encode(x[i], rounding);
  for_each(arches, [&]<class Arch>() {
    static_assert(detail::encodes_rounded<Format, Arch, Rounding>);
    for (bool const flushed : {false, true}) {
      std::vector<typename Format::code_type> codes(x.size());
      std::optional<flush_subnormals> mode;
      if (flushed) mode.emplace();
      auto const done = encode_row<Format, Arch>(std::span<float const>{x}, std::span{codes}, rounding);
      mode.reset();
      REQUIRE(done);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (codes[i] == expected[i]) continue;
        CAPTURE(Arch::name(), flushed, i, x[i], +codes[i], +expected[i]);
        FAIL("another code");
      }
    }
  });
}

template <class Format, class Arches>
void check_rounded_rows(Arches arches) {
  check_rounded_row<Format>(arches, toward_zero{});
  check_rounded_row<Format>(arches, toward_positive{});
  check_rounded_row<Format>(arches, toward_negative{});
  check_rounded_row<Format>(arches, nearest_away{});
  check_rounded_row<Format>(arches, toward_odd{});
  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c})
    for (int const count : {1, 8, 16, 17, 32}) check_rounded_row<Format>(arches, stochastic_stream{21, 3, count, variant});
}

}  // namespace skive::test
