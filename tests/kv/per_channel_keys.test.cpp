// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/per_channel_keys.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::page_shape;
namespace test = skive::test;

// The rule of kv/affine_lanes.hpp, in scalar arithmetic of its own: half numbers by their definition.
float nearest_half(float x) {
  auto const size = std::fabs(x);
  if (size == 0) return 0;
  int exponent = 0;
  std::frexp(size, &exponent);
  auto const unit = std::ldexp(1.0, std::max(exponent - 11, -24));
  auto const n = std::nearbyint(static_cast<double>(size) / unit);
  return static_cast<float>(std::copysign(n * unit, static_cast<double>(x)));
}
struct affine_rule {
  float minimum, step;
  int levels;
  affine_rule(std::vector<float> const& x, int bits) : levels{(1 << bits) - 1} {
    minimum = nearest_half(*std::min_element(x.begin(), x.end())) + 0.0f;
    step = nearest_half(std::max(*std::max_element(x.begin(), x.end()) - minimum, 0.0f) / static_cast<float>(levels));
  }
  float operator()(float x) const {
    float volatile t = step == 0 ? 0 : 1.0f / step;
    float volatile u = x - minimum;
    float volatile product = t * u;
    auto const code = std::clamp(std::nearbyint(static_cast<double>(product)), 0.0, static_cast<double>(levels));
    return static_cast<float>(code * static_cast<double>(step) + static_cast<double>(minimum));
  }
};

template <int Bits, class Arch>
void check_numbers(page_shape shape, std::size_t group) {
  auto const codec = *skive::per_channel_keys<Bits>::make(shape, group);
  test::number_rows rows{shape.tokens, shape.head_size, 9};
  for (std::size_t t = 0; t < shape.tokens; ++t) rows(t, 3) = 0.25f;                      // constant
  for (std::size_t t = 0; t < shape.tokens; ++t) rows(t, 4) = t % 2 == 0 ? -0.0f : 0.0f;  // both zeros
  for (std::size_t t = 0; t < shape.tokens; ++t) rows(t, 5) *= 1e4f;                      // near the end of float16
  for (std::size_t t = 0; t < shape.tokens; ++t) rows(t, 6) *= 1e-6f;                     // subnormal steps
  for (auto& x : rows.values) x = std::clamp(x, -65504.0f, 65504.0f);
  test::guarded_page page{codec.page_bytes()};
  REQUIRE(codec.template append<Arch>(rows.view(), 0, page.span()));
  test::number_rows decoded{shape.tokens, shape.head_size};
  REQUIRE(codec.template decode<Arch>(page.span(), 0, decoded.view()));
  for (std::size_t g = 0; g < shape.tokens; g += group)
    for (std::size_t d = 0; d < shape.head_size; ++d) {
      std::vector<float> x(group);
      for (std::size_t i = 0; i < group; ++i) x[i] = rows(g + i, d);
      affine_rule const rule{x, Bits};
      for (std::size_t i = 0; i < group; ++i) {
        auto const y = decoded(g + i, d);
        INFO("bits " << Bits << " token " << g + i << " channel " << d << " x " << x[i] << " " << y << " for " << rule(x[i]));
        REQUIRE(std::fabs(y - rule(x[i])) <= 1e-6f * std::fabs(y) + 1e-7f * rule.step);
      }
    }
}

}  // namespace

TEST_CASE("per_channel_keys: numbers of 4 bits", "[kv]") {
  test::for_each(test::few_arches{}, []<class Arch>() { check_numbers<4, Arch>({40, 64}, 32); });
}

TEST_CASE("per_channel_keys: every other width", "[kv]") {
  using native = skive::native_arch;
  check_numbers<1, native>({80, 64}, 64);
  check_numbers<2, native>({80, 64}, 32);
  check_numbers<5, native>({80, 64}, 32);
  check_numbers<6, native>({80, 64}, 32);
  check_numbers<7, native>({80, 64}, 32);
  check_numbers<8, native>({80, 64}, 32);
  check_numbers<3, native>({80, 64}, 32);
}

TEST_CASE("per_channel_keys: bytes of a page, all metadata counted", "[kv]") {
  auto const bits = []<int Bits>(std::integral_constant<int, Bits>, std::size_t size, std::size_t group) {
    auto const codec = *skive::per_channel_keys<Bits>::make({size, 128}, group);
    return static_cast<double>(8 * codec.page_bytes()) / static_cast<double>(128 * size);
  };
  CHECK(bits(std::integral_constant<int, 2>{}, 128, 32) == 3.0);
  CHECK(bits(std::integral_constant<int, 2>{}, 128, 128) == 2.25);
  CHECK(bits(std::integral_constant<int, 4>{}, 80, 64) == 4.5);
  CHECK(bits(std::integral_constant<int, 3>{}, 112, 32) == 4.0);
  CHECK(bits(std::integral_constant<int, 8>{}, 8, 32) == 9.0);
  static_assert(skive::per_channel_keys<4>::make({128, 128}, 32)->page_bytes() == 128 * 128 / 2 + 4 * 4 * 128);
}

TEST_CASE("per_channel_keys: what is refused", "[kv]") {
  using keys = skive::per_channel_keys<4>;
  CHECK(keys::make({128, 128}, 48).error() == errc::invalid_argument);
  CHECK(keys::make({128, 96}, 64).error() == errc::invalid_argument);
  CHECK(keys::make({128, 128}, 0).error() == errc::invalid_argument);
  for (auto const size : {std::size_t{0}, std::size_t{4}, std::size_t{12}, std::size_t{1032}})
    CHECK(keys::make({size, 128}, 32).error() == errc::invalid_argument);
  CHECK(keys::make({128, 0}, 32).error() == errc::invalid_argument);
}

TEST_CASE("per_channel_keys: a corrupt page is told, and any bytes are safe", "[kv]") {
  auto const codec = *skive::per_channel_keys<4>::make({64, 64}, 32);
  test::number_rows const q{4, 64, 3};
  auto const query = *codec.prepare(q.view());
  test::guarded_page page{codec.page_bytes()};
  REQUIRE(codec.append(test::number_rows{64, 64, 4}.view(), 0, page.span()));
  test::number_rows logits{4, 32};
  page.memory[33 + 32 * 64 / 2 + 1] = std::byte{0x7C};  // the first step becomes infinite
  CHECK(codec.dot(page.span(), 0, query, logits.view()).error() == errc::corrupt);
  CHECK(codec.dot(page.span(), 32, query, logits.view()));  // the other group is sound
  std::mt19937 random{5};
  for (int i = 0; i < 50; ++i) {
    for (auto& b : page.span()) b = static_cast<std::byte>(random() & 255U);
    static_cast<void>(codec.dot(page.span(), 0, query, logits.view()));
    REQUIRE(codec.decode(page.span(), 0, test::number_rows{64, 64}.view()));
  }
  CHECK(page.guarded());
}
