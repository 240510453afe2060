// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/csr.hpp: round trips, products in long double, refusals, bytes that lie.
#include "skive/sparse/csr.hpp"

#include "skive/format/half.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

std::vector<float> numbers(std::size_t n, double kept, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> out(n);
  for (auto& x : out) x = static_cast<double>(random() % 1000) < 1000 * kept ? normal(random) : 0.0f;
  return out;
}

template <class Value>
Value as_value(float x) {
  if constexpr (std::is_same_v<Value, float>)
    return x;
  else
    return Value::from(x);
}
template <class Value>
float as_float(Value x) {
  if constexpr (std::is_same_v<Value, float>)
    return x;
  else
    return Value::decode(x.code);
}

void near(float got, long double exact, long double size, double terms) {
  CAPTURE(got, static_cast<double>(exact));
  REQUIRE(std::fabs(static_cast<long double>(got) - exact) <= static_cast<long double>(terms) * 0x1p-24L * size + 0x1p-120L);
}

template <class Index, class Value, class Arch>
void rows_and_products(std::size_t rows, std::size_t cols, double kept) {
  auto dense = numbers(rows * cols, kept, static_cast<unsigned>(rows + cols));
  for (auto& d : dense) d = as_float(as_value<Value>(d));
  matrix_view<float const> const view{dense.data(), rows, cols};
  std::vector<std::uint32_t> starts(rows + 1);
  std::vector<Index> columns(count_nonzero(view));
  std::vector<Value> values(columns.size());
  auto const n = to_csr(view, std::span{starts}, std::span{columns}, std::span{values});
  REQUIRE(n);
  REQUIRE(*n == columns.size());
  auto const m = csr_matrix<Index, Value>::make(starts, columns, values, cols);
  REQUIRE(m);
  std::vector<float> back(rows * cols, 7.0f);
  REQUIRE(m->to_dense({back.data(), rows, cols}));
  REQUIRE(back == dense);
  auto const x = numbers(cols, 1, 3);
  auto const z = numbers(rows, 1, 4);
  std::vector<float> y(rows), t(cols);
  REQUIRE(m->template multiply<Arch>(x, y));
  REQUIRE(m->multiply_transposed(z, t));
  for (std::size_t r = 0; r < rows; ++r) {
    long double sum = 0, size = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      auto const p = static_cast<long double>(dense[r * cols + c]) * static_cast<long double>(x[c]);
      sum += p;
      size += std::fabs(p);
    }
    near(y[r], sum, size, static_cast<double>(cols) / 16 + 10);
  }
  for (std::size_t c = 0; c < cols; ++c) {
    long double sum = 0, size = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      auto const p = static_cast<long double>(dense[r * cols + c]) * static_cast<long double>(z[r]);
      sum += p;
      size += std::fabs(p);
    }
    near(t[c], sum, size, 2 * static_cast<double>(rows) + 2);
  }
  if (rows > 2) {
    std::vector<float> two(2);
    REQUIRE(m->template multiply<Arch>(x, two, 1));
    REQUIRE((two[0] == y[1] && two[1] == y[2]));
    CHECK(m->template multiply<Arch>(x, two, rows - 1).error() == errc::size_mismatch);
  }
}

}  // namespace

TEST_CASE("csr: round trips and products", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    rows_and_products<std::uint16_t, float, Arch>(9, 300, 0.1);
    rows_and_products<std::uint32_t, float16, Arch>(5, 1000, 0.3);
  });
  rows_and_products<std::uint16_t, bfloat16, native_arch>(3, 70, 1.0);
  rows_and_products<std::uint16_t, float, scalar_arch>(4, 17, 0.5);
  rows_and_products<std::uint32_t, float, native_arch>(2, 50, 0.0);
}

TEST_CASE("csr: refuses what would reach outside", "[sparse]") {
  std::vector<std::uint32_t> const starts{0, 2, 2, 4};
  std::vector<std::uint16_t> const columns{1, 5, 0, 9};
  std::vector<float> const values(4, 1.0f);
  using csr = csr_matrix<std::uint16_t, float>;
  CHECK(csr::make(starts, columns, values, 10));
  CHECK(csr::make(starts, columns, values, 9).error() == errc::corrupt);
  CHECK(csr::make(starts, columns, std::span{values}.first(3), 10).error() == errc::size_mismatch);
  CHECK(csr::make({}, columns, values, 10).error() == errc::size_mismatch);
  for (auto const& bad : {std::vector<std::uint32_t>{0, 2, 1, 4}, {1, 2, 2, 4}, {0, 2, 2, 3}, {0, 5, 2, 4}, {0, 2, 2, 5}})
    CHECK(csr::make(bad, columns, values, 10).error() == errc::corrupt);
  std::vector<std::uint16_t> const equal{5, 5, 0, 9};
  CHECK(csr::make(starts, equal, values, 10).error() == errc::corrupt);
  std::vector<float> y(3), x(10);
  CHECK(csr::make(starts, columns, values, 10)->multiply(std::span{x}.first(9), y).error() == errc::size_mismatch);
  std::vector<float> const wide(65537, 1.0f);
  std::vector<std::uint16_t> many(65537);
  std::vector<float> of(65537);
  std::vector<std::uint32_t> two(2);
  CHECK(to_csr(matrix_view<float const>{wide.data(), 1, 65537}, std::span{two}, std::span{many}, std::span{of}).error() ==
        errc::unsupported);
  CHECK(to_csr(matrix_view<float const>{wide.data(), 1, 100}, std::span{two}, std::span{many}.first(99), std::span{of}).error() ==
        errc::size_mismatch);
}

TEST_CASE("csr: gaps of a byte", "[sparse]") {
  std::mt19937 random{2};
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<std::uint32_t> columns;
    for (std::uint32_t c = static_cast<std::uint32_t>(random() % 600); c < 20000;
         c += 1 + static_cast<std::uint32_t>(random() % (trial % 2 == 0 ? 900 : 20)))
      columns.push_back(c);
    std::vector<std::byte> gaps(columns.size() + 20000 / 255 + 1);
    auto const bytes = pack_gaps(std::span<std::uint32_t const>{columns}, gaps);
    REQUIRE(bytes);
    std::vector<std::uint32_t> back(columns.size());
    auto const read = unpack_gaps(std::span<std::byte const>{gaps}, 20000, std::span{back});
    REQUIRE(read);
    REQUIRE(*read == *bytes);
    REQUIRE(back == columns);
    CHECK(pack_gaps(std::span<std::uint32_t const>{columns}, std::span{gaps}.first(*bytes - 1)).error() == errc::size_mismatch);
    CHECK(unpack_gaps(std::span<std::byte const>{gaps}.first(*bytes - 1), 20000, std::span{back}).error() == errc::corrupt);
    for (auto& g : gaps) g = static_cast<std::byte>(random() % 4 == 0 ? 255U : random());
    auto const s = unpack_gaps(std::span<std::byte const>{gaps}, 20000, std::span{back});
    if (s)
      for (std::size_t i = 0; i < back.size(); ++i) REQUIRE((back[i] < 20000 && (i == 0 || back[i] > back[i - 1])));
    else
      REQUIRE(s.error() == errc::corrupt);
  }
  std::vector<std::uint16_t> const exact{254, 255, 510, 1020};  // gaps 254, 0, 254, 255 + 254
  std::vector<std::byte> gaps(5);
  REQUIRE(*pack_gaps(std::span<std::uint16_t const>{exact}, gaps) == 5);
  CHECK((gaps[0] == std::byte{254} && gaps[1] == std::byte{0} && gaps[2] == std::byte{254} && gaps[3] == std::byte{255} &&
         gaps[4] == std::byte{254}));
  std::vector<std::uint16_t> const falling{4, 4};
  CHECK(pack_gaps(std::span<std::uint16_t const>{falling}, gaps).error() == errc::invalid_argument);
}
