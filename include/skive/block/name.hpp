// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/name.hpp - the names of codecs: one grammar for every tool, read and written.
///
///   <element> EXTENT [SCALE] [_mse | _grid] [ORDER]         absmax groups; uint<b> EXTENT [SCALE] [ORDER]: with zero points
///   <element>_tensor [EXTENT] [ORDER]                       one scale for the tensor
///   <element> EXTENT _dq[_int8] [ORDER]                     double quantization: map of bitsandbytes, or torchao's integers
///   MX [EXTENT] [_ceil | _rceil | _even | _floor_plus_1 | _search] [ORDER]
///       MX = mxfp4 mxfp6_e2m3 mxfp6_e3m2 mxfp8_e4m3 mxfp8_e5m2 mxint8 mx_<element>; groups of 32 without EXTENT
///   bfp<b> EXTENT ...                                       the same with integers of b bits: block floating point
///   nvfp4 [EXTENT] [_torchao | _te | _modelopt | _ct | _46] [ORDER]
///   binary EXTENT [SCALE] [ORDER];   ternary EXTENT [SCALE] [_dense] [ORDER]
///   best_<element>_<element>... EXTENT [SCALE] [ORDER]      each group takes the best of these elements
///   EXTENT = _g<numbers> | _row | _column | _tile<rows>x<columns>
///   SCALE  = _f32 | _f16 | _bf16 | _e8m0 | _e4m3 | _ue4m3 | _ue5m3, where the family's own is another
///   ORDER  = _high_first | _low_first, where the family's own is another
///
/// Model of : -
/// Cost     : microseconds; no allocation; constexpr.
/// Accuracy : -
/// Promise  : parse_description(written name of d) == d but for the constant; a codec has one written name (mxint8, not bfp8_g32).
///            parse_description fails with invalid_argument where a word is unknown or missing, unsupported where known words do
///            not go together.
/// Source   : the formats' own names and those of their projects.

#include "skive/block/description.hpp"
#include "skive/block/name_parser.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace skive {
namespace detail {

// Written as bfp<b> with its EXTENT: all of block floating point but mxint8.
constexpr bool is_bfp(named_codec const& d) noexcept {
  return d.family == codec_family::mx && is_block_float(d.element) && (d.element.bits != 8 || d.group != 32);
}

constexpr bool write_base(name_writer& w, named_codec const& d) noexcept {
  switch (d.family) {
    case codec_family::nvfp: return w.put("nvfp4"), true;
    case codec_family::mean: return w.put(d.element.kind == number_kind::sign ? "binary" : "ternary"), true;
    case codec_family::affine: return w.put("uint"), w.put_number(d.element.bits), true;
    case codec_family::adaptive:
      w.put("best");
      for (std::size_t i = 0; i < d.choices.size() && d.choices[i].kind != number_kind::none; ++i)
        if (w.put("_"); !write_format(w, d.choices[i])) return false;
      return true;
    case codec_family::mx:
      if (is_bfp(d)) return w.put("bfp"), w.put_number(d.element.bits), true;
      return write_word(w, mx_words, d.element) || (w.put("mx_"), write_format(w, d.element));
    case codec_family::static_scale: return write_format(w, d.element) && (w.put("_tensor"), true);
    case codec_family::absmax:
    case codec_family::double_quantized: return write_format(w, d.element);
    case codec_family::none: break;
  }
  return false;
}

constexpr void write_extent(name_writer& w, named_codec const& d) noexcept {
  if (d.tile_rows == whole_height && d.tile_cols == 1) return w.put("_column");
  if (d.tile_rows != 0) {
    w.put("_tile");
    w.put_number(d.tile_rows);
    w.put("x");
    return w.put_number(d.tile_cols);
  }
  if (d.group == 0) return w.put("_row");
  if (d.group == defaults_of(d).group && !is_bfp(d)) return;
  w.put("_g");
  w.put_number(d.group);
}

}  // namespace detail

/// More characters than any name has.
inline constexpr std::size_t max_name_size = 256;

/// The codec of that name; its constant is 0 until it is known.
constexpr result<codec_description> parse_description(std::string_view name) noexcept {
  codec_description d;
  if (auto const error = detail::name_parser{name}.parse(d); error != errc::ok) return error;
  return d;
}

/// What parse_description did not understand, from the first unknown word on: empty where a word is missing or all is known.
constexpr std::string_view unknown_part(std::string_view name) noexcept {
  named_codec d;
  detail::name_parser parser{name};
  static_cast<void>(parser.parse(d));
  return parser.rest();
}

/// Writes the name of a codec and returns its length. Fails with size_mismatch if it does not fit, with unsupported if the
/// codec has no name (an element of the caller's own, for one).
constexpr result<std::size_t> write_name(named_codec const& d, std::span<char> to) noexcept {
  detail::name_writer w{to};
  if (!detail::write_base(w, d)) return errc::unsupported;
  detail::write_extent(w, d);
  auto const usual = detail::defaults_of(d);
  if (!(d.scale == usual.scale) && !detail::write_word(w, detail::scale_words, d.scale)) return errc::unsupported;
  if (d.family == codec_family::double_quantized) w.put(d.nested == nested_dialect::linear_int8 ? "_dq_int8" : "_dq");
  detail::write_word(w, detail::choice_words, d.choice);
  detail::write_word(w, detail::rule_words, d.rule);
  detail::write_word(w, detail::dialect_words, d.dialect);
  if (d.dense) w.put("_dense");
  if (d.order != usual.order) detail::write_word(w, detail::order_words, d.order);
  if (!w.fits()) return errc::size_mismatch;
  auto const again = parse_description(w.text());
  if (!again || !(static_cast<named_codec const&>(*again) == d)) return errc::unsupported;
  return w.text().size();
}

}  // namespace skive
