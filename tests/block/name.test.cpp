// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/name.hpp: names read and written back, for every type of codec; names that no codec has.
#include "skive/block/name.hpp"

#include "skive/format/fp6.hpp"

#include <random>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

std::string written(named_codec const& d) {
  std::array<char, max_name_size> to{};
  auto const size = write_name(d, to);
  return size ? std::string{to.data(), *size} : std::string{"? "} + size.message();
}
std::string again(std::string_view name) {
  auto const d = parse_description(name);
  return d ? written(*d) : std::string{"? "} + d.message();
}
bool is_named(named_codec const& d, std::string_view name) {
  auto const read = parse_description(name);
  return written(d) == name && read && static_cast<named_codec const&>(*read) == d;
}

using dense = grouped<mean_scheme<ternary_format, trits, float32>>;

std::string const elements[] = {"int2",
                                "int3",
                                "int4",
                                "int5",
                                "int6",
                                "int7",
                                "int8",
                                "int2_full",
                                "int3_full",
                                "int4_full",
                                "int5_full",
                                "int6_full",
                                "int7_full",
                                "int8_full",
                                "e4m3fn",
                                "e5m2",
                                "e4m3fnuz",
                                "e5m2fnuz",
                                "e4m3b11fnuz",
                                "e4m3_ieee",
                                "e3m4_ieee",
                                "e3m4fn",
                                "e2m1",
                                "e2m3",
                                "e3m2",
                                "nf4",
                                "nf3",
                                "nf2",
                                "fp4_bnb",
                                "dynamic8",
                                "af4",
                                "dynamic8_unsigned",
                                "sf4",
                                "iq4_nl",
                                "apot2",
                                "apot8",
                                "apot_unsigned1",
                                "power_of_two4",
                                "binary8p4se",
                                "binary8p3se",
                                "binary3p1sf",
                                "binary8p1uf",
                                "binary8p8ue",
                                "binary4p2sf",
                                "binary6p3se"};

}  // namespace

TEST_CASE("name: names in use mean what they always did", "[block]") {
  CHECK(is_named(describe(absmax<int4>{32}), "int4_g32"));
  CHECK(is_named(describe(absmax<int3>{32, {scale_choice::mse}}), "int3_g32_mse"));
  CHECK(is_named(describe(absmax<int8>{0}), "int8_row"));
  CHECK(is_named(describe(static_scale<int8>{64, {}}), "int8_tensor"));
  CHECK(is_named(describe(absmax<fp4_bnb>{64}), "fp4_bnb_g64"));
  CHECK(is_named(describe(affine_int<4>{32}), "uint4_g32"));
  CHECK(is_named(describe(*double_quantized<nf4>::make(64, 0.0f)), "nf4_g64_dq"));
  CHECK(is_named(describe(mx<e2m1>{32, {mx_rule::round_up}}), "mxfp4_rceil"));
  CHECK(is_named(describe(mx<e3m2>{}), "mxfp6_e3m2"));
  CHECK(is_named(describe(mx<mxint8>{}), "mxint8"));
  CHECK(is_named(describe(block_float<4>{16}), "bfp4_g16"));
  CHECK(is_named(describe(nvfp4{16, *nvfp4_scheme::make(0, nvfp4_dialect::four_over_six)}), "nvfp4_46"));
  CHECK(is_named(describe(binary{128}), "binary_g128"));
  CHECK(is_named(describe(ternary{128}), "ternary_g128"));
  CHECK(is_named(describe(ternary_dense{128}), "ternary_g128_dense"));
}

TEST_CASE("name: scale formats, tiles, searches, orders and choices", "[block]") {
  CHECK(is_named(describe(absmax<int4, float32>{32}), "int4_g32_f32"));
  CHECK(is_named(describe(absmax<int4, bfloat16>{32, {scale_choice::grid}}), "int4_g32_bf16_grid"));
  CHECK(is_named(describe(absmax<int4, e8m0>{32, {}, bit_order::high_first}), "int4_g32_e8m0_high_first"));
  CHECK(is_named(describe(absmax<int4, e4m3fn>{32}), "int4_g32_e4m3"));
  CHECK(is_named(describe(absmax<nf4, ue4m3>{64}), "nf4_g64_ue4m3"));
  CHECK(is_named(describe(absmax<nf4, float16>{64}), "nf4_g64_f16"));
  CHECK(is_named(describe(affine_int<4, bfloat16>{32}), "uint4_g32_bf16"));
  CHECK(is_named(describe(*tiles<absmax_scheme<e4m3fn>>::make(128, 64)), "e4m3fn_tile128x64"));
  CHECK(is_named(describe(*tiles<absmax_scheme<int8>>::make(whole_height, 1)), "int8_column"));
  CHECK(is_named(describe(*tiles<mx_scheme<e2m1>>::make(32, 32, {mx_rule::even})), "mxfp4_tile32x32_even"));
  CHECK(is_named(describe(*tiles<nvfp4_scheme>::make(16, 16)), "nvfp4_tile16x16"));
  CHECK(is_named(describe(*tiles<affine_scheme<8>>::make(4, 4)), "uint8_tile4x4"));
  CHECK(is_named(describe(*double_quantized<af4>::make(64, 0.0f, nested_dialect::linear_int8, bit_order::low_first)),
                 "af4_g64_dq_int8_low_first"));
  CHECK(is_named(describe(dense{0, {}, bit_order::high_first}), "ternary_row_f32_dense_high_first"));
  CHECK(is_named(describe(adaptive<float16, int4, e2m1>{16}), "best_int4_e2m1_g16"));
  CHECK(is_named(describe(adaptive<bfloat16, int4_full, nf4, e2m1>{16}), "best_int4_full_nf4_e2m1_g16_bf16"));
  CHECK(is_named(describe(mx<e4m3fnuz>{32, {mx_rule::search}}), "mx_e4m3fnuz_search"));
  CHECK(is_named(describe(mx<e2m1>{16, {mx_rule::floor_plus_1}}), "mxfp4_g16_floor_plus_1"));
  CHECK(is_named(describe(mx<int4>{}), "mx_int4"));
  CHECK(is_named(describe(static_scale<e4m3fn>{128, {}}), "e4m3fn_tensor_g128"));
  CHECK(is_named(describe(nvfp4{32, *nvfp4_scheme::make(0, nvfp4_dialect::torchao), bit_order::high_first}),
                 "nvfp4_g32_torchao_high_first"));
}

TEST_CASE("name: every element in every place comes back as written", "[block]") {
  for (auto const& e : elements) {
    for (auto const* rest : {"_g32", "_row", "_column", "_tile2x3", "_tensor", "_tensor_row", "_g16_e8m0", "_g7_ue5m3_mse",
                             "_g64_dq", "_g64_dq_int8", "_g1_grid_high_first", "_g4294967296"})
      CHECK(again(e + rest) == e + rest);
    CHECK(again("best_" + e + "_int4_g16") == "best_" + e + "_int4_g16");
    CHECK(again("best_int8_" + e + "_row_f32") == "best_int8_" + e + "_row_f32");
  }
  for (auto const* name : {"mxfp4", "mxfp6_e2m3", "mxfp8_e5m2", "mxint8", "mx_e3m4fn", "mx_binary8p3se"})
    for (auto const* rest : {"", "_ceil", "_rceil", "_even", "_floor_plus_1", "_search", "_high_first"})
      CHECK(again(std::string{name} + rest) == std::string{name} + rest);
  for (auto const* name : {"bfp2_g8", "bfp8_g16_even", "bfp7_row", "nvfp4_te", "nvfp4_modelopt", "nvfp4_ct", "nvfp4_row",
                           "uint1_g32", "uint8_column", "uint7_row_f32_high_first", "binary_g128_bf16", "binary_tile4x4"})
    CHECK(again(name) == name);
}

TEST_CASE("name: a codec has one written name", "[block]") {
  CHECK(again("bfp8_g32") == "mxint8");
  CHECK(again("mxint8_g16") == "bfp8_g16");
  CHECK(again("mxint8_tile4x4") == "bfp8_tile4x4");
  CHECK(again("mx_e2m1") == "mxfp4");
  CHECK(again("mx_int2") == "bfp2_g32");
  CHECK(again("mxfp4_g32") == "mxfp4");
  CHECK(again("binary8p4sf_g32") == "e4m3fnuz_g32");
  CHECK(again("int4_g032_f16_low_first") == "int4_g32");
  CHECK(again("nvfp4_g16") == "nvfp4");
  CHECK(again("int8_tensor_g64") == "int8_tensor");
  CHECK(again("int4_tile4611686018427387903x1") == "? a parameter is outside its stated range");
}

TEST_CASE("name: unknown words are refused and shown", "[block]") {
  struct bad {
    char const* name;
    char const* unknown;
  };
  for (auto const& b : {bad{"", ""},
                        {"int4", ""},
                        {"int9_g32", "int9_g32"},
                        {"int4_g32_x", "_x"},
                        {"int4_g0", "_g0"},
                        {"int4_g", "_g"},
                        {"int4_g4294967297", "_g4294967297"},
                        {"int4_g99999999999999999999999", "_g99999999999999999999999"},
                        {"int4_g32x", "_g32x"},
                        {"int4_g-1", "_g-1"},
                        {"int4 _g32", "int4 _g32"},
                        {"INT4_g32", "INT4_g32"},
                        {"int4_g32_", "_"},
                        {"int4_g32__mse", "__mse"},
                        {"int4_g32_mse_bf16", "_bf16"},
                        {"int4_g32_mse_mse", "_mse"},
                        {"int4_tile4", "_tile4"},
                        {"int4_tile4x", "_tile4x"},
                        {"int4_tile0x4", "_tile0x4"},
                        {"int4_tile4x4x4", "_tile4x4x4"},
                        {"uint4_g32_mse", "_mse"},
                        {"uint9_g32", "uint9_g32"},
                        {"uint4_tensor", "_tensor"},
                        {"uint4x_g32", "uint4x_g32"},
                        {"mxfp5", "mxfp5"},
                        {"mxfp4_46", "_46"},
                        {"mx", "mx"},
                        {"mx_", "mx_"},
                        {"mx_foo", "mx_foo"},
                        {"bfp4", ""},
                        {"bfp1_g16", "bfp1_g16"},
                        {"nvfp4_rceil", "_rceil"},
                        {"binary", ""},
                        {"binary_g128_dense", "_dense"},
                        {"binary8p9se_g32", "binary8p9se_g32"},
                        {"binary8p8se_g32", "binary8p8se_g32"},
                        {"binary9p3se_g32", "binary9p3se_g32"},
                        {"binary8p4s_g32", "binary8p4s_g32"},
                        {"best_int4_g16", "_g16"},
                        {"best", ""},
                        {"best_foo_int4_g16", "_foo_int4_g16"},
                        {"nf5_g64", "nf5_g64"},
                        {"nf4_dq", "_dq"},
                        {"rht+int4_g64", "rht+int4_g64"},
                        {"int4_g32+nf4_g64", "_g32+nf4_g64"},
                        {"e4m3_g32", "e4m3_g32"},
                        {"apot1_g32", "apot1_g32"},
                        {"power_of_two9_g32", "power_of_two9_g32"},
                        {"int1_g8", "int1_g8"}}) {
    CAPTURE(b.name);
    CHECK(parse_description(b.name).error() == errc::invalid_argument);
    CHECK(unknown_part(b.name) == b.unknown);
  }
}

TEST_CASE("name: known words that do not go together", "[block]") {
  for (auto const* name :
       {"uint4_tile4x4", "best_int4_e2m1_tile4x4", "nf4_tile8x8_dq", "nf4_row_dq", "int8_tile4x4_high_first"}) {
    CAPTURE(name);
    CHECK(parse_description(name).error() == errc::unsupported);
    CHECK(unknown_part(name).empty());
  }
}

TEST_CASE("name: codecs without a name, and memory that is too small", "[block]") {
  std::array<char, max_name_size> to{};
  CHECK(write_name({}, to).error() == errc::unsupported);
  CHECK(write_name(describe(absmax<mxint8>{32}), to).error() == errc::unsupported);
  CHECK(write_name(describe(absmax<uint4>{32}), to).error() == errc::unsupported);
  CHECK(write_name(describe(absmax<int4, tf32>{32}), to).error() == errc::unsupported);
  CHECK(write_name(describe(adaptive<e2m3, int4, e2m1>{32}), to).error() == errc::unsupported);
  CHECK(write_name(describe(absmax<int4>{(std::size_t{1} << 32) + 1}), to).error() == errc::unsupported);
  auto odd = describe(affine_int<4>{32});
  odd.rule = mx_rule::even;  // affine has no rule
  CHECK(write_name(odd, to).error() == errc::unsupported);
  auto both = describe(absmax<int4>{32});
  both.tile_rows = both.tile_cols = 4;  // groups or tiles
  CHECK(write_name(both, to).error() == errc::unsupported);
  auto const d = describe(absmax<int4>{32});
  for (std::size_t size = 0; size < 8; ++size) {
    to.fill('#');
    CHECK(write_name(d, std::span{to}.first(size)).error() == errc::size_mismatch);
    CHECK(to[size] == '#');
  }
  CHECK(write_name(d, std::span{to}.first(8)).value_or(0) == 8);
}

TEST_CASE("name: at compile time", "[block]") {
  STATIC_CHECK(*parse_description("int4_g32") == describe(absmax<int4>{32}));
  STATIC_CHECK(restore<mx<e2m1>>(*parse_description("mxfp4_even"))->scheme().rule == mx_rule::even);
  STATIC_CHECK(unknown_part("int4_g32_foo") == "_foo");
  STATIC_CHECK([] {
    std::array<char, 16> to{};
    return *write_name(describe(nvfp4{}), to) == 5;
  }());
}

TEST_CASE("name: random words never read as something that is not written so", "[block]") {
  std::vector<std::string> const parts{"int4",   "nf4",         "e4m3_ieee", "int8_full", "_g32", "_row",   "_tile2x2", "_tensor",
                                       "_bf16",  "_e4m3",       "_mse",      "_grid",     "_dq",  "_int8",  "mxfp4",    "mx_",
                                       "_even",  "nvfp4",       "_te",       "best",      "_",    "binary", "8p4se",    "ternary",
                                       "_dense", "_high_first", "bfp",       "4",         "uint", "x",      "g"};
  std::mt19937 random{3};
  int known = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string name;
    for (auto n = 1 + random() % 5; n > 0; --n) name += parts[random() % parts.size()];
    auto const d = parse_description(name);
    if (!d) continue;
    ++known;
    CAPTURE(name);
    auto const once = written(*d);
    REQUIRE(!once.starts_with("?"));
    REQUIRE(*parse_description(once) == *d);
  }
  CHECK(known > 500);
}
