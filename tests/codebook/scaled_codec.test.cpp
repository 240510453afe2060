// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/scaled_codec.hpp and group_code.hpp with the plainest code, a byte a number: layout, statuses, choice of the scale.
#include "skive/codebook/scaled_codec.hpp"

#include "skive/codebook/group_code.hpp"
#include "support/packed_row.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Levels -100 ... 100, 10 to the source's deviation; needs 40 bytes of scratch for nothing.
struct plain_levels {
  struct nothing {};
  using code_type = nothing;
  static constexpr std::size_t step = 1;
  static constexpr std::size_t multiple = 8;
  static constexpr std::size_t piece = 64;
  static constexpr std::size_t piece_bytes = 64;
  static constexpr bool stepwise = true;

  constexpr plain_levels() noexcept = default;
  constexpr explicit plain_levels(nothing) noexcept {}
  static constexpr std::size_t bytes(std::size_t n) noexcept { return n; }
  static constexpr std::size_t scratch_bytes() noexcept { return 40; }
  static constexpr nothing const& code() noexcept { return none; }
  static constexpr float sigma() noexcept { return 10.0f; }
  static float level(float x, float unit) noexcept {
    return detail::known_step(unit) ? std::clamp(std::nearbyint(x / unit), -100.0f, 100.0f) : 0.0f;
  }
  template <class Arch, class T>
  void encode(std::span<T const> x, float unit, std::byte* out, workspace) const noexcept {
    for (auto const v : x) *out++ = static_cast<std::byte>(static_cast<int>(level(detail::widen(v), unit)) + 128);
  }
  template <class Arch, class T, class F>
  void approximate(std::span<T const> x, float unit, workspace, F f) const noexcept {
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto const y = level(detail::widen(x[i]), unit) * unit;
      f(i, 1, &y);
    }
  }
  template <class Arch>
  void decode(std::byte const* from, float unit, std::span<float> out) const noexcept {
    for (auto& v : out) v = is_zero(unit) ? 0.0f : static_cast<float>(std::to_integer<int>(*from++) - 128) * unit;
  }
  template <class Arch>
  void round(std::span<scale_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t r = 0; r < x.rows; ++r) detail::round_group<Arch>(*this, states[r], x.row(r), y.row(r), workspace{});
  }

 private:
  static constexpr nothing none{};
};
using codec = scaled_codec<plain_levels, float32>;
static_assert(stepwise_codec<codec> && dot_codec<codec> && !int8_group_code<plain_levels>);

TEST_CASE("Groups and scales lie as the header says", "[codebook]") {
  auto const c = *codec::make(8);
  std::vector<float> row{1, -1, 1, -1, 1, -1, 1, -1, 2, 2, 2, -2, 2, 2, 2, 2, 0.5f};
  REQUIRE(c.plane_bytes(17) == std::array<std::size_t, 2>{17, 12});
  REQUIRE(c.groups(17) == 3);
  test::packed_row<codec> packed{c, 17};
  test::scratch_memory scratch{c.scratch_bytes(17)};
  REQUIRE(c.encode(row, packed.to(), scratch.get()));
  auto const bytes = packed.gathered();
  for (std::size_t i = 0; i < 17; ++i)  // every number is its group's deviation: 10 levels
    REQUIRE(std::to_integer<int>(bytes[0][i]) == (row[i] < 0 ? 118 : 138));
  float scale[3];
  std::memcpy(scale, bytes[1].data(), 12);
  REQUIRE((scale[0] == 1.0f && scale[1] == 2.0f && scale[2] == 0.5f));
  std::vector<float> out(17);
  REQUIRE(c.decode(packed.from(), std::span<float>{out}));
  for (std::size_t i = 0; i < 17; ++i) REQUIRE(std::fabs(out[i] - row[i]) < 1e-6f);
  auto const q = c.prepare(std::span<float const>{row});
  REQUIRE(std::fabs(*c.dot(packed.from(), *q) - 40.25f) < 1e-4f);
  REQUIRE(codec{}.plane_bytes(0) == std::array<std::size_t, 2>{0, 0});
  REQUIRE(codec{}.plane_bytes(~std::size_t{0})[1] == 4);
}

TEST_CASE("Scaled codecs refuse before they write", "[codebook]") {
  REQUIRE(codec::make(12).error() == errc::invalid_argument);
  std::vector<float> row(16, 1.0f);
  std::vector<std::byte> memory(40);
  std::vector<std::byte> codes(16, std::byte{7});
  std::vector<std::byte> scales(8, std::byte{7});
  auto const c = *codec::make(8);
  auto const to = [&](std::size_t a, std::size_t b) {
    return planes<std::byte, 2>{{plane<std::byte>{codes.data(), a, 8}, plane<std::byte>{scales.data(), b, 4}}};
  };
  std::vector<scale_state> states(1);
  REQUIRE(c.encode(row, to(15, 8), workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(c.encode(row, to(16, 7), workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(c.encode(row, to(16, 8), workspace{std::span{memory}.first(39)}).error() == errc::workspace_too_small);
  REQUIRE(c.write(states, row, to(16, 8), workspace{memory}).error() == errc::size_mismatch);
  states.resize(2);
  REQUIRE(c.write(states, row, to(16, 8), workspace{}).error() == errc::workspace_too_small);
  REQUIRE(c.round(states[0], std::span{row}.first(2), std::span{row}.first(2), workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(c.round(states[0], std::span{row}.first(1), std::span{row}.last(1), workspace{}).error() == errc::workspace_too_small);
  for (auto const b : codes) REQUIRE(b == std::byte{7});
  for (auto const b : scales) REQUIRE(b == std::byte{7});
  planes<std::byte const, 2> const from{
      {plane<std::byte const>{codes.data(), 15, 8}, plane<std::byte const>{scales.data(), 8, 4}}};
  REQUIRE(c.decode(from, std::span<float>{row}).error() == errc::size_mismatch);
  REQUIRE(c.dot(from, *c.prepare(std::span<float const>{row})).error() == errc::size_mismatch);
  REQUIRE(row[0] == 1.0f);
}

TEST_CASE("The scale that is kept", "[codebook]") {
  workspace const none{};
  codec const searching{{}, group_scale::search};
  std::vector<float> row(32, 1.0f);
  REQUIRE(codec{}.settle(row, none).scale == 1.0f);
  REQUIRE(searching.settle(row, none).scale == 1.0f);
  std::vector<float> spike(200);
  spike[3] = 1000;  // 14 times the root mean square, where levels end at 10: the largest share is the best
  auto const plain = codec{}.settle(spike, none).scale;
  REQUIRE(std::fabs(plain - 70.71f) < 0.01f);
  REQUIRE(searching.settle(spike, none).scale == ieee_multiply(plain, 1.08f));
  // Just above the least scale there is: the shares below it are no choice.
  for (auto& v : row) v = 0x1.04p-80f;
  REQUIRE(searching.settle(row, none).scale > 0x1p-80f);
  for (auto& v : row) v = 0x1p-90f;
  REQUIRE(is_zero(searching.settle(row, none).scale));
  row[5] = std::numeric_limits<float>::infinity();
  REQUIRE(std::isnan(searching.settle(row, none).scale));
  std::vector<float> y(1, 3.0f);
  codec{}.round(scale_state{}, std::span{row}.first(1), y);
  REQUIRE(std::bit_cast<std::uint32_t>(y[0]) == 0);
}

}  // namespace
}  // namespace skive
