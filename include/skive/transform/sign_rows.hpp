// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/sign_rows.hpp - whole rows of a core Hadamard matrix as bits, by windows of sequences that are written twice.
///
///   circulant: row r of entries a((c - r) mod m) is the window from m - r of a a;  Paley: chi(i - j) is the window from p - i of
///   chi(0) chi(-1) ... chi(1 - p) twice, one such sequence for each value of the digits of i - j above the lowest; so too
///   where the four rows have digits
///
/// Model of : -
/// Cost     : a few nanoseconds for 64 entries of a row over a prime field, against some for each with hadamard_matrix::negative.
/// Accuracy : exact.
/// Promise  : row(i) has the entries of the matrix.
/// Source   : -

#include "skive/transform/hadamard_matrix.hpp"

#include <span>

namespace skive::detail {

// Bits one after another, the first in the lowest place; room for 64 (Words - 2). The word after the last bit is always written.
template <std::size_t Words, class Arch>
struct bit_string {
  std::uint64_t word[Words];
  std::size_t size = 0;

  constexpr bit_string() noexcept { word[0] = word[1] = 0; }
  constexpr void append(std::uint64_t bits, std::size_t count) noexcept {  // 0 < count <= 64, no bit set above it
    auto* const at = word + size / 64;
    auto const shift = size % 64;
    at[0] = shift == 0 ? bits : at[0] | bits << shift;
    at[1] = shift == 0 ? 0 : bits >> (64 - shift);
    size += count;
  }
  constexpr std::uint64_t window(std::size_t first, std::size_t count) const noexcept {
    auto const low = word[first / 64] >> (first % 64);
    auto const bits = first % 64 == 0 ? low : low | word[first / 64 + 1] << (64 - first % 64);
    return count >= 64 ? bits : bits & ((std::uint64_t{1} << count) - 1);
  }
  template <std::size_t Other>
  constexpr void append(bit_string<Other, Arch> const& from, std::size_t first, std::size_t count) noexcept {
    for (; count >= 64; first += 64, count -= 64) append(from.window(first, 64), 64);
    if (count != 0) append(from.window(first, count), count);
  }
};

template <class Arch>
class sign_rows {
 public:
  using bits = bit_string<19, Arch>;

  /// `h` of a core: its order is h.core(). It has to outlive the rows.
  constexpr explicit sign_rows(hadamard_matrix const& h) noexcept : h_{h} {
    auto const& chi = h.character();
    auto const p = chi.characteristic();
    for (std::uint32_t high = 0; high < chi.order(); high += p)
      for (std::uint32_t t = 0; t < 2 * p; ++t) doubled_.append(chi.negative(high + (2 * p - t) % p) ? 1 : 0, 1);
    auto const& c = h.circulants();
    std::uint32_t const base = c.base;
    if (c.m == 0) return;
    for (std::size_t which = 0; which < 4; ++which) {
      auto const entry = [&](std::uint32_t j) { return c.row[which][j / 64] >> (j % 64) & 1; };
      for (std::uint32_t high = 0; base != 0 && high < c.m; high += base)
        for (std::uint32_t t = 0; t < 2 * base; ++t) doubled_.append(entry(high + (2 * base - t) % base), 1);
      for (std::uint32_t t = 0; base == 0 && t < 2 * c.m; ++t) {
        doubled_.append(entry(t % c.m), 1);
        reversed_.append(entry((2 * c.m - 1 - t) % c.m), 1);
      }
    }
  }

  constexpr bits row(std::uint32_t i) const noexcept {
    switch (h_.construction()) {
      case hadamard_construction::paley_1: return i == 0 ? all_plus() : bordered(i, true);
      case hadamard_construction::paley_2: return paley_2_row(i / 2, i % 2 != 0);
      case hadamard_construction::williamson:
      case hadamard_construction::goethals_seidel: return circulant_row(i / h_.circulants().m, i % h_.circulants().m);
      case hadamard_construction::sylvester: break;
    }
    return all_plus();
  }

 private:
  constexpr bits all_plus() const noexcept {
    bits out;
    for (std::size_t j = 0; j < h_.core(); j += 64) out.append(0, 64);
    return out;
  }
  // A sign, then chi(i - 1 - j) for all j.
  constexpr bits bordered(std::uint32_t i, bool first) const noexcept {
    bits out;
    out.append(first ? 1 : 0, 1);
    auto const& chi = h_.character();
    auto const p = chi.characteristic();
    auto const a = i - 1;
    for (std::uint32_t high = 0; high < chi.order(); high += p)
      out.append(doubled_, std::size_t{2} * chi.difference(a - a % p, high) + p - a % p, p);
    return out;
  }
  constexpr bits paley_2_row(std::uint32_t i, bool low) const noexcept {
    auto const c = i == 0 ? all_plus() : bordered(i, false);
    bits out;
    for (std::size_t j = 0; j <= h_.character().order(); j += 16) {
      auto twice = c.window(j, 16);  // bit k goes to bits 2 k and 2 k + 1
      twice = (twice | twice << 8) & 0x00FF'00FF;
      twice = (twice | twice << 4) & 0x0F0F'0F0F;
      twice = (twice | twice << 2) & 0x3333'3333;
      twice = (twice | twice << 1) & 0x5555'5555;
      out.append((twice | twice << 1) ^ (low ? 0xAAAA'AAAAU : 0U), 32);
    }
    auto& diagonal = out.word[i / 32];
    diagonal = (diagonal & ~(std::uint64_t{3} << (2 * i % 64))) | std::uint64_t{low ? 3U : 2U} << (2 * i % 64);
    return out;
  }
  constexpr bits circulant_row(std::uint32_t block, std::uint32_t r) const noexcept {
    auto const m = h_.circulants().m;
    std::uint32_t const base = h_.circulants().base;
    bits out;
    for (std::uint32_t j = 0; j < 4; ++j) {
      auto const which = block ^ j;
      auto const start = std::size_t{2} * m * which;
      bits part;
      if (base != 0)  // symmetric: a(c - r) = a(r - c)
        for (std::uint32_t high = 0; high < m; high += base)
          part.append(doubled_, start + 2 * digit_difference(r - r % base, high, base, m) + base - r % base, base);
      else if (which == 0 || h_.circulants().symmetric)
        part.append(doubled_, start + m - r, m);
      else if (block != 0 && j != 0)
        part.append(doubled_, start + r + 1, m);  // transposed and reversed
      else
        part.append(reversed_, start + r, m);
      for (std::size_t first = 0; first < m; first += 64) {
        auto const count = m - first < 64 ? m - first : 64;
        auto const mask = ~std::uint64_t{0} >> (64 - count);
        out.append(part.window(first, count) ^ (h_.block_is_negated(block, j) ? mask : 0), count);
      }
    }
    return out;
  }

  hadamard_matrix const& h_;
  bit_string<35, Arch> doubled_;
  bit_string<35, Arch> reversed_;
};

}  // namespace skive::detail
