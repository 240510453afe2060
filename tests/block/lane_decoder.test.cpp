// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_decoder.hpp: any bytes, and groups of the scalar rule among hundreds of others; the numbers of the scalar rule.
#include "skive/block/lane_decoder.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"

#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// Float16 that no vector path takes: zero, infinity, NaN, a number below zero.
constexpr std::uint16_t odd_scales[]{0x0000, 0x7C00, 0x7E01, 0xB400};

template <class Codec>
std::vector<std::uint32_t> decoded_bits(auto decode, planes<std::byte const, Codec::plane_count> const& from, std::size_t n) {
  std::vector<float> row(n, -77.0f);
  REQUIRE(decode(from, std::span{row}));
  std::vector<std::uint32_t> bits(n);
  std::memcpy(bits.data(), row.data(), n * sizeof(float));
  return bits;
}

// Rows of random codes and usual scales; group `odd` of them has one of odd_scales, if there is that group.
template <class Codec>
void check(Codec const& codec, std::size_t groups, std::size_t odd) {
  std::mt19937 random{static_cast<unsigned>(groups)};
  auto const n = groups * codec.group_size();
  auto const sizes = codec.plane_bytes(n);
  std::vector<std::byte> memory(total_bytes(sizes));
  for (auto& b : memory) b = static_cast<std::byte>(random());
  for (std::size_t g = 0; g < groups; ++g) {
    auto const scale = static_cast<std::uint16_t>(g == odd ? odd_scales[groups % 4] : 0x2000 + random() % 0x2000);
    auto* const at = memory.data() + sizes[0] + 2 * g;
    at[0] = static_cast<std::byte>(scale & 0xFF);
    at[1] = static_cast<std::byte>(scale >> 8);
  }
  planes<std::byte const, Codec::plane_count> from;
  REQUIRE(planar(codec, n, std::span<std::byte const>{memory}, from));
  auto const by_lanes = decoded_bits<Codec>([&](auto... a) { return codec.template decode<native_arch>(a...); }, from, n);
  auto const by_rule = decoded_bits<Codec>([&](auto... a) { return codec.template decode<scalar_arch>(a...); }, from, n);
  CAPTURE(groups, odd);
  REQUIRE(by_lanes == by_rule);
}
template <class Codec>
void check(Codec const& codec) {
  for (std::size_t const groups : {1U, 2U, 5U, 17U, 255U, 256U, 258U, 515U})
    for (std::size_t const odd : {0U, 100U, 255U, 256U, 514U, 1000U}) check(codec, groups, odd);
}

}  // namespace

TEST_CASE("lane_decoder: four bits, a step of one, two or four groups", "[block]") {
  check(absmax<int4>{16});
  check(absmax<int4>{64, {}, bit_order::high_first});
  check(affine_int<4>{32});
}

TEST_CASE("lane_decoder: other widths, levels by way of float16 with and without NaN", "[block]") {
  check(absmax<int3>{32});
  check(absmax<int8>{16});
  check(absmax<e4m3fn>{32});
}

TEST_CASE("lane_decoder: groups that end inside a register or make odd steps", "[block]") {
  check(absmax<int4>{48});
  check(absmax<int4>{20});
}
