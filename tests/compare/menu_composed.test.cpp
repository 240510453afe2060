// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compositions on the menu: the library's composer around the library's codecs, fitted from the outside in.
#include "compare/menu_composed.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"

#include "skive/block/nvfp4.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/core/random.hpp"
#include "skive/transform/permutation.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "support/menu_rows.hpp"

namespace {

using namespace skive;
using namespace skive::compare;

float amax_of(std::vector<float> const& m) {
  float most = 0;
  for (float const v : m) most = std::max(most, std::fabs(v));
  return most;
}

}  // namespace

TEST_CASE("menu: x2, x3 code again what is left", "[compare]") {
  auto const m = test::mixed_row(700, 1);
  absmax<int4> const a{32};
  CHECK(test::through_format(*make_format("x2+int4_g32"), m, 100) == test::rows_through(residual{a, a}, m, 100));
  CHECK(test::through_format(*make_format("x3+int4_g32"), m, 100) == test::rows_through(residual{a, residual{a, a}}, m, 100));
  CHECK(make_format("x2+int4_g32")->total_bits({10, 320}) == 10 * 320 * 9.0);
}

TEST_CASE("menu: a part is fitted to what the composer hands it", "[compare]") {
  auto const m = test::mixed_row(640, 2);
  nvfp4 const first{16, *nvfp4_scheme::make(amax_of(m))};
  auto rest = test::rows_through(first, m, 64);
  for (std::size_t i = 0; i < m.size(); ++i) rest[i] = m[i] - rest[i];
  nvfp4 const second{16, *nvfp4_scheme::make(amax_of(rest))};
  auto const f = make_format("x2+nvfp4");
  CHECK(test::through_format(*f, m, 64) == test::rows_through(residual{first, second}, m, 64));
  auto const constants = f->fit({m.data(), 10, 64})->constants();
  CHECK(constants == std::vector<float>{amax_of(m), amax_of(rest)});
  std::vector<std::byte> bytes(f->restore(constants, 64)->bytes({10, 64}));
  std::vector<float> out(640);
  f->fit({m.data(), 10, 64})->encode_rows({m.data(), 10, 64}, bytes.data());
  f->restore(constants, 64)->decode_rows(bytes.data(), {out.data(), 10, 64});
  CHECK(out == test::through_format(*f, m, 64));
}

TEST_CASE("menu: n:m keeps the largest of each group", "[compare]") {
  auto const m = test::mixed_row(640, 3);
  absmax<int8> const a{32};
  CHECK(test::through_format(*make_format("2:4+int8_g32"), m, 64) == test::rows_through(sparse_codec{n_of_m<2, 4>{}, a}, m, 64));
  CHECK(test::through_format(*make_format("2:4+x2+int8_g32"), m, 64) ==
        test::rows_through(sparse_codec{n_of_m<2, 4>{}, residual{a, a}}, m, 64));
  CHECK(make_format("2:4+int8_g32")->total_bits({10, 640}) == 6400 * (4.25 + 0.75));
  auto const f = make_format("2:4+nvfp4");
  auto const constants = f->fit({m.data(), 10, 64})->constants();
  CHECK(constants == std::vector<float>{amax_of(m)});
  CHECK_THROWS_AS(f->fit({m.data(), 10, 62}), std::runtime_error);
  CHECK_THROWS_AS(make_format("5:7+int8_g32"), std::invalid_argument);
}

TEST_CASE("menu: outliers apart", "[compare]") {
  auto const m = test::mixed_row(4000, 4);
  affine_int<3> const a{16};
  CHECK(test::through_format(*make_format("out0.5+uint3_g16"), m, 400) ==
        test::rows_through(split_outliers{top_fraction{0.005f}, a}, m, 400));
  CHECK(make_format("out0.5+uint3_g16")->total_bits({10, 400}) ==
        make_format("uint3_g16")->total_bits({10, 400}) + 10 * 2 * 32.0);
}

TEST_CASE("menu: part of a row kept wherever it lies", "[compare]") {
  auto const m = test::mixed_row(4000, 4);
  absmax<int4> const a{32};
  CHECK(test::through_format(*make_format("mask30+int4_g32"), m, 400) ==
        test::rows_through(masked_codec{top_fraction{0.3f}, a}, m, 400));
  CHECK(make_format("mask30+int4_g32")->total_bits({10, 400}) == make_format("int4_g32")->total_bits({10, 120}) + 10 * 400.0);
  CHECK(make_format("mask50+nvfp4")->fit({m.data(), 10, 400})->constants() == std::vector<float>{amax_of(m)});
}

TEST_CASE("menu: rotations of the row or of blocks", "[compare]") {
  auto const m = test::mixed_row(1920, 5);
  absmax<int4> const a{32};
  CHECK(test::through_format(*make_format("had+int4_g32"), m, 192) ==
        test::rows_through(rotated{*hadamard::make(192), a}, m, 192));
  CHECK(test::through_format(*make_format("rht64+int4_g32"), m, 192) ==
        test::rows_through(rotated{*random_hadamard::make(64, 1), a}, m, 192));
  CHECK(make_format("had+int4_g32")->total_bits({10, 192}) == make_format("int4_g32")->total_bits({10, 192}));
  CHECK_THROWS_AS(make_format("had64+int4_g32")->fit({m.data(), 2, 96}), std::runtime_error);
  std::vector<float> turned = m;
  std::vector<std::byte> scratch(hadamard::make(192)->scratch_bytes());
  for (std::size_t r = 0; r < 10; ++r)
    REQUIRE(hadamard::make(192)->forward(std::span{turned}.subspan(r * 192, 192), workspace{scratch}));
  CHECK(make_format("had+nvfp4")->fit({m.data(), 10, 192})->constants() == std::vector<float>{amax_of(turned)});
}

TEST_CASE("menu: columns in the order of their range", "[compare]") {
  std::vector<float> m(20 * 112);
  counter_random{7}.fill_gaussian(std::span{m});
  auto const wide = [](std::size_t i) { return i % 7 == 3 || i % 7 == 5; };  // columns, scattered
  for (std::size_t i = 0; i < m.size(); ++i) m[i] *= wide(i) ? 20.0f : 1.0f;
  matrix_view<float const> const rows{m.data(), 20, 112};
  std::vector<float> range(112);
  std::vector<std::uint32_t> order(112);
  REQUIRE(column_keys(rows, column_key::range, range));
  REQUIRE(order_by(range, order));
  test::scratch_memory scratch{permutation::check_bytes(112)};
  auto const p = *permutation::make(order, scratch.get());
  absmax<int4> const a{32};
  auto const y = test::through_format(*make_format("perm+int4_g32"), m, 112, 16);
  CHECK(y == test::rows_through(rotated{p, a}, m, 112));
  auto const error = [&](std::vector<float> const& z) {  // of the narrow columns, relative to their own size
    double sum = 0;
    for (std::size_t i = 0; i < m.size(); ++i)
      if (!wide(i)) sum += std::pow(static_cast<double>(z[i]) - static_cast<double>(m[i]), 2);
    return sum;
  };
  CHECK(error(y) < 0.05 * error(test::rows_through(a, m, 112)));
  auto const f = make_format("perm+int4_g32");
  CHECK(f->total_bits({20, 112}) == make_format("int4_g32")->total_bits({20, 112}) + 16.0 * 112);
  auto const fitted = f->fit(rows);
  CHECK(fitted->constants() == std::vector<float>(order.begin(), order.end()));
  std::vector<std::byte> bytes(fitted->bytes({20, 112}));
  std::vector<float> again(m.size());
  fitted->encode_rows(rows, bytes.data());
  f->restore(fitted->constants(), 112)->decode_rows(bytes.data(), {again.data(), 20, 112});
  CHECK(again == y);
  auto twice = fitted->constants();
  twice[0] = twice[1];
  CHECK_THROWS_AS(f->restore(twice, 112), std::runtime_error);
  CHECK_THROWS_AS(f->restore(std::span{twice}.first(111), 112), std::runtime_error);
}

TEST_CASE("menu: a low-rank term takes the part that all rows share", "[compare]") {
  std::vector<float> m = test::mixed_row(40 * 64, 6);
  for (std::size_t r = 0; r < 40; ++r)
    for (std::size_t c = 0; c < 64; ++c) m[r * 64 + c] += 20.0f * static_cast<float>(r % 7) * static_cast<float>(c % 5);
  auto const error = [&](char const* name) {
    auto const y = test::through_format(*make_format(name), m, 64, std::string_view{name}.starts_with("lr") ? 16 : 32);
    double sum = 0;
    for (std::size_t i = 0; i < m.size(); ++i) sum += std::pow(static_cast<double>(y[i]) - static_cast<double>(m[i]), 2);
    return sum;
  };
  CHECK(error("lr2+int4_g32") < error("int4_g32") / 5);
  auto const f = make_format("lr2+int4_g32");
  CHECK(f->total_bits({40, 64}) == make_format("int4_g32")->total_bits({40, 64}) + 16.0 * 2 * (40 + 64));
  CHECK(f->constant_count(64) == 128);
  CHECK_THROWS_AS(make_format("lr65+int4_g32")->fit({m.data(), 40, 64}), std::runtime_error);
}

TEST_CASE("menu: codes for Gaussian sources", "[compare]") {
  counter_random const random{3};
  std::vector<float> m(8 * 1024);
  random.fill_gaussian(std::span{m});
  auto const error = [&](char const* name) {
    auto const y = test::through_format(*make_format(name), m, 1024);
    double sum = 0;
    double power = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      sum += std::pow(static_cast<double>(y[i]) - static_cast<double>(m[i]), 2);
      power += std::pow(static_cast<double>(m[i]), 2);
    }
    return sum / power;
  };
  CHECK(error("lloyd2") < 0.125);
  CHECK(error("tcq2_l8") < 0.082);
  CHECK(error("rht+tcq2_l8") < 0.082);
  CHECK(error("rht+e8p") < 0.098);
  CHECK(make_format("e8_3b")->total_bits({8, 1024}) == 8 * (3 * 1024 + 16));
  CHECK(make_format("tcq2_l8")->total_bits({8, 1024}) == 8 * (2 * 1024 + 32));
  CHECK(make_format("lloyd2")->total_bits({8, 1024}) == 8 * (2 * 1024 + 16));
}
