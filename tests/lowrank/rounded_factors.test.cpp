// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/rounded_factors.hpp: factors are what the codec gives back, never worse with more rounds, and better than rounding both apart.
#include "skive/lowrank/rounded_factors.hpp"

#include "skive/block/absmax.hpp"

#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::size_t m = 20;
constexpr std::size_t n = 28;
constexpr std::size_t k = 3;
using codec_type = absmax<int4>;
using rounding = detail::rounded_factors<codec_type, identity_factor>;

std::vector<float> gaussian(std::size_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (auto& v : x) v = normal(random);
  return x;
}

std::vector<float> rounded(codec_type const& codec, std::vector<float> const& x, std::size_t cols) {
  std::vector<float> y(x.size());
  std::vector<std::byte> memory(total_bytes(codec.plane_bytes(cols)));
  for (std::size_t i = 0; i < x.size(); i += cols) {
    planes<std::byte, codec_type::plane_count> bytes;
    REQUIRE(planar(codec, cols, std::span{memory}, bytes));
    REQUIRE(codec.encode(std::span{x}.subspan(i, cols), bytes));
    planes<std::byte const, codec_type::plane_count> const written = bytes;
    REQUIRE(codec.decode(written, std::span{y}.subspan(i, cols)));
  }
  return y;
}

double loss(std::vector<float> const& e, std::vector<float> const& l, std::vector<float> const& r) {
  double sum = 0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      auto left = static_cast<double>(e[i * n + j]);
      for (std::size_t t = 0; t < k; ++t) left -= static_cast<double>(l[i * k + t]) * static_cast<double>(r[t * n + j]);
      sum += left * left;
    }
  return sum;
}

std::vector<float> transposed_of(std::vector<float> const& x, std::size_t rows, std::size_t cols) {
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) y[j * rows + i] = x[i * cols + j];
  return y;
}

TEST_CASE("Factors rounded in turns", "[lowrank]") {
  codec_type const codec{0};
  auto const left = gaussian(m * k, 1);
  auto const right = gaussian(k * n, 2);
  std::vector<float> e = gaussian(m * n, 3);
  for (auto& v : e) v *= 0.05f;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t t = 0; t < k; ++t) e[i * n + j] += left[i * k + t] * right[t * n + j];
  auto const apart = loss(e, transposed_of(rounded(codec, transposed_of(left, m, k), m), k, m), rounded(codec, right, n));
  double before = apart;
  for (std::size_t const rounds : {0U, 1U, 2U, 8U}) {
    rounding const turns{codec, {}, k, rounds};
    std::vector<std::byte> memory(turns.scratch_bytes<native_arch>(m, n));
    std::vector<float> l(m * k, -7.0f);
    auto r = right;
    REQUIRE(turns.round<native_arch>({e.data(), m, n}, {l.data(), m, k}, {r.data(), k, n}, workspace{memory}));
    auto const now = loss(e, l, r);
    CAPTURE(rounds, now, before);
    REQUIRE(now <= before * (1 + 1e-5));
    before = now;
    // What is stored gives the same numbers again.
    REQUIRE(rounded(codec, r, n) == r);
    auto const l_rows = transposed_of(l, m, k);
    REQUIRE(rounded(codec, l_rows, m) == l_rows);
  }
  REQUIRE(before < 0.75 * apart);
}

TEST_CASE("Equal rows of R, whose Gram matrix has rank 1, are damped", "[lowrank]") {
  codec_type const codec{0};
  auto const row = gaussian(n, 5);
  std::vector<float> right;
  for (std::size_t t = 0; t < k; ++t) right.insert(right.end(), row.begin(), row.end());
  std::vector<float> e;
  for (std::size_t i = 0; i < m; ++i) e.insert(e.end(), row.begin(), row.end());
  rounding const turns{codec, {}, k, 2};
  std::vector<std::byte> memory(turns.scratch_bytes<native_arch>(m, n));
  std::vector<float> l(m * k);
  REQUIRE(turns.round<native_arch>({e.data(), m, n}, {l.data(), m, k}, {right.data(), k, n}, workspace{memory}));
  double size = 0;
  for (auto const v : e) size += static_cast<double>(v) * static_cast<double>(v);
  REQUIRE(loss(e, l, right) < 0.02 * size);
}

}  // namespace
}  // namespace skive
