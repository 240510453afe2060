// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/int8_query.hpp: each byte is the nearest integer of the float product, the same on every instruction set and under any
// contraction; terms, scales and order of a record.
#include "skive/block/int8_query.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <type_traits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::activation_scale;
using archs = test::joined<test::arches<skive::scalar_arch>, test::few_arches>::type;

// The definition, number by number.
template <class Codec, int Width, int Bias, bool ZeroPoints>
void check(Codec const& codec, std::vector<float> const& x, activation_scale kind) {
  constexpr std::size_t fields = 8 % Width == 0 ? 8 / Width : 1;
  auto const steps = (x.size() + 64 * fields - 1) / (64 * fields);
  auto const record = 64 * fields + (kind == activation_scale::per_block ? 128U : 64U);
  std::vector<std::byte> expected(steps * record);
  float whole = 0;
  for (auto const v : x) whole = std::fmax(whole, std::fabs(v));
  for (std::size_t block = 0; block < x.size(); block += 32) {
    auto const end = std::min(x.size(), block + 32);
    float largest = 0;
    for (auto i = block; i < end; ++i) largest = std::fmax(largest, std::fabs(x[i]));
    auto const scale = (kind == activation_scale::per_block ? largest : whole) / 127.0f;
    float const volatile inverse = scale > 0 ? 1.0f / scale : 0.0f;
    for (auto i = block; i < end; ++i) {
      float const volatile product = x[i] * inverse;  // volatile: rounded to float before anything follows
      auto const q = static_cast<int>(std::nearbyint(product));
      auto const s = i / (64 * fields);
      auto const r = i % fields;
      auto const field = codec.order() == skive::bit_order::low_first ? r : fields - 1 - r;
      auto const j = i % (64 * fields) / fields;
      expected[s * record + 64 * field + j] = static_cast<std::byte>(static_cast<std::uint8_t>(q));
      auto* const term = expected.data() + s * record + 64 * fields + j / 4 * 4;
      if (ZeroPoints) {
        float sum = 0;
        std::memcpy(&sum, term, 4);
        sum += static_cast<float>(q);
        std::memcpy(term, &sum, 4);
      } else {
        std::int32_t sum = 0;
        std::memcpy(&sum, term, 4);
        sum -= Bias * q;
        std::memcpy(term, &sum, 4);
      }
      if (kind == activation_scale::per_block) std::memcpy(term + 64, &scale, 4);
    }
  }
  test::for_each(archs{}, [&]<class Arch>() {
    test::scratch_memory memory{codec.int8_query_bytes(x.size(), kind)};
    auto const q = codec.template prepare_int8<Arch>(std::span<float const>{x}, kind, memory.get());
    REQUIRE(q.has_value());
    CAPTURE(x.size(), Width);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(i);
      if (expected[i] != q->data[i]) {  // scales of lanes past the end are anything of the block's
        auto const in_record = i % record;
        REQUIRE((kind == activation_scale::per_block && in_record >= 64 * fields + 64 && i / record + 1 == steps));
      }
    }
    REQUIRE(q->scale == (kind == activation_scale::per_block ? 1.0f : whole / 127.0f));
  });
}

}  // namespace

TEST_CASE("int8_query: records of every width and length", "[block]") {
  std::mt19937 random{3};
  std::normal_distribution<float> normal;
  for (std::size_t const n : {1U, 16U, 31U, 33U, 64U, 127U, 128U, 300U, 520U}) {
    std::vector<float> x(n);
    for (auto& v : x) v = normal(random);
    for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
      check<skive::absmax<skive::int8>, 8, 128, false>(skive::absmax<skive::int8>{32}, x, kind);
      check<skive::absmax<skive::int4>, 4, 8, false>(skive::absmax<skive::int4>{32}, x, kind);
      check<skive::absmax<skive::int4>, 4, 8, false>(skive::absmax<skive::int4>{32, {}, skive::bit_order::high_first}, x, kind);
      check<skive::affine_int<4>, 4, 0, true>(skive::affine_int<4>{32}, x, kind);
      check<skive::absmax<skive::int2>, 2, 2, false>(skive::absmax<skive::int2>{32}, x, kind);
      check<skive::absmax<skive::int3>, 3, 4, false>(skive::absmax<skive::int3>{32}, x, kind);
    }
  }
}

TEST_CASE("int8_query: bytes round the float product, ties to even", "[block]") {
  // 1 / scale of a block whose largest magnitude is 1.7: products that float rounds to a tie.
  float const largest = 1.7f;
  float const inverse = 1.0f / (largest / 127.0f);
  std::mt19937 random{5};
  std::array<float, 32> x{};
  x[0] = largest;
  std::size_t found = 1;
  for (int round = 0; round < 20'000'000 && found < x.size(); ++round) {
    auto const v = static_cast<float>(random() >> 8) * 0x1p-24f * largest;
    auto const exact = static_cast<double>(v) * static_cast<double>(inverse);
    auto const tie = std::floor(exact) + 0.5;
    if (exact != tie && static_cast<double>(static_cast<float>(exact)) == tie) x[found++] = v;
  }
  REQUIRE(found > 8);

  skive::absmax<skive::int8> const codec{32};
  test::for_each(test::arches<skive::scalar_arch, skive::native_arch>{}, [&]<class Arch>() {
    bool const by_rule = std::is_same_v<Arch, skive::scalar_arch>;
    for (std::size_t const size : {std::size_t{9}, x.size()}) {
      alignas(64) std::array<std::byte, 1024> memory{};
      auto const q = codec.template prepare_int8<Arch>(std::span<float const>{x}.first(size), skive::activation_scale::per_block,
                                                       skive::workspace{memory});
      REQUIRE(q.has_value());
      for (std::size_t i = 0; i < size; ++i) {
        skive::detail::query_place<8> const at{i, skive::bit_order::low_first, skive::activation_scale::per_block};
        auto const byte = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q->data[at.value]));
        auto const exact = static_cast<double>(x[i]) * static_cast<double>(inverse);
        CAPTURE(by_rule, size, i, x[i]);
        REQUIRE(static_cast<double>(byte) == std::nearbyint(static_cast<double>(static_cast<float>(exact))));
      }
    }
  });
}
