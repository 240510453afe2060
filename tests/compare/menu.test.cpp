// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The menu of compare: what a name becomes is the library's codec of that name, and names without one are told why.
#include "compare/menu_entry.hpp"

#include "skive/block/name.hpp"
#include "support/menu_rows.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using namespace skive::compare;
using matrix = matrix_view<float const>;

std::string refusal(std::string const& name) {
  try {
    make_format(name);
  } catch (std::invalid_argument const& e) {
    return e.what();
  }
  return "accepted";
}

bool says(std::string const& name, std::string const& words) {
  auto const text = refusal(name);
  UNSCOPED_INFO(text);
  return text.find("'" + name + "'") != text.npos && text.find(words) != text.npos;
}

float amax_of(std::vector<float> const& m) {
  float most = 0;
  for (float const v : m) most = std::max(most, std::fabs(v));
  return most;
}

}  // namespace

TEST_CASE("menu: a name is the library's codec of that name", "[compare]") {
  auto const m = test::mixed_row(700, 1);
  auto const same = [&](char const* name, auto const& codec) {
    CAPTURE(name);
    CHECK(test::through_format(*make_format(name), m, 100) == test::rows_through(codec, m, 100));
  };
  same("int4_g32", absmax<int4>{32});
  same("int4_g32_bf16_mse", absmax<int4, bfloat16>{32, {scale_choice::mse}});
  same("int4_g32_grid", absmax<int4>{32, {scale_choice::grid}});
  same("int3_full_row", absmax<int3_full>{0});
  same("iq4_nl_g32", absmax<iq4_nl>{32});
  same("power_of_two4_g32", absmax<power_of_two<4>>{32});
  same("apot4_g32", absmax<apot<4>>{32});
  same("binary8p4se_g32", absmax<binary8p4se>{32});
  same("binary4p2sf_row", absmax<binary4p2sf>{0});
  same("uint4_g32_f32", affine_int<4, float32>{32});
  same("mxfp4_search", mx<e2m1>{32, {mx_rule::search}});
  same("mx_e3m4fn_floor_plus_1", mx<e3m4fn>{32, {mx_rule::floor_plus_1}});
  same("bfp4_g16", block_float<4>{16});
  same("ternary_g64_dense", ternary_dense{64});
  same("best_int4_e2m1_g16", adaptive<float16, int4, e2m1>{16});
  same("nvfp4_ct", nvfp4{16, *nvfp4_scheme::make(amax_of(m), nvfp4_dialect::compressed_tensors)});
  same("int8_tensor", static_scale<int8>{64, *static_scale_scheme<int8>::make(amax_of(m))});
}

TEST_CASE("menu: double quantization fits the mean of the groups", "[compare]") {
  auto const m = test::mixed_row(700, 2);
  double sum = 0;
  for (std::size_t r = 0; r < 7; ++r)
    for (std::size_t c = 0; c < 100; c += 32)
      sum +=
          static_cast<double>(amax_of({m.begin() + static_cast<std::ptrdiff_t>(r * 100 + c),
                                       m.begin() + static_cast<std::ptrdiff_t>(r * 100 + std::min<std::size_t>(100, c + 32))}));
  auto const offset = static_cast<float>(sum / 28);
  CHECK(test::through_format(*make_format("nf4_g32_dq"), m, 100) ==
        test::rows_through(*double_quantized<nf4>::make(32, offset), m, 100));
  CHECK(test::through_format(*make_format("nf4_g32_dq_int8"), m, 100) ==
        test::rows_through(*double_quantized<nf4>::make(32, offset, nested_dialect::linear_int8), m, 100));
}

TEST_CASE("menu: the name of an entry is the name that its codec writes", "[compare]") {
  auto const m = test::mixed_row(256, 3);
  for (auto const& f : menu()) {
    CAPTURE(f->name());
    auto const d = f->fit({m.data(), 2, 128})->description();
    REQUIRE(d);
    std::array<char, max_name_size> to{};
    auto const size = write_name(*d, to);
    REQUIRE(size);
    CHECK(std::string(to.data(), *size) == f->name());
  }
}

TEST_CASE("menu: a codec comes back from its constants", "[compare]") {
  auto const m = test::mixed_row(256, 4);
  for (auto const* name : {"int8_tensor", "nvfp4_te", "nf4_g32_dq", "int4_g32", "nvfp4_tile16x16"}) {
    CAPTURE(name);
    auto const f = make_format(name);
    auto const codec = f->fit({m.data(), 2, 128});
    CHECK(codec->constants().size() == f->constant_count(128));
    CHECK(*f->restore(codec->constants(), 128)->description() == *codec->description());
  }
}

TEST_CASE("menu: every P3109 format with a sign is an element", "[compare]") {
  for (int k = 3; k <= 8; ++k)
    for (int p = 1; p < k; ++p)
      for (auto const* domain : {"f", "e"})
        CHECK(make_format("binary" + std::to_string(k) + "p" + std::to_string(p) + "s" + domain + "_g32") != nullptr);
}

TEST_CASE("menu: names without an entry say why", "[compare]") {
  CHECK(says("int9_g32", "'int9_g32' is not known"));
  CHECK(says("int4_g32_foo", "'_foo' is not known"));
  CHECK(says("int4", "_g<number>"));
  CHECK(says("int4_g0", "from 1 to 2^32"));
  CHECK(says("int4_g4294967297_mse", "from 1 to 2^32"));
  CHECK(says("int4_g32x", "'_g32x' is not known"));
  CHECK(says("int4_g", "'_g' is not known"));
  CHECK(says("nf4_g12_dq", "multiple of 8"));
  CHECK(says("uint4_tile4x4", "do not go together"));
  CHECK(says("int7_g32_ue5m3", "built with"));
  CHECK(says("rhd+int4_g64", "'rhd' is not known"));
  CHECK(says("x2+nvfp4_tile16x16", "share bytes"));
  CHECK(refusal("x2+x2+int4").find("'int4': a group is needed") != std::string::npos);
  CHECK(says("int4_g32+nf4_g64", "'int4_g32' cannot stand before a '+'"));
  CHECK(says("+int4_g32", "'' is not known"));
  CHECK(refusal("").find("a name is needed") != std::string::npos);
}
