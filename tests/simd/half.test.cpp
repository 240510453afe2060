// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/half.hpp: the codes and bits of the scalar formats; every code, floats around every code and tie, all floats when asked.
#include "skive/simd/half.hpp"

#include "skive/format/half.hpp"
#include "skive/format/scale_float.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using halves = std::array<std::uint16_t, 16>;
using lanes = std::array<std::uint32_t, 16>;

// Little-endian numbers, between guards, at an odd address.
struct memory {
  std::array<std::uint8_t, 34> bytes;
  memory() { bytes.fill(0xA5); }
  explicit memory(halves const& h) : memory() {
    for (std::size_t i = 0; i < 16; ++i) {
      bytes[2 * i + 1] = static_cast<std::uint8_t>(h[i]);
      bytes[2 * i + 2] = static_cast<std::uint8_t>(h[i] >> 8);
    }
  }
  bool holds(halves const& h) const { return bytes == memory(h).bytes; }
};

template <class Arch, bool Brain>
struct conversions {
  using scalar = std::conditional_t<Brain, skive::bfloat16, skive::float16>;

  static lanes decode(halves const& codes) {
    memory const m(codes);
    lanes l;
    if constexpr (Brain) {
      skive::simd::as<std::uint32_t>(skive::simd::load_bfloat16<Arch>(m.bytes.data() + 1)).store(l.data());
    } else {
      skive::simd::as<std::uint32_t>(skive::simd::load_float16<Arch>(m.bytes.data() + 1)).store(l.data());
    }
    return l;
  }
  static memory encode(lanes const& l) {
    memory m;
    auto const x = skive::simd::as<float>(skive::simd::words<Arch>::load(l.data()));
    if constexpr (Brain) {
      skive::simd::store_bfloat16<Arch>(x, m.bytes.data() + 1);
    } else {
      skive::simd::store_float16<Arch>(x, m.bytes.data() + 1);
    }
    return m;
  }
  static halves encode_by_scalar(lanes const& l) {
    halves h;
    for (std::size_t i = 0; i < 16; ++i)
      h[i] = scalar::encode(std::bit_cast<float>(l[i]), skive::nearest_even{}, skive::non_saturating);
    return h;
  }
  static bool same_codes(lanes const& l) { return encode(l).holds(encode_by_scalar(l)); }

  static void check_codes() {
    for (std::uint32_t first = 0; first < 0x10000; first += 16) {
      halves codes;
      lanes expected;
      for (std::uint32_t i = 0; i < 16; ++i) {
        codes[i] = static_cast<std::uint16_t>(first + i);
        expected[i] = std::bit_cast<std::uint32_t>(scalar::template decode_as<float>(codes[i]));
      }
      REQUIRE(decode(codes) == expected);
    }
  }

  // Around every code's value: itself, the tie above it, their neighbours; then all binades of floats.
  static void check_floats() {
    for (std::uint32_t code = 0; code < 0x10000; ++code) {
      auto const value = std::bit_cast<std::uint32_t>(scalar::template decode_as<float>(static_cast<std::uint16_t>(code)));
      auto const next = std::bit_cast<std::uint32_t>(scalar::template decode_as<float>(static_cast<std::uint16_t>(code + 1)));
      std::uint32_t const tie = value + (next - value) / 2;
      REQUIRE(same_codes({value, value + 1, value - 1, tie, tie + 1, tie - 1, value + 2, tie + 2, value ^ 1, ~value, tie ^ 0x8000,
                          tie ^ 0x1000, next - 1, value + 0x1000, value + 0x1001, value + 0xFFF}));
    }
    std::mt19937 random{8};
    for (std::uint32_t binade = 0; binade < 512; ++binade)
      for (int round = 0; round < 64; ++round) {
        lanes l{binade << 23, (binade << 23) + 1, (binade << 23) - 1, (binade << 23) | 0x400000};
        for (std::size_t i = 4; i < 16; ++i) l[i] = binade << 23 | (static_cast<std::uint32_t>(random()) & 0x7FFFFF);
        REQUIRE(same_codes(l));
      }
  }

  static void check_all_floats() {
    for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += 16) {
      lanes l;
      for (std::uint32_t i = 0; i < 16; ++i) l[i] = static_cast<std::uint32_t>(first) + i;
      if (!same_codes(l)) FAIL("floats from " << first);
    }
    SUCCEED();
  }
};

}  // namespace

TEST_CASE("all codes of two bytes decode as the scalar formats do", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    conversions<Arch, true>::check_codes();
    conversions<Arch, false>::check_codes();
    skive::test::flush_subnormals const mode;
    conversions<Arch, true>::check_codes();
    conversions<Arch, false>::check_codes();
  });
}

TEST_CASE("floats around all codes encode as the scalar formats do", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    conversions<Arch, true>::check_floats();
    conversions<Arch, false>::check_floats();
    skive::test::flush_subnormals const mode;
    conversions<Arch, true>::check_floats();
    conversions<Arch, false>::check_floats();
  });
}

TEST_CASE("all floats encode as the scalar formats do", "[simd][.exhaustive]") {
  skive::test::for_each_arch([]<class Arch>() {
    conversions<Arch, true>::check_all_floats();
    conversions<Arch, false>::check_all_floats();
  });
}

TEST_CASE("half: all bytes of unsigned E4M3 decode as the scalar format does, whatever bit 7 says", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    if constexpr (skive::simd::has_load_ue4m3<Arch>) {
      auto const check = [] {
        for (std::size_t first = 0; first < 256; first += 16) {
          std::array<std::byte, 17> bytes{};
          for (std::size_t i = 0; i < 16; ++i) bytes[i + 1] = static_cast<std::byte>(first + i);
          std::array<float, 16> found;
          skive::simd::load_ue4m3<Arch>(bytes.data() + 1).store(found.data());
          for (std::size_t i = 0; i < 16; ++i) {
            auto const right = skive::ue4m3::decode(static_cast<std::uint8_t>((first + i) & 0x7F));
            CAPTURE(first + i, found[i], right);
            REQUIRE(std::isnan(found[i]) == std::isnan(right));
            if (!std::isnan(right)) REQUIRE(std::bit_cast<std::uint32_t>(found[i]) == std::bit_cast<std::uint32_t>(right));
          }
        }
      };
      check();
      skive::test::flush_subnormals const mode;
      check();
    }
  });
}

TEST_CASE("half: with any NaN, numbers are the same and NaN stays NaN", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    using skive::simd::half_nan;
    auto const bits = [](auto const& x) {
      lanes l;
      skive::simd::as<std::uint32_t>(x).store(l.data());
      return l;
    };
    for (std::uint32_t first = 0; first < 0x10000; first += 16) {
      halves h;
      for (std::size_t i = 0; i < 16; ++i) h[i] = static_cast<std::uint16_t>(first + i);
      memory const m(h);
      auto const* const at = m.bytes.data() + 1;
      auto const check = [](lanes const& any, lanes const& quiet) {
        for (std::size_t i = 0; i < 16; ++i)
          if (auto const nan = (any[i] & 0x7FFF'FFFF) > 0x7F80'0000; nan ? quiet[i] << 1 != 0xFF80'0000 : any[i] != quiet[i])
            return false;
        return true;
      };
      REQUIRE(check(bits(skive::simd::load_float16<Arch, half_nan::any>(at)), bits(skive::simd::load_float16<Arch>(at))));
      REQUIRE(check(bits(skive::simd::load_bfloat16<Arch, half_nan::any>(at)), bits(skive::simd::load_bfloat16<Arch>(at))));
    }
  });
}
