// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Packed rows in one piece of memory with a gap after each, and what they decode to.

#include "skive/kernel/packed_matrix.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

template <class Codec>
struct packed_rows {
  static constexpr std::size_t count = Codec::plane_count;
  Codec codec;
  std::size_t rows;
  std::size_t n;
  std::size_t pitch;
  std::vector<std::byte> memory;
  std::vector<std::vector<float>> numbers;  // decoded

  // fill(r) gives row r.
  template <class Fill>
  packed_rows(Codec const& c, std::size_t r, std::size_t size, Fill fill, std::size_t gap = 5)
      : codec{c}, rows{r}, n{size}, pitch{total_bytes(c.plane_bytes(size)) + gap}, memory(r * pitch + 1), numbers(r) {
    for (std::size_t i = 0; i < rows; ++i) {
      planes<std::byte, count> to;
      scratch_memory scratch{codec.scratch_bytes(n)};
      std::vector<float> const row = fill(i);
      REQUIRE(planar(codec, n, std::span{memory}.subspan(i * pitch), to));
      numbers[i].resize(n);
      auto const from = planes<std::byte const, count>(to);
      // By the rule where the codec has one: half of the time to compile a product's test were lanes that it does not look at.
      if constexpr (requires { codec.template encode<scalar_arch>(std::span<float const>{row}, to, scratch.get()); }) {
        REQUIRE(codec.template encode<scalar_arch>(std::span<float const>{row}, to, scratch.get()));
        REQUIRE(codec.template decode<scalar_arch>(from, std::span{numbers[i]}, scratch.get()));
      } else {
        REQUIRE(codec.encode(std::span<float const>{row}, to, scratch.get()));
        REQUIRE(codec.decode(from, std::span{numbers[i]}, scratch.get()));
      }
    }
  }
  packed_matrix<count> matrix() const {
    packed_matrix<count> m;
    m.rows = rows;
    m.pitch.fill(pitch);
    REQUIRE(planar(codec, n, std::span<std::byte const>{memory}, m.first));
    if (rows != 0)
      for (auto& p : m.first.parts) p.size += (rows - 1) * pitch;
    return m;
  }
};

inline std::vector<float> gaussian_numbers(std::size_t n, std::size_t seed) {
  std::mt19937 random{static_cast<unsigned>(seed)};
  std::normal_distribution<float> normal;
  std::vector<float> row(n);
  for (auto& x : row) x = normal(random);
  return row;
}

// sum a_i b_i and sum |a_i b_i| in double.
struct double_product {
  double sum = 0;
  double magnitude = 0;
  double_product(std::vector<float> const& a, std::vector<float> const& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      auto const p = static_cast<double>(a[i]) * static_cast<double>(b[i]);
      sum += p;
      magnitude += std::fabs(p);
    }
  }
};

}  // namespace skive::test
