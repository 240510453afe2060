// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/nearest_codeword.hpp: nearest by definition for every dimension, tail and instruction set; ties, NaN, refusals.
#include "skive/codebook/nearest_codeword.hpp"

#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<float> gaussians(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{7, stream}.fill_gaussian(x);
  return x;
}

double distance(matrix_view<float const> x, std::size_t i, matrix_view<float const> c, std::size_t k) {
  double sum = 0;
  for (std::size_t j = 0; j < x.cols; ++j) {
    auto const t = static_cast<double>(x(i, j)) - static_cast<double>(c(k, j));
    sum += t * t;
  }
  return sum;
}

template <class Arch>
std::vector<std::uint32_t> found(matrix_view<float const> x, matrix_view<float const> c) {
  std::vector<std::uint32_t> index(x.rows, 77);
  std::vector<std::byte> memory(nearest_codewords_bytes(c.rows, c.cols));
  REQUIRE(nearest_codewords<Arch>(x, c, index, workspace{memory}));
  return index;
}

// The distance of the codeword found, at most a rounding above the least one.
template <class Arch>
bool nearest(matrix_view<float const> x, matrix_view<float const> c) {
  auto const index = found<Arch>(x, c);
  for (std::size_t i = 0; i < x.rows; ++i) {
    if (index[i] >= c.rows) return false;
    double least = distance(x, i, c, 0);
    for (std::size_t k = 1; k < c.rows; ++k) least = std::min(least, distance(x, i, c, k));
    if (distance(x, i, c, index[i]) > least + 1e-5 * static_cast<double>(x.cols)) return false;
  }
  return true;
}

TEST_CASE("The codeword found is the nearest one", "[codebook]") {
  for (std::size_t const d : {1U, 2U, 3U, 4U, 5U, 8U, 11U})
    for (std::size_t const k : {1U, 3U, 4U, 16U, 21U}) {
      auto const x = gaussians(70 * (d + 3) + 1, d);
      auto const c = gaussians(k * (d + 1), 100 + k);
      for (std::size_t const n : {0U, 1U, 15U, 16U, 17U, 50U}) {
        matrix_view<float const> const rows{x.data() + 1, n, d, d + 3};
        matrix_view<float const> const codewords{c.data(), k, d, d + 1};
        CAPTURE(d, k, n);
        REQUIRE(nearest<scalar_arch>(rows, codewords));
        test::for_each(test::few_arches{}, [&]<class Arch>() { REQUIRE(nearest<Arch>(rows, codewords)); });
      }
    }
}

TEST_CASE("256 codewords of 8 numbers, and the same indices on every instruction set", "[codebook]") {
  auto const x = gaussians(600 * 8, 1);
  auto const c = gaussians(256 * 8, 2);
  matrix_view<float const> const rows{x.data(), 600, 8};
  matrix_view<float const> const codewords{c.data(), 256, 8};
  auto const expected = found<native_arch>(rows, codewords);
  REQUIRE(nearest<native_arch>(rows, codewords));
  test::for_each_arch([&]<class Arch>() { REQUIRE(found<Arch>(rows, codewords) == expected); });
}

TEST_CASE("A tie goes to the lower index, a sample with NaN to the first", "[codebook]") {
  // Codewords 2 and 5, and 1 and 6, are the same: every place within a group of four, and across groups.
  std::vector<float> const c{9, 9, 1, 0, 0, 1, 7, 7, 8, 8, 0, 1, 1, 0, -1, 0};
  std::vector<float> x{0, 2, 2, 0, std::numeric_limits<float>::quiet_NaN(), 0, std::numeric_limits<float>::infinity(), 0};
  auto const check = [&]<class Arch>() {
    auto const index = found<Arch>({x.data(), 4, 2}, {c.data(), 8, 2});
    REQUIRE(index[0] == 2);
    REQUIRE(index[1] == 1);
    REQUIRE(index[2] == 0);
    REQUIRE(index[3] < 8);
  };
  check.template operator()<scalar_arch>();
  test::for_each(test::few_arches{}, check);
}

TEST_CASE("Nearest codewords: refusals", "[codebook]") {
  std::vector<float> const x(12, 1.0f);
  std::vector<std::uint32_t> index(3, 5);
  std::vector<std::byte> memory(nearest_codewords_bytes(2, 4));
  matrix_view<float const> const rows{x.data(), 3, 4};
  matrix_view<float const> const codewords{x.data(), 2, 4};
  auto const call = [&](matrix_view<float const> a, matrix_view<float const> c, std::span<std::uint32_t> out, workspace w) {
    return nearest_codewords(a, c, out, w).error();
  };
  REQUIRE(call(rows, {x.data(), 2, 3}, index, workspace{memory}) == errc::size_mismatch);
  REQUIRE(call(rows, codewords, std::span{index}.first(2), workspace{memory}) == errc::size_mismatch);
  REQUIRE(call(rows, {x.data(), 0, 4}, index, workspace{memory}) == errc::invalid_argument);
  REQUIRE(call(rows, {nullptr, 2, 4}, index, workspace{memory}) == errc::invalid_argument);
  REQUIRE(call(rows, {x.data(), std::size_t{1} << 32, 4}, index, workspace{memory}) == errc::overflow);
  REQUIRE(call(rows, codewords, index, workspace{std::span{memory}.first(memory.size() - 1)}) == errc::workspace_too_small);
  REQUIRE(index == std::vector<std::uint32_t>(3, 5));
  REQUIRE(call(rows, codewords, index, workspace{memory}) == errc::ok);
}

}  // namespace
}  // namespace skive
