// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/vector_table.hpp - a table of 2^Bits codewords of P numbers in fixed point, and the exact search in it.
///
///   codeword k = level_k / 1024, in units of the source's standard deviation;   |level| <= 8191
///   nearest to integers x, |x_j| <= 32767:   the least k among those of least |level_k|^2 - 2 x . level_k
///   level_bytes, kept where bytes hold whole codewords: level ~ byte_unit (byte - 128), byte_unit = largest |level| / 127
///
/// Model of : -
/// Cost     : 2^Bits (ceil(P / 2) + 5) / 16 instructions a vector in registers of 512 bits with VNNI, one more a pair of numbers
///            without; 2^Bits (4 + 4 ceil(P / 2) + 4 P) bytes.
/// Accuracy : exact: 8191^2 P + 2 P 32767 8191 < 2^31 for P <= 3, and for P = 4 with levels up to 7167, which make() holds to.
/// Promise  : integers: the same index on every instruction set.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"
#include "skive/simd/dot.hpp"

#include <limits>

namespace skive {

namespace detail {

/// Levels as bytes plus 128, coordinate by coordinate, for products with bytes (codebook/vector_dot.hpp).
template <std::size_t Dimension, std::size_t Entries, bool Kept>
struct level_bytes {
  constexpr void keep(float const (&)[Entries][Dimension]) noexcept {}
};
template <std::size_t Dimension, std::size_t Entries>
struct level_bytes<Dimension, Entries, true> {
  alignas(64) std::uint8_t byte[Dimension][Entries]{};
  float byte_unit = 0.0f;

  constexpr void keep(float const (&value)[Entries][Dimension]) noexcept {
    int most = 0;
    for (auto const& row : value)
      for (auto const v : row) {
        auto const level = static_cast<int>(v);
        most = level > most ? level : -level > most ? -level : most;
      }
    byte_unit = ieee_divide(static_cast<float>(most), 127.0f);
    for (std::size_t k = 0; k < Entries; ++k)
      for (std::size_t j = 0; j < Dimension; ++j) {
        auto const level = static_cast<int>(value[k][j]);
        auto const size = most == 0 ? 0 : (254 * (level < 0 ? -level : level) + most) / (2 * most);
        byte[j][k] = static_cast<std::uint8_t>(128 + (level < 0 ? -size : size));
      }
  }
};

}  // namespace detail

/// P: numbers of a codeword, 1 to 4; Bits: of an index, 1 to 12.
template <int P, int Bits>
struct vector_table
    : detail::level_bytes<static_cast<std::size_t>(P), (std::size_t{1} << Bits), (Bits == 4 || Bits == 8) && Bits % P == 0> {
  static_assert(P >= 1 && P <= 4 && Bits >= 1 && Bits <= 12);
  static constexpr std::size_t dimension = P;
  static constexpr std::size_t index_bits = Bits;
  static constexpr std::size_t entries = std::size_t{1} << Bits;
  static constexpr std::size_t pairs = (dimension + 1) / 2;
  static constexpr float unit = 1024.0f;
  static constexpr int largest_level = P == 4 ? 7167 : 8191;

  std::int32_t square[entries]{};          // |level|^2
  std::uint32_t factor[entries][pairs]{};  // -2 level, two in a word, the lower number in the lower half
  float value[entries][dimension]{};       // levels

  /// Precondition: no level is above largest_level in magnitude.
  constexpr explicit vector_table(std::int16_t const (&level)[entries][dimension]) noexcept {
    for (std::size_t k = 0; k < entries; ++k)
      for (std::size_t j = 0; j < dimension; ++j) set(k, j, level[k][j]);
    keep_bytes();
  }
  constexpr vector_table() noexcept = default;

  /// Codewords in units of the standard deviation, one a row, rounded to 1 / 1024. Fails with size_mismatch, not_finite, or
  /// invalid_argument beyond largest_level.
  static constexpr status make(matrix_view<float const> codewords, vector_table& to) noexcept {
    if (codewords.rows != entries || codewords.cols != dimension) return errc::size_mismatch;
    for (std::size_t k = 0; k < entries; ++k)
      for (auto const v : codewords.row(k)) {
        if (!is_finite(v)) return errc::not_finite;
        if (magnitude(v) > static_cast<float>(largest_level) / unit) return errc::invalid_argument;
      }
    to = {};
    for (std::size_t k = 0; k < entries; ++k)
      for (std::size_t j = 0; j < dimension; ++j)
        to.set(k, j, static_cast<int>((static_cast<double>(codewords(k, j)) * 1024.0 + 0x1.8p52) - 0x1.8p52));
    to.keep_bytes();
    return errc::ok;
  }

 private:
  constexpr void keep_bytes() noexcept { this->keep(value); }
  constexpr void set(std::size_t k, std::size_t j, int level) noexcept {
    square[k] += level * level;
    factor[k][j / 2] |= static_cast<std::uint32_t>(static_cast<std::uint16_t>(-2 * level)) << (16 * (j % 2));
    value[k][j] = static_cast<float>(level);
  }
};

namespace detail {

/// Two numbers of 16 bits in a word.
constexpr std::uint32_t level_pair(int low, int high) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint16_t>(low)) |
      static_cast<std::uint32_t>(static_cast<std::uint16_t>(high)) << 16;
}
template <class Arch>
constexpr std::int32_t pair_product(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int16_t>(a) * static_cast<std::int16_t>(b) +
      static_cast<std::int16_t>(a >> 16) * static_cast<std::int16_t>(b >> 16);
}

/// The nearest entries for sixteen vectors: word of pair j of vector i at pairs[16 j + i].
template <class Arch, int P, int Bits>
[[gnu::always_inline]] inline void nearest_entries(vector_table<P, Bits> const& t, std::uint32_t const* pairs,
                                                   std::uint32_t* index) noexcept {
  using table = vector_table<P, Bits>;
  if constexpr (simd::vector_arch<Arch>) {
    using integers = simd::integers<Arch>;
    using words = simd::words<Arch>;
    struct candidate {
      integers score;
      words index;
    };
    auto const better = [](candidate const& a, candidate const& b) noexcept {
      auto const second = simd::as<std::uint32_t>(b.score < a.score);
      return candidate{min(a.score, b.score), select(second, b.index, a.index)};
    };
    words x[table::pairs];
    for (std::size_t j = 0; j < table::pairs; ++j) x[j] = words::load(pairs + 16 * j);
    auto const score = [&](std::size_t k) noexcept {
      auto sum = integers::broadcast(t.square[k]);
      for (std::size_t j = 0; j < table::pairs; ++j) sum = simd::dot2(sum, x[j], words::broadcast(t.factor[k][j]));
      return sum;
    };
    candidate best{integers::broadcast(std::numeric_limits<std::int32_t>::max()), words::broadcast(0)};
    if constexpr (table::entries < 4) {
      for (std::size_t k = 0; k < table::entries; ++k)
        best = better(best, {score(k), words::broadcast(static_cast<std::uint32_t>(k))});
    } else {
      words const place[4]{words::broadcast(0), words::broadcast(1), words::broadcast(2), words::broadcast(3)};
      auto now = place[0];
      for (std::size_t k = 0; k < table::entries; k += 4) {
        auto const four = better(better({score(k), place[0]}, {score(k + 1), place[1]}),
                                 better({score(k + 2), place[2]}, {score(k + 3), place[3]}));
        best = better(best, {four.score, four.index + now});
        now = now + words::broadcast(4);
      }
    }
    best.index.store(index);
  } else {
    for (std::size_t i = 0; i < 16; ++i) {
      auto best = std::numeric_limits<std::int32_t>::max();
      index[i] = 0;
      for (std::size_t k = 0; k < table::entries; ++k) {
        auto s = t.square[k];
        for (std::size_t j = 0; j < table::pairs; ++j) s += pair_product<Arch>(pairs[16 * j + i], t.factor[k][j]);
        if (s < best) best = s, index[i] = static_cast<std::uint32_t>(k);
      }
    }
  }
}

}  // namespace detail

/// The table of a caller: a view, valid as long as the table is.
template <int P, int Bits>
struct vector_code {
  using table_type = vector_table<P, Bits>;
  table_type const* entries = nullptr;
  constexpr table_type const& table() const noexcept { return *entries; }
};

}  // namespace skive
