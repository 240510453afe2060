// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/double_quantized.hpp: the laws but the one about NaN groups, which are refused; numbers and bytes of the formulas.
#include "skive/block/double_quantized.hpp"

#include "laws/block_codec.hpp"
#include "laws/stepwise_codec.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

using skive::bit_order;
using skive::errc;
using skive::nested_dialect;
namespace test = skive::test;

using codec_type = skive::double_quantized<skive::nf4>;
constexpr nested_dialect dialects[]{nested_dialect::dynamic_map, nested_dialect::linear_int8};
constexpr bit_order orders[]{bit_order::low_first, bit_order::high_first};

codec_type made(std::size_t group, float offset, nested_dialect dialect, bit_order order = bit_order::high_first) {
  auto const codec = codec_type::make(group, offset, dialect, order);
  REQUIRE(codec.has_value());
  return *codec;
}

// check_block_codec without check_neighbours.
template <skive::block_codec Codec>
void keeps_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    CAPTURE(n, codec.group_size());
    auto const row = test::mixed_row(n, 1 + static_cast<unsigned>(n));
    test::detail::check_sizes(codec, n);
    test::detail::check_layouts(codec, row);
    test::detail::check_refusals(codec, row);
    test::detail::check_half<skive::bfloat16>(codec, row);
    test::detail::check_half<skive::float16>(codec, row);
    test::detail::check_random_bytes(codec, n, 1);
    test::detail::check_concatenation(codec, row);
  }
  test::check_stepwise_codec(codec, lengths, 1, false);  // the last rounding of the scales waits for 256 groups
}

float fl32(double x) { return static_cast<float>(x); }
double wide(float x) { return static_cast<double>(x); }

double nf4_level(float y) {
  std::size_t code = 0;
  while (code < 15 && y > skive::nf4_table::pivots[code]) ++code;
  return wide(skive::nf4_table::levels[code]);
}

double nearest_dynamic(float y) {
  auto levels = skive::dynamic8_table::levels;
  std::sort(levels.begin(), levels.end());
  double best = wide(levels[0]);
  for (auto const v : levels)
    if (std::fabs(wide(v) - wide(y)) < std::fabs(best - wide(y))) best = wide(v);
  return best;
}

float largest_of(std::vector<float> const& row, std::size_t first, std::size_t count) {
  float a = 0;
  for (auto i = first; i < std::min(row.size(), first + count); ++i) a = std::max(a, std::fabs(row[i]));
  return a;
}

// The scales a' of all groups by the header's formulas.
std::vector<float> scales_again(std::vector<float> const& a, float offset, nested_dialect dialect) {
  std::vector<float> out;
  for (std::size_t g = 0; g < a.size(); ++g) {
    float n = 0;
    for (auto k = g / 256 * 256; k < std::min(a.size(), g / 256 * 256 + 256); ++k)
      n = std::max(n, std::fabs(fl32(wide(a[k]) - wide(offset))));
    float const d = fl32(wide(a[g]) - wide(offset));
    float rest = 0;
    if (n != 0 && dialect == nested_dialect::dynamic_map) {
      rest = fl32(nearest_dynamic(fl32(wide(d) / wide(n))) * wide(n));
    } else if (n != 0) {
      float const factor = fl32(256 / (2 * wide(n)));
      rest = fl32(std::clamp(std::nearbyint(wide(fl32(wide(d) * wide(factor)))), -128.0, 127.0) / wide(factor));
    }
    out.push_back(fl32(wide(rest) + wide(offset)));
  }
  return out;
}

std::vector<float> oracle(std::vector<float> const& row, std::size_t group, float offset, nested_dialect dialect) {
  std::vector<float> a;
  for (std::size_t first = 0; first < row.size(); first += group) a.push_back(largest_of(row, first, group));
  auto const again = scales_again(a, offset, dialect);
  std::vector<float> out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    float const scale = a[i / group];
    out.push_back(fl32(nf4_level(scale == 0 ? 0.0f : fl32(wide(row[i]) / wide(scale))) * wide(again[i / group])));
  }
  return out;
}

float mean_absmax(std::vector<float> const& row, std::size_t group) {
  double sum = 0;
  for (std::size_t first = 0; first < row.size(); first += group) sum += wide(largest_of(row, first, group));
  return fl32(sum / static_cast<double>((row.size() + group - 1) / group));
}

std::vector<std::byte> bytes(std::initializer_list<int> list) {
  std::vector<std::byte> out;
  for (auto const b : list) out.push_back(static_cast<std::byte>(b));
  return out;
}

}  // namespace

TEST_CASE("double_quantized: short rows keep the laws", "[block]") {
  for (std::size_t const group : {32U, 64U})
    for (auto const dialect : dialects)
      for (auto const order : orders) keeps_the_laws(made(group, 0.3f, dialect, order), {0, 1, 7, 63, 64, 65, 131, 517});
}

TEST_CASE("double_quantized: rows of several blocks keep the laws", "[block]") {
  keeps_the_laws(made(64, 0.3f, dialects[0], orders[1]), {16384, 16384 + 77});
  keeps_the_laws(made(32, 0.3f, dialects[1], orders[0]), {2 * 8192 + 33});
  keeps_the_laws(made(8, 0.3f, dialects[1], orders[1]), {2048, 2 * 2048 + 13});
}

TEST_CASE("double_quantized: elements of other widths keep the laws", "[block]") {
  keeps_the_laws(*skive::double_quantized<skive::nf3>::make(8, 0.1f), {0, 1, 9, 2049});
  keeps_the_laws(*skive::double_quantized<skive::int8>::make(72, 0.1f), {0, 1, 73, 500});
  keeps_the_laws(*skive::double_quantized<skive::int5>::make(200, 0.1f, dialects[1]), {0, 63, 201, 999});
}

TEST_CASE("double_quantized: values are those of the formulas", "[block]") {
  for (std::size_t const group : {8U, 32U, 64U, 200U, 4096U})
    for (auto const dialect : dialects)
      for (auto const order : orders)
        for (std::size_t const n : {1U, 63U, 700U, 16385U, 33000U}) {
          CAPTURE(group, n, dialect == nested_dialect::dynamic_map);
          auto const row = test::mixed_row(n, static_cast<unsigned>(n + group));
          for (auto const offset : {mean_absmax(row, group), 0.0f, 100.0f}) {
            auto const got = test::through(made(group, offset, dialect, order), row);
            REQUIRE((got == oracle(row, group, offset, dialect)));
          }
        }
}

TEST_CASE("double_quantized: the error of a scale is bounded", "[block]") {
  std::vector<float> row(64 * 256, 0.0f);  // group g holds g + 1 and zeros: the first number decodes to the scale
  for (std::size_t g = 0; g < 256; ++g) row[g * 64] = static_cast<float>(g + 1);
  float const offset = mean_absmax(row, 64);
  double const n = 256 - wide(offset);
  auto const linear = test::through(made(64, offset, nested_dialect::linear_int8), row);
  auto const dynamic = test::through(made(64, offset, nested_dialect::dynamic_map), row);
  for (std::size_t g = 0; g < 256; ++g) {
    CHECK(std::fabs(wide(linear[g * 64]) - wide(row[g * 64])) <= n / 128);
    CHECK(std::fabs(wide(dynamic[g * 64]) - wide(row[g * 64])) <= n * 0.0071);
  }
}

TEST_CASE("double_quantized: bytes of two groups", "[block]") {
  // a = 3 and 0.5, offset 1: d = 2 and -0.5, n = 2. Codes of nf4: -1 is 0, 0 is 7, 1 is 15.
  std::vector<float> const row{3, -3, 0, 0, 0, 0, 0, 3, 0.5f, 0, -0.5f};
  auto const linear = test::encoded(made(8, 1.0f, nested_dialect::linear_int8), row);
  CHECK((linear[0] == bytes({0xF0, 0x77, 0x77, 0x7F, 0xF7, 0x00})));
  CHECK((linear[1] == bytes({0x7F, 0xE0})));
  CHECK((linear[2] == bytes({0x00, 0x00, 0x00, 0x40})));
  auto const low = test::encoded(made(8, 1.0f, nested_dialect::linear_int8, bit_order::low_first), row);
  CHECK((low[0] == bytes({0x0F, 0x77, 0x77, 0xF7, 0x7F, 0x00})));
  CHECK((low[1] == linear[1]));
  CHECK((low[2] == linear[2]));
  auto const dynamic = test::encoded(made(8, 1.0f, nested_dialect::dynamic_map), row);
  CHECK((dynamic[0] == linear[0]));
  CHECK(dynamic[1][0] == std::byte{0xFF});  // the map's last level, 1
  CHECK((dynamic[2] == linear[2]));
  auto const out = test::through(made(8, 1.0f, nested_dialect::linear_int8), row);
  CHECK((out[0] == 2.984375f && out[1] == -2.984375f && out[2] == 0 && out[8] == 0.5f && out[10] == -0.5f));
}

TEST_CASE("double_quantized: equal scales, zero groups, tiny and huge numbers", "[block]") {
  for (auto const dialect : dialects) {
    std::vector<float> const equal{5, -5, 0, 0, 0, 0, 0, 0, -5, 5};
    CHECK(test::through(made(8, 5.0f, dialect), equal) == equal);  // n = 0: the offset is the scale
    CHECK(test::through(made(8, 0.0f, dialect), std::vector<float>(20)) == std::vector<float>(20));
    std::vector<float> partly(24, 0.0f);
    partly[9] = 4;
    auto const out = test::through(made(8, 1.0f, dialect), partly);
    for (std::size_t i = 0; i < out.size(); ++i) CHECK((i == 9 ? std::fabs(out[i] - 4) < 0.03f : out[i] == 0));
    auto const huge = test::through(made(8, 2e38f, dialect), {3e38f, 0, 0, 0, 0, 0, 0, 0, 0, -1e38f});
    CHECK(std::fabs(huge[0] / 3e38f - 1) < 0.02f);
  }
  // A subnormal absmax is a scale like any other (the map holds 1).
  auto const tiny = test::through(made(8, 0.0f, nested_dialect::dynamic_map), {0x1p-140f, -0x1p-140f, 0});
  CHECK(tiny == std::vector<float>{0x1p-140f, -0x1p-140f, 0});
  // Linear: 256 / (2 n) is infinite from n = 2^-121 down, so that only the offset is left.
  auto const least = [](float n) { return test::through(made(8, 0.0f, nested_dialect::linear_int8), {n})[0]; };
  CHECK(least(0x1p-120f) == 127 * 0x1p-127f);
  CHECK(least(0x1p-121f) == 0);
}

TEST_CASE("double_quantized: NaN and infinity are refused, planes untouched", "[block]") {
  for (auto const dialect : dialects)
    for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity()})
      for (std::size_t const at : {0U, 64U, 16383U, 16384U, 16999U}) {
        auto const codec = made(64, 0.5f, dialect);
        auto row = test::mixed_row(17000, 2);
        row[at] = bad;
        test::packed_row<codec_type> packed{codec, row.size()};
        REQUIRE(codec.encode(std::span<float const>{row}, packed.to()).error() == errc::not_finite);
        REQUIRE(packed.untouched());
        std::vector<skive::bfloat16> const halves(100, skive::bfloat16::from(bad, skive::nearest_even{}, skive::non_saturating));
        REQUIRE(codec.encode(std::span<skive::bfloat16 const>{halves}, packed.to()).error() == errc::not_finite);
        REQUIRE(packed.untouched());
      }
}

TEST_CASE("double_quantized: make refuses", "[block]") {
  for (std::size_t const group : {0U, 1U, 7U, 12U, 4097U, 4104U})
    CHECK(codec_type::make(group, 0).error() == errc::invalid_argument);
  for (std::size_t const group : {8U, 24U, 64U, 4096U}) CHECK(codec_type::make(group, 0).has_value());
  CHECK(codec_type::make(64, std::numeric_limits<float>::quiet_NaN()).error() == errc::not_finite);
  CHECK(codec_type::make(64, std::numeric_limits<float>::infinity()).error() == errc::not_finite);
  CHECK(codec_type::make(64, -1e-40f).error() == errc::invalid_argument);  // a mean of magnitudes is not negative
  CHECK(codec_type::make(64, -0.0f).has_value());
}

TEST_CASE("double_quantized: sizes", "[block]") {
  codec_type const codec;  // group 64
  using sizes = std::array<std::size_t, 3>;
  CHECK(codec.block_size() == 16384);
  CHECK((codec.plane_bytes(1) == sizes{1, 1, 4}));
  CHECK((codec.plane_bytes(65) == sizes{33, 2, 4}));
  CHECK((codec.plane_bytes(16384) == sizes{8192, 256, 4}));
  CHECK((codec.plane_bytes(16385) == sizes{8193, 257, 8}));
  auto const bits = 8 * static_cast<double>(skive::total_bytes(codec.plane_bytes(16384 * 100))) / (16384 * 100);
  CHECK((bits > 4.1269 && bits < 4.1270));
}

namespace {

// The vector path, sixteen numbers at a time, against the scalar rule.
template <class Format, class T>
void check_lanes(std::size_t group, nested_dialect dialect, bit_order order) {
  auto const codec = *skive::double_quantized<Format>::make(group, 0.3f, dialect, order);
  for (std::size_t const n : {1U, 15U, 16U, 72U, 131U, 640U, 4500U}) {
    auto const wide_row = test::mixed_row(n, static_cast<unsigned>(n));
    std::vector<T> row;
    for (auto const x : wide_row)
      if constexpr (std::is_same_v<T, float>)
        row.push_back(n % 2 == 0 ? x : std::ldexp(x, -45));
      else
        row.push_back(T{T::encode(x)});
    test::packed_row<skive::double_quantized<Format>> lanes{codec, n};
    test::packed_row<skive::double_quantized<Format>> rule{codec, n};
    REQUIRE(codec.template encode<skive::native_arch>(std::span<T const>{row}, lanes.to()));
    REQUIRE(codec.template encode<skive::scalar_arch>(std::span<T const>{row}, rule.to()));
    CAPTURE(n, group, Format::bits);
    REQUIRE(lanes.gathered() == rule.gathered());
    std::vector<T> a(n);
    std::vector<T> b(n);
    REQUIRE(codec.template decode<skive::native_arch>(lanes.from(), std::span{a}));
    REQUIRE(codec.template decode<skive::scalar_arch>(lanes.from(), std::span{b}));
    REQUIRE(std::memcmp(a.data(), b.data(), n * sizeof(T)) == 0);
  }
}

}  // namespace

TEST_CASE("double_quantized: the bytes of the scalar rule in lanes", "[block]") {
  for (auto const dialect : dialects)
    for (auto const order : orders) {
      for (std::size_t const group : {8U, 64U, 72U}) check_lanes<skive::nf4, float>(group, dialect, order);
      check_lanes<skive::int8, float>(64, dialect, order);
      check_lanes<skive::fp4_bnb, float>(64, dialect, order);
      check_lanes<skive::nf4, skive::bfloat16>(32, dialect, order);
    }
}
