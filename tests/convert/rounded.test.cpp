// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert/rounded.hpp: bytes are those of the library's codec with the policy as its template parameter.
#include "convert/rounded.hpp"

#include "compare/format.hpp"
#include "skive/block/name.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using convert::any_rounding;
using convert::find_rounded;
using convert::row_rounding;
using kind = any_rounding::kind;
constexpr std::size_t cols = 100;

std::vector<std::byte> bytes_of(codec_description const& d, row_rounding const& rounding, std::vector<float> const& m) {
  matrix_view<float const> const rows{m.data(), m.size() / cols, cols};
  std::vector<std::byte> out(m.size() * 5);
  auto const encoder = find_rounded(d, rounding);
  REQUIRE(encoder != nullptr);
  encoder->encode_rows(rows, out.data());
  return out;
}

template <block_codec Codec>
std::vector<std::byte> library_bytes(Codec const& codec, std::vector<float> const& m) {
  std::vector<std::byte> out(m.size() * 5);
  auto const each = total_bytes(codec.plane_bytes(cols));
  for (std::size_t r = 0; r < m.size() / cols; ++r) {
    auto const of_row = codec.at_row(r);
    planes<std::byte, Codec::plane_count> p;
    REQUIRE(planar(codec, cols, std::span{out}.subspan(r * each, each), p));
    test::scratch_memory scratch{codec.scratch_bytes(cols)};
    REQUIRE(of_row.encode(std::span{m}.subspan(r * cols, cols), p, scratch.get()));
  }
  return out;
}

// C<R>: the codec with rounding policy R.
template <template <class> class C>
void matches(auto const& make) {
  auto const m = test::mixed_row(5 * cols, 8);
  auto const d = describe(make.template operator()<C<nearest_even>>());
  auto const one = [&]<class R>(kind k, R) {
    CAPTURE(static_cast<int>(k));
    CHECK(bytes_of(d, {k, {}}, m) == library_bytes(make.template operator()<C<R>>(), m));
  };
  one(kind::nearest_even, nearest_even{});
  one(kind::nearest_away, nearest_away{});
  one(kind::toward_zero, toward_zero{});
  one(kind::toward_positive, toward_positive{});
  one(kind::toward_negative, toward_negative{});
  one(kind::toward_odd, toward_odd{});

  for (auto const variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c})
    for (int const count : {3, 32}) {
      CAPTURE(static_cast<int>(variant), count);
      stochastic_stream const stream{77, 0, count, variant};
      auto codec = make.template operator()<C<stochastic_stream>>();
      auto scheme = codec.scheme();
      scheme.rounding = stream;
      CHECK(bytes_of(d, {kind::random, stream}, m) ==
            library_bytes(C<stochastic_stream>{codec.group_size(), scheme, codec.order()}, m));
    }
}

template <class R>
using int4_groups = absmax<int4, float16, R>;
template <class R>
using fp8_groups = absmax<e4m3fn, bfloat16, R>;
template <class R>
using affine_groups = affine_int<3, float16, R>;
template <class R>
using mx_groups = mx<e2m1, R>;
template <class R>
using tensor_scale = static_scale<int8, R>;

}  // namespace

TEST_CASE("rounded: every policy gives the bytes of the codec with that policy", "[convert]") {
  matches<int4_groups>([]<class C>() { return C{32, {scale_choice::mse}, bit_order::high_first}; });
  matches<fp8_groups>([]<class C>() { return C{16}; });
  matches<affine_groups>([]<class C>() { return C{24}; });
  matches<mx_groups>([]<class C>() { return C{32, {mx_rule::even}}; });
  matches<tensor_scale>([]<class C>() { return C{64, {0.01f}}; });
}

TEST_CASE("rounded: tiles, NVFP4, means and choices round as told", "[convert]") {
  auto const m = test::mixed_row(8 * cols, 9);
  for (auto const* name : {"e4m3fn_tile4x16", "nvfp4_te", "ternary_g32", "ternary_g32_dense", "best_int4_e2m1_g16", "nf4_g32",
                           "binary8p4se_g32", "uint8_tile3x3"}) {
    CAPTURE(name);
    auto const codec = compare::make_format(name)->fit({m.data(), 8, cols});
    auto const d = *codec->description();
    std::vector<std::byte> nearest(m.size() * 5);
    codec->encode_rows({m.data(), 8, cols}, nearest.data());
    CHECK(bytes_of(d, {}, m) == nearest);
    // Toward zero, no number grows by more than the rounding of one product; some differ from the nearest.
    auto const drawn = bytes_of(d, {kind::random, {5}}, m);
    CHECK(drawn != nearest);
    CHECK(drawn != bytes_of(d, {kind::random, {6}}, m));
    CHECK(drawn == bytes_of(d, {kind::random, {5}}, m));
    auto const down = bytes_of(d, {kind::toward_zero, {}}, m);
    CHECK(down != nearest);
    std::vector<float> out(m.size());
    codec->decode_rows(down.data(), {out.data(), 8, cols});
    if (std::string_view{name}.starts_with("uint")) continue;
    for (std::size_t i = 0; i < m.size(); ++i) REQUIRE(std::fabs(out[i]) <= std::fabs(m[i]) * 1.000001f);
  }
}

TEST_CASE("rounded: what has one rounding only", "[convert]") {
  CHECK(find_rounded(*parse_description("nf4_g64_dq"), {}) == nullptr);
  CHECK(find_rounded({}, {}) == nullptr);
}
