// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Rows with heavy tails and a few large columns, and what a published codec may cost and lose on them.

#include "skive/core/concepts.hpp"
#include "skive/metric/error.hpp"
#include "skive/transform/permutation.hpp"
#include "support/packed_row.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

inline constexpr std::size_t published_rows = 32;
inline constexpr std::size_t published_cols = 512;

// Student's t of five degrees; every 37th column five times as large.
inline matrix_view<float const> published_weights() {
  static auto const made = [] {
    std::mt19937 random{1};
    std::student_t_distribution<float> tails{5.0f};
    std::vector<float> w(published_rows * published_cols);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = 0.02f * tails(random) * (i % published_cols % 37 == 5 ? 5.0f : 1.0f);
    return w;
  }();
  return {made.data(), published_rows, published_cols};
}

// Columns by falling range: those that need bits come first.
struct column_order {
  std::vector<std::uint32_t> places = std::vector<std::uint32_t>(published_cols);
  permutation order;
  column_order() {
    std::vector<float> range(published_cols);
    REQUIRE(column_keys(published_weights(), column_key::range, range));
    REQUIRE(order_by(range, places));
    std::vector<std::byte> scratch(permutation::check_bytes(published_cols));
    order = *permutation::make(places, workspace{scratch});
  }
};

template <class Codec>
void holds(char const* method, Codec const& codec, double bits, double least_sqnr) {
  static_assert(block_codec<Codec>);
  constexpr auto cols = published_cols;
  error_sums total;
  std::size_t bytes = 0;
  for (std::size_t r = 0; r < published_rows; ++r) {
    auto const row = published_weights().row(r);
    packed_row packed{codec, cols};
    scratch_memory scratch{codec.scratch_bytes(cols)};
    std::vector<float> out(cols);
    REQUIRE(codec.encode(row, packed.to(), scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span{out}, scratch.get()));
    REQUIRE(total.add(row, out));
    bytes += total_bytes(codec.plane_bytes(cols));
  }
  auto const per_weight = 8 * static_cast<double>(bytes) / (published_rows * cols);
  CAPTURE(method, per_weight, total.sqnr_db());
  CHECK(per_weight == bits);
  CHECK(total.sqnr_db() >= least_sqnr);
}

}  // namespace skive::test
