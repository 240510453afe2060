// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rows through a codec of the library and through an entry of the menu.

#include "compare/format.hpp"
#include "support/packed_row.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

// What a library codec decodes to, row by row.
template <class Codec>
std::vector<float> rows_through(Codec const& codec, std::vector<float> const& m, std::size_t cols) {
  std::vector<float> out;
  for (std::size_t r = 0; r < m.size() / cols; ++r) {
    std::vector<std::byte> memory(total_bytes(codec.plane_bytes(cols)));
    planes<std::byte, Codec::plane_count> p;
    REQUIRE(planar(codec, cols, std::span{memory}, p));
    std::vector<float> y(cols);
    scratch_memory scratch{codec.scratch_bytes(cols)};
    REQUIRE(codec.encode(std::span{m}.subspan(r * cols, cols), p, scratch.get()));
    REQUIRE(codec.decode(p, std::span{y}, scratch.get()));
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

inline std::vector<float> through_format(compare::format const& f, std::vector<float> const& m, std::size_t cols,
                                         double bits_of_a_constant = 32) {
  matrix_view<float const> const rows{m.data(), m.size() / cols, cols};
  auto const codec = f.fit(rows);
  std::vector<std::byte> bytes(codec->bytes({rows.rows, cols}));
  std::vector<float> out(m.size());
  codec->encode_rows(rows, bytes.data());
  codec->decode_rows(bytes.data(), {out.data(), rows.rows, cols});
  CHECK(8.0 * static_cast<double>(bytes.size()) + bits_of_a_constant * static_cast<double>(f.constant_count(cols)) ==
        f.total_bits({rows.rows, cols}));
  return out;
}

}  // namespace skive::test
