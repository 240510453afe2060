// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/exl3.hpp: tensors packed by a second reading of exllamav3's rules come back, number by number; refusals.
#include "skive/codebook/exl3.hpp"

#include "skive/core/random.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::size_t in = 256;
constexpr std::size_t out = 128;

struct stored {
  std::size_t k;
  std::vector<std::uint16_t> states;  // 256 a tile, in the trellis' order
  std::vector<std::byte> trellis, suh, svh;
};

// As the packing program does it: 16 spans of 16 symbols go into 16-bit words from the top, then the words of a pair change
// places.
stored packed(std::size_t k, std::uint64_t seed) {
  stored s{k, {}, {}, {}, {}};
  counter_random const random{seed, 1};
  std::uint64_t drawn = 0;
  for (std::size_t t = 0; t < in / 16 * (out / 16); ++t) {
    std::array<unsigned, 256> symbol{};
    for (auto& v : symbol) v = static_cast<unsigned>(random.bits(drawn++)) & ((1U << k) - 1);
    for (std::size_t p = 0; p < 256; ++p) {  // a state: the last 16 bits shifted in
      std::uint64_t state = 0;
      for (std::size_t back = 16; back-- > 0;) state = state << k | symbol[(p + 256 - back) % 256];
      s.states.push_back(static_cast<std::uint16_t>(state));
    }
    std::vector<std::uint16_t> words;
    for (std::size_t span = 0; span < 16; ++span) {
      std::uint32_t buffer = 0;
      std::size_t left = 32;
      for (std::size_t i = 0; i < 16; ++i) {
        left -= k;
        buffer |= symbol[16 * span + i] << left;
        if (left > 16) continue;
        words.push_back(static_cast<std::uint16_t>(buffer >> 16));
        buffer <<= 16;
        left += 16;
      }
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
      auto const w = words[i ^ 1];
      s.trellis.push_back(static_cast<std::byte>(w & 255));
      s.trellis.push_back(static_cast<std::byte>(w >> 8));
    }
  }
  auto const scales = [&](std::size_t n, std::vector<std::byte>& to) {
    for (std::size_t i = 0; i < n; ++i) {
      auto const h = float16::encode((random.bits(drawn++) % 2 != 0 ? -1.0f : 1.0f) * (0.5f + static_cast<float>(i % 7)));
      to.push_back(static_cast<std::byte>(h & 255));
      to.push_back(static_cast<std::byte>(h >> 8));
    }
  };
  scales(in, s.suh);
  scales(out, s.svh);
  return s;
}

double half(unsigned bits) {
  auto const magnitude = (bits >> 10 & 31) == 0
      ? std::ldexp(static_cast<double>(bits & 1023), -24)
      : std::ldexp(static_cast<double>((bits & 1023) | 1024), static_cast<int>(bits >> 10 & 31) - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}
double rounded_to_half(double x) {  // normal halves
  int exponent = 0;
  if (x == 0) return 0;
  std::frexp(x, &exponent);
  auto const unit = std::ldexp(1.0, exponent < -13 ? -24 : exponent - 11);
  return std::nearbyint(x / unit) * unit;
}
double value(exl3_codebook book, unsigned state) {
  if (book == exl3_codebook::mul1) {
    std::uint32_t const x = state * 0x83DCD12DU;
    std::array<unsigned char, 4> bytes{};
    std::memcpy(bytes.data(), &x, 4);
    double const sum = 1024.0 + bytes[0] + bytes[1] + bytes[2] + bytes[3];
    return rounded_to_half(sum * half(0x1EEE) + half(0xC931));
  }
  std::uint32_t x = book == exl3_codebook::mcg ? state * 0xCBAC1FEDU : state * 89226354U + 64248484U;
  x = (x & 0x8FFF8FFFU) ^ 0x3B603B60U;
  return rounded_to_half(half(x & 0xFFFF) + half(x >> 16));
}

exl3_tensor made(stored const& s, exl3_codebook book) {
  auto const t = exl3_tensor::make(in, out, s.trellis, s.suh, s.svh, book);
  REQUIRE(t);
  return *t;
}

// The order of a matrix instruction's second operand: thread t holds rows 2 (t % 4), + 1, + 8, + 9 of columns t / 4, + 8.
std::size_t place(std::size_t p) {
  static constexpr std::size_t rows[4]{0, 1, 8, 9};
  auto const t = p / 8;
  return 16 * ((t % 4) * 2 + rows[p % 4]) + t / 4 + (p % 8 >= 4 ? 8 : 0);
}

TEST_CASE("Tiles of exllamav3's layout decode", "[codebook]") {
  for (std::size_t k = 1; k <= 8; ++k)
    for (auto const book : {exl3_codebook::inst3, exl3_codebook::mcg, exl3_codebook::mul1}) {
      auto const s = packed(k, k);
      auto const t = made(s, book);
      REQUIRE(t.bits() == k);
      std::array<float, 256> numbers{};
      bool right = true;
      for (std::size_t tile = 0; tile < 128; tile += 9) {
        t.decode_tile(tile / 8, tile % 8, numbers);
        for (std::size_t p = 0; p < 256; ++p) {
          right &= t.state(tile / 8, tile % 8, p) == s.states[256 * tile + p];
          right &= static_cast<double>(numbers[place(p)]) == value(book, s.states[256 * tile + p]);
        }
      }
      REQUIRE(right);
    }
}

TEST_CASE("Every state of the three codes is the published half", "[codebook]") {
  bool right = true;
  for (unsigned s = 0; s < 65536; ++s)
    for (auto const book : {exl3_codebook::inst3, exl3_codebook::mcg, exl3_codebook::mul1})
      right &= static_cast<double>(exl3_value(book, s)) == value(book, s);
  REQUIRE(right);
}

// W = diag(suh) H T H diag(svh), in double and entry by entry.
TEST_CASE("A tensor of exllamav3 comes back in the model's own basis", "[codebook]") {
  auto const s = packed(3, 77);
  auto const t = made(s, exl3_codebook::mul1);
  std::vector<double> inner(in * out);
  for (std::size_t tile = 0; tile < 128; ++tile)
    for (std::size_t p = 0; p < 256; ++p)
      inner[(tile / 8 * 16 + place(p) / 16) * out + tile % 8 * 16 + place(p) % 16] =
          value(exl3_codebook::mul1, s.states[256 * tile + p]);
  auto const sign = [](std::size_t i, std::size_t j) { return std::popcount(i & j) % 2 == 0 ? 1.0 : -1.0; };
  auto const scale = [](std::vector<std::byte> const& from, std::size_t i) {
    return half(std::to_integer<unsigned>(from[2 * i]) | std::to_integer<unsigned>(from[2 * i + 1]) << 8);
  };
  std::vector<float> w(in * out);
  REQUIRE(t.decode({w.data(), out, in}));
  double worst = 0;
  for (std::size_t i = 3; i < in; i += 61)
    for (std::size_t o = 5; o < out; o += 37) {
      double sum = 0;
      for (std::size_t a = 0; a < 128; ++a)
        for (std::size_t b = 0; b < 128; ++b) sum += sign(i % 128, a) * inner[(i / 128 * 128 + a) * out + b] * sign(b, o);
      auto const exact = sum / 128 * scale(s.suh, i) * scale(s.svh, o);
      worst =
          std::max(worst, std::fabs(static_cast<double>(w[o * in + i]) - exact) / (std::fabs(scale(s.suh, i) * scale(s.svh, o))));
    }
  REQUIRE(worst < 2e-6);
  auto rule = w;
  REQUIRE(t.decode<scalar_arch>({rule.data(), out, in}));
  REQUIRE(rule == w);
}

TEST_CASE("Tensors of exllamav3 that do not fit are refused", "[codebook]") {
  auto const s = packed(2, 5);
  auto const why = [&](std::size_t i, std::size_t o, std::size_t bytes, std::size_t su) {
    return exl3_tensor::make(i, o, std::span{s.trellis}.first(bytes), std::span{s.suh}.first(su), s.svh, exl3_codebook::mcg)
        .error();
  };
  auto const all = s.trellis.size();
  REQUIRE(why(in, out, all, 2 * in) == errc::ok);
  REQUIRE(why(0, out, all, 0) == errc::invalid_argument);
  REQUIRE(why(in, 64, all, 2 * in) == errc::invalid_argument);
  REQUIRE(why(in, out, all - 1, 2 * in) == errc::invalid_argument);
  REQUIRE(why(in, out, all * 3 / 4, 2 * in) == errc::invalid_argument);  // 1.5 bits
  REQUIRE(why(in, out, 0, 2 * in) == errc::invalid_argument);
  REQUIRE(why(in, out, all, 2 * in - 2) == errc::size_mismatch);
  std::vector<float> w(in * out, 7.0f);
  REQUIRE(made(s, exl3_codebook::mcg).decode({w.data(), in, out}).error() == errc::size_mismatch);
  REQUIRE(made(s, exl3_codebook::mcg).decode({nullptr, out, in}).error() == errc::invalid_argument);
  REQUIRE(w[0] == 7.0f);
}

}  // namespace
}  // namespace skive
