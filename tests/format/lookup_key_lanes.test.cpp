// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup_key_lanes.hpp: directed rounding in tables, at and beside every level: the codes of the scalar rule.
#include "skive/format/lookup_key_lanes.hpp"

#include "skive/format/rows.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <optional>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct no_zero_table {
  static constexpr std::array<float, 6> levels{3.0f, -1.0f, -0.5f, 0.25f, 1.0f, -3.0f};
};
struct above_zero_table {
  static constexpr std::array<float, 3> levels{0x1p-149f, 2.0f, 0x1.fffffep127f};
};
// Levels in no order, none of them zero.
template <std::size_t Size>
struct shuffled_table {
  static constexpr auto levels = [] {
    std::array<float, Size> l{};
    for (std::size_t i = 0; i < Size; ++i) l[i] = (static_cast<float>(i * 7 % Size) - 18.5f) * 0.375f;
    return l;
  }();
};

template <class Format>
std::vector<float> numbers() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> x{0.0f, -0.0f, 0x1p-149f, -0x1p-149f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
  for (std::size_t i = 0; i < Format::size; ++i) {
    auto const v = Format::sorted.levels[i];
    x.insert(x.end(), {v, std::nextafter(v, infinity), std::nextafter(v, -infinity), 1.25f * v, 0.75f * v});
  }
  while (x.size() % 16 != 5) x.push_back(x[x.size() / 2]);  // the last ones take the scalar rule
  return x;
}

template <class Format, class Arch, class... Rounding>
void check_policies() {
  auto const x = numbers<Format>();
  for (bool const flushed : {false, true})
    (
        [&] {
          static_assert(detail::encodes_rounded<Format, Arch, Rounding>);
          std::vector<typename Format::code_type> codes(x.size());
          std::optional<test::flush_subnormals> mode;
          if (flushed) mode.emplace();
          auto const done = encode_row<Format, Arch>(std::span<float const>{x}, std::span{codes}, Rounding{});
          mode.reset();
          REQUIRE(done);
          for (std::size_t i = 0; i < x.size(); ++i) {
            CAPTURE(Arch::name(), flushed, i, x[i]);
            if (codes[i] != Format::encode(x[i], Rounding{})) FAIL("another code");
          }
        }(),
        ...);
}
}  // namespace

TEST_CASE("directed rounding in tables: the codes of the scalar rule", "[format]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check_policies<nf4, Arch, nearest_away, toward_zero, toward_positive, toward_negative, toward_odd>();
  });
  test::for_each(test::first_arch{}, []<class Arch>() {
    check_policies<fp4_bnb, Arch, toward_zero, toward_positive, toward_odd>();  // -0 and +0 are two levels
    check_policies<lookup_format<no_zero_table>, Arch, toward_zero>();
    check_policies<lookup_format<above_zero_table>, Arch, toward_negative>();
  });
}

TEST_CASE("directed rounding in large tables: the codes of the scalar rule", "[format]") {
  test::for_each(test::first_arch{}, []<class Arch>() {
    check_policies<dynamic8, Arch, toward_positive, toward_odd>();
    check_policies<lookup_format<shuffled_table<40>>, Arch, toward_zero>();
    check_policies<lookup_format<shuffled_table<1000>>, Arch, toward_positive>();
  });
}
