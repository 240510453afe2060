// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/prefix_code.hpp - Huffman codes of at most 11 bits, and a table that decodes up to four symbols at a look.
///
///   codes are canonical (by length, then symbol), stored from their first bit on as the lowest bits; entry w of the table holds what
///   the 11 bits w begin with: bytes 0-3 symbols, byte 4 how many, byte 5 their bits
///
/// Symbols of less than 2^-14 of the counts have no code: their places are to be named apart.
///
/// Model of : -
/// Cost     : make(): n^2 steps for n symbols; 18 KiB in memory of the caller.
/// Accuracy : within a few hundredths of a bit of the entropy for counts without a symbol above one half.
/// Promise  : codes fill the 2048 windows: any bits decode. The same on every platform.
/// Source   : D. A. Huffman, 1952.

#include "skive/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

class prefix_code {
 public:
  static constexpr int longest = 11;

  constexpr prefix_code() noexcept = default;
  /// Fails with invalid_argument where all counts are zero or their sum is 2^50 and more.
  static constexpr result<prefix_code> make(std::span<std::uint64_t const, 256> counts) noexcept {
    std::uint64_t sum = 0;
    for (auto const c : counts) {
      if (c >> 50 != 0) return errc::invalid_argument;
      sum += c;
      if (sum >> 50 != 0) return errc::invalid_argument;
    }
    if (sum == 0) return errc::invalid_argument;
    prefix_code code;
    std::array<std::uint64_t, 256> weight{};
    std::size_t used = 0;
    for (std::size_t s = 0; s < 256; ++s)
      if (counts[s] > sum >> 14) weight[s] = counts[s], ++used;
    for (std::size_t s = 0; used < 2; ++s)  // a complete code has two symbols
      if (weight[s] == 0) weight[s] = 1, ++used;
    code.set_lengths(weight);
    code.limit(weight);
    code.set_codes();
    return code;
  }

  /// 0: the symbol has no code.
  constexpr int length(std::uint8_t s) const noexcept { return length_[s]; }
  constexpr std::uint32_t bits(std::uint8_t s) const noexcept { return bits_[s]; }
  constexpr std::uint64_t entry(std::uint32_t window) const noexcept { return entries_[window]; }
  /// A symbol with the shortest code: what stands in the place of one without.
  constexpr std::uint8_t common() const noexcept {
    std::size_t best = 0;
    for (std::size_t s = 0; s < 256; ++s)
      if (length_[s] != 0 && (length_[best] == 0 || length_[s] < length_[best])) best = s;
    return static_cast<std::uint8_t>(best);
  }

 private:
  // Huffman's tree: nodes are joined two lightest at a time, of equals the first.
  constexpr void set_lengths(std::array<std::uint64_t, 256> const& weight) noexcept {
    std::array<std::uint64_t, 511> mass{};
    std::array<std::uint16_t, 511> parent{};
    std::array<bool, 511> open{};
    std::size_t left = 0;
    for (std::size_t s = 0; s < 256; ++s) mass[s] = weight[s], open[s] = weight[s] != 0, left += open[s] ? 1U : 0U;
    std::size_t next = 256;
    for (; left > 1; --left, ++next) {
      std::size_t two[2]{511, 511};
      for (std::size_t i = 0; i < next; ++i) {
        if (!open[i]) continue;
        if (two[0] == 511 || mass[i] < mass[two[0]]) {
          two[1] = two[0];
          two[0] = i;
        } else if (two[1] == 511 || mass[i] < mass[two[1]]) {
          two[1] = i;
        }
      }
      mass[next] = mass[two[0]] + mass[two[1]];
      open[next] = true;
      for (auto const i : two) open[i] = false, parent[i] = static_cast<std::uint16_t>(next);
    }
    for (std::size_t s = 0; s < 256; ++s)
      for (std::size_t i = s; weight[s] != 0 && i != next - 1; i = parent[i]) ++length_[s];
  }
  // Codes above the limit are cut to it; the lightest shorter ones grow until the lengths fit, then the heaviest shrink to fill.
  constexpr void limit(std::array<std::uint64_t, 256> const& weight) noexcept {
    std::int64_t room = 1 << longest;
    for (auto& l : length_) {
      if (l > longest) l = longest;
      if (l != 0) room -= 1 << (longest - l);
    }
    while (room < 0) {
      std::size_t at = 256;
      for (std::size_t s = 0; s < 256; ++s)
        if (length_[s] != 0 && length_[s] < longest && (at == 256 || weight[s] < weight[at])) at = s;
      room += 1 << (longest - ++length_[at]);
    }
    while (room > 0) {
      std::size_t at = 256;
      for (std::size_t s = 0; s < 256; ++s)
        if (length_[s] > 1 && 1 << (longest - length_[s]) <= room && (at == 256 || weight[s] > weight[at])) at = s;
      room -= 1 << (longest - length_[at]--);
    }
  }
  constexpr void set_codes() noexcept {
    std::array<std::uint8_t, 1U << longest> symbol{};
    std::uint32_t next = 0;
    for (int l = 1; l <= longest; ++l, next <<= 1)
      for (std::size_t s = 0; s < 256; ++s) {
        if (length_[s] != l) continue;
        std::uint32_t turned = 0;
        for (int b = 0; b < l; ++b) turned |= (next >> b & 1) << (l - 1 - b);
        bits_[s] = static_cast<std::uint16_t>(turned);
        for (auto w = turned; w < symbol.size(); w += 1U << l) symbol[w] = static_cast<std::uint8_t>(s);
        ++next;
      }
    for (std::uint32_t w = 0; w < symbol.size(); ++w) {
      std::uint64_t entry = 0;
      int filled = 0;
      std::uint64_t count = 0;
      for (; count < 4; ++count) {
        auto const s = symbol[w >> filled];
        if (filled + length_[s] > longest) break;
        entry |= std::uint64_t{s} << (8 * count);
        filled += length_[s];
      }
      entries_[w] = entry | count << 32 | static_cast<std::uint64_t>(filled) << 40;
    }
  }

  std::array<std::uint8_t, 256> length_{};
  std::array<std::uint16_t, 256> bits_{};
  std::array<std::uint64_t, 1U << longest> entries_{};
};

}  // namespace skive
