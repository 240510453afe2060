// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/format_name.hpp: words of formats, and the reader and writer of names at their edges.
#include "skive/block/format_name.hpp"

#include <array>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using detail::name_reader;
using detail::name_writer;

constexpr number_format read(std::string_view word, std::string_view rest = {}) {
  name_reader r{word};
  auto const f = detail::read_format(r);
  return r.rest() == rest ? f : plain_format(number_kind::other, 99);
}

}  // namespace

TEST_CASE("format_name: words of formats", "[block]") {
  STATIC_CHECK(read("e4m3fn") == format_of<e4m3fn>());
  STATIC_CHECK(read("e4m3fnuz_g32", "_g32") == format_of<e4m3fnuz>());
  STATIC_CHECK(read("int4_full_row", "_row") == format_of<int4_full>());
  STATIC_CHECK(read("int4_fully", "_fully") == format_of<int4>());
  STATIC_CHECK(read("dynamic8_unsigned") == format_of<dynamic8_unsigned>());
  STATIC_CHECK(read("dynamic8_g64", "_g64") == format_of<dynamic8>());
  STATIC_CHECK(read("power_of_two4") == format_of<power_of_two<4>>());
  STATIC_CHECK(read("apot_unsigned3") == format_of<apot_unsigned<3>>());
  STATIC_CHECK(read("binary8p4se") == format_of<binary8p4se>());
  STATIC_CHECK(read("binary8p1uf") == format_of<binary8p1uf>());
}

TEST_CASE("format_name: what is no word is left alone", "[block]") {
  for (auto const* text : {"",
                           "_",
                           "e4m3",
                           "e4m3fnx",
                           "int",
                           "int1",
                           "int9",
                           "int44",
                           "int4f",
                           "nf",
                           "binary",
                           "binary2p1se",
                           "binary8p8se",
                           "binary8p9uf",
                           "binary8p0sf",
                           "binary8p4",
                           "binary8p4s",
                           "binary8p4sx",
                           "power_of_two1",
                           "apot",
                           "apot_unsigned0",
                           "apot_unsigned9"}) {
    CAPTURE(text);
    name_reader r{text};
    CHECK(detail::read_format(r).kind == number_kind::none);
    CHECK(r.rest() == text);
  }
}

TEST_CASE("format_name: numbers", "[block]") {
  name_reader r{"0012x7"};
  CHECK(r.take_number(11) == 0);
  CHECK(r.rest() == "0012x7");
  CHECK(r.take_number(12) == 12);
  CHECK(r.take_part("x"));
  CHECK(r.take_number(8) == 7);
  CHECK(r.take_number(8) == 0);
  CHECK(r.at_boundary());
}

TEST_CASE("format_name: the writer stops at the end of its memory", "[block]") {
  std::array<char, 6> to{};
  name_writer w{std::span{to}.first(5)};
  w.put("ab");
  w.put_number(120);
  CHECK(w.fits());
  w.put("");
  CHECK(w.fits());
  w.put_number(7);
  w.put("z");
  CHECK_FALSE(w.fits());
  CHECK(w.text() == "ab120");
  CHECK(to[5] == 0);
}
