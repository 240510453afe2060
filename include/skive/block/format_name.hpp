// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/format_name.hpp - the words for element formats, and the means to take a name apart and to put one together.
///
///   e4m3fn e5m2 e4m3fnuz e5m2fnuz e4m3b11fnuz e4m3_ieee e3m4_ieee e3m4fn e2m1 e2m3 e3m2
///   int2 .. int8, int2_full .. int8_full;   power_of_two<b>, apot<b>, apot_unsigned<b>
///   nf4 nf3 nf2 fp4_bnb dynamic8 dynamic8_unsigned af4 sf4 iq4_nl
///   binary<K>p<P><s|u><f|e>: P3109 of K = 3 .. 8 bits and P significand bits, signed or not, finite or extended
///
/// Where two words mean one format (binary8p4sf is e4m3fnuz) the first one in this order is written.
///
/// Model of : -
/// Cost     : a walk over about 30 words; no allocation; constexpr.
/// Accuracy : -
/// Promise  : a word counts only where it ends at a '_' or at the end of the name; of several that fit the longest one does.
/// Source   : the formats' own names.

#include "skive/block/number_format.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/p3109.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skive::detail {

/// A name that is taken apart from the left.
class name_reader {
 public:
  constexpr explicit name_reader(std::string_view name) noexcept : rest_{name} {}
  constexpr std::string_view rest() const noexcept { return rest_; }
  constexpr bool at_boundary() const noexcept { return rest_.empty() || rest_.front() == '_'; }

  /// Removes `text` if it comes next.
  constexpr bool take_part(std::string_view text) noexcept {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// Removes `word` if it comes next and ends there.
  constexpr bool take(std::string_view word) noexcept {
    auto const before = rest_;
    if (take_part(word) && at_boundary()) return true;
    rest_ = before;
    return false;
  }
  /// Removes a decimal number from 1 to `most`; 0 if none comes next.
  constexpr std::uint64_t take_number(std::uint64_t most) noexcept {
    std::uint64_t n = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && '0' <= rest_[digits] && rest_[digits] <= '9'; ++digits) {
      n = n * 10 + static_cast<std::uint64_t>(rest_[digits] - '0');
      if (n > most) return 0;
    }
    if (n != 0) rest_.remove_prefix(digits);
    return n;
  }

 private:
  std::string_view rest_;
};

/// Text into memory of the caller; what does not fit is left out and remembered.
class name_writer {
 public:
  constexpr explicit name_writer(std::span<char> to) noexcept : to_{to} {}
  constexpr void put(std::string_view text) noexcept {
    for (char const c : text) {
      if (size_ == to_.size()) fits_ = false;
      if (fits_) to_[size_++] = c;
    }
  }
  constexpr void put_number(std::uint64_t n) noexcept {
    if (n >= 10) put_number(n / 10);
    char const digit = static_cast<char>('0' + n % 10);
    put({&digit, 1});
  }
  constexpr bool fits() const noexcept { return fits_; }
  constexpr std::string_view text() const noexcept { return {to_.data(), size_}; }

 private:
  std::span<char> to_;
  std::size_t size_ = 0;
  bool fits_ = true;
};

struct format_word {
  std::string_view word;
  number_format format;
};
inline constexpr format_word format_words[]{
    {"e4m3fn", format_of<e4m3fn>()},
    {"e5m2", format_of<e5m2>()},
    {"e4m3fnuz", format_of<e4m3fnuz>()},
    {"e5m2fnuz", format_of<e5m2fnuz>()},
    {"e4m3b11fnuz", format_of<e4m3b11fnuz>()},
    {"e4m3_ieee", format_of<e4m3_ieee>()},
    {"e3m4_ieee", format_of<e3m4_ieee>()},
    {"e3m4fn", format_of<e3m4fn>()},
    {"e2m1", format_of<e2m1>()},
    {"e2m3", format_of<e2m3>()},
    {"e3m2", format_of<e3m2>()},
    {"nf4", format_of<nf4>()},
    {"nf3", format_of<nf3>()},
    {"nf2", format_of<nf2>()},
    {"fp4_bnb", format_of<fp4_bnb>()},
    {"dynamic8", format_of<dynamic8>()},
    {"dynamic8_unsigned", format_of<dynamic8_unsigned>()},
    {"af4", format_of<af4>()},
    {"sf4", format_of<sf4>()},
    {"iq4_nl", format_of<iq4_nl>()},
};

/// Words that end in a number of bits, at least `least`.
struct numbered_word {
  std::string_view word;
  number_kind kind;
  unsigned least;
};
inline constexpr numbered_word numbered_words[]{{"power_of_two", number_kind::power_of_two, 2},
                                                {"apot", number_kind::apot, 2},
                                                {"apot_unsigned", number_kind::apot_unsigned, 1}};

// <K>p<P><s|u><f|e>
constexpr number_format read_p3109(name_reader& r) noexcept {
  auto const k = static_cast<int>(r.take_number(8));
  if (k < 3 || !r.take_part("p")) return {};
  auto const p = static_cast<int>(r.take_number(8));
  auto const s = r.take_part("s") ? signedness::with_sign : signedness::without_sign;
  if (s == signedness::without_sign && !r.take_part("u")) return {};
  auto const d = r.take_part("e") ? domain::extended : domain::finite;
  if (d == domain::finite && !r.take_part("f")) return {};
  if (p < 1 || p > (s == signedness::with_sign ? k - 1 : k) || !r.at_boundary()) return {};
  return minifloat_format(p3109_traits(k, p, s, d));
}

// int<b>, int<b>_full and the numbered words.
constexpr number_format read_numbered(name_reader& r) noexcept {
  if (r.take_part("int")) {
    auto const bits = static_cast<int>(r.take_number(8));
    if (bits < 2 || !r.at_boundary()) return {};
    return fixed_point_format(bits, 0, r.take("_full") ? integer_range::full : integer_range::restricted);
  }
  for (auto const& w : numbered_words) {
    auto at = r;
    if (!at.take_part(w.word)) continue;
    auto const bits = at.take_number(8);
    if (bits < w.least || !at.at_boundary()) continue;
    r = at;
    return plain_format(w.kind, static_cast<int>(bits));
  }
  return {};
}

/// Removes the word of a format if one comes next; `none` and an unchanged reader otherwise.
constexpr number_format read_format(name_reader& reader) noexcept {
  format_word const* longest = nullptr;
  for (auto const& w : format_words) {
    auto at = reader;
    if (at.take(w.word) && (longest == nullptr || w.word.size() > longest->word.size())) longest = &w;
  }
  if (longest != nullptr) {
    static_cast<void>(reader.take(longest->word));
    return longest->format;
  }
  auto at = reader;
  auto const format = at.take_part("binary") ? read_p3109(at) : read_numbered(at);
  if (format.kind != number_kind::none) reader = at;
  return format;
}

/// Writes the word of a format. False if it has none.
constexpr bool write_format(name_writer& writer, number_format const& f) noexcept {
  for (auto const& w : format_words)
    if (w.format == f) return writer.put(w.word), true;
  for (auto const& w : numbered_words)
    if (w.kind == f.kind) return writer.put(w.word), writer.put_number(f.bits), true;
  if (f.kind == number_kind::fixed_point && f.fraction_bits == 0) {
    writer.put("int");
    writer.put_number(f.bits);
    if (f.range == integer_range::full) writer.put("_full");
    return true;
  }
  if (f.kind != number_kind::minifloat || f.bits < 3 || f.bits > 8) return false;
  auto const s = f.is_signed ? signedness::with_sign : signedness::without_sign;
  auto const d = f.infinities ? domain::extended : domain::finite;
  if (!(minifloat_format(p3109_traits(f.bits, f.fraction_bits + 1, s, d)) == f)) return false;
  writer.put("binary");
  writer.put_number(f.bits);
  writer.put("p");
  writer.put_number(f.fraction_bits + 1U);
  writer.put(f.is_signed ? "s" : "u");
  writer.put(f.infinities ? "e" : "f");
  return true;
}

}  // namespace skive::detail
