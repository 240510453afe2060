// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/pursuit_state.hpp: coefficients leave a rest that no atom taken can lessen, dependent atoms are refused; the first of the largest.
#include "skive/codebook/pursuit_state.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using vector = std::vector<double>;

double dot(vector const& a, vector const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

bool take(detail::pursuit_state& state, std::vector<vector> const& atoms, std::uint32_t k, vector const& x) {
  double products[detail::pursuit_most];
  for (std::size_t j = 0; j < state.count; ++j) products[j] = dot(atoms[state.atom[j]], atoms[k]);
  return state.take(k, products, dot(atoms[k], atoms[k]), dot(atoms[k], x));
}

TEST_CASE("What the atoms leave is orthogonal to them", "[codebook]") {
  constexpr std::size_t d = 64;
  std::mt19937 random{3};
  std::normal_distribution<double> normal;
  std::vector<vector> atoms(d, vector(d));
  vector x(d);
  for (auto& a : atoms) {
    for (auto& v : a) v = normal(random);
    auto const size = std::sqrt(dot(a, a));
    for (auto& v : a) v /= size;
  }
  for (auto& v : x) v = normal(random);
  detail::pursuit_state state{};
  for (std::uint32_t k = 0; k < 40; ++k) {
    REQUIRE(take(state, atoms, 63 - k, x));
    REQUIRE(state.count == k + 1);
    vector rest = x;
    for (std::size_t j = 0; j < state.count; ++j)
      for (std::size_t i = 0; i < d; ++i) rest[i] -= state.coefficient[j] * atoms[state.atom[j]][i];
    for (std::size_t j = 0; j < state.count; ++j) REQUIRE(std::fabs(dot(rest, atoms[state.atom[j]])) < 1e-10);
    REQUIRE(std::fabs(dot(x, x) - state.explained() - dot(rest, rest)) < 1e-10);
  }
}

TEST_CASE("Atoms that depend on those taken are refused and change nothing", "[codebook]") {
  std::vector<vector> const atoms{{1, 0, 0}, {0.6, 0.8, 0}, {0, 1, 0}, {0.8, 0.6, 1e-4}, {0, 0, 1}};
  vector const x{3, 4, 5};
  detail::pursuit_state state{};
  REQUIRE(take(state, atoms, 0, x));
  REQUIRE(take(state, atoms, 1, x));
  auto const explained = state.explained();
  REQUIRE(std::fabs(explained - 25) < 1e-12);
  for (std::uint32_t const k : {0U, 1U, 2U, 3U}) REQUIRE_FALSE(take(state, atoms, k, x));
  REQUIRE(state.count == 2);
  REQUIRE(state.explained() == explained);
  REQUIRE(take(state, atoms, 4, x));
  REQUIRE(std::fabs(state.explained() - 50) < 1e-12);
}

TEST_CASE("The first of the largest magnitudes above a bound", "[codebook]") {
  auto const check = []<class Arch>() {
    for (std::size_t n = 0; n < 40; ++n) {
      std::vector<float> c(n, 0.25f);
      REQUIRE(detail::strongest<Arch>(c, 0.25f) == n);
      REQUIRE(detail::strongest<Arch>(c, 0.2f) == 0);
      for (std::size_t k = 0; k < n; ++k) {
        c[k] = -2.0f;
        c[n - 1] = k + 1 == n ? -2.0f : 2.0f;  // as large, later
        REQUIRE(detail::strongest<Arch>(c, 0.0f) == k);
        c[k] = c[n - 1] = 0.25f;
      }
    }
    REQUIRE(detail::strongest<Arch>(std::vector<float>(20, 0.0f), 0.0f) == 20);
    REQUIRE(detail::strongest<Arch>(std::vector<float>(20, std::numeric_limits<float>::quiet_NaN()), 0.0f) == 20);
  };
  check.template operator()<scalar_arch>();
  test::for_each(test::few_arches{}, check);
}

}  // namespace
}  // namespace skive
