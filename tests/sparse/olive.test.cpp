// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/olive.hpp: laws, bytes worked out by hand, pairs against all 256 by search, corrupt pairs.
#include "skive/sparse/olive.hpp"

#include "laws/block_codec.hpp"

#include <cmath>

namespace {

using namespace skive;

// What a byte means, by the tables of the header; NaN where it is no pair.
std::pair<double, double> levels(unsigned byte) {
  double const sizes[] = {std::nan(""), 12, 16, 24, 32, 48, 64, 96};
  auto const outlier = [&](unsigned c) { return c < 8 ? sizes[c] : -sizes[c - 8]; };
  auto const integer = [](unsigned c) { return c < 8 ? static_cast<double>(c) : static_cast<double>(c) - 16; };
  unsigned const a = byte % 16;
  unsigned const b = byte / 16;
  if (a == 8 && b == 8) return {std::nan(""), std::nan("")};
  if (a == 8) return {0.0, outlier(b)};
  if (b == 8) return {outlier(a), 0.0};
  return {integer(a), integer(b)};
}

}  // namespace

TEST_CASE("olive: laws of block_codec", "[sparse]") {
  test::check_block_codec(*olive::make(16), {0, 2, 16, 18, 100});
  CHECK(olive::make(0).error() == errc::invalid_argument);
  CHECK(olive::make(15).error() == errc::invalid_argument);
  CHECK(total_bytes(olive::make(32)->plane_bytes(64)) == 32 + 4);
}

TEST_CASE("olive: every pair decodes to its levels, others are corrupt", "[sparse]") {
  auto const codec = *olive::make(2);
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::array<std::byte, 3> memory{static_cast<std::byte>(byte), std::byte{0x00}, std::byte{0x40}};  // scale 2
    planes<std::byte const, 2> from;
    REQUIRE(planar(codec, 2, memory, from));
    std::array<float, 2> out{7, 7};
    auto const s = codec.decode(from, out);
    auto const [a, b] = levels(byte);
    CAPTURE(byte);
    if (std::isnan(a) || std::isnan(b)) {
      REQUIRE(s.error() == errc::corrupt);
      REQUIRE(out[0] == 7.0f);
      continue;
    }
    REQUIRE(s);
    REQUIRE((static_cast<double>(out[0]) == 2 * a && static_cast<double>(out[1]) == 2 * b));
  }
}

TEST_CASE("olive: pairs have the least error of all at the scale that was kept", "[sparse]") {
  auto const codec = *olive::make(8);
  double error_of_all = 0, error_of_integers = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    auto row = test::mixed_row(8, seed);
    row[seed % 8] *= 20.0f;
    auto const bytes = test::encoded(codec, row);
    auto const back = test::through(codec, row);
    auto const scale = static_cast<double>(float16::decode(
        static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[1][0]) | std::to_integer<unsigned>(bytes[1][1]) << 8)));
    if (scale == 0) continue;
    double largest = 0;
    for (auto const x : row) largest = std::max(largest, std::fabs(static_cast<double>(x)));
    for (std::size_t i = 0; i < 8; i += 2) {
      auto const at = [&](std::size_t k) { return static_cast<double>(row[k]) / scale; };
      double least = 1e300;
      for (unsigned byte = 0; byte < 256; ++byte) {
        auto const [a, b] = levels(byte);
        if (!std::isnan(a) && !std::isnan(b))
          least = std::min(least, (a - at(i)) * (a - at(i)) + (b - at(i + 1)) * (b - at(i + 1)));
      }
      double got = 0;
      for (auto const k : {i, i + 1}) {
        auto const d = static_cast<double>(back[k]) / scale - at(k);
        got += d * d;
        error_of_all += d * d * scale * scale;
        auto const step = largest / 7;
        auto const e = std::nearbyint(static_cast<double>(row[k]) / step) * step - static_cast<double>(row[k]);
        error_of_integers += e * e;
      }
      REQUIRE(got <= least + 1e-4 * (1 + least));
    }
  }
  CHECK(error_of_all < 0.5 * error_of_integers);  // one large number among eight: what the format is for
}
