// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// One format sixteen numbers at a time against its scalar rule: codes of many floats under all overflow policies, numbers of all
// codes, on several instruction sets, with subnormals flushed and not. What the scalar rule says is computed once.

#include "skive/format/lanes.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

struct lane_tally {
  std::uint64_t checked = 0;
  std::uint64_t wrong = 0;
  std::uint32_t first = 0;  // bits of the first number, or the code, that came out wrong
  std::uint32_t got = 0;
  std::uint32_t want = 0;

  void compare(std::span<std::uint32_t const> in, std::uint32_t const* out, std::span<std::uint32_t const> expected) {
    checked += in.size();
    if (std::memcmp(out, expected.data(), expected.size_bytes()) == 0) return;
    for (std::size_t i = 0; i < in.size(); ++i)
      if (out[i] != expected[i] && wrong++ == 0) first = in[i], got = out[i], want = expected[i];
  }
};

using word_list = std::vector<std::uint32_t>;

// Low halves of floats: ties of formats of 0 to 7 fraction bits lie at 8000 and 0 under all upper halves, those of more at the
// other powers of two; each with its neighbours.
inline constexpr std::uint32_t many_low_halves[] = {0x0000, 0x0001, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x2001,
                                                    0x3000, 0x3001, 0x4000, 0x4001, 0x5000, 0x6FFF, 0x7000, 0x7001,
                                                    0x7FFF, 0x8000, 0x8001, 0xA5C3, 0xC000, 0xF000, 0xFFFE, 0xFFFF};
inline constexpr std::uint32_t few_low_halves[] = {0x0000, 0x0001, 0x5A3C, 0x7FFF, 0x8000, 0x8001, 0xC9E5, 0xFFFF};

inline word_list all_upper_halves(std::span<std::uint32_t const> low_halves) {
  word_list words;
  words.reserve(low_halves.size() << 16);
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (auto const low : low_halves) words.push_back(upper << 16 | low);
  return words;
}

// Every code, then more of them until sixteen are complete.
inline word_list all_codes(int bits) {
  word_list codes;
  for (std::uint32_t c = 0; c < (1U << bits) || c % 16 != 0; ++c) codes.push_back(c % (1U << bits));
  return codes;
}

template <class Format, overflow_policy Overflow>
word_list scalar_codes(word_list const& numbers) {
  word_list codes(numbers.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::uint32_t>(Format::encode(std::bit_cast<float>(numbers[i]), nearest_even{}, Overflow));
  return codes;
}

template <class Format, overflow_policy Overflow, class Arch>
[[gnu::noinline]] void check_encode(word_list const& numbers, word_list const& expected, lane_tally& t) {
  for (std::size_t i = 0; i < numbers.size(); i += 16) {
    std::uint32_t codes[16];
    auto const x = simd::as<float>(simd::words<Arch>::load(numbers.data() + i));
    format_lanes<Format, Arch>::template encode<Overflow>(x).store(codes);
    t.compare(std::span{numbers}.subspan(i, 16), codes, std::span{expected}.subspan(i, 16));
  }
}

template <class Format, class Arch>
[[gnu::noinline]] void check_encode_finite(word_list const& numbers, word_list const& expected, lane_tally& t) {
  for (std::size_t i = 0; i < numbers.size(); i += 16) {
    std::uint32_t codes[16];
    auto const x = simd::as<float>(simd::words<Arch>::load(numbers.data() + i));
    format_lanes<Format, Arch>::encode_finite(x, x).store(codes);
    t.compare(std::span{numbers}.subspan(i, 16), codes, std::span{expected}.subspan(i, 16));
  }
}

template <class Format, class Arch>
[[gnu::noinline]] void check_decode(word_list const& codes, word_list const& expected, lane_tally& t) {
  for (std::size_t i = 0; i < codes.size(); i += 16) {
    std::uint32_t words[16];
    simd::as<std::uint32_t>(format_lanes<Format, Arch>::decode(simd::words<Arch>::load(codes.data() + i))).store(words);
    t.compare(std::span{codes}.subspan(i, 16), words, std::span{expected}.subspan(i, 16));
  }
}

// A zero takes the sign of the other operand: the quotient of which it is the rounding had one.
template <class Format, class Arch>
[[gnu::noinline]] void check_zeros(lane_tally& t) {
  for (float const sign : {1.0f, -1.0f, 0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 3e30f, -3e30f})
    for (float const zero : {0.0f, -0.0f}) {
      word_list codes(16);
      auto const bits = std::bit_cast<std::uint32_t>(sign);
      float const want = (bits >> 31) != 0 ? -0.0f : 0.0f;
      format_lanes<Format, Arch>::encode_finite(simd::floats<Arch>::broadcast(zero), simd::floats<Arch>::broadcast(sign))
          .store(codes.data());
      t.compare(word_list(16, bits), codes.data(), word_list(16, static_cast<std::uint32_t>(Format::encode(want))));
    }
}

inline bool finite_word(std::uint32_t w) { return (w & 0x7FFF'FFFF) < 0x7F80'0000; }

template <class Format, overflow_policy Overflow, class Arches>
void check_policy_in_lanes(word_list const& numbers, Arches arches_to_try) {
  auto const expected = scalar_codes<Format, Overflow>(numbers);
  for_each(arches_to_try, [&]<class Arch>() {
    lane_tally t;
    check_encode<Format, Overflow, Arch>(numbers, expected, t);
    {
      flush_subnormals const mode;
      check_encode<Format, Overflow, Arch>(numbers, expected, t);
    }
    CAPTURE(static_cast<int>(Overflow.finite), static_cast<int>(Overflow.infinite), t.first, t.got, t.want);
    CHECK(t.wrong == 0);
  });
}

// What codes of blocks need: finite numbers, and decoding.
template <class Format, class Arches>
void check_finite_in_lanes(word_list numbers, Arches arches_to_try) {
  for (auto& w : numbers)
    if (!finite_word(w)) w = 0x3F40'0000;
  auto const expected = scalar_codes<Format, saturating>(numbers);
  auto const codes = all_codes(Format::bits);
  word_list values(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    values[i] =
        std::bit_cast<std::uint32_t>(static_cast<float>(Format::decode(static_cast<typename Format::code_type>(codes[i]))));
  for_each(arches_to_try, [&]<class Arch>() {
    auto const run = [&](lane_tally& encoded, lane_tally& decoded) {
      check_encode_finite<Format, Arch>(numbers, expected, encoded);
      check_zeros<Format, Arch>(encoded);
      check_decode<Format, Arch>(codes, values, decoded);
    };
    lane_tally encoded, decoded;
    run(encoded, decoded);
    {
      flush_subnormals const mode;
      run(encoded, decoded);
    }
    CAPTURE(encoded.first, encoded.got, encoded.want, decoded.first, decoded.got, decoded.want);
    CHECK(encoded.wrong == 0);
    CHECK(decoded.wrong == 0);
  });
}

template <class Format, class Arches = all_arches>
void check_lanes(word_list const& numbers, Arches arches_to_try = {}) {
  check_policy_in_lanes<Format, saturating>(numbers, arches_to_try);
  check_finite_in_lanes<Format>(numbers, arches_to_try);
}

/// For formats in which the policy makes a difference; the mixed policies on one instruction set only.
template <class Format, class Arches = all_arches>
void check_all_policies(word_list const& numbers, Arches arches_to_try = {}) {
  check_lanes<Format>(numbers, arches_to_try);
  check_policy_in_lanes<Format, non_saturating>(numbers, arches_to_try);
  check_policy_in_lanes<Format, saturating_finite>(numbers, first_arch{});
  check_policy_in_lanes<Format, overflow_policy{overflow_action::to_special, overflow_action::saturate}>(numbers, first_arch{});
}

}  // namespace skive::test
