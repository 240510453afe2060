// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/nested_levels.hpp - scalar tables of several precisions whose codes are prefixes of each other.
///
///   codes of base bits: nearest of the k-means levels;   each bit more splits every cell in two by k-means of its samples
///   code of b bits = code of b + 1 bits / 2:   one stored code of `bits` bits serves every precision from `base` on
///
/// Tables lie one after another: 2^base levels, 2^(base + 1), ..., 2^bits, ascending each.
///
/// Model of : primitive (nested_levels)
/// Cost     : training: codebook/kmeans_1d.hpp for base bits, then two levels for each cell; encoding `bits` comparisons.
/// Accuracy : the table of base bits is the best there is, every split the best for its cell. Gaussian samples, base 2: 2, 7, 11
///            and 16 % above the error of the best table at 3, 4, 5 and 6 bits.
/// Promise  : deterministic. encode(x, b) is encode(x, bits) shifted down, for any x; a tie goes to the lower code. A cell
///            without samples, or with equal ones, has two levels that are the same.
/// Source   : Y. Park et al., "Any-precision LLM: low-cost deployment of multiple, different-sized LLMs", ICML 2024.

#include "skive/codebook/kmeans_1d.hpp"
#include "skive/core/primitive.hpp"

namespace skive {

/// A view of the caller's tables.
class nested_levels {
 public:
  static constexpr int most_bits = 12;

  /// Numbers of all tables.
  static constexpr std::size_t table_size(int base, int bits) noexcept {
    return (std::size_t{2} << bits) - (std::size_t{1} << base);
  }
  constexpr nested_levels() noexcept = default;
  /// Fails with invalid_argument unless 1 <= base <= bits <= 12 and levels ascend, size_mismatch, not_finite.
  static constexpr result<nested_levels> make(int base, int bits, std::span<float const> tables) noexcept {
    if (base < 1 || bits < base || bits > most_bits) return errc::invalid_argument;
    if (tables.size() != table_size(base, bits)) return errc::size_mismatch;
    nested_levels n;
    n.data_ = tables.data();
    n.base_ = base;
    n.bits_ = bits;
    for (auto const v : tables)
      if (!is_finite(v)) return errc::not_finite;
    for (int b = base; b <= bits; ++b)
      for (std::size_t i = 1; i < std::size_t{1} << b; ++i)
        if (n.levels(b)[i] < n.levels(b)[i - 1]) return errc::invalid_argument;
    return n;
  }

  constexpr int base() const noexcept { return base_; }
  constexpr int bits() const noexcept { return bits_; }
  /// Precondition of b here and below: base <= b <= bits.
  constexpr std::span<float const> levels(int b) const noexcept {
    return {data_ + ((std::size_t{1} << b) - (std::size_t{1} << base_)), std::size_t{1} << b};
  }
  /// The code of b bits; NaN has the highest.
  constexpr std::uint32_t encode(float x, int b) const noexcept {
    auto const first = levels(base_);
    std::uint32_t code = 0;
    for (auto half = std::uint32_t{1} << (base_ - 1); half != 0; half /= 2)
      if (above(x, first[code + half - 1], first[code + half])) code += half;
    for (int now = base_ + 1; now <= b; ++now) {
      code *= 2;
      if (above(x, levels(now)[code], levels(now)[code + 1])) ++code;
    }
    return code;
  }
  /// What a code of `bits` bits is worth when only b of them are read; bits above do not count.
  constexpr float decode(std::uint32_t code, int b) const noexcept {
    return levels(b)[(code >> (bits_ - b)) % (std::uint32_t{1} << b)];
  }

 private:
  // Nearer to the upper level; the sum of two floats is exact enough in double: it rounds for distant exponents only.
  static constexpr bool above(float x, float lower, float upper) noexcept {
    return !(2 * static_cast<double>(x) <= static_cast<double>(lower) + static_cast<double>(upper));
  }

  float const* data_ = nullptr;
  int base_ = 1;
  int bits_ = 1;
};

static_assert(primitive<nested_levels>);

constexpr std::size_t train_nested_levels_bytes(std::size_t n, int base) noexcept {
  auto const k = std::size_t{1} << base;
  auto const first = kmeans_1d_bytes(n, k, kmeans_memory::small);
  auto const split = kmeans_1d_bytes(n, 2, kmeans_memory::small);
  return saturating_add(saturating_add(saturating_multiply(workspace::bytes<float>(n), 2),
                                       saturating_multiply(workspace::bytes<std::uint32_t>(n), 3)),
                        first > split ? first : split);
}

/// Fills `tables` as nested_levels wants them. Fails as nested_levels::make() and kmeans_1d() do; nothing is then written, but
/// for errors of kmeans_1d.
inline status train_nested_levels(std::span<float const> samples, std::span<float const> weights, int base, int bits,
                                  std::span<float> tables, workspace scratch) noexcept {
  if (base < 1 || bits < base || bits > nested_levels::most_bits) return errc::invalid_argument;
  if (tables.size() != nested_levels::table_size(base, bits)) return errc::size_mismatch;
  auto const n = samples.size();
  if (n >= 0xFFFF'FFFFU) return errc::overflow;
  if (scratch.size() < train_nested_levels_bytes(n, base)) return errc::workspace_too_small;
  auto const at = [&](int b) noexcept {
    return tables.subspan((std::size_t{1} << b) - (std::size_t{1} << base), std::size_t{1} << b);
  };
  auto const x = scratch.take<float>(n);
  auto const w = scratch.take<float>(n);
  auto const order = scratch.take<std::uint32_t>(n);
  auto const spare = scratch.take<std::uint32_t>(n);
  auto const keys = scratch.take<std::uint32_t>(n);
  if (auto const r = kmeans_1d(samples, weights, at(base), kmeans_memory::small, scratch); !r) return r.error();
  detail::sorted_positions(samples, order, spare, keys);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = samples[order[i]];
    w[i] = weights.empty() ? 1.0f : weights[order[i]];
  }
  for (int b = base; b < bits; ++b) {
    auto const whole = nested_levels::make(base, b, tables.first(nested_levels::table_size(base, b)));
    if (!whole) return whole.error();
    std::size_t first = 0;
    for (std::uint32_t cell = 0; cell < at(b).size(); ++cell) {
      auto last = first;
      double mass = 0;
      for (; last < n && whole->encode(x[last], b) == cell; ++last) mass += static_cast<double>(w[last]);
      auto const pair = at(b + 1).subspan(2 * cell, 2);
      pair[0] = pair[1] = at(b)[cell];
      if (mass > 0) {
        auto const r =
            kmeans_1d(x.subspan(first, last - first), w.subspan(first, last - first), pair, kmeans_memory::small, scratch);
        if (!r) return r.error();
      }
      first = last;
    }
  }
  return errc::ok;
}

}  // namespace skive
