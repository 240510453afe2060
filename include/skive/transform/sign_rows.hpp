// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/sign_rows.hpp - whole rows of a core Hadamard matrix as bits, by windows of sequences that are written twice.
///
///   circulant: row r of entries a((c - r) mod m) is the window from m - r of a a;  Paley: chi(i - j) is the window from p - i of
///   chi(0) chi(-1) ... chi(1 - p) twice, one such sequence for each value of the digits of i - j above the lowest; so too
///   where the four rows have digits;  Miyamoto: four bits for each bit of such a row, two of them from a row of K
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
  using strings = bit_string<35, Arch>;

  /// `h` of a core: its order is h.core(). It has to outlive the rows.
  constexpr explicit sign_rows(hadamard_matrix const& h) noexcept : h_{h} {
    append_twice(h.character(), doubled_);
    append_twice(h.half_character(), reversed_);
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
      case hadamard_construction::paley_1:
      case hadamard_construction::paley_2: return paley_row(h_.character(), doubled_, i);
      case hadamard_construction::miyamoto: return i < 4 ? miyamoto_head(i) : miyamoto_row(i / 4, i % 4);
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
  static constexpr void append_twice(quadratic_character const& chi, strings& to) noexcept {
    auto const p = chi.characteristic();
    for (std::uint32_t high = 0; high < chi.order(); high += p)
      for (std::uint32_t t = 0; t < 2 * p; ++t) to.append(chi.negative(high + (2 * p - t) % p) ? 1 : 0, 1);
  }
  // A sign, then chi(i - 1 - j) for all j.
  static constexpr bits bordered(quadratic_character const& chi, strings const& doubled, std::uint32_t i, bool first) noexcept {
    bits out;
    out.append(first ? 1 : 0, 1);
    auto const p = chi.characteristic();
    auto const a = i - 1;
    for (std::uint32_t high = 0; high < chi.order(); high += p)
      out.append(doubled, std::size_t{2} * chi.difference(a - a % p, high) + p - a % p, p);
    return out;
  }
  // Each bit twice, the second changed in odd rows: the Kronecker product with [1 1; 1 -1].
  static constexpr bits with_sylvester(bits const& row, std::size_t count, bool odd) noexcept {
    bits out;
    for (std::size_t j = 0; j < count; j += 16) {
      auto twice = row.window(j, 16);  // bit k goes to bits 2 k and 2 k + 1
      twice = (twice | twice << 8) & 0x00FF'00FF;
      twice = (twice | twice << 4) & 0x0F0F'0F0F;
      twice = (twice | twice << 2) & 0x3333'3333;
      twice = (twice | twice << 1) & 0x5555'5555;
      out.append((twice | twice << 1) ^ (odd ? 0xAAAA'AAAAU : 0U), 32);
    }
    return out;
  }
  constexpr bits paley_row(quadratic_character const& chi, strings const& doubled, std::uint32_t i) const noexcept {
    if (chi.order() % 4 == 3) return i == 0 ? all_plus() : bordered(chi, doubled, i, true);
    bool const low = i % 2 != 0;
    i /= 2;
    auto out = with_sylvester(i == 0 ? all_plus() : bordered(chi, doubled, i, false), chi.order() + 1, low);
    auto& diagonal = out.word[i / 32];
    diagonal = (diagonal & ~(std::uint64_t{3} << (2 * i % 64))) | std::uint64_t{low ? 3U : 2U} << (2 * i % 64);
    return out;
  }
  // Row i of K, or of -K transposed: Paley II is symmetric, Paley I but for its diagonal skew.
  constexpr bits half_row(std::uint32_t i, bool transposed) const noexcept {
    auto const& chi = h_.half_character();
    auto const shift = h_.half_shift();
    bool const skew = chi.order() % 4 == 3;
    auto count = std::size_t{chi.order() + 1} * (skew ? 1 : 2);
    auto const at = i >> shift;
    auto out = paley_row(chi, reversed_, at);
    if (transposed && skew) out.word[at / 64] ^= std::uint64_t{1} << (at % 64);
    for (std::size_t w = 0; transposed && !skew && w <= count / 64; ++w) out.word[w] = ~out.word[w];
    for (int s = shift; s > 0; --s, count *= 2) out = with_sylvester(out, count, (i >> (s - 1)) % 2 != 0);
    return out;
  }
  // Of each group of four bits those in `groups` times that of `row`.
  static constexpr std::uint64_t in_fours(bits const& row, std::size_t first, unsigned groups) noexcept {
    auto fours = row.window(first, 16);
    fours = (fours | fours << 24) & 0x0000'00FF'0000'00FF;
    fours = (fours | fours << 12) & 0x000F'000F'000F'000F;
    fours = (fours | fours << 6) & 0x0303'0303'0303'0303;
    fours = (fours | fours << 3) & 0x1111'1111'1111'1111;
    return fours * groups;
  }
  // One of the first four rows: signs of (-1)^popcount(a & b), and behind them of the same with chi(f) in place of bit 0 of b.
  constexpr bits miyamoto_head(std::uint32_t a) const noexcept {
    if (a == 0) return all_plus();
    auto const q = h_.character().order();
    auto const squares = bordered(h_.character(), doubled_, 1, false);  // chi(-f) = chi(f)
    bits out;
    for (std::uint32_t f = 0; f < q; f += 16)
      out.append(~in_fours(squares, f + 1, a % 2 != 0 ? 15 : 0) ^ (a >= 2 ? 0xCCCC'CCCC'CCCC'CCCC : 0), 64);
    out.word[0] = (out.word[0] & ~std::uint64_t{15}) | (a == 1 ? 0b1010 : a == 2 ? 0b1100 : 0b0110);
    return out;
  }
  constexpr bits miyamoto_row(std::uint32_t e, std::uint32_t a) const noexcept {
    auto const q = h_.character().order();
    auto const field = bordered(h_.character(), doubled_, e + 1, h_.character().negative(e));
    auto const half = half_row(e - 1, a >= 2);
    bool const negative = h_.character().negative(e);
    std::uint64_t const same = a < 2 ? 0x3 : 0xC;
    std::uint64_t const alternate = (a % 2 != 0 ? 0x5555'5555'5555'5555 : 0xAAAA'AAAA'AAAA'AAAA);
    std::uint64_t const other_bits = 0x1111'1111'1111'1111 * (15 - same);
    bits shifted;  // by one place: K has no column for 0
    shifted.append(0, 1);
    shifted.append(half, 0, q - 1);
    bits out;
    for (std::uint32_t f = 0; f < q; f += 16)
      out.append((in_fours(field, f + 1, static_cast<unsigned>(same)) ^ (negative ? ~other_bits : 0)) ^
                     in_fours(shifted, f, static_cast<unsigned>(15 - same)) ^ (alternate & other_bits),
                 64);
    auto const put = [&](std::uint32_t f, std::uint64_t mask, std::uint64_t four) {
      auto& word = out.word[f / 16];
      word = (word & ~(mask << (4 * f % 64))) | (four & mask) << (4 * f % 64);
    };
    put(e, same, alternate);
    put(0, 15, std::uint64_t{1} << ((a & 2) + (negative ? 1 : 0)));
    return out;
  }
  constexpr bits circulant_row(std::uint32_t block, std::uint32_t r) const noexcept {
    auto const m = h_.circulants().m;
    std::uint32_t const base = h_.circulants().base;
    bits out;
    for (std::uint32_t j = 0; j < 4; ++j) {
      auto const which = block ^ j;
      auto const start = std::size_t{2} * m * which;
      bool const negated = h_.block_is_negated(block, j);
      if (base != 0)  // symmetric: a(c - r) = a(r - c)
        for (std::uint32_t high = 0; high < m; high += base)
          append_signed(out, doubled_, start + 2 * digit_difference(r - r % base, high, base, m) + base - r % base, base,
                        negated);
      else if (which == 0 || h_.circulants().symmetric)
        append_signed(out, doubled_, start + m - r, m, negated);
      else if (block != 0 && j != 0)
        append_signed(out, doubled_, start + r + 1, m, negated);  // transposed and reversed
      else
        append_signed(out, reversed_, start + r, m, negated);
    }
    return out;
  }
  static constexpr void append_signed(bits& out, strings const& from, std::size_t first, std::size_t count,
                                      bool negated) noexcept {
    for (auto const flips = negated ? ~std::uint64_t{0} : 0; count != 0;) {
      auto const now = count < 64 ? count : 64;
      out.append((from.window(first, now) ^ flips) & (~std::uint64_t{0} >> (64 - now)), now);
      first += now;
      count -= now;
    }
  }

  hadamard_matrix const& h_;
  strings doubled_;
  strings reversed_;  // or, of Miyamoto's matrices, what belongs to K
};

}  // namespace skive::detail
