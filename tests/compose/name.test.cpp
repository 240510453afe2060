// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/name.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using enum composer_kind;

constexpr composer only(std::string_view name) {
  auto const c = parse_composition(name);
  return c && c->count == 1 ? c->outer[0] : composer{};
}

static_assert(only("had+x") == composer{hadamard});
static_assert(only("had64+x") == composer{hadamard, 64});
static_assert(only("rht+x") == composer{random_hadamard});
static_assert(only("perm+x") == composer{permutation});
static_assert(only("lr32+x") == composer{low_rank, 32});
static_assert(only("2:4+x") == composer{n_of_m, 2, 4});
static_assert(only("16:32+x") == composer{n_of_m, 16, 32});
static_assert(only("x2+x") == composer{repeated, 2});
static_assert(only("out0.5+x") == composer{outliers, 0, 0, 5'000});
static_assert(only("out12+x") == composer{outliers, 0, 0, 120'000});
static_assert(only("mask50+x") == composer{masked, 0, 0, 500'000});
static_assert(only("mask12.5+x") == composer{masked, 0, 0, 125'000});
static_assert(only("out0.0001+x") == composer{outliers, 0, 0, 1});

}  // namespace

TEST_CASE("composition name: composers outermost first, then the codec", "[compose]") {
  auto const c = parse_composition("lr32+rht+2:4+int4_g64");
  REQUIRE(c);
  CHECK(c->count == 3);
  CHECK(c->outer[0] == composer{low_rank, 32});
  CHECK(c->outer[1] == composer{random_hadamard});
  CHECK(c->outer[2] == composer{n_of_m, 2, 4});
  CHECK(c->codec == "int4_g64");
  auto const plain = parse_composition("int4_g64");
  REQUIRE(plain);
  CHECK(plain->count == 0);
  CHECK(plain->codec == "int4_g64");
}

TEST_CASE("composition name: words that are none", "[compose]") {
  for (auto const* name :
       {"+int4",           "had0+int4",       "had+rh+int4", "hadx+int4",     "lr+int4",           "lr0+int4",
        "lr99999999+int4", "perm2+int4",      "x+int4",      "x1+int4",       "x9+int4",           "4:2+int4",
        "4:4+int4",        "0:4+int4",        "2:33+int4",   "2:+int4",       "2:4x+int4",         "out+int4",
        "out0+int4",       "out.5+int4",      "out5.+int4",  "mask+int4",     "mask0+int4",        "mask100+int4",
        "masks5+int4",     "out0.00001+int4", "out100+int4", "out1.2.3+int4", "int4_g32+int4_g32", "had +int4"}) {
    CAPTURE(name);
    CHECK(parse_composition(name).error() == errc::invalid_argument);
    CHECK(!std::string_view{name}.starts_with("had+") == (unknown_composer(name).data() == name));
  }
  CHECK(unknown_composer("had+rh+int4") == "rh");
  CHECK(unknown_composer("had+int4").empty());
  CHECK(parse_composition("x2+x2+x2+x2+x2+x2+x2+x2+x2+int4").error() == errc::overflow);
}

TEST_CASE("composition name: written and read again", "[compose]") {
  for (auto const* name : {"int4_g32", "had+int4_g32", "rht128+x3+e8p", "out0.5+int3_g64", "out12+a", "out0.0307+a",
                           "out99.9999+a", "lr7+perm+2:4+out2.05+nf4_g64", "mask33.3333+rht+a"}) {
    CAPTURE(name);
    auto const c = parse_composition(name);
    REQUIRE(c);
    std::array<char, 64> to{};
    auto const size = write_composition(*c, to);
    REQUIRE(size);
    CHECK(std::string(to.data(), *size) == name);
    CHECK(write_composition(*c, std::span{to}.first(*size - 1)).error() == errc::size_mismatch);
  }
}
