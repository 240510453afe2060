// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/code_distances.hpp: distances equal those to decoded vectors; corrupt codes, refusals.
#include "skive/codebook/code_distances.hpp"

#include "support/allocations.hpp"
#include "support/drawn_vectors.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using test::codes_below;
using test::gaussians;

constexpr code_metric metrics[]{code_metric::squared_distance, code_metric::inner_product};

double exact(code_metric metric, float const* a, float const* b, std::size_t d) {
  double sum = 0;
  for (std::size_t j = 0; j < d; ++j) {
    auto const x = static_cast<double>(a[j]);
    auto const y = static_cast<double>(b[j]);
    sum += metric == code_metric::inner_product ? x * y : (x - y) * (x - y);
  }
  return sum;
}

TEST_CASE("Distances on codes are those to the decoded vectors", "[codebook]") {
  constexpr std::size_t n = 30;
  constexpr std::size_t d = 12;
  constexpr std::size_t parts = 4;
  for (std::size_t const k : {16U, 100U, 256U}) {
    auto const books = gaussians(k * d, 1);
    auto const q = *product_quantizer::make(d, parts, k, books);
    auto const codes = codes_below(n * parts, static_cast<std::uint32_t>(k));
    matrix_view<std::uint8_t const> const rows{codes.data(), n, parts};
    std::vector<float> decoded(n * d);
    REQUIRE(q.decode(rows, {decoded.data(), n, d}));
    auto const x = gaussians(d, 2);
    std::vector<float> tables(parts * k);
    std::vector<float> pairs(parts * k * k);
    std::vector<float> out(n);
    for (auto const metric : metrics) {
      REQUIRE(distance_tables(q, x, metric, tables));
      REQUIRE(asymmetric_distances(q, tables, rows, out));
      REQUIRE(symmetric_tables(q, metric, pairs));
      for (std::size_t i = 0; i < n; ++i) {
        REQUIRE(static_cast<double>(out[i]) == Catch::Approx(exact(metric, x.data(), &decoded[i * d], d)).margin(1e-4));
        auto const s = symmetric_distance(q, pairs, rows.row(i), rows.row((i + 7) % n));
        REQUIRE(s);
        REQUIRE(static_cast<double>(*s) ==
                Catch::Approx(exact(metric, &decoded[i * d], &decoded[(i + 7) % n * d], d)).margin(1e-4));
      }
    }
  }
}

TEST_CASE("Distances on codes: refusals and corrupt codes", "[codebook]") {
  std::vector<float> const books(16 * 4, 1.0f);
  auto const q = *product_quantizer::make(4, 2, 16, books);
  std::vector<float> tables(32);
  std::vector<float> pairs(512);
  std::vector<float> out(2, 9.0f);
  std::vector<std::uint8_t> codes{0, 1, 16, 3};
  REQUIRE(distance_tables(q, out, metrics[0], tables).error() == errc::size_mismatch);
  REQUIRE(symmetric_tables(q, metrics[0], tables).error() == errc::size_mismatch);
  REQUIRE(asymmetric_distances(q, tables, {codes.data(), 2, 2}, out).error() == errc::corrupt);
  REQUIRE(asymmetric_distances(q, tables, {codes.data(), 1, 2}, out).error() == errc::size_mismatch);
  REQUIRE(asymmetric_distances(q, tables, {nullptr, 2, 2}, out).error() == errc::invalid_argument);
  REQUIRE(out == std::vector<float>(2, 9.0f));
  REQUIRE(symmetric_distance(q, pairs, std::span{codes}.first(2), std::span{codes}.last(2)).error() == errc::corrupt);
  REQUIRE(symmetric_distance(q, pairs, std::span{codes}.first(1), std::span{codes}.last(2)).error() == errc::size_mismatch);
}

}  // namespace
}  // namespace skive
