// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/name_parser.hpp - from the name of a codec to its parts, word by word; block/name.hpp states the grammar.
///
///   name_parser{name}.parse(codec) -> errc;   rest(): what was not understood
///
/// Model of : -
/// Cost     : a few walks over lists of words; no allocation; constexpr.
/// Accuracy : -
/// Promise  : reads no further than the first word that it does not know.
/// Source   : -

#include "skive/block/description.hpp"
#include "skive/block/format_name.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skive::detail {

template <class Value>
struct name_word {
  std::string_view word;
  Value value;
};
inline constexpr name_word<number_format> scale_words[]{{"_f32", format_of<float32>()},   {"_f16", format_of<float16>()},
                                                        {"_bf16", format_of<bfloat16>()}, {"_e8m0", format_of<e8m0>()},
                                                        {"_e4m3", format_of<e4m3fn>()},   {"_ue4m3", format_of<ue4m3>()},
                                                        {"_ue5m3", format_of<ue5m3>()}};
inline constexpr name_word<scale_choice> choice_words[]{{"_mse", scale_choice::mse}, {"_grid", scale_choice::grid}};
inline constexpr name_word<mx_rule> rule_words[]{{"_ceil", mx_rule::ceil},
                                                 {"_rceil", mx_rule::round_up},
                                                 {"_even", mx_rule::even},
                                                 {"_floor_plus_1", mx_rule::floor_plus_1},
                                                 {"_search", mx_rule::search}};
inline constexpr name_word<nvfp4_dialect> dialect_words[]{{"_torchao", nvfp4_dialect::torchao},
                                                          {"_te", nvfp4_dialect::transformer_engine},
                                                          {"_modelopt", nvfp4_dialect::model_opt},
                                                          {"_ct", nvfp4_dialect::compressed_tensors},
                                                          {"_46", nvfp4_dialect::four_over_six}};
inline constexpr name_word<bit_order> order_words[]{{"_high_first", bit_order::high_first}, {"_low_first", bit_order::low_first}};
inline constexpr name_word<number_format> mx_words[]{{"mxfp4", format_of<e2m1>()},      {"mxfp6_e2m3", format_of<e2m3>()},
                                                     {"mxfp6_e3m2", format_of<e3m2>()}, {"mxfp8_e4m3", format_of<e4m3fn>()},
                                                     {"mxfp8_e5m2", format_of<e5m2>()}, {"mxint8", format_of<mxint8>()}};

template <class Value, std::size_t N>
constexpr bool read_word(name_reader& r, name_word<Value> const (&words)[N], Value& value) noexcept {
  for (auto const& w : words)
    if (r.take(w.word)) return value = w.value, true;
  return false;
}
template <class Value, std::size_t N>
constexpr bool write_word(name_writer& w, name_word<Value> const (&words)[N], Value const& value) noexcept {
  for (auto const& entry : words)
    if (entry.value == value) return w.put(entry.word), true;
  return false;
}

// What a name leaves unsaid: the group where there is no EXTENT (0: there must be one), the scale's format, the order.
struct name_defaults {
  std::size_t group = 0;
  number_format scale{};
  bit_order order = bit_order::low_first;
};
constexpr name_defaults defaults_of(named_codec const& d) noexcept {
  constexpr auto half = format_of<float16>();
  switch (d.family) {
    case codec_family::absmax: return {0, d.element.kind == number_kind::fixed_point ? half : format_of<float32>()};
    case codec_family::static_scale: return {64};
    case codec_family::mx: return {32, format_of<e8m0>()};
    case codec_family::nvfp: return {16, format_of<ue4m3>()};
    case codec_family::double_quantized: return {0, {}, bit_order::high_first};
    case codec_family::affine:
    case codec_family::mean:
    case codec_family::adaptive: return {0, half};
    case codec_family::none: break;
  }
  return {};
}

constexpr bool is_block_float(number_format const& f) noexcept {
  return f.bits >= 2 && f == fixed_point_format(f.bits, f.bits - 2, integer_range::restricted);
}

// Are there tiles of this codec? Their metadata are whole bytes, in one order.
constexpr bool has_tiles(named_codec const& d) noexcept {
  return d.family != codec_family::adaptive && d.family != codec_family::double_quantized &&
      (d.family != codec_family::affine || d.element.bits == 8) && d.order == bit_order::low_first;
}

/// A name on its way to a codec.
class name_parser {
 public:
  constexpr explicit name_parser(std::string_view name) noexcept : reader_{name} {}
  /// What was not understood.
  constexpr std::string_view rest() const noexcept { return reader_.rest(); }

  constexpr errc parse(named_codec& d) noexcept {
    bool const block_float = !read_base(d);
    if (d.family == codec_family::none) return errc::invalid_argument;
    d.group = defaults_of(d).group;
    if (!read_extent(d) && (block_float || d.group == 0)) return errc::invalid_argument;
    if (d.family == codec_family::absmax && reader_.take("_dq")) {
      d.family = codec_family::double_quantized;
      if (reader_.take("_int8")) d.nested = nested_dialect::linear_int8;
    }
    d.scale = defaults_of(d).scale;
    d.order = defaults_of(d).order;
    read_suffixes(d);
    if (!reader_.rest().empty()) return errc::invalid_argument;
    bool const whole = d.group == 0 && d.family == codec_family::double_quantized;
    return whole || (d.tile_rows != 0 && !has_tiles(d)) ? errc::unsupported : errc::ok;
  }

 private:
  // False for block floating point, whose name needs an EXTENT.
  constexpr bool read_base(named_codec& d) noexcept {
    auto at = reader_;
    if (reader_.take("nvfp4")) {
      d.family = codec_family::nvfp;
      d.element = format_of<e2m1>();
    } else if (reader_.take("binary")) {
      d.family = codec_family::mean;
      d.element = format_of<sign_format>();
    } else if (reader_.take("ternary")) {
      d.family = codec_family::mean;
      d.element = format_of<ternary_format>();
    } else if (reader_.take("best")) {
      read_choices(d);
    } else if (read_word(reader_, mx_words, d.element) || (at.take_part("mx_") && read_element(at, d))) {
      d.family = codec_family::mx;
    } else if (auto const bits = read_bits("bfp", 2); bits != 0) {
      d.family = codec_family::mx;
      d.element = fixed_point_format(bits, bits - 2, integer_range::restricted);
      return false;
    } else if (auto const width = read_bits("uint", 1); width != 0) {
      d.family = codec_family::affine;
      d.element = plain_format(number_kind::unsigned_integer, width);
    } else if (read_element(reader_, d)) {
      d.family = reader_.take("_tensor") ? codec_family::static_scale : codec_family::absmax;
    }
    return true;
  }
  constexpr bool read_element(name_reader from, named_codec& d) noexcept {
    d.element = read_format(from);
    if (d.element.kind != number_kind::none) reader_ = from;
    return d.element.kind != number_kind::none;
  }
  // `word` followed by a number of bits from `least` to 8.
  constexpr int read_bits(std::string_view word, std::uint64_t least) noexcept {
    auto at = reader_;
    if (!at.take_part(word)) return 0;
    auto const bits = at.take_number(8);
    if (bits < least || !at.at_boundary()) return 0;
    reader_ = at;
    return static_cast<int>(bits);
  }
  constexpr void read_choices(named_codec& d) noexcept {
    for (std::size_t n = 0;; ++n) {
      auto at = reader_;
      auto const format = at.take_part("_") ? read_format(at) : number_format{};
      if (n >= 2) d.family = codec_family::adaptive;
      if (format.kind == number_kind::none || n == d.choices.size()) return;
      d.choices[n] = format;
      reader_ = at;
    }
  }
  constexpr bool read_extent(named_codec& d) noexcept {
    auto at = reader_;
    auto const tile = [&](std::size_t rows, std::size_t cols) {
      d.group = 0;
      d.tile_rows = rows;
      d.tile_cols = cols;
    };
    if (reader_.take("_row")) return d.group = 0, true;
    if (reader_.take("_column")) return tile(whole_height, 1), true;
    if (at.take_part("_tile")) {
      auto const rows = at.take_number(most_numbers);
      auto const cols = at.take_part("x") ? at.take_number(most_numbers) : 0;
      if (rows == 0 || cols == 0 || !at.at_boundary()) return false;
      tile(static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
    } else {
      auto const group = at.take_part("_g") ? at.take_number(most_numbers) : 0;
      if (group == 0 || !at.at_boundary()) return false;
      d.group = static_cast<std::size_t>(group);
    }
    reader_ = at;
    return true;
  }
  constexpr void read_suffixes(named_codec& d) noexcept {
    bool const any_scale = d.family == codec_family::absmax || d.family == codec_family::affine ||
        d.family == codec_family::mean || d.family == codec_family::adaptive;
    if (any_scale) read_word(reader_, scale_words, d.scale);
    if (d.family == codec_family::absmax) read_word(reader_, choice_words, d.choice);
    if (d.family == codec_family::mx) read_word(reader_, rule_words, d.rule);
    if (d.family == codec_family::nvfp) read_word(reader_, dialect_words, d.dialect);
    if (d.element.kind == number_kind::three_level) d.dense = reader_.take("_dense");
    read_word(reader_, order_words, d.order);
  }

  static constexpr std::uint64_t most_numbers = std::uint64_t{1} << 32;
  name_reader reader_;
};

}  // namespace skive::detail
