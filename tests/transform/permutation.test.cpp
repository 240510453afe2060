// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/permutation.hpp: there and back, orders by keys of columns, zigzag, refusals, folding.
#include "skive/transform/permutation.hpp"

#include "laws/transform.hpp"
#include "skive/transform/algebra.hpp"
#include "skive/transform/hadamard.hpp"
#include "skive/transform/rows.hpp"

#include <algorithm>
#include <numeric>

namespace {

namespace test = skive::test;
using skive::column_key;
using skive::errc;
using skive::permutation;
using arch = skive::native_arch;
using numbers = std::vector<std::uint32_t>;

numbers shuffled(std::size_t n, unsigned seed) {
  numbers order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937{seed});
  return order;
}

permutation made(numbers const& order) {
  test::scratch_memory scratch{permutation::check_bytes(order.size())};
  auto const p = permutation::make(order, scratch.get());
  REQUIRE(p);
  return *p;
}

}  // namespace

TEST_CASE("permutation: there, back, and for every pattern", "[transform]") {
  for (std::size_t const n : {1U, 2U, 17U, 100U, 1000U}) {
    auto const order = shuffled(n, 3);
    auto const p = made(order);
    auto x = test::gaussian_vector(n, 1);
    x[0] = std::numeric_limits<float>::quiet_NaN();
    auto const y = test::transformed<arch>(p, x);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(test::same_bits({y[i]}, {x[order[i]]}));
    REQUIRE(test::same_bits(test::transformed<arch>(p, y, true), x));
    test::check_refusals<arch>(p, false);
    numbers back(n);
    REQUIRE(skive::invert_order(order, back));
    REQUIRE(test::same_bits(test::transformed<arch>(made(back), y), x));
  }
  auto const order = shuffled(80, 4);
  skive::chain const t{made(order), *skive::hadamard::make(80)};
  test::check_transform<arch>(t, t.second().roundings() * 0x1p-24);
  test::check_bits<arch>(t);
  test::check_refusals<arch>(t);
}

TEST_CASE("permutation: refuses what is none", "[transform]") {
  test::scratch_memory scratch{permutation::check_bytes(4)};
  CHECK(permutation::make(numbers{0, 1, 1, 3}, scratch.get()).error() == errc::invalid_argument);
  CHECK(permutation::make(numbers{0, 1, 2, 4}, scratch.get()).error() == errc::invalid_argument);
  CHECK(permutation::make(numbers{0, 1, 2, 3}, {}).error() == errc::workspace_too_small);
  CHECK(permutation::make(numbers{3, 1, 2, 0}, scratch.get()));
  CHECK(permutation::make({}, {})->size() == 0);
}

TEST_CASE("order_by sorts stably, zigzag deals there and back", "[transform]") {
  std::mt19937 random{5};
  for (std::size_t n = 0; n < 200; ++n) {
    std::vector<float> keys(n);
    for (auto& k : keys) k = static_cast<float>(static_cast<int>(random() % 21) - 10) * 0x1p-140f;  // ties, and subnormal
    numbers order(n);
    REQUIRE(skive::order_by(keys, order));
    numbers expected(n);
    std::iota(expected.begin(), expected.end(), 0U);
    std::sort(expected.begin(), expected.end(),
              [&](std::uint32_t a, std::uint32_t b) { return keys[a] > keys[b] || (keys[a] == keys[b] && a < b); });
    REQUIRE(order == expected);
  }
  numbers out(9);
  std::vector<float> const keys{9, 8, 7, 6, 5, 4, 3, 2, std::numeric_limits<float>::quiet_NaN()};
  CHECK(skive::order_by(keys, out).error() == errc::not_finite);
  CHECK(skive::order_by(keys, std::span{out}.first(8)).error() == errc::size_mismatch);
  REQUIRE(skive::zigzag(numbers{0, 1, 2, 3, 4, 5, 6, 7, 8}, 3, out));
  CHECK(out == numbers{0, 5, 6, 1, 4, 7, 2, 3, 8});
  CHECK(skive::zigzag(std::span<std::uint32_t const>{out}.first(6), 3, std::span{out}.last(6)).error() == errc::overlap);
  CHECK(skive::invert_order(out, out).error() == errc::overlap);
  CHECK(skive::zigzag(out, 2, out).error() == errc::invalid_argument);
  CHECK(skive::zigzag(out, 0, out).error() == errc::invalid_argument);
  CHECK(skive::zigzag(numbers{0}, 1, out).error() == errc::size_mismatch);
  // Blocks of sorted magnitudes get nearly equal shares.
  constexpr std::size_t n = 1024;
  auto x = test::gaussian_vector(n, 8);
  for (auto& v : x) v = std::fabs(v);
  numbers order(n);
  numbers dealt(n);
  REQUIRE(skive::order_by(x, order));
  REQUIRE(skive::zigzag(order, 8, dealt));
  CHECK(std::is_permutation(order.begin(), order.end(), dealt.begin()));
  std::vector<double> share(8);
  for (std::size_t i = 0; i < n; ++i) share[i / 128] += static_cast<double>(x[dealt[i]]);
  CHECK(*std::max_element(share.begin(), share.end()) - *std::min_element(share.begin(), share.end()) < 1.0);
}

TEST_CASE("column_keys against their definitions", "[transform]") {
  auto const memory = test::gaussian_vector(7 * 12, 2);
  skive::matrix_view<float const> const m{memory.data(), 7, 10, 12};
  std::vector<float> largest(10), range(10), energy(10);
  REQUIRE(skive::column_keys(m, column_key::largest, largest));
  REQUIRE(skive::column_keys(m, column_key::range, range));
  REQUIRE(skive::column_keys(m, column_key::energy, energy));
  for (std::size_t c = 0; c < 10; ++c) {
    float low = 100, high = -100;
    double sum = 0;
    for (std::size_t r = 0; r < 7; ++r) {
      low = std::min(low, m(r, c));
      high = std::max(high, m(r, c));
      sum += static_cast<double>(m(r, c)) * static_cast<double>(m(r, c));
    }
    CHECK(largest[c] == std::max(high, -low));
    CHECK(range[c] == high - low);
    CHECK(energy[c] == static_cast<float>(sum));
  }
  CHECK(skive::column_keys(m, column_key::range, std::span{range}.first(9)).error() == errc::size_mismatch);
  auto dirty = memory;
  CHECK(
      skive::column_keys(skive::matrix_view<float const>{dirty.data(), 7, 10, 12}, column_key::range, std::span{dirty}.first(10))
          .error() == errc::overlap);
  dirty[5] = std::numeric_limits<float>::infinity();
  CHECK(skive::column_keys(skive::matrix_view<float const>{dirty.data(), 7, 10, 12}, column_key::energy, energy).error() ==
        errc::not_finite);
  dirty[5] = 0x1p100f;
  CHECK(skive::column_keys(skive::matrix_view<float const>{dirty.data(), 7, 10, 12}, column_key::energy, energy).error() ==
        errc::not_finite);
}

TEST_CASE("permutation folded into weights keeps their product", "[transform]") {
  auto const order = shuffled(30, 7);
  auto const p = made(order);
  auto const w = test::gaussian_vector(90, 1);
  auto turned = w;
  test::scratch_memory scratch{skive::column_bytes(p)};
  REQUIRE(skive::fold(p, skive::matrix_view<float>{turned.data(), 3, 30}, skive::matrix_side::rows, scratch.get()));
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t i = 0; i < 30; ++i) CHECK(turned[30 * r + i] == w[30 * r + order[i]]);
}
