// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/description.hpp: every codec comes back from its description with the same bytes; other types refuse it.
#include "skive/block/description.hpp"

#include "skive/format/fp6.hpp"
#include "support/packed_row.hpp"

#include <cstring>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

// A caller's scheme on grouped: a codec, but none that has a description.
struct own_scheme : skive::absmax_scheme<skive::int4, skive::float16> {};
static_assert(!skive::describable<skive::grouped<own_scheme>>);

using namespace skive;

template <block_codec Codec>
std::vector<std::byte> encoded(Codec const& codec, std::vector<float> const& row) {
  std::vector<std::byte> memory(total_bytes(codec.plane_bytes(row.size())));
  planes<std::byte, Codec::plane_count> p;
  REQUIRE(planar(codec, row.size(), std::span{memory}, p));
  test::scratch_memory scratch{codec.scratch_bytes(row.size())};
  REQUIRE(codec.encode(std::span<float const>{row}, p, scratch.get()));
  return memory;
}

// 12 x 25 numbers.
template <matrix_codec Codec>
std::vector<std::byte> encoded(Codec const& codec, std::vector<float> const& m) {
  auto const bytes = codec.plane_bytes(12, 25);
  std::vector<std::byte> memory(total_bytes(bytes));
  planes<std::byte, Codec::plane_count> p;
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); at += bytes[i++]) p[i] = {memory.data() + at, bytes[i], 0};
  test::scratch_memory scratch{codec.scratch_bytes(12, 25)};
  REQUIRE(codec.encode(matrix_view<float const>{m.data(), 12, 25}, p, scratch.get()));
  return memory;
}

template <class Codec>
void comes_back(Codec const& codec) {
  auto const d = describe(codec);
  auto const again = restore<Codec>(d);
  REQUIRE(again.has_value());
  CHECK(describe(*again) == d);
  auto const row = test::mixed_row(300, 5);
  CHECK(encoded(*again, row) == encoded(codec, row));
}

}  // namespace

TEST_CASE("description: one-level codecs come back", "[block]") {
  comes_back(absmax<int4>{32});
  comes_back(absmax<int3, bfloat16>{0, {scale_choice::mse}, bit_order::high_first});
  comes_back(absmax<e4m3fn, e8m0>{16, {scale_choice::grid}});
  comes_back(absmax<nf4>{64});
  comes_back(absmax<int2_full>{40, {}, bit_order::high_first});
  comes_back(affine_int<4>{32});
  comes_back(affine_int<3, bfloat16>{24, {}, bit_order::high_first});
  comes_back(mx<e2m1>{});
  comes_back(mx<e3m2>{64, {mx_rule::search}});
  comes_back(block_float<5>{16, {mx_rule::floor_plus_1}});
  comes_back(binary{128});
  comes_back(ternary{64});
  comes_back(ternary_dense{0});
  comes_back(adaptive<float16, int4, e2m1, nf4>{16});
  comes_back(adaptive<bfloat16, int3, nf3>{32, {}, bit_order::high_first});
}

TEST_CASE("description: codecs with a constant of the tensor come back", "[block]") {
  comes_back(static_scale<int8>{64, {0.0137f}});
  comes_back(static_scale<e4m3fn>{0, {0x1p-140f}});
  for (int dialect = 0; dialect < 6; ++dialect)
    for (float const amax : {0.0f, 1.0f, 3.14159f, 0x1p-120f, 0x1.fffffep127f})
      comes_back(nvfp4{16, *nvfp4_scheme::make(amax, static_cast<nvfp4_dialect>(dialect))});
  comes_back(*double_quantized<nf4>::make(64, 0.25f));
  comes_back(*double_quantized<int4>::make(32, 0.0f, nested_dialect::linear_int8, bit_order::low_first));
}

TEST_CASE("description: tiles come back", "[block]") {
  comes_back(*tiles<absmax_scheme<e4m3fn>>::make(4, 8));
  comes_back(*tiles<absmax_scheme<int4, bfloat16>>::make(whole_height, 1, {scale_choice::mse}));
  comes_back(*tiles<affine_scheme<8>>::make(5, 5));
  comes_back(*tiles<mx_scheme<e2m1>>::make(1, 16, {mx_rule::even}));
  comes_back(*tiles<nvfp4_scheme>::make(16, 16, *nvfp4_scheme::make(2.5f, nvfp4_dialect::transformer_engine)));
}

TEST_CASE("description: the fields of a few codecs", "[block]") {
  constexpr auto d = describe(absmax<int4, bfloat16>{48, {scale_choice::mse}, bit_order::high_first});
  STATIC_CHECK(d.family == codec_family::absmax);
  STATIC_CHECK((d.element.kind == number_kind::fixed_point && d.element.bits == 4 && d.element.fraction_bits == 0));
  STATIC_CHECK(d.scale == format_of<bfloat16>());
  STATIC_CHECK((d.group == 48 && d.tile_rows == 0 && d.choice == scale_choice::mse && d.order == bit_order::high_first));
  STATIC_CHECK(!d.has_constant());
  constexpr auto n = describe(nvfp4{16, *nvfp4_scheme::make(-3.5f, nvfp4_dialect::torchao)});
  STATIC_CHECK((n.family == codec_family::nvfp && n.constant == 3.5f && n.has_constant()));
  STATIC_CHECK((n.element == format_of<e2m1>() && n.scale == format_of<ue4m3>() && n.dialect == nvfp4_dialect::torchao));
  constexpr auto t = describe(*tiles<absmax_scheme<e4m3fn>>::make(128, 64));
  STATIC_CHECK((t.tile_rows == 128 && t.tile_cols == 64 && t.group == 0));
  constexpr auto a = describe(adaptive<float16, int4, e2m1>{16});
  STATIC_CHECK((a.choices[0] == format_of<int4>() && a.choices[1] == format_of<e2m1>()));
  STATIC_CHECK(a.choices[2].kind == number_kind::none);
  // A rounding policy is no part of it; block floating point is MX of fixed-point elements.
  STATIC_CHECK(describe(absmax<int4, float16, toward_zero>{32}) == describe(absmax<int4>{32}));
  STATIC_CHECK(describe(block_float<8>{32}) == describe(mx<mxint8>{32}));
}

TEST_CASE("description: planes of a matrix", "[block]") {
  constexpr auto m = describe(affine_int<4>{32}, 10, 100);
  STATIC_CHECK((m.codec == describe(affine_int<4>{32}) && m.rows == 10 && m.cols == 100 && m.plane_count == 3));
  STATIC_CHECK(m.plane_bytes == std::array<std::size_t, 4>{500, 80, 20, 0});
  constexpr auto t = describe(*tiles<absmax_scheme<e4m3fn>>::make(128, 128), 300, 200);
  STATIC_CHECK(t.plane_bytes == std::array<std::size_t, 4>{60'000, 3 * 2 * 4, 0, 0});
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  STATIC_CHECK(describe(absmax<int8>{32}, most / 2, 100).plane_bytes[0] == most);
}

TEST_CASE("description: other types refuse it", "[block]") {
  constexpr auto d = describe(absmax<int4>{32});
  STATIC_CHECK(restore<absmax<int5>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<absmax<int4_full>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<absmax<int4, bfloat16>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<tiles<absmax_scheme<int4>>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<static_scale<int4>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<mx<int4>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<double_quantized<int4>>(d).error() == errc::unsupported);
  STATIC_CHECK(restore<absmax<int4, float16, toward_odd>>(d).has_value());
  STATIC_CHECK(restore<ternary_dense>(describe(ternary{128})).error() == errc::unsupported);
  STATIC_CHECK(restore<binary>(describe(ternary{128})).error() == errc::unsupported);
  STATIC_CHECK(restore<adaptive<float16, int4, e2m1>>(describe(adaptive<float16, e2m1, int4>{16})).error() == errc::unsupported);
  STATIC_CHECK(restore<adaptive<float16, int4, e2m1>>(describe(adaptive<float16, int4, e2m1, nf4>{16})).error() ==
               errc::unsupported);
  STATIC_CHECK(restore<absmax<int4>>(describe(*tiles<absmax_scheme<int4>>::make(2, 2))).error() == errc::unsupported);
  STATIC_CHECK(restore<absmax<int4>>({}).error() == errc::unsupported);
}

TEST_CASE("description: parameters that no codec has are refused", "[block]") {
  auto d = describe(*double_quantized<nf4>::make(64, 0.5f));
  d.group = 12;
  CHECK(restore<double_quantized<nf4>>(d).error() == errc::invalid_argument);
  d.group = 64;
  d.constant = std::numeric_limits<float>::quiet_NaN();
  CHECK(restore<double_quantized<nf4>>(d).error() == errc::not_finite);
  auto n = describe(nvfp4{});
  n.constant = std::numeric_limits<float>::infinity();
  CHECK(restore<nvfp4>(n).error() == errc::not_finite);
  n.constant = -1;  // a magnitude cannot come back
  CHECK(restore<nvfp4>(n).error() == errc::invalid_argument);
  auto s = describe(static_scale<int8>{64, {1.0f}});
  s.constant = std::numeric_limits<float>::quiet_NaN();
  CHECK(restore<static_scale<int8>>(s).error() == errc::not_finite);
  auto t = describe(*tiles<absmax_scheme<int8>>::make(4, 4));
  t.tile_cols = 0;
  CHECK(restore<tiles<absmax_scheme<int8>>>(t).error() == errc::invalid_argument);
  t.tile_cols = whole_height;
  CHECK(restore<tiles<absmax_scheme<int8>>>(t).error() == errc::overflow);
  t.tile_cols = 4;
  t.order = bit_order::high_first;
  CHECK(restore<tiles<absmax_scheme<int8>>>(t).error() == errc::invalid_argument);
  auto a = describe(affine_int<4>{32});
  a.choice = scale_choice::mse;  // affine has no choice
  CHECK(restore<affine_int<4>>(a).error() == errc::invalid_argument);
}
