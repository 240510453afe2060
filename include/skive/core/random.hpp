// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/random.hpp - random numbers by index: any number of a stream can be had without those before it.
///
///   word i of a stream = word i % 4 of Philox4x32-10, key (seed), counter (i / 4, stream); 64-bit halves are low word first
///   gaussian: bit 31 is the sign, w = bits 0..30:  x = +-Q((w + 1/2) 2^-32), where Q(p) is exceeded with probability p
///
/// One index is one word: bits(i), uniform(i) and gaussian(i) depend on each other; take another index or stream.
///
/// Model of : -
/// Cost     : 20 multiplications for 4 words; a gaussian 10 more. The fill functions draw each block of 4 words once.
/// Accuracy : uniform and uniform_open are exact. gaussian: |error| <= 2^-23.98 |x| and 0.545 of the spacing of float at x, over
///            all 2^32 words; monotone in w; 2.9e-10 < |gaussian| < 6.34; the 2^32 values have mean 0, variance 1 - 5.7e-10.
/// Promise  : integer arithmetic only: the same bits on every platform and under every flag, however the work is split.
///            Not for secrets.
/// Source   : J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011;
///            inversion by octave as in D.-U. Lee et al., "Hierarchical segmentation for hardware function evaluation", 2009.

#include "skive/core/random_table.hpp"
#include "skive/core/rounding.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace skive {

/// Philox4x32-10: for each key a permutation of the 2^128 counters.
class philox {
 public:
  using words = std::array<std::uint32_t, 4>;

  /// The key: its low word is the paper's k0.
  constexpr explicit philox(std::uint64_t key = 0) noexcept : key_{key} {}

  constexpr words block(words counter) const noexcept {
    auto [c0, c1, c2, c3] = counter;
    auto k0 = low(key_);
    auto k1 = high(key_);
    for (int round = 0; round < 10; ++round) {
      auto const a = std::uint64_t{0xD2511F53} * c0;
      auto const b = std::uint64_t{0xCD9E8D57} * c2;
      c0 = high(b) ^ c1 ^ k0;
      c2 = high(a) ^ c3 ^ k1;
      c1 = low(b);
      c3 = low(a);
      k0 += 0x9E3779B9;  // golden ratio
      k1 += 0xBB67AE85;  // sqrt(3) - 1
    }
    return {c0, c1, c2, c3};
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x >> 32); }

  std::uint64_t key_;
};

namespace detail {

// mantissa 2^scale in float, nearest even. Precondition: mantissa > 0, the result is normal.
constexpr float scaled_float(std::uint64_t mantissa, int scale, bool negative) noexcept {
  auto const top = 63 - std::countl_zero(mantissa);
  int const cut = top - 23;
  auto keep = cut <= 0 ? mantissa << -cut : mantissa >> cut;
  if (cut > 0 && nearest_even{}.increments(keep, mantissa & ((std::uint64_t{1} << cut) - 1), cut, negative)) ++keep;
  auto const bits = (static_cast<std::uint64_t>(top + scale + 126) << 23) + keep;  // keep's leading 1 adds 1 to the exponent
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) | (negative ? 0x80000000U : 0U));
}

// Horner's rule at T = t 2^-30, |T| <= 1, to c 2^-32: each product is below 2^61, since the inner sums are below 1/2.
constexpr std::int64_t normal_quantile_row(std::size_t row, std::int64_t t) noexcept {
  auto const& c = normal_quantile_rows[row];
  auto sum = c[9];
  for (std::size_t j = 9; j-- > 0;) sum = ((sum * t) >> 30) + c[j];
  return sum;
}

constexpr float gaussian_from(std::uint32_t bits) noexcept {
  bool const negative = (bits >> 31) != 0;
  std::uint32_t const q = (bits << 1) | 1;  // p = q 2^-33
  constexpr std::int64_t centre = std::int64_t{1} << 30;
  if (int const octave = std::countl_zero(q); octave != 0) {
    auto const fraction = std::int64_t{(q << octave) & 0x7FFFFFFF};  // of p 2^(octave + 2) - 1, 31 bits: exact
    auto const x = normal_quantile_row(static_cast<std::size_t>(octave), fraction - centre);
    return scaled_float(static_cast<std::uint64_t>(x), -32, negative);
  }
  std::uint64_t const d = std::uint64_t{1} << 32;  // 1/2 - p = (d - q) 2^-33, exactly
  std::uint64_t const e = d - q;
  auto const ratio = normal_quantile_row(0, static_cast<std::int64_t>((e * e) >> 31) - centre);  // x / (1/2 - p), below 2.75
  return scaled_float(e * (static_cast<std::uint64_t>(ratio) >> 1), -64, negative);
}

constexpr float uniform_from(std::uint32_t bits) noexcept { return static_cast<float>(bits >> 8) * 0x1p-24f; }
constexpr float uniform_open_from(std::uint32_t bits) noexcept { return static_cast<float>((bits >> 9) * 2 + 1) * 0x1p-24f; }

}  // namespace detail

/// The random numbers of one seed and stream; a value, and the same numbers wherever it is copied to.
class counter_random {
 public:
  constexpr explicit counter_random(std::uint64_t seed = 0, std::uint64_t stream = 0) noexcept
      : generator_{seed}, stream_{stream} {}

  /// Words 4 b .. 4 b + 3; b < 2^62 (larger b give words that no index reaches).
  constexpr philox::words block(std::uint64_t b) const noexcept {
    return generator_.block({static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32),  //
                             static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)});
  }

  /// Word i of the stream.
  constexpr std::uint32_t bits(std::uint64_t i) const noexcept { return block(i / 4)[i % 4]; }

  /// Words 2 i (low half) and 2 i + 1; i < 2^63.
  constexpr std::uint64_t bits64(std::uint64_t i) const noexcept {
    auto const w = block(i / 2);
    auto const first = static_cast<std::size_t>(i % 2 * 2);
    return std::uint64_t{w[first + 1]} << 32 | w[first];
  }

  /// A multiple of 2^-24 in [0, 1): the top 24 bits of word i.
  constexpr float uniform(std::uint64_t i) const noexcept { return detail::uniform_from(bits(i)); }

  /// An odd multiple of 2^-24 in (0, 1): the top 23 bits of word i. Symmetric about 1/2.
  constexpr float uniform_open(std::uint64_t i) const noexcept { return detail::uniform_open_from(bits(i)); }

  /// Normal with mean 0 and variance 1; the word with bit 31 flipped gives the negative.
  constexpr float gaussian(std::uint64_t i) const noexcept { return detail::gaussian_from(bits(i)); }

  /// out[j] = bits(first + j), and so on; indices wrap past 2^64.
  constexpr void fill_bits(std::span<std::uint32_t> out, std::uint64_t first = 0) const noexcept {
    fill(out, first, [](std::uint32_t w) noexcept { return w; });
  }
  constexpr void fill_uniform(std::span<float> out, std::uint64_t first = 0) const noexcept {
    fill(out, first, detail::uniform_from);
  }
  constexpr void fill_gaussian(std::span<float> out, std::uint64_t first = 0) const noexcept {
    fill(out, first, detail::gaussian_from);
  }

 private:
  template <class T, class Make>
  constexpr void fill(std::span<T> out, std::uint64_t first, Make make) const noexcept {
    for (std::size_t j = 0; j < out.size();) {
      auto const i = first + j;
      auto const words = block(i / 4);
      for (auto k = static_cast<std::size_t>(i % 4); k < 4 && j < out.size(); ++k, ++j) out[j] = make(words[k]);
    }
  }

  philox generator_;
  std::uint64_t stream_;
};

static_assert(std::is_trivially_copyable_v<counter_random> && sizeof(counter_random) == 16);

}  // namespace skive
