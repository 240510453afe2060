// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The menu of compare: names of the command-line grammar -> codecs of the library.
//
//   <element>_g<group> | <element>_row | <element>_tensor, suffixes _mse, _dq;   mxfp4 ... mxint8 with _ceil _rceil _even
//   _search; nvfp4 with _torchao _te _modelopt _ct _46;   binary_g128, ternary_g128, ternary_g128_dense;   bfp4_g16
#include "codec_format.hpp"
#include "format.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/power_of_two.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

namespace skive::compare {
namespace {

// A name taken apart from the left: take("_mse") removes a word if it comes next.
class words {
 public:
  explicit words(std::string_view name) : name_{name}, rest_{name} {}
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    auto const after = rest_.substr(word.size());
    if (!after.empty() && after.front() != '_') return false;
    rest_ = after;
    return true;
  }
  // "_g<number>" of at least 1.
  std::optional<std::size_t> group() {
    if (!rest_.starts_with("_g")) return {};
    std::size_t value = 0;
    auto const* const begin = rest_.data() + 2;
    auto const [end, error] = std::from_chars(begin, rest_.data() + rest_.size(), value);
    if (error != std::errc{} || end == begin || value == 0 || value > (std::size_t{1} << 32))
      fail("a group size is a number from 1 to 2^32");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  bool empty() const { return rest_.empty(); }
  [[noreturn]] void fail(std::string const& why) const {
    throw std::invalid_argument("format '" + std::string{name_} + "': " + why);
  }
  [[noreturn]] void unknown() const { fail("'" + std::string{rest_.empty() ? name_ : rest_} + "' is not known"); }
  void done() const {
    if (!rest_.empty()) unknown();
  }
  std::string name() const { return std::string{name_}; }

 private:
  std::string_view name_;
  std::string_view rest_;
};

using made = std::unique_ptr<format>;

template <class Format>
made absmax_format(words w) {
  if (w.take("_tensor")) {
    w.done();
    return fitted_by_amax(w.name(), [](float amax) -> result<static_scale<Format>> {
      auto const scheme = static_scale_scheme<Format>::make(amax);
      if (!scheme) return scheme.error();
      return static_scale<Format>{64, *scheme};
    });
  }
  std::size_t group = 0;
  if (!w.take("_row")) {
    auto const g = w.group();
    if (!g) w.fail("an element needs a group: _g<number>, _row or _tensor");
    group = *g;
  }
  if constexpr (requires { Format::sorted; }) {
    if (w.take("_dq")) {
      w.done();
      if (!double_quantized<Format>::make(group, 0.0f)) w.fail("_dq needs a group that is a multiple of 8, at most 4096");
      return fitted_by_absmax_mean(w.name(), group, [group](float mean) { return double_quantized<Format>::make(group, mean); });
    }
  }
  auto const choice = w.take("_mse") ? scale_choice::mse : scale_choice::absmax;
  w.done();
  return plain_format(w.name(), absmax<Format>{group, {choice}});
}

template <int Bits>
made affine_format(words w) {
  std::size_t group = 0;
  if (!w.take("_row")) {
    auto const g = w.group();
    if (!g) w.fail("an element needs a group: _g<number> or _row");
    group = *g;
  }
  w.done();
  return plain_format(w.name(), affine_int<Bits>{group});
}

template <class Element>
made mx_format(words w) {
  auto rule = mx_rule::floor;
  if (w.take("_ceil"))
    rule = mx_rule::ceil;
  else if (w.take("_rceil"))
    rule = mx_rule::round_up;
  else if (w.take("_even"))
    rule = mx_rule::even;
  else if (w.take("_search"))
    rule = mx_rule::search;
  w.done();
  return plain_format(w.name(), mx<Element>{32, {rule}});
}

made nvfp4_format(words w) {
  auto dialect = nvfp4_dialect::ideal;
  if (w.take("_torchao"))
    dialect = nvfp4_dialect::torchao;
  else if (w.take("_te"))
    dialect = nvfp4_dialect::transformer_engine;
  else if (w.take("_modelopt"))
    dialect = nvfp4_dialect::model_opt;
  else if (w.take("_ct"))
    dialect = nvfp4_dialect::compressed_tensors;
  else if (w.take("_46"))
    dialect = nvfp4_dialect::four_over_six;
  w.done();
  return fitted_by_amax(w.name(), [dialect](float amax) -> result<nvfp4> {
    auto const scheme = nvfp4_scheme::make(amax, dialect);
    if (!scheme) return scheme.error();
    return nvfp4{16, *scheme};
  });
}

template <class Codec>
made grouped_format(words w) {
  auto const g = w.group();
  if (!g) w.fail("a group is needed: _g<number>");
  w.done();
  return plain_format(w.name(), Codec{*g});
}

made ternary_format_of(words w) {
  auto const g = w.group();
  if (!g) w.fail("a group is needed: _g<number>");
  bool const dense = w.take("_dense");
  w.done();
  if (dense) return plain_format(w.name(), ternary_dense{*g});
  return plain_format(w.name(), ternary{*g});
}

struct entry {
  std::string_view word;
  made (*make)(words);
};

constexpr entry entries[] = {
    {"int2", absmax_format<int2>},
    {"int3", absmax_format<int3>},
    {"int4", absmax_format<int4>},
    {"int5", absmax_format<int5>},
    {"int6", absmax_format<int6>},
    {"int7", absmax_format<int7>},
    {"int8", absmax_format<int8>},
    {"uint1", affine_format<1>},
    {"uint2", affine_format<2>},
    {"uint3", affine_format<3>},
    {"uint4", affine_format<4>},
    {"uint5", affine_format<5>},
    {"uint6", affine_format<6>},
    {"uint7", affine_format<7>},
    {"uint8", affine_format<8>},
    {"e4m3fn", absmax_format<e4m3fn>},
    {"e5m2", absmax_format<e5m2>},
    {"e4m3fnuz", absmax_format<e4m3fnuz>},
    {"e5m2fnuz", absmax_format<e5m2fnuz>},
    {"e4m3b11fnuz", absmax_format<e4m3b11fnuz>},
    {"e4m3_ieee", absmax_format<e4m3_ieee>},
    {"e3m4_ieee", absmax_format<e3m4_ieee>},
    {"e3m4fn", absmax_format<e3m4fn>},
    {"e2m1", absmax_format<e2m1>},
    {"e2m3", absmax_format<e2m3>},
    {"e3m2", absmax_format<e3m2>},
    {"nf4", absmax_format<nf4>},
    {"nf3", absmax_format<nf3>},
    {"nf2", absmax_format<nf2>},
    {"fp4_bnb", absmax_format<fp4_bnb>},
    {"dynamic8", absmax_format<dynamic8>},
    {"af4", absmax_format<af4>},
    {"sf4", absmax_format<sf4>},
    {"mxfp4", mx_format<e2m1>},
    {"mxfp6_e2m3", mx_format<e2m3>},
    {"mxfp6_e3m2", mx_format<e3m2>},
    {"mxfp8_e4m3", mx_format<e4m3fn>},
    {"mxfp8_e5m2", mx_format<e5m2>},
    {"mxint8", mx_format<mxint8>},
    {"nvfp4", nvfp4_format},
    {"bfp3", grouped_format<block_float<3>>},
    {"bfp4", grouped_format<block_float<4>>},
    {"bfp5", grouped_format<block_float<5>>},
    {"bfp6", grouped_format<block_float<6>>},
    {"bfp8", grouped_format<block_float<8>>},
    {"binary", grouped_format<binary>},
    {"ternary", ternary_format_of},
};

constexpr std::string_view default_names[] = {
    "binary_g128", "ternary_g128", "int2_g32",     "nf2_g64",     "int3_g32",      "int3_g32_mse", "uint3_g32",
    "nf3_g64",     "bfp4_g16",     "mxfp4",        "mxfp4_rceil", "mxfp4_even",    "nvfp4",        "nvfp4_46",
    "e2m1_g16",    "int4_g32",     "int4_g32_mse", "int4_g128",   "int4_row",      "uint4_g32",    "nf4_g64",
    "nf4_g64_dq",  "fp4_bnb_g64",  "af4_g64",      "sf4_g64",     "int5_g32",      "int6_g32",     "mxfp6_e2m3",
    "mxfp6_e3m2",  "int8_g32",     "int8_g128",    "int8_row",    "int8_tensor",   "uint8_g32",    "mxint8",
    "mxfp8_e4m3",  "mxfp8_e5m2",   "e4m3fn_g128",  "e4m3fn_row",  "e4m3fn_tensor", "e5m2_tensor",  "dynamic8_g64",
};

std::vector<std::function<made()>>& added() {
  static std::vector<std::function<made()>> list;
  return list;
}

}  // namespace

void add_to_menu(std::function<std::unique_ptr<format>()> make) { added().push_back(std::move(make)); }

std::unique_ptr<format> make_format(std::string_view name) {
  for (auto const& make : added())
    if (auto f = make(); f->name() == name) return f;
  if (name.find('+') != std::string_view::npos)
    throw std::invalid_argument("format '" + std::string{name} + "': no composition with '+' is known yet");
  for (auto const& e : entries) {
    words w{name};
    if (w.take(e.word)) return e.make(w);
  }
  words{name}.unknown();
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
