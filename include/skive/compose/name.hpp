// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/name.hpp - the names of compositions: composers outermost first, each followed by a '+', then a codec.
///
///   had[<n>]      Hadamard transform of the row, or of every n numbers      rht[<n>]   the same behind random signs
///   perm          channels permuted by their range                          x<count>   the codec again on what it leaves over
///   lr<rank>      low rank, the codec on the rest                           <n>:<m>    n of every m numbers kept
///   out<percent>  so many of a row's largest numbers kept apart               mask<percent>  only so many of them kept
///
/// A percentage has up to four decimals.
///
///   rht+int4_g32    lr32+rht+int4_g64    2:4+e4m3fn_g128    out0.5+int3_g64    mask50+int4_g64    x2+nf4_g64
///
/// The codec's own name (block/name.hpp) is not looked into.
///
/// Model of : -
/// Cost     : a walk over the name; no allocation; constexpr.
/// Accuracy : -
/// Promise  : parse_composition(what write_composition wrote) is the same composition.
/// Source   : -

#include "skive/block/format_name.hpp"
#include "skive/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skive {

enum class composer_kind : std::uint8_t {
  none,
  hadamard,
  random_hadamard,
  permutation,
  repeated,
  low_rank,
  n_of_m,
  outliers,
  masked
};

/// One word before a '+'.
struct composer {
  composer_kind kind = composer_kind::none;
  std::uint32_t count = 0;              ///< n of had, rht (0: the row) and n:m; the rank; how often
  std::uint32_t of = 0;                 ///< m of n:m
  std::uint32_t parts_per_million = 0;  ///< of outliers and masked
  friend constexpr bool operator==(composer const&, composer const&) noexcept = default;
};

struct composition {
  static constexpr std::size_t most = 8;
  std::array<composer, most> outer{};  ///< outermost first
  std::size_t count = 0;
  std::string_view codec;  ///< a view into the name
  friend constexpr bool operator==(composition const&, composition const&) noexcept = default;
};

namespace detail {

struct composer_word {
  std::string_view word;
  composer_kind kind;
  std::uint32_t least;  // of the number that follows; 0: there need be none
  std::uint32_t most;   // 0: there may be none
};
inline constexpr composer_word composer_words[]{{"had", composer_kind::hadamard, 0, 1U << 26},
                                                {"rht", composer_kind::random_hadamard, 0, 1U << 26},
                                                {"perm", composer_kind::permutation, 0, 0},
                                                {"lr", composer_kind::low_rank, 1, 1U << 16},
                                                {"x", composer_kind::repeated, 2, 8}};

struct percent_word {
  std::string_view word;
  composer_kind kind;
};
inline constexpr percent_word percent_words[]{{"out", composer_kind::outliers}, {"mask", composer_kind::masked}};

// A percentage above 0 and below 100 as parts per million; 0 if it is none.
constexpr std::uint32_t read_percent(std::string_view text) noexcept {
  std::uint32_t value = 0;
  int decimals = -1;
  for (char const c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if ('0' <= c && c <= '9' && decimals < 4 && value < 1'000'000) {
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
      decimals += decimals >= 0 ? 1 : 0;
    } else {
      return 0;
    }
  }
  if (text.empty() || text.front() == '.' || text.back() == '.') return 0;
  for (int i = decimals < 0 ? 0 : decimals; i < 4; ++i) value *= 10;
  return value < 1'000'000 ? value : 0;
}

constexpr composer read_composer(std::string_view word) noexcept {
  for (auto const& known : percent_words) {
    name_reader at{word};
    if (!at.take_part(known.word)) continue;
    auto const parts = read_percent(at.rest());
    return parts == 0 ? composer{} : composer{known.kind, 0, 0, parts};
  }
  for (auto const& known : composer_words) {
    name_reader at{word};
    if (!at.take_part(known.word)) continue;
    auto const number = at.rest().empty() ? 0 : static_cast<std::uint32_t>(at.take_number(known.most));
    bool const good = at.rest().empty() && number >= known.least && (number != 0 || word == known.word);
    return good ? composer{known.kind, number} : composer{};
  }
  name_reader r{word};
  auto const n = static_cast<std::uint32_t>(r.take_number(32));
  auto const m = n != 0 && r.take_part(":") ? static_cast<std::uint32_t>(r.take_number(32)) : 0;
  return n < m && r.rest().empty() ? composer{composer_kind::n_of_m, n, m} : composer{};
}

constexpr void write_percent(name_writer& w, std::uint32_t parts) noexcept {
  w.put_number(parts / 10'000);
  auto rest = parts % 10'000;
  if (rest == 0) return;
  w.put(".");
  for (std::uint32_t digit = 1'000; rest != 0; rest %= digit, digit /= 10) w.put_number(rest / digit);
}

constexpr void write_composer(name_writer& w, composer const& c) noexcept {
  for (auto const& known : percent_words)
    if (known.kind == c.kind) return w.put(known.word), write_percent(w, c.parts_per_million);
  if (c.kind == composer_kind::n_of_m) return w.put_number(c.count), w.put(":"), w.put_number(c.of);
  for (auto const& known : composer_words)
    if (known.kind == c.kind) w.put(known.word);
  if (c.count != 0) w.put_number(c.count);
}

}  // namespace detail

/// The parts of a name. Fails with invalid_argument where a word before a '+' is unknown, with overflow above 8 of them.
constexpr result<composition> parse_composition(std::string_view name) noexcept {
  composition c;
  for (auto plus = name.find('+'); plus != name.npos; plus = name.find('+')) {
    if (c.count == composition::most) return errc::overflow;
    c.outer[c.count] = detail::read_composer(name.substr(0, plus));
    if (c.outer[c.count++].kind == composer_kind::none) return errc::invalid_argument;
    name.remove_prefix(plus + 1);
  }
  c.codec = name;
  return c;
}

/// The first word before a '+' that is no composer; empty if all are.
constexpr std::string_view unknown_composer(std::string_view name) noexcept {
  for (auto plus = name.find('+'); plus != name.npos; plus = name.find('+')) {
    if (detail::read_composer(name.substr(0, plus)).kind == composer_kind::none) return name.substr(0, plus);
    name.remove_prefix(plus + 1);
  }
  return {};
}

/// Writes the name and returns its length. Fails with size_mismatch if it does not fit.
constexpr result<std::size_t> write_composition(composition const& c, std::span<char> to) noexcept {
  detail::name_writer w{to};
  for (std::size_t i = 0; i < c.count; ++i) {
    detail::write_composer(w, c.outer[i]);
    w.put("+");
  }
  w.put(c.codec);
  if (!w.fits()) return errc::size_mismatch;
  return w.text().size();
}

}  // namespace skive
