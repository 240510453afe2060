// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/rans.hpp - entropy coding of bytes with static frequencies: range asymmetric numeral systems, two states.
///
///   push s:  x' = floor(x / f) 4096 + x mod f + c;   pop: s = symbol of x mod 4096, x' = f floor(x / 4096) + x mod 4096 - c
///   f, c: frequency of s and sum of those before it, of 4096 in all. A state lies in 2^23 .. 2^31 - 1: bytes leave and enter.
///   stream: state of the even numbers, of the odd ones (4 bytes each), then the bytes in the order in which popping takes them
///
/// Model of : -
/// Cost     : a division a symbol to push, a multiplication and two look-ups to pop; 5 KiB of table in memory of the caller.
/// Accuracy : entropy of the frequencies, 64 bits a stream more.
/// Promise  : integer arithmetic: the same bytes everywhere. Popping reads nothing past the stream, and tells any stream that no
///            pushing wrote by corrupt, except those that are one for other symbols.
/// Source   : J. Duda, "Asymmetric numeral systems", 2013.

#include "skive/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// Frequencies of up to 256 symbols, of 4096 in all.
class rans_table {
 public:
  static constexpr int scale_bits = 12;
  static constexpr std::uint32_t total = 1U << scale_bits;

  constexpr rans_table() noexcept = default;
  /// Symbols from the first to the last that was counted get one at least; those outside have no code. Fails with
  /// invalid_argument where nothing was counted, for more than 256 symbols, or for a sum of 2^50 and more.
  static constexpr result<rans_table> make(std::span<std::uint64_t const> counts) noexcept {
    if (counts.size() > 256) return errc::invalid_argument;
    rans_table t;
    std::uint64_t sum = 0;
    std::size_t first = counts.size();
    std::size_t last = 0;
    for (std::size_t s = 0; s < counts.size(); ++s) {
      if (counts[s] == 0) continue;
      if (counts[s] >> 50 != 0) return errc::invalid_argument;
      sum += counts[s];
      if (sum >> 50 != 0) return errc::invalid_argument;
      if (first == counts.size()) first = s;
      last = s;
    }
    if (sum == 0) return errc::invalid_argument;
    t.first_ = static_cast<std::uint8_t>(first);
    t.last_ = static_cast<std::uint8_t>(last);
    t.share(counts, sum);
    std::uint32_t start = 0;
    for (std::size_t s = first; s <= last; ++s) {
      t.start_[s] = static_cast<std::uint16_t>(start);
      for (std::uint32_t i = 0; i < t.frequency_[s]; ++i) t.symbol_[start + i] = static_cast<std::uint8_t>(s);
      start += t.frequency_[s];
    }
    return t;
  }

  /// Symbols first() ... last() have codes.
  constexpr std::uint8_t first() const noexcept { return first_; }
  constexpr std::uint8_t last() const noexcept { return last_; }
  constexpr bool has(std::uint8_t s) const noexcept { return frequency_[s] != 0; }
  constexpr std::uint32_t frequency(std::uint8_t s) const noexcept { return frequency_[s]; }
  constexpr std::uint32_t start(std::uint8_t s) const noexcept { return start_[s]; }
  constexpr std::uint8_t symbol(std::uint32_t slot) const noexcept { return symbol_[slot]; }

 private:
  // In proportion, one at least; what is over or missing goes to the symbols that feel it least.
  constexpr void share(std::span<std::uint64_t const> counts, std::uint64_t sum) noexcept {
    std::int64_t rest = total;
    for (std::size_t s = first_; s <= last_; ++s) {
      auto const f = counts[s] * total / sum;
      frequency_[s] = static_cast<std::uint16_t>(f == 0 ? 1 : f);
      rest -= frequency_[s];
    }
    for (; rest != 0; rest += rest < 0 ? 1 : -1) {
      std::size_t at = first_;
      for (std::size_t s = first_; s <= last_; ++s) {
        auto const more = rest > 0 ? counts[s] * frequency_[at] > counts[at] * frequency_[s] : frequency_[s] > frequency_[at];
        if (more) at = s;
      }
      frequency_[at] = static_cast<std::uint16_t>(frequency_[at] + (rest > 0 ? 1 : -1));
    }
  }

  std::array<std::uint16_t, 256> frequency_{};
  std::array<std::uint16_t, 256> start_{};
  std::array<std::uint8_t, total> symbol_{};
  std::uint8_t first_ = 0;
  std::uint8_t last_ = 0;
};

namespace detail {
inline constexpr std::uint32_t rans_least = 1U << 23;
}

/// A bound for streams of n symbols: 12 bits a symbol, two states and the byte that a state may hold back.
constexpr std::size_t rans_bytes(std::size_t n) noexcept { return n / 2 * 3 + 3 * (n % 2) + 10; }

/// Pushes the symbols; the size of the stream, which begins where `to` does. Fails with size_mismatch if `to` is smaller than
/// rans_bytes(n), unsupported where a symbol has no code; `to` is then untouched.
constexpr result<std::size_t> rans_encode(rans_table const& table, std::span<std::uint8_t const> symbols,
                                          std::span<std::byte> to) noexcept {
  if (to.size() < rans_bytes(symbols.size())) return errc::size_mismatch;
  for (auto const s : symbols)
    if (!table.has(s)) return errc::unsupported;
  std::uint32_t state[2]{detail::rans_least, detail::rans_least};
  auto at = to.size();
  auto const put = [&](std::uint32_t x) noexcept { to[--at] = static_cast<std::byte>(static_cast<std::uint8_t>(x)); };
  for (auto i = symbols.size(); i-- > 0;) {
    auto const f = table.frequency(symbols[i]);
    auto& x = state[i % 2];
    for (; x >= (detail::rans_least >> rans_table::scale_bits << 8) * f; x >>= 8) put(x);
    x = (x / f << rans_table::scale_bits) + x % f + table.start(symbols[i]);
  }
  for (int s = 1; s >= 0; --s)
    for (int b = 3; b >= 0; --b) put(state[s] >> (8 * b));
  auto const size = to.size() - at;
  for (std::size_t i = 0; i < size; ++i) to[i] = to[at + i];
  return size;
}

/// Pops symbols.size() symbols; the bytes that they took. Fails with corrupt; `symbols` are then unspecified.
constexpr result<std::size_t> rans_decode(rans_table const& table, std::span<std::byte const> from,
                                          std::span<std::uint8_t> symbols) noexcept {
  if (from.size() < 8) return errc::corrupt;
  std::uint32_t state[2]{};
  for (std::size_t i = 0; i < 8; ++i) state[i / 4] |= std::to_integer<std::uint32_t>(from[i]) << (8 * (i % 4));
  for (auto const x : state)
    if (x < detail::rans_least || x >> 31 != 0) return errc::corrupt;
  std::size_t at = 8;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    auto& x = state[i % 2];
    auto const slot = x & (rans_table::total - 1);
    auto const s = table.symbol(slot);
    symbols[i] = s;
    x = table.frequency(s) * (x >> rans_table::scale_bits) + slot - table.start(s);
    for (; x < detail::rans_least; ++at) {
      if (at == from.size() || x == 0) return errc::corrupt;
      x = x << 8 | std::to_integer<std::uint32_t>(from[at]);
    }
  }
  if (state[0] != detail::rans_least || state[1] != detail::rans_least) return errc::corrupt;
  return at;
}

}  // namespace skive
