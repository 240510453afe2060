// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_code.hpp - maps from trellis states to levels: computed from the state's bits, or read from tables.
///
///   folded_code    u t(s_0 ^ m_1(s_1) ^ m_2(s_2)):  E-bit pieces of s, lowest first, a table t of 2^E bytes, maps m of E bits;
///                  u = 256, or 128 where an entry of t may be above 63
///   table_code     256 t(s), one table of bytes that the caller keeps
///   mad1   x = 34038481 s + 76625530;  sum of the 4 bytes of x, less 510                    (1MAD; levels of 1/147.8 sigma)
///   inst3  x = 89226354 s + 64248484;  y = (x & 8FFF8FFF) ^ 3B603B60;  f16(high half) + f16(low half) in f16     (3INST)
///   mcg    as inst3 with x = CBAC1FED s;   mul1  as mad1 with x = 83DCD12D s                (exllamav3's, without the offset)
///
/// The arithmetic of computed codes is modulo 2^32. Why to fold: a long memory needs many states, not many levels. 16 levels and
/// 16 map entries, two registers, are better than a trained table of 256 bytes (0.0758 against 0.0777 at 2 bits), 64 and 64 than
/// one of 4096 (0.0710 against 0.0718).
///
/// Model of : trellis_code; folded_trellis_code for folded_code
/// Cost     : a multiplication and a few operations a state, or a byte of memory for each piece.
/// Accuracy : the levels are the published numbers exactly, in fixed point: times 48 for sums of bytes, 2^13 for sums of halves.
/// Promise  : integers only, constexpr, the same everywhere.
/// Source   : QTIP (codebook/trellis.hpp); exllamav3 (EXL3) for the last two.

#include "skive/codebook/trellis.hpp"
#include "skive/format/half.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace skive {

namespace detail {

constexpr std::int16_t byte_sum_level(std::uint32_t x) noexcept {
  auto const sum = static_cast<int>((x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24));
  return static_cast<std::int16_t>(48 * (sum - 510));
}

// A half of magnitude below 2 whose exponent field is 12 or more, in units of 2^-13.
constexpr int half_level(std::uint32_t h) noexcept {
  auto const exponent = static_cast<int>(h >> 10 & 31);
  auto const magnitude = static_cast<int>((h & 1023) | 1024) << (exponent - 12);
  return (h & 0x8000) != 0 ? -magnitude : magnitude;
}

// Nearest even to 11 significant bits, as a sum of halves is.
constexpr int rounded_to_half(int sum) noexcept {
  auto const magnitude = sum < 0 ? -sum : sum;
  int shift = 0;
  while (magnitude >> shift >= 2048) ++shift;
  if (shift == 0) return sum;
  auto kept = magnitude >> shift;
  auto const rest = magnitude & ((1 << shift) - 1);
  auto const tie = 1 << (shift - 1);
  if (rest > tie || (rest == tie && (kept & 1) != 0)) ++kept;
  return sum < 0 ? -(kept << shift) : kept << shift;
}

constexpr std::int16_t half_sum_level(std::uint32_t x) noexcept {
  auto const y = (x & 0x8FFF8FFFU) ^ 0x3B603B60U;
  auto const sum = rounded_to_half(half_level(y >> 16) + half_level(y & 0xFFFF));
  return static_cast<std::int16_t>(sum > 32767 ? 32767 : sum < -32767 ? -32767 : sum);
}

/// L, B: bits of a state and of a step. Level: of the word that the state is multiplied to.
template <int L, int B, std::uint32_t Factor, std::uint32_t Offset, std::int16_t (&Level)(std::uint32_t) noexcept, int Sigma>
struct computed_code {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 1;
  constexpr std::int16_t level(std::uint32_t state, int) const noexcept { return Level(state * Factor + Offset); }
  /// The source's root mean square in levels: a little more at low rates, less at high ones, than that of the levels.
  constexpr float sigma() const noexcept { return source_share * static_cast<float>(Sigma); }

 private:
  static constexpr float source_share = B == 1 ? 1.05f : B == 2 ? 1.0f : B == 3 ? 0.95f : 0.92f;
};

}  // namespace detail

template <int L = 16, int B = 2>
using mad1 = detail::computed_code<L, B, 34038481, 76625530, detail::byte_sum_level, 7094>;
template <int L = 16, int B = 2>
using mul1 = detail::computed_code<L, B, 0x83DCD12D, 0, detail::byte_sum_level, 7094>;
template <int L = 16, int B = 2>
using inst3 = detail::computed_code<L, B, 89226354, 64248484, detail::half_sum_level, 10189>;
template <int L = 16, int B = 2>
using mcg = detail::computed_code<L, B, 0xCBAC1FED, 0, detail::half_sum_level, 10189>;

/// A table of 2^L V bytes of the caller; value v of state s is entry V s + v.
template <int L, int B, int V = 1>
class table_code {
 public:
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = V;
  static constexpr std::size_t entries = (std::size_t{1} << L) * V;

  constexpr table_code() noexcept = default;  // all levels 0
  /// `sigma`: root mean square, in entries of the table, of the source that it was made for.
  constexpr table_code(std::int8_t const (&table)[entries], float sigma) noexcept : table_{table}, sigma_{256 * sigma} {}

  constexpr std::int8_t const* table() const noexcept { return table_; }
  constexpr std::int16_t level(std::uint32_t state, int v) const noexcept {
    return table_ == nullptr
        ? std::int16_t{0}
        : static_cast<std::int16_t>(256 * table_[state * static_cast<std::uint32_t>(V) + static_cast<std::uint32_t>(v)]);
  }
  constexpr float sigma() const noexcept { return sigma_; }

 private:
  std::int8_t const* table_ = nullptr;
  float sigma_ = 256.0f;
};

/// What an entry of a folded table counts in levels: numbers twice as large as the largest level still fit into 16 bits.
constexpr int levels_of_entry(int largest_entry) noexcept { return largest_entry <= 63 ? 256 : 128; }

/// t and the maps of a folded code of E-bit pieces.
template <int E, int Maps>
struct folded_table {
  static constexpr std::size_t entries = std::size_t{1} << E;
  std::array<std::int8_t, entries> level{};
  std::array<std::array<std::uint8_t, entries>, static_cast<std::size_t>(Maps)>
      map{};            ///< each entry below 2^E; unused ones past the state's bits
  float sigma = 32.0f;  ///< root mean square, in entries, of the source it was made for

  constexpr int largest() const noexcept {
    int most = 0;
    for (int const t : level) most = t > most ? t : -t > most ? -t : most;
    return most;
  }
  /// Is every map that of x ^ y the exclusive or of those of x and y?
  constexpr bool linear() const noexcept {
    for (auto const& m : map)
      for (std::size_t x = 0; x < entries; ++x) {
        auto const low = x & (~x + 1);  // the lowest bit set
        if ((m[x] ^ m[low] ^ m[x ^ low]) % entries != 0) return false;
      }
    return true;
  }
  constexpr std::uint32_t index(std::uint32_t state) const noexcept {
    auto i = state & (entries - 1);
    for (std::size_t k = 0; k < map.size(); ++k) i ^= map[k][state >> (static_cast<unsigned>(E) * (k + 1)) & (entries - 1)];
    return i & (entries - 1);
  }
};

/// A folded code whose tables the caller keeps.
template <int L, int B, int E>
class folded_code {
 public:
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 1;
  static constexpr int index_bits = E;
  static constexpr int maps = (L + E - 1) / E - 1;
  static constexpr int largest_entry = 128;  ///< in magnitude
  static constexpr int entry_levels = levels_of_entry(largest_entry);
  using table_type = folded_table<E, maps>;

  constexpr folded_code() noexcept = default;  // all levels 0
  constexpr explicit folded_code(table_type const& table) noexcept : table_{&table} {}
  constexpr table_type const& table() const noexcept { return table_ == nullptr ? none : *table_; }
  constexpr std::int16_t level(std::uint32_t state, int) const noexcept {
    return static_cast<std::int16_t>(entry_levels * table().level[table().index(state)]);
  }
  constexpr float sigma() const noexcept { return static_cast<float>(entry_levels) * table().sigma; }

 private:
  static constexpr table_type none{};
  table_type const* table_ = nullptr;
};

static_assert(trellis_code<mad1<>> && trellis_code<inst3<>> && trellis_code<table_code<8, 2>>);
static_assert(folded_trellis_code<folded_code<8, 2, 4>> && folded_trellis_code<folded_code<12, 2, 6>>);

}  // namespace skive
