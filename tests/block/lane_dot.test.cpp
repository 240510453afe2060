// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_dot.hpp: products with floats of every kind of block codec, on every instruction set of this unit and by rule.
#include "skive/block/lane_dot.hpp"

#include "laws/dot_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/lookup.hpp"
#include "support/simd_arches.hpp"

#include <type_traits>

namespace {

namespace test = skive::test;

// Of the codec under test: roundings that the header's bound allows.
template <class Codec>
auto terms_of(Codec const& codec) {
  return [codec](std::size_t n) {
    auto const group = codec.group_size() == 0 ? n : codec.group_size();
    auto const groups = codec.groups(n);
    return static_cast<double>((group + 63) / 64 + groups + 10);
  };
}

// A whole row of one group, tails of registers, groups and blocks, rows that span the scales read ahead.
std::vector<std::size_t> const lengths{0, 1, 7, 15, 16, 17, 31, 32, 33, 64, 100, 129, 257, 640, 1023};

template <class Codec>
void check(Codec const& codec) {
  static_assert(skive::dot_codec<Codec>);
  test::for_each(test::arches<skive::scalar_arch, skive::native_arch>{},
                 [&]<class Arch>() { test::check_dot_codec<Arch, skive::scalar_arch>(codec, lengths, terms_of(codec)); });
}

}  // namespace

TEST_CASE("lane_dot: integers of every width", "[block]") {
  check(skive::absmax<skive::int2>{32});
  check(skive::absmax<skive::int3>{32});
  check(skive::absmax<skive::int4>{32});
  check(skive::absmax<skive::int4>{32, {}, skive::bit_order::high_first});
  check(skive::absmax<skive::int5>{48});
  check(skive::absmax<skive::int6, skive::bfloat16>{16});
  check(skive::absmax<skive::int7>{24});
  check(skive::absmax<skive::int8>{32});
  check(skive::absmax<skive::int8, skive::float32>{0});
}

TEST_CASE("lane_dot: groups that share bytes, end inside a register or are the whole row", "[block]") {
  for (std::size_t const group : {1U, 3U, 6U, 20U, 63U, 64U, 128U, 200U, 0U}) {
    check(skive::absmax<skive::int4>{group});
    check(skive::affine_int<4>{group});
  }
}

TEST_CASE("lane_dot: small floats, tables, zero points, signs and trits", "[block]") {
  check(skive::absmax<skive::e4m3fn>{128});
  check(skive::absmax<skive::e5m2>{64});
  check(skive::absmax<skive::nf4>{64});
  check(skive::absmax<skive::int4, skive::ue4m3>{32});
  check(skive::affine_int<3>{32});
  check(skive::affine_int<8>{32});
  check(skive::mx<skive::e2m1>{32});
  check(skive::mx<skive::e3m2>{32});
  check(skive::mx<skive::e4m3fn>{32});
  check(skive::nvfp4{16, *skive::nvfp4_scheme::make(4.0f)});
  check(skive::binary{128});
  check(skive::ternary{128});
  check(skive::ternary_dense{128});
  check(skive::adaptive<skive::float16, skive::int4, skive::int4_full>{32});
  check(skive::static_scale<skive::e4m3fn>{64, {0.01f, {}}});
  check(skive::static_scale<skive::int8>{64, {0.0f, {}}});
}

TEST_CASE("lane_dot: the instruction sets of this unit", "[block]") {
  test::for_each_arch([]<class Arch>() {
    auto const one = [](auto const& codec) {
      test::check_dot_codec<Arch, skive::scalar_arch>(codec, {0, 17, 96, 300}, terms_of(codec));
    };
    one(skive::absmax<skive::int4>{32});
    one(skive::affine_int<4>{32});
    one(skive::nvfp4{16, *skive::nvfp4_scheme::make(4.0f)});
  });
}

TEST_CASE("lane_dot: scales far outside of the usual, and more groups than are read ahead", "[block]") {
  skive::absmax<skive::int4, skive::float32> const codec{16};
  auto row = test::gaussian_row(16 * 600, 9);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = std::ldexp(row[i], static_cast<int>(i / 16 % 7) * 30 - 90);
  auto const x = test::gaussian_row(row.size(), 10);
  test::packed_row packed{codec, row.size()};
  test::fill_codes<skive::scalar_arch>(codec, packed, row);
  auto const exact = test::decode_then_dot<skive::scalar_arch>(codec, packed.from(), x);
  auto const y = test::product_of<skive::native_arch>(codec, packed, x);
  CHECK(std::fabs(static_cast<double>(y) - exact.sum) <= 611 * 0x1p-24 * exact.magnitude);
}

TEST_CASE("lane_dot: products in a constant expression", "[block]") {
  constexpr auto product = [] {
    std::array<float, 4> const row{7, -7, 3, -1};
    std::array<float, 4> const x{1, 2, 3, 4};
    std::array<std::byte, 4> memory{};
    skive::absmax<skive::int4> const codec{4};
    skive::planes<std::byte, 2> p;
    bool const good = skive::planar(codec, 4, memory, p) && codec.encode(std::span<float const>{row}, p);
    auto const y = codec.dot(skive::planes<std::byte const, 2>(p), *codec.prepare(x));
    return good && y ? *y : 0.0f;
  }();
  static_assert(product == -2.0f);
  SUCCEED();
}
