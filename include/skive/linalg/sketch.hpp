// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/sketch.hpp - random test matrices whose every entry is a function of a seed and its place.
///
///   gaussian      omega(i, j) = counter_random{seed, i}.gaussian(j)
///   rademacher    omega(i, j) = +1 or -1 by bit 31 of counter_random{seed, i}.bits(j)
///   hadamard      omega(i, j) = d_i (-1)^popcount(i & r_j), d_i = +1 or -1, r a permutation of 0 ... N - 1, N = 2^k >= rows:
///                 columns r_j of D H_N (SRHT)
///   sparse_sign   eight (all, of fewer columns) entries +-1 / sqrt(8) a row, zeros elsewhere
///
/// Model of : -
/// Cost     : 20 multiplications for four words; an entry of gaussian 10 more, one of hadamard a popcount. hadamard is multiplied
///            with like the others, by matrix products: a fast transform would save at most the first of 2 q + 2 products.
/// Accuracy : gaussian as in core/random.hpp, 24 bits whatever T is.
/// Promise  : the same entries on every platform; but for sparse_sign they do not depend on how many columns are taken. Columns of
///            hadamard are orthogonal where rows = N.
/// Source   : N. Halko, P.-G. Martinsson, J. Tropp, SIAM Review 53(2), 2011; sparse signs: J. Tropp, A. Yurtsever, M. Udell,
///            V. Cevher, "Streaming low-rank matrix approximation with an application to scientific simulation", 2019.

#include "skive/core/matrix_view.hpp"
#include "skive/core/random.hpp"
#include "skive/linalg/real.hpp"

#include <array>
#include <bit>

namespace skive {

enum class sketch : std::uint8_t { gaussian, rademacher, sparse_sign, hadamard };

namespace detail {

// Place j of a permutation of 0 ... 2^bits - 1: odd factors, sums and shifted halves are all reversible.
[[gnu::always_inline]] inline std::size_t permuted(std::size_t j, int bits, counter_random const& random) noexcept {
  std::size_t const mask = (std::size_t{1} << bits) - 1;
  for (std::uint64_t round = 0; round < 3; ++round) {
    auto const word = random.bits64(2 * round);
    j = (j * static_cast<std::size_t>(word | 1) + static_cast<std::size_t>(random.bits64(2 * round + 1))) & mask;
    j ^= j >> ((bits + 1) / 2);
  }
  return j & mask;
}

template <real T>
void fill_hadamard(matrix_view<T> omega, std::uint64_t seed, std::size_t first_column) noexcept {
  if (omega.rows == 0) return;
  auto const bits = static_cast<int>(std::bit_width(omega.rows - 1));
  counter_random const order{seed, std::numeric_limits<std::uint64_t>::max()};
  for (std::size_t j = 0; j < omega.cols; ++j) {
    auto const r = permuted(first_column + j, bits, order);
    for (std::size_t i = 0; i < omega.rows; ++i) omega(i, j) = T(std::popcount(i & r) % 2 == 0 ? 1 : -1);
  }
  for (std::size_t i = 0; i < omega.rows; ++i)
    if ((counter_random{seed, i}.bits(0) >> 31) != 0)
      for (std::size_t j = 0; j < omega.cols; ++j) omega(i, j) = T(-omega(i, j));
}

}  // namespace detail

/// omega's columns are columns first_column ... of the sketch; of sparse_sign each call makes a sketch of its own.
template <real T>
void fill_sketch(matrix_view<T> omega, sketch kind, std::uint64_t seed, std::size_t first_column = 0) noexcept {
  if (kind == sketch::hadamard) return detail::fill_hadamard(omega, seed, first_column);
  constexpr std::size_t chunk = 64;
  std::array<float, chunk> numbers;
  std::array<std::uint32_t, chunk> words;
  for (std::size_t i = 0; i < omega.rows; ++i) {
    counter_random const random{seed, i};
    if (kind == sketch::sparse_sign) {
      for (std::size_t j = 0; j < omega.cols; ++j) omega(i, j) = T(0);
      std::size_t const count = omega.cols < 8 ? omega.cols : 8;
      T const size = T(1) / detail::square_root(T(static_cast<int>(count)));
      for (std::size_t k = 0; k < count; ++k) {
        auto const word = random.bits64(first_column + k);
        auto j = static_cast<std::size_t>((word >> 1) % omega.cols);
        while (omega(i, j) != T(0)) j = j + 1 == omega.cols ? 0 : j + 1;
        omega(i, j) = (word & 1) != 0 ? T(-size) : size;
      }
      continue;
    }
    for (std::size_t j = 0; j < omega.cols; j += chunk) {
      auto const some = omega.cols - j < chunk ? omega.cols - j : chunk;
      if (kind == sketch::gaussian)
        random.fill_gaussian(std::span{numbers}.first(some), first_column + j);
      else
        random.fill_bits(std::span{words}.first(some), first_column + j);
      for (std::size_t k = 0; k < some; ++k)
        omega(i, j + k) = kind == sketch::gaussian ? T(numbers[k]) : T((words[k] >> 31) != 0 ? -1 : 1);
    }
  }
}

}  // namespace skive
