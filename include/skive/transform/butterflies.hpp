// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/butterflies.hpp - the butterflies of the Walsh-Hadamard transform of 2^k numbers, in registers and caches.
///
///   for h = first, 2 first, ..., n / 2:   (x_j, x_(j+h)) <- (x_j + x_(j+h), x_j - x_(j+h))   for every j without bit h;
///   then x_j <- RNE(x_j scale)
///
/// Each result is a fixed tree of sums: how stages are grouped into passes changes no bit. A pass does up to 3 or 4 stages in
/// registers (transform/butterfly_passes.hpp). 4096 or 8192 numbers stay in L1 until their stages are done, 65536 in L2. A longer row
/// is eight rows of an eighth, one after another, joined by a pass in registers: eight streams, whatever the sizes of the caches past
/// L2 are. With AVX-512 the part is an eighth up to 2^21 numbers, a sixteenth of 2^20 and 2^22, and longer rows take one more pass over
/// memory: tiles of n / 65536 rows, copied to scratch since those rows share sets of a cache. Doubles: half as many numbers a cache.
///
/// Model of : -
/// Cost     : k sums and 1 product a number, less if the product is with a power of two; past 65536 numbers the memory is read and
///            written twice; without AVX-512 a cache of 2^22 numbers is needed for that past 2^22. Scratch: walsh_hadamard_floats(n).
/// Accuracy : each stage rounds once.
/// Promise  : the same bits for every Arch, scalar_arch included.
/// Source   : B. J. Fino, V. R. Algazi, "Unified matrix treatment of the fast Walsh-Hadamard transform", IEEE Trans. Computers
///            C-25(11), 1976; blocking as in D. H. Bailey, "FFTs in external or hierarchical memory", J. Supercomputing 4, 1990.

#include "skive/core/separate.hpp"
#include "skive/simd/philox.hpp"
#include "skive/transform/butterfly_passes.hpp"
#include "skive/transform/short_row.hpp"

#include <bit>
#include <cstring>

namespace skive::detail {

template <class T>
inline constexpr std::size_t l1_numbers = (std::size_t{1} << 14) / sizeof(T);  // twice as many still fit: 32 KiB
template <class T>
inline constexpr std::size_t l2_numbers = (std::size_t{1} << 18) / sizeof(T);
inline constexpr std::size_t l1_floats = l1_numbers<float>;
inline constexpr std::size_t l2_floats = l2_numbers<float>;

// Stages from h on over n numbers, in as few passes as registers allow, of nearly equal depth.
template <class Arch, class T>
void butterfly_stages(T* x, std::size_t n, std::size_t h, T const* scale) noexcept {
  int const depth = h < l1_numbers<T> ? std::countr_zero(most_registers<Arch>) : 3;  // 16 rows so far apart share one set of L1
  for (int left = std::countr_zero(n / h); left > 0;) {
    int const now = (left + (left + depth - 1) / depth - 1) / ((left + depth - 1) / depth);
    left -= now;
    butterfly_pass<loading::plain, Arch, T>(std::size_t{1} << now, x, n, h, left == 0 ? scale : nullptr);
    h <<= now;
  }
}

// The scalar rule: the definition. Templates on Arch, so that objects built with different flags share no symbol.
template <class Arch, class T>
constexpr void butterflies_by_definition(T* x, std::size_t n, std::size_t h, T const* scale) noexcept {
  for (; h < n; h *= 2)
    for (std::size_t i = 0; i < n; i += 2 * h)
      for (std::size_t j = i; j < i + h; ++j) {
        auto const a = x[j];
        auto const b = x[j + h];
        x[j] = a + b;
        x[j + h] = a - b;
      }
  if (scale == nullptr) return;
  for (std::size_t j = 0; j < n; ++j) x[j] = separate(x[j] * *scale);
}

// Signs of random_signs from number `first` on.
struct sign_source {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::size_t first = 0;
};
constexpr sign_source signs_from(sign_source const* signs, std::size_t i) noexcept {
  return signs == nullptr ? sign_source{} : sign_source{signs->seed, signs->stream, signs->first + i};
}
inline constexpr std::size_t signs_at_once = 2048;  // that simd::random_words makes

// All stages; n >= the register size. `signs`: null, or those to be changed first, n being a multiple of signs_at_once.
template <class Arch, class T>
void butterflies_in_l1(T* x, std::size_t n, T const* scale, [[maybe_unused]] sign_source const* signs) noexcept {
  constexpr auto size = xsimd::batch<T, Arch>::size;
  auto const registers = n / size < most_registers<Arch> ? n / size : most_registers<Arch>;
  auto const done = registers * size;
  auto const* const last = done == n ? scale : nullptr;
  if constexpr (std::is_same_v<T, float>) {
    alignas(64) std::uint32_t flips[2 * l1_floats / 32];
    for (std::size_t i = 0; signs != nullptr && i < n; i += signs_at_once)
      simd::random_words<Arch>(signs->seed, signs->stream, (signs->first + i) / 128,
                               std::span<std::uint32_t, 64>{flips + i / 32, 64});
    auto const* const own = signs != nullptr ? flips : nullptr;
    if constexpr (simd::loads_butterflies<Arch>) {
      own == nullptr ? low_butterflies<false, Arch>(x, n, own) : low_butterflies<true, Arch>(x, n, own);
      butterfly_pass<loading::halves, Arch, T>(registers, x, n, size, last);
    } else if (own == nullptr) {
      butterfly_pass<loading::within, Arch, T>(registers, x, n, size, last);
    } else {
      butterfly_pass<most_registers<Arch>, loading::flipped, Arch, T>(x, n, size, last, own);
    }
  } else {
    butterfly_pass<loading::within, Arch, T>(registers, x, n, size, last);
  }
  butterfly_stages<Arch, T>(x, n, done, scale);
}
template <class Arch, class T>
void butterflies_in_l2(T* x, std::size_t n, T const* scale, sign_source const* signs) noexcept {
  if (n <= 2 * l1_numbers<T>) return butterflies_in_l1<Arch, T>(x, n, scale, signs);
  auto const block = n == 16 * l1_numbers<T> ? 2 * l1_numbers<T> : l1_numbers<T>;  // 3 stages are left then, not 4
  for (std::size_t i = 0; i < n; i += block) {
    auto const own = signs_from(signs, i);
    butterflies_in_l1<Arch, T>(x + i, block, nullptr, signs != nullptr ? &own : nullptr);
  }
  butterfly_stages<Arch, T>(x, n, block, scale);
}

// The stages from l2_floats on: tiles of n / l2_floats rows, `width` numbers of each.
template <class Arch>
void butterflies_by_tiles(float* x, std::size_t n, float const* scale, float* tile) noexcept {
  auto const rows = n / l2_floats;
  auto const width = rows < l1_floats / 64 ? l1_floats / rows : 64;
  for (std::size_t c = 0; c < l2_floats; c += width) {
    for (std::size_t r = 0; r < rows; ++r) std::memcpy(tile + r * width, x + r * l2_floats + c, width * sizeof(float));
    butterfly_stages<Arch, float>(tile, rows * width, width, scale);
    for (std::size_t r = 0; r < rows; ++r) std::memcpy(x + r * l2_floats + c, tile + r * width, width * sizeof(float));
  }
}

// Blocks that one pass over the whole row joins in registers.
template <class T, class Arch>
inline constexpr std::size_t blocks_joined = std::is_same_v<T, float> ? most_registers<Arch> : 1;

// Whether a row past L2 is eight rows of an eighth, and each of those again. On Zen 3 rows of 2^22 numbers and more take a third less
// time so than by tiles, whose short pieces of many rows no prefetcher foresees.
template <class Arch>
inline constexpr bool joins_eighths = most_registers<Arch> == 8;

// What is transformed before that: an eighth, with AVX-512 up to four times l2_numbers. 16 rows so far apart take turns in a set of
// L1, but save a pass in L2 or the tiles.
template <class T, class Arch>
constexpr std::size_t l2_block(std::size_t n) noexcept {
  constexpr auto l2 = l2_numbers<T>;
  if (n <= l2) return n;
  if (blocks_joined<T, Arch> == 16 && (n == 16 * l2 || n == 64 * l2)) return n / 16;
  return joins_eighths<Arch> || n <= 32 * l2 ? n / 8 : l2;
}

// All stages of a row of any length.
template <class Arch, class T>
void butterflies_past_l2(T* x, std::size_t n, T const* scale, [[maybe_unused]] float* tile, sign_source const* signs) noexcept {
  auto const block = l2_block<T, Arch>(n);
  for (std::size_t i = n; i > 0;) {  // backwards: the end of the row is what the check has left in L2
    i -= block;
    auto const own = signs_from(signs, i);
    auto const* const its = signs != nullptr ? &own : nullptr;
    if (joins_eighths<Arch> && block > l2_numbers<T>)
      butterflies_past_l2<Arch, T>(x + i, block, nullptr, nullptr, its);
    else
      butterflies_in_l2<Arch, T>(x + i, block, block == n ? scale : nullptr, its);
  }
  if (block == n) return;
  if constexpr (std::is_same_v<T, float> && !joins_eighths<Arch>)
    if (n / block > blocks_joined<T, Arch>) return butterflies_by_tiles<Arch>(x, n, scale, tile);
  if constexpr (blocks_joined<T, Arch> == 16)
    if (n / block == 16) return butterfly_pass<16, loading::plain, Arch, T>(x, n, block, scale, nullptr);
  butterfly_stages<Arch, T>(x, n, block, scale);
}

// Floats of scratch that walsh_hadamard() takes.
constexpr std::size_t walsh_hadamard_floats(std::size_t n) noexcept {
  return n <= 8 * l2_floats ? 0 : n / l2_floats * 64 < l1_floats ? l1_floats : n / l2_floats * 64;
}

/// n: a power of two, at most 2^26; scale: null for 1; `tile`: walsh_hadamard_floats(n). Precondition: a row that
/// guarded() lets through. signs: null, or changed first, for vector_arch outside constant expressions and n >= signs_at_once.
template <class Arch, class T>
constexpr void walsh_hadamard(T* x, std::size_t n, std::type_identity_t<T const*> scale, float* tile,
                              sign_source const* signs = nullptr) noexcept {
  if constexpr (simd::vector_arch<Arch> && has_registers<T, Arch>) {
    if constexpr (std::is_same_v<T, float>)
      if (!std::is_constant_evaluated() && is_short_row<Arch>(n)) return static_cast<void>(short_row<false, Arch>(x, n, scale));
    if (!std::is_constant_evaluated() && n >= xsimd::batch<T, Arch>::size)
      return butterflies_past_l2<Arch, T>(x, n, scale, tile, signs);
  }
  butterflies_by_definition<Arch, T>(x, n, 1, scale);
}

// Stages below the size of a register, over `sixteens` times sixteen numbers.
template <std::size_t Width, class Arch>
void narrow_butterflies(float* x, std::size_t sixteens, float const* scale) noexcept {
  auto const factor = simd::floats<Arch>::broadcast(scale != nullptr ? *scale : 1.0f);
  for (std::size_t i = 0; i < sixteens; ++i, x += 16) {
    auto v = simd::floats<Arch>::load(x);
    for (auto& part : v.part) {
      part = simd::butterfly<1, Arch>(part);
      if constexpr (Width > 2) part = simd::butterfly<2, Arch>(part);
      if constexpr (Width > 4) part = simd::butterfly<4, Arch>(part);
    }
    if (scale != nullptr) v = simd::product<Arch>(v, factor);
    v.store(x);
  }
}

template <class Arch>
constexpr void walsh_hadamard_blocks(double* x, std::size_t count, std::size_t width, double const* scale, float*) noexcept {
  for (std::size_t i = 0; i < count; ++i) walsh_hadamard<Arch>(x + i * width, width, scale, nullptr);
}
/// `count` transforms of `width` numbers each, one after another.
template <class Arch>
constexpr void walsh_hadamard_blocks(float* x, std::size_t count, std::size_t width, float const* scale, float* tile,
                                     sign_source const* signs = nullptr) noexcept {
  if constexpr (simd::vector_arch<Arch>) {
    if (!std::is_constant_evaluated() && width > 1 && width < xsimd::batch<float, Arch>::size) {
      auto const sixteens = count * width / 16;
      if (width == 2) narrow_butterflies<2, Arch>(x, sixteens, scale);
      if constexpr (xsimd::batch<float, Arch>::size > 4)
        if (width == 4) narrow_butterflies<4, Arch>(x, sixteens, scale);
      if constexpr (xsimd::batch<float, Arch>::size > 8)
        if (width == 8) narrow_butterflies<8, Arch>(x, sixteens, scale);
      x += 16 * sixteens;
      count -= 16 * sixteens / width;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto const own = signs_from(signs, i * width);
    walsh_hadamard<Arch>(x + i * width, width, scale, tile, signs != nullptr ? &own : nullptr);
  }
}

}  // namespace skive::detail
