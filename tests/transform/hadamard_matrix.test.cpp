// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hadamard_matrix.hpp: H H^T = n I in integers for every order that is made, and which orders those are.
#include "skive/transform/hadamard_matrix.hpp"

#include <cstdint>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::hadamard_construction;
using skive::hadamard_matrix;

using bit_rows = std::vector<std::vector<std::uint64_t>>;

bit_rows rows_of(hadamard_matrix const& h) {
  auto const n = h.order();
  bit_rows rows(n, std::vector<std::uint64_t>((n + 63) / 64));
  for (std::uint32_t i = 0; i < n; ++i)
    for (std::uint32_t j = 0; j < n; ++j)
      if (h.negative(i, j)) rows[i][j / 64] |= std::uint64_t{1} << (j % 64);
  return rows;
}

// The products of all pairs of rows are 0: as many signs differ as agree.
bool is_hadamard(hadamard_matrix const& h) {
  auto const rows = rows_of(h);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      int differ = 0;
      for (std::size_t w = 0; w < rows[i].size(); ++w) differ += std::popcount(rows[i][w] ^ rows[k][w]);
      if (2 * differ != static_cast<int>(h.order())) return false;
    }
  return true;
}

constexpr auto twelve = *hadamard_matrix::make(12);
static_assert(twelve.order() == 12 && twelve.construction() == hadamard_construction::paley_2 && twelve.symmetric());
static_assert(twelve.negative(1, 1) && !twelve.negative(0, 0));

}  // namespace

TEST_CASE("hadamard_matrix: H H^T = n I for every order up to 668", "[transform]") {
  for (std::uint32_t n = 1; n <= 668; ++n) {
    CAPTURE(n);
    auto const h = hadamard_matrix::make(n);
    bool const expected = n <= 2 || (n % 4 == 0 && n != 668);  // no matrix of that order is known
    REQUIRE(static_cast<bool>(h) == expected);
    if (!h) continue;
    REQUIRE(h->order() == n);
    REQUIRE(is_hadamard(*h));
  }
}

TEST_CASE("hadamard_matrix: says how it was made", "[transform]") {
  auto const made = [](std::uint32_t n) { return hadamard_matrix::make(n)->construction(); };
  CHECK(made(64) == hadamard_construction::sylvester);
  CHECK(made(40) == hadamard_construction::paley_2);  // 20 x 2
  CHECK(made(72) == hadamard_construction::paley_2);  // 36 x 2
  CHECK(made(44) == hadamard_construction::paley_1);
  CHECK(made(244) == hadamard_construction::paley_2);  // 121 = 11^2
  for (std::uint32_t const n : {92U, 116U, 156U, 172U, 324U, 344U, 612U}) CHECK(made(n) == hadamard_construction::williamson);
  for (std::uint32_t const n :
       {188U, 236U, 260U, 268U, 292U, 372U, 404U, 428U, 452U, 472U, 476U, 508U, 532U, 536U, 652U, 412U, 604U})
    CHECK(made(n) == hadamard_construction::goethals_seidel);
  for (std::uint32_t const n : {356U, 436U, 596U, 772U, 964U}) {
    CHECK(made(n) == hadamard_construction::miyamoto);
    CHECK(is_hadamard(*hadamard_matrix::make(n)));
  }
  CHECK(hadamard_matrix::make(0).error() == skive::errc::unsupported);
  CHECK(hadamard_matrix::make(6).error() == skive::errc::unsupported);
  for (std::uint32_t const n : {12U, 20U, 28U, 52U, 100U, 124U, 164U, 340U}) {
    auto const h = *hadamard_matrix::make_core(n);
    for (std::uint32_t i = 0; i < n; ++i)
      for (std::uint32_t j = 0; j < i; ++j)
        if (h.symmetric()) REQUIRE(h.negative(i, j) == h.negative(j, i));
  }
}
