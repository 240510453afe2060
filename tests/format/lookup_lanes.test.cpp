// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format/lookup_lanes.hpp: the codes and numbers of the scalar rule, for the tables in use and for odd ones.
#include "skive/format/lookup_lanes.hpp"

#include "skive/format/power_of_two.hpp"
#include "support/lane_checks.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

test::word_list const& many() {
  static auto const words = test::all_upper_halves(test::many_low_halves);
  return words;
}

template <class... Formats>
void check_each() {
  (test::check_lanes<Formats>(many(), test::few_arches{}), ...);
}
template <class... Formats>
void check_each_on_one() {
  (test::check_lanes<Formats>(many(), test::first_arch{}), ...);
}

// Of every size from 2 to 16, in no order; with zeros of both signs, without zero, close together and far apart.
template <std::size_t Size>
struct shuffled {
  static constexpr std::array<float, Size> levels = [] {
    std::array<float, Size> l{};
    for (std::size_t i = 0; i < Size; ++i) {
      auto const place = static_cast<float>((i * 7 + 3) % 17) - 8.0f;
      l[i] = place * place * place * 0.013f + (Size % 3 == 0 ? 0.0f : 0.25f);
    }
    return l;
  }();
};
struct both_zeros {
  static constexpr std::array<float, 4> levels{0.0f, -0.0f, 1.0f, -1.0f};
};
struct no_zero {
  static constexpr lookup_tie tie = lookup_tie::toward_zero;
  static constexpr std::array<float, 6> levels{-3.0f, -1.0f, -0.5f, 0.5f, 1.0f, 3.0f};
};
struct positive {
  static constexpr lookup_tie tie = lookup_tie::upper;
  static constexpr std::array<float, 5> levels{5.0f, 1.0f, 4.0f, 2.0f, 3.0f};
};
struct negative {
  static constexpr std::array<float, 3> levels{-0x1p-149f, -1.0f, -0x1.fffffep127f};
};
struct neighbours {
  static constexpr std::array<float, 7> levels{1.0f, 0x1.000002p0f, 0x1.000004p0f, -1.0f, 0x1p-149f, 0x1p-148f, -0x1p-149f};
};
struct own_pivots {
  static constexpr std::array<float, 4> levels{-1.0f, 0.0f, 1.0f, 2.0f};
  static constexpr std::array<double, 3> pivots{-0.9, 0.0, 1.0000000001};
};
// Of more than 16 levels: no two alike, in no order.
template <std::size_t Size>
struct large_table {
  static constexpr std::array<float, Size> levels = [] {
    std::array<float, Size> l{};
    for (std::size_t i = 0; i < Size; ++i) {
      auto const place = static_cast<float>((i * 101 + 5) % (Size <= 257 ? 257 : 1021)) - 120.0f;
      l[i] = place * (place < 0 ? -place : place) * 0.0031f;
    }
    return l;
  }();
};

// Sixteen numbers around each decision of a table, and their opposites.
template <class Format>
void check_decisions() {
  test::word_list words;
  for (auto const key : Format::sorted.float_keys)
    for (std::int32_t k = key - 3; k < key + 5; ++k)
      for (std::uint32_t const sign : {0U, 0x8000'0000U})
        words.push_back(std::bit_cast<std::uint32_t>(detail::real_from_key<float>(k)) ^ sign);
  test::check_lanes<Format>(words, test::first_arch{});
}

template <std::size_t... Size>
void check_sizes(std::index_sequence<Size...>) {
  check_each_on_one<lookup_format<shuffled<Size + 2>>...>();
}

}  // namespace

TEST_CASE("tables in use in lanes", "[format]") {
  check_each<nf4, nf3, fp4_bnb>();
  check_each_on_one<nf2, af4, sf4, iq4_nl>();
}

TEST_CASE("tables of 2 to 16 levels in lanes", "[format]") { check_sizes(std::make_index_sequence<15>{}); }

TEST_CASE("odd tables in lanes", "[format]") {
  check_each<lookup_format<both_zeros>>();
  check_each_on_one<lookup_format<no_zero>, lookup_format<positive>, lookup_format<negative>, lookup_format<neighbours>,
                    lookup_format<own_pivots>>();
}

TEST_CASE("tables of 17 to 1000 levels in lanes", "[format]") {
  check_each<dynamic8>();
  check_each_on_one<dynamic8_unsigned, power_of_two<8>, apot<5>, apot<8>, lookup_format<large_table<17>>,
                    lookup_format<large_table<32>>, lookup_format<large_table<100>>, lookup_format<large_table<256>>,
                    lookup_format<large_table<257>>, lookup_format<large_table<1000>>>();
  check_decisions<dynamic8>();
  check_decisions<apot<8>>();
  check_decisions<lookup_format<large_table<256>>>();
}
