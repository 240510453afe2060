// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hadamard_factor.hpp - a matrix of signs applied across m blocks of equal width, in place.
///
///   for every column c < width:   y_i = sum_q T_q(i),   T_q(i) = (+-x_4q +- x_(4q+1)) + (+-x_(4q+2) +- x_(4q+3)),
///
/// with the signs of row i and x_j = x[j width + c]; the sum runs over q = 0, 1, ..., m / 4 - 1 one after another, then comes the
/// product with a scale, if there is one. The 16 values that T_q can have are made once for all rows: (0 - (a + b)) for -a - b.
///
/// Model of : -
/// Cost     : m / 4 + 5 additions a number for 16 columns at a time, where the plain product takes m - 1; columns that are no
///            multiple of 16 are padded. Scratch: 4096 + 32 m floats and m^2 / 4 bytes.
/// Accuracy : ||error|| <= (m / 4 + 1) u ||x|| sqrt(m) to first order, before the scale: partial sums are products with
///            parts of an orthogonal matrix.
/// Promise  : the same bits for every Arch, scalar_arch included.
/// Source   : tables of all sums of a few: V. L. Arlazarov, E. A. Dinic, M. A. Kronrod, I. A. Faradzev, 1970.

#include "skive/core/separate.hpp"
#include "skive/simd/few_lanes.hpp"
#include "skive/transform/safe_range.hpp"
#include "skive/transform/sign_codes.hpp"
#include "skive/transform/unrolled.hpp"

#include <cstring>

namespace skive::detail {

// One column of the scalar rule.
template <class Arch, class T>
struct one_column {
  T value;
  static constexpr one_column load(T const* p) noexcept { return {*p}; }
  constexpr void store(T* p) const noexcept { *p = value; }
  static constexpr one_column broadcast(T x) noexcept { return {x}; }
  friend constexpr one_column operator+(one_column a, one_column b) noexcept { return {a.value + b.value}; }
  friend constexpr one_column operator-(one_column a, one_column b) noexcept { return {a.value - b.value}; }
};
template <class Arch, class T>
constexpr one_column<Arch, T> scaled(one_column<Arch, T> x, one_column<Arch, T> scale) noexcept {
  return {separate(x.value * scale.value)};
}
// Eight columns of doubles, which compilers put into registers.
template <class Arch>
struct eight_columns {
  double value[8];
  static constexpr eight_columns load(double const* p) noexcept {
    return made([p](std::size_t l) { return p[l]; });
  }
  constexpr void store(double* p) const noexcept {
    for (std::size_t l = 0; l < 8; ++l) p[l] = value[l];
  }
  static constexpr eight_columns broadcast(double x) noexcept {
    return made([x](std::size_t) { return x; });
  }
  friend constexpr eight_columns operator+(eight_columns const& a, eight_columns const& b) noexcept {
    return made([&](std::size_t l) { return a.value[l] + b.value[l]; });
  }
  friend constexpr eight_columns operator-(eight_columns const& a, eight_columns const& b) noexcept {
    return made([&](std::size_t l) { return a.value[l] - b.value[l]; });
  }
  template <class F>
  static constexpr eight_columns made(F f) noexcept {
    eight_columns c{};
    for (std::size_t l = 0; l < 8; ++l) c.value[l] = f(l);
    return c;
  }
};
template <class Arch>
constexpr eight_columns<Arch> scaled(eight_columns<Arch> const& x, eight_columns<Arch> const& scale) noexcept {
  return eight_columns<Arch>::made([&](std::size_t l) { return separate(x.value[l] * scale.value[l]); });
}
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> scaled(simd::floats<Arch> const& x, simd::floats<Arch> const& scale) noexcept {
  return simd::product<Arch>(x, scale);
}

template <class Arch, std::size_t Count>
[[gnu::always_inline]] inline simd::few_lanes<Arch, Count> scaled(simd::few_lanes<Arch, Count> const& x,
                                                                  simd::few_lanes<Arch, Count> const& scale) noexcept {
  return simd::product(x, scale);
}

inline constexpr std::size_t quads_at_once = 16;  // their table is 16 KiB for 16 columns

// T_q for all 16 codes, of quads first .. first + count - 1.
template <class Arch, class V, std::size_t Lanes, class T>
[[gnu::always_inline]] constexpr void tabulate_sums(T const* x, std::size_t width, std::size_t first, std::size_t count,
                                                    T* table) noexcept {
  auto const zero = V::broadcast(T(0));
  for (std::size_t q = 0; q < count; ++q) {
    auto const* const four = x + 4 * (first + q) * width;
    auto const a = V::load(four);
    auto const b = V::load(four + width);
    auto const c = V::load(four + 2 * width);
    auto const d = V::load(four + 3 * width);
    V const low[4]{a + b, b - a, a - b, zero - (a + b)};
    V const high[4]{c + d, d - c, c - d, zero - (c + d)};
    unrolled<16, Arch>([&](auto k)
                           __attribute__((always_inline)) { (low[k % 4] + high[k / 4]).store(table + (16 * q + k) * Lanes); });
  }
}

// Lanes columns at x; room: tables, then the sums so far of matrices of more quads than a table takes.
template <class Arch, class V, std::size_t Lanes, class T>
constexpr void mix_columns(T* x, std::size_t width, sign_codes const& h, T const* scale, T* room) noexcept {
  std::size_t const quads = h.order / 4;
  auto* const sums = room + quads_at_once * 16 * Lanes;
  auto const factor = V::broadcast(scale != nullptr ? *scale : T(1));
  for (std::size_t first = 0; first < quads; first += quads_at_once) {
    auto const count = quads - first < quads_at_once ? quads - first : quads_at_once;
    tabulate_sums<Arch, V, Lanes>(x, width, first, count, room);
    for (std::size_t i = 0; i < h.order; i += 4) {  // four rows: their chains of sums run side by side
      auto const* const code = h.code + i * quads + first;
      auto const of_quad = [&](std::size_t r, std::size_t q)
                               __attribute__((always_inline)) { return V::load(room + (16 * q + code[r * quads + q]) * Lanes); };
      V sum[4]{of_quad(0, 0), of_quad(1, 0), of_quad(2, 0), of_quad(3, 0)};
      if (first != 0)
        unrolled<4, Arch>([&](auto r) __attribute__((always_inline)) { sum[r] = V::load(sums + (i + r) * Lanes) + sum[r]; });
      for (std::size_t q = 1; q < count; ++q)
        unrolled<4, Arch>([&](auto r) __attribute__((always_inline)) { sum[r] = sum[r] + of_quad(r, q); });
      bool const last = first + count == quads;
      unrolled<4, Arch>([&](auto r) __attribute__((always_inline)) {
        if (last && scale != nullptr) sum[r] = scaled(sum[r], factor);
        sum[r].store(last ? x + (i + r) * width : sums + (i + r) * Lanes);
      });
    }
  }
}

// Tables, sums, and a tile of gathered columns, each 16 wide.
constexpr std::size_t mix_blocks_floats(std::uint32_t m) noexcept { return 16 * (16 * quads_at_once + 2 * std::size_t{m}); }

// Sixteen columns (or `columns`, fewer) from `first` on of blocks that are no multiple of 16 wide, gathered and put back.
template <class Arch>
void mix_gathered(float* x, std::size_t width, sign_codes const& h, float const* scale, float* room, std::size_t first,
                  std::size_t columns) noexcept {
  auto* const tile = room + 16 * (16 * quads_at_once + h.order);
  float* column[16];
  for (std::size_t l = 0; l < 16; ++l) {
    auto const c = first + (l < columns ? l : 0);
    column[l] = x + c / width * h.order * width + c % width;
  }
  bool const fours = width % 4 == 0 && columns % 4 == 0;  // moved as one
  for (std::size_t j = 0; j < h.order; ++j)
    for (std::size_t l = 0; l < 16; l += fours ? 4 : 1)
      if (fours)
        std::memcpy(tile + 16 * j + l, column[l] + j * width, 4 * sizeof(float));
      else
        tile[16 * j + l] = column[l][j * width];
  mix_columns<Arch, simd::floats<Arch>, 16>(tile, 16, h, scale, room);
  for (std::size_t j = 0; j < h.order; ++j)
    for (std::size_t l = 0; l < columns; l += fours ? 4 : 1)
      if (fours)
        std::memcpy(column[l] + j * width, tile + 16 * j + l, 4 * sizeof(float));
      else
        column[l][j * width] = tile[16 * j + l];
}

/// x: `count` times h.order blocks of `width` numbers; `room`: mix_blocks_floats(h.order).
/// Precondition: a row that guarded() lets through.
template <class Arch>
constexpr void mix_blocks(float* x, std::size_t width, std::size_t count, sign_codes const& h, float const* scale,
                          float* room) noexcept {
  if constexpr (simd::vector_arch<Arch>) {
    if (!std::is_constant_evaluated()) {
      if (width % 16 == 0) {
        for (std::size_t k = 0; k < count; ++k, x += h.order * width)
          for (std::size_t c = 0; c < width; c += 16) mix_columns<Arch, simd::floats<Arch>, 16>(x + c, width, h, scale, room);
        return;
      }
      if (width % 4 == 0 && (width > 4 || count < 4 || h.order <= 36)) {  // else 16 columns at once win more than gathering costs
        for (std::size_t k = 0; k < count; ++k, x += h.order * width)
          for (std::size_t c = 0; c < width;) {
            if constexpr (simd::has_eight_lanes<Arch>)
              if (width - c >= 8) {
                mix_columns<Arch, simd::few_lanes<Arch, 8>, 8>(x + c, width, h, scale, room);
                c += 8;
                continue;
              }
            mix_columns<Arch, simd::few_lanes<Arch, 4>, 4>(x + c, width, h, scale, room);
            c += 4;
          }
        return;
      }
      auto const all = count * width;
      std::size_t c = 0;
      for (; all - c > 4; c += all - c < 16 ? all - c : 16)
        mix_gathered<Arch>(x, width, h, scale, room, c, all - c < 16 ? all - c : 16);
      for (; c < all; ++c)
        mix_columns<Arch, one_column<Arch, float>, 1>(x + c / width * h.order * width + c % width, width, h, scale, room);
      return;
    }
  }
  for (std::size_t k = 0; k < count; ++k, x += h.order * width)
    for (std::size_t c = 0; c < width; ++c) mix_columns<Arch, one_column<Arch, float>, 1>(x + c, width, h, scale, room);
}

// Doubles; `room`: half as many of them take the same memory.
template <class Arch>
constexpr void mix_blocks(double* x, std::size_t width, std::size_t count, sign_codes const& h, double const* scale,
                          double* room) noexcept {
  for (std::size_t k = 0; k < count; ++k, x += h.order * width) {
    std::size_t c = 0;
    for (; c + 8 <= width; c += 8) mix_columns<Arch, eight_columns<Arch>, 8>(x + c, width, h, scale, room);
    for (; c < width; ++c) mix_columns<Arch, one_column<Arch, double>, 1>(x + c, width, h, scale, room);
  }
}

}  // namespace skive::detail
