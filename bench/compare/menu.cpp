// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The menu of compare: the default entries, and the way from a name in the grammar of skive/block/name.hpp to an entry.
#include "format.hpp"
#include "menu_composed.hpp"
#include "menu_entry.hpp"

#include "skive/block/name.hpp"

#include <stdexcept>
#include <utility>

namespace skive::compare {
namespace {

constexpr std::string_view default_names[] = {
    "binary_g128",        "ternary_g128",  "int2_g32",    "nf2_g64",      "int3_g32",    "int3_g32_mse",
    "uint3_g32",          "nf3_g64",       "bfp4_g16",    "mxfp4",        "mxfp4_rceil", "mxfp4_even",
    "mxfp4_search",       "nvfp4",         "nvfp4_46",    "e2m1_g16",     "int4_g32",    "int4_g32_mse",
    "int4_g128",          "int4_row",      "uint4_g32",   "nf4_g64",      "nf4_g64_dq",  "iq4_nl_g32",
    "best_int4_e2m1_g16", "fp4_bnb_g64",   "af4_g64",     "sf4_g64",      "int5_g32",    "int6_g32",
    "mxfp6_e2m3",         "mxfp6_e3m2",    "int8_g32",    "int8_g128",    "int8_row",    "int8_tensor",
    "uint8_g32",          "mxint8",        "mxfp8_e4m3",  "mxfp8_e5m2",   "e4m3fn_g128", "e4m3fn_tile128x128",
    "e4m3fn_row",         "e4m3fn_tensor", "e5m2_tensor", "dynamic8_g64",
};

std::vector<std::function<made()>>& added() {
  static std::vector<std::function<made()>> list;
  return list;
}

[[noreturn]] void refuse(std::string_view name, std::string const& why) {
  throw std::invalid_argument("format '" + std::string{name} + "': " + why);
}

// Outermost first, joined by '+'.
made make_composition(std::string_view name) {
  auto const parsed = parse_composition(name);
  if (!parsed) {
    auto const word = std::string{unknown_composer(name)};
    if (parsed.error() == errc::overflow) refuse(name, "more than 8 words before a '+'");
    refuse(name, "'" + word + (parse_description(word) ? "' cannot stand before a '+'" : "' is not known"));
  }
  auto const inner = name.substr(name.find('+') + 1);
  try {
    auto const part = [inner] { return make_format(inner); };
    if (!part()->row_bytes(64)) refuse(name, "rows of '" + std::string{inner} + "' share bytes: they cannot stand behind a '+'");
    return composition_entry(std::string{name}, parsed->outer[0], part);
  } catch (std::invalid_argument const& e) {
    if (std::string_view{e.what()}.starts_with("format '")) throw;
    refuse(name, e.what());
  }
}

[[noreturn]] void refuse_unread(std::string_view name, errc error) {
  auto const unknown = unknown_part(name);
  auto const after = unknown.size() > 2 && unknown.starts_with("_g") ? unknown.find_first_not_of("0123456789", 2) : 2;
  if (after > 2 && (after == unknown.npos || unknown[after] == '_')) refuse(name, "a group size is a number from 1 to 2^32");
  if (!unknown.empty()) refuse(name, "'" + std::string{unknown} + "' is not known");
  if (error == errc::unsupported)
    refuse(name, "these words do not go together (tiles share bytes and one nibble order; _dq needs _g<number>)");
  if (name.empty()) refuse(name, "a name is needed");
  refuse(name, "a group is needed: _g<number>, _row, _column or _tile<rows>x<columns>; _tensor after an element");
}

made find_entry(std::string const& name, codec_description const& d) {
  for (auto const find : {integer_entry, affine_or_scaled_integer_entry, float_entry, table_entry, shared_exponent_entry,
                          mean_or_adaptive_entry, p3109_entry})
    if (auto f = find(name, d)) return f;
  return nullptr;
}

}  // namespace

void add_to_menu(std::function<std::unique_ptr<format>()> make) { added().push_back(std::move(make)); }

std::unique_ptr<format> make_format(std::string_view name) {
  for (auto const& make : added())
    if (auto f = make(); f->name() == name) return f;
  if (name.find('+') != name.npos) return make_composition(name);
  for (auto const find : {code_entry, vector_entry, lattice_entry})
    if (auto f = find(std::string{name})) return f;
  auto const d = parse_description(name);
  if (!d) refuse_unread(name, d.error());
  if (d->family == codec_family::double_quantized && (d->group % 8 != 0 || d->group > 4096))
    refuse(name, "_dq needs a group that is a multiple of 8, at most 4096");
  made entry;
  try {
    entry = find_entry(std::string{name}, *d);
  } catch (std::invalid_argument const& e) {
    refuse(name, e.what());
  }
  if (!entry) refuse(name, "a codec, but none that this program is built with (bench/compare/codec_lists.hpp)");
  return entry;
}

std::vector<std::unique_ptr<format>> const& menu() {
  static auto const formats = [] {
    std::vector<std::unique_ptr<format>> list;
    for (auto const name : default_names) list.push_back(make_format(name));
    for (auto const& make : added()) list.push_back(make());
    return list;
  }();
  return formats;
}

}  // namespace skive::compare
