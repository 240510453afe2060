// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is asked for while rows are read one after the other, byte by byte.
#include "skive/block/read_ahead.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

namespace skive::detail {
namespace {

TEST_CASE("Short rows: the next row in the same place", "[block]") {
  read_ahead const next{500, 512};
  REQUIRE(next.whole());
  for (std::size_t at = 0; at < 500; ++at) REQUIRE(next.from(at) == 512);
}

TEST_CASE("Long rows: every byte of a row is asked for once, its own or the row before being read", "[block]") {
  for (std::size_t const row : {40000U, 70001U})
    for (std::size_t const gap : {0U, 4096U, 100000U}) {
      auto const to_next = row + gap;
      read_ahead const next{row, to_next};
      REQUIRE_FALSE(next.whole());
      std::set<std::size_t> asked;
      for (std::size_t at = 0; at < row; ++at) REQUIRE(asked.insert(at + next.from(at)).second);
      for (std::size_t at = read_ahead::lead; at < row; ++at) REQUIRE(asked.contains(at));
      for (std::size_t at = 0; at < read_ahead::lead; ++at) REQUIRE(asked.contains(to_next + at));
    }
}

TEST_CASE("A row alone asks for what is near", "[block]") {
  for (std::size_t const row : {100U, 5000U, 70000U}) {
    read_ahead const next{row, 0};
    REQUIRE_FALSE(next.whole());
    for (std::size_t at = 0; at < row; ++at) REQUIRE(next.from(at) == read_ahead::lead);
  }
}

TEST_CASE("The distance stays up to the step that is said", "[block]") {
  for (std::size_t const step_bytes : {32U, 64U, 96U})
    for (auto const& next : {read_ahead{500, 512}, read_ahead{40000, 40000}, read_ahead{70001, 0}, read_ahead{9000, 100000}})
      for (std::size_t const last : {3U, 40U, 1500U})
        for (std::size_t step = 0; step < last;) {
          auto const distance = next.from(step * step_bytes);
          auto const stop = next.last_with(distance, step_bytes, last);
          REQUIRE(stop > step);
          REQUIRE(stop <= last);
          for (; step < stop; ++step) REQUIRE(next.from(step * step_bytes) == distance);
        }
}

TEST_CASE("Rows read one by one: the nearest row that is two leads ahead", "[block]") {
  for (std::size_t pitch = 1; pitch < 20000; pitch += 37) {
    auto const rows = read_ahead::rows_ahead(pitch);
    REQUIRE(rows * pitch >= 2 * read_ahead::lead);
    REQUIRE((rows == 1 || (rows - 1) * pitch < 2 * read_ahead::lead));
    REQUIRE(read_ahead(pitch, rows * pitch).whole());
  }
  REQUIRE(read_ahead::rows_ahead(0) == 1);
}

TEST_CASE("Rows side by side ask for those behind them, rows alone for one that is far enough", "[block]") {
  for (std::size_t const pitch : {0U, 64U, 1088U, 2304U, 9000U, 70000U}) {
    matrix_ahead const four{pitch, pitch, 4};
    REQUIRE(four.rows == 4);
    REQUIRE(four.next.whole() == (pitch != 0 && 4 * pitch <= read_ahead::cached));
    matrix_ahead const one{pitch, pitch, 1};
    REQUIRE(one.rows == read_ahead::rows_ahead(pitch));
    REQUIRE(one.next.from(0) == read_ahead{pitch, one.rows * pitch}.from(0));
  }
}

}  // namespace
}  // namespace skive::detail
