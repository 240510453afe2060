// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/nvfp4.hpp: the laws for every dialect; scales and numbers against the table's arithmetic in plain floats.
#include "skive/block/nvfp4.hpp"

#include "laws/stepwise_codec.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using skive::nvfp4;
using skive::nvfp4_scheme;
using dialect = skive::nvfp4_dialect;
namespace test = skive::test;

constexpr dialect dialects[]{dialect::ideal,     dialect::transformer_engine, dialect::torchao, dialect::compressed_tensors,
                             dialect::model_opt, dialect::four_over_six};

// Nearest even with m fraction bits, smallest normal 2^low, saturating at max; x >= 0 or either sign.
float nearest(float x, int m, int low, double max) {
  double const a = std::fabs(static_cast<double>(x));
  if (a == 0) return 0;
  int e = 0;
  std::frexp(a, &e);
  double const ulp = std::ldexp(1.0, std::max(e - 1, low) - m);
  double const r = std::min(std::nearbyint(a / ulp) * ulp, max);
  return static_cast<float>(x < 0 ? -r : r);
}
float e4m3(float x) { return nearest(x, 3, -6, 448); }
float fp4(float x) { return nearest(x, 1, 0, 6); }

float e4m3_value(std::byte code) {
  int const c = std::to_integer<int>(code);
  return c < 8 ? std::ldexp(static_cast<float>(c), -9) : std::ldexp(static_cast<float>(8 + c % 8), c / 8 - 10);
}

struct restated {
  float s;                 // the group's scale
  std::vector<float> out;  // decoded
  double error = 0;        // as four_over_six takes it
};

// One group by the table of the header; amax > 0 and no quantity subnormal.
restated restate(std::vector<float> const& x, float amax, dialect d) {
  float g = 0;
  for (auto const v : x) g = std::max(g, std::fabs(v));
  float const reciprocal = 1.0f / amax;
  float const big =
      d == dialect::compressed_tensors ? reciprocal * 2688.0f : (d == dialect::four_over_six ? 1536.0f : 2688.0f) / amax;
  bool const inverse = d == dialect::transformer_engine || d == dialect::compressed_tensors || d == dialect::four_over_six;
  float const t = inverse ? 1.0f / big : amax / 2688.0f;
  auto const quantized = [&](float s) {
    restated r{s, {}, 0};
    float const both = s * t;
    for (auto const v : x) {
      float q = 0;
      switch (d) {
        case dialect::transformer_engine: q = v * std::min(1.0f / (s * (1.0f / big)), std::numeric_limits<float>::max()); break;
        case dialect::torchao: q = v * ((1.0f / t) / s); break;
        case dialect::compressed_tensors: q = v / (s / big); break;
        case dialect::four_over_six: q = v * (1.0f / both); break;
        default: q = v / both; break;
      }
      float const p = s == 0 ? 0.0f : fp4(q);
      r.out.push_back(p * both);
      float const product = p * s * amax;
      float const difference = product / 1536.0f - v;
      r.error += static_cast<double>(difference) * static_cast<double>(difference);
    }
    return r;
  };
  switch (d) {
    case dialect::ideal: return quantized(e4m3(g / (6.0f * t)));
    case dialect::transformer_engine: return quantized(e4m3(g * (big * (1.0f / 6.0f))));
    case dialect::torchao: return quantized(std::max(e4m3((g / 6.0f) / t), 0x1p-6f));
    case dialect::compressed_tensors: {
      float const s = e4m3(big * (g / 6.0f));
      return quantized(s == 0 ? 0.125f : s);
    }
    case dialect::model_opt: return quantized(g == 0 ? 1.0f : std::max(e4m3(g / (6.0f * t)), 0x1p-9f));
    case dialect::four_over_six: break;
  }
  float const base = g / 6.0f * big;
  auto const six = quantized(e4m3(base));
  auto const four = quantized(e4m3(base * 1.5f));
  return four.error < six.error ? four : six;
}

nvfp4 codec(float amax, dialect d) { return nvfp4{16, *nvfp4_scheme::make(amax, d)}; }

float largest(std::vector<float> const& x) {
  float a = 0;
  for (auto const v : x) a = std::max(a, std::fabs(v));
  return a;
}

}  // namespace

TEST_CASE("nvfp4: every dialect keeps the laws", "[block]") {
  for (auto const d : dialects)
    for (float const amax : {1.0f, 40.0f, 0.003f, 0.0f}) {
      test::check_block_codec(codec(amax, d), {0, 1, 15, 64, 167});
      test::check_stepwise_codec(codec(amax, d), {0, 1, 15, 64, 167});
    }
  test::check_block_codec(nvfp4{}, {100});
  test::check_block_codec(nvfp4{16, *nvfp4_scheme::make(5.0f), skive::bit_order::high_first}, {100});
}

TEST_CASE("nvfp4: scales and numbers are those of the table, dialect by dialect", "[block]") {
  for (auto const d : dialects)
    for (unsigned seed = 0; seed < 60; ++seed) {
      auto row = test::mixed_row(512, seed);
      if (seed % 2 == 1)  // bfloat16 data: ties are common
        for (auto& v : row) v = std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & 0xFFFF'0000U);
      float const amax = largest(row);
      auto const out = test::through(codec(amax, d), row);
      auto const bytes = test::encoded(codec(amax, d), row);
      for (std::size_t first = 0; first < row.size(); first += 16) {
        std::vector<float> const x(row.begin() + static_cast<std::ptrdiff_t>(first),
                                   row.begin() + static_cast<std::ptrdiff_t>(first) + 16);
        auto const expected = restate(x, amax, d);
        CAPTURE(static_cast<int>(d), seed, first);
        REQUIRE(e4m3_value(bytes[1][first / 16]) == expected.s);
        for (std::size_t i = 0; i < 16; ++i) REQUIRE(out[first + i] == expected.out[i]);
      }
    }
}

TEST_CASE("nvfp4: scale codes of stated groups", "[block]") {
  auto const scale = [](dialect d, float amax, std::vector<float> const& x) {
    return std::to_integer<int>(test::encoded(codec(amax, d), x)[1][0]);
  };
  std::vector<float> const six(16, 6.0f);
  std::vector<float> const zero(16, 0.0f);
  for (auto const d : {dialect::ideal, dialect::torchao, dialect::compressed_tensors, dialect::model_opt})
    CHECK(scale(d, 2688.0f, six) == 0x38);  // 1.0: amax 6 at a tensor scale of 1
  for (auto const d : dialects)
    if (d != dialect::four_over_six) CHECK(scale(d, 6.0f, six) == 0x7E);  // the tensor's largest group has 448
  CHECK(scale(dialect::ideal, 1.0f, zero) == 0);
  CHECK(scale(dialect::transformer_engine, 1.0f, zero) == 0);
  CHECK(scale(dialect::torchao, 1.0f, zero) == 0x08);
  CHECK(scale(dialect::compressed_tensors, 1.0f, zero) == 0x20);
  CHECK(scale(dialect::model_opt, 1.0f, zero) == 0x38);
  CHECK(scale(dialect::four_over_six, 1.0f, zero) == 0);
  std::vector<float> nan(16, 1.0f);
  nan[3] = std::numeric_limits<float>::quiet_NaN();
  for (auto const d : dialects) {
    CHECK(scale(d, 6.0f, nan) == 0x7F);
    for (auto const v : test::through(codec(6.0f, d), nan)) CHECK(std::isnan(v));
    for (auto const v : test::through(codec(6.0f, d), zero)) CHECK(v == 0);
    for (auto const v : test::through(codec(0.0f, d), zero)) CHECK(v == 0);
  }
}

TEST_CASE("nvfp4: tensors of extreme size", "[block]") {
  CHECK(nvfp4_scheme::make(std::numeric_limits<float>::infinity()).error() == skive::errc::not_finite);
  CHECK(nvfp4_scheme::make(std::numeric_limits<float>::quiet_NaN()).error() == skive::errc::not_finite);
  for (auto const d : dialects) {
    for (float const amax : {3e38f, 1e30f, 1e-30f, 0x1p-116f}) {
      std::vector<float> x(16, 0.0f);
      x[0] = amax;
      x[1] = -amax / 2;
      auto const out = test::through(codec(amax, d), x);
      CAPTURE(static_cast<int>(d), amax);
      CHECK(std::fabs(out[0] / amax - 1) < 0.07f);
      CHECK(std::fabs(out[1] / (-amax / 2) - 1) < 0.3f);
      CHECK(out[2] == 0);
    }
    for (auto const v : test::through(codec(0x1p-149f, d), std::vector<float>(16, 0x1p-149f))) CHECK(std::isfinite(v));
  }
}

TEST_CASE("nvfp4: four over six has less error than six alone on Gaussian numbers", "[block]") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    std::vector<float> row(4096);
    for (auto& v : row) v = normal(random);
    double better = 0;
    double plain = 0;
    auto const a = test::through(codec(largest(row), dialect::four_over_six), row);
    auto const b = test::through(codec(largest(row), dialect::ideal), row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      better += std::pow(static_cast<double>(a[i]) - static_cast<double>(row[i]), 2);
      plain += std::pow(static_cast<double>(b[i]) - static_cast<double>(row[i]), 2);
    }
    CHECK(better < plain * 0.97);
  }
}
