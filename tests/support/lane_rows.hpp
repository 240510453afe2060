// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Block codecs on rows that are hard for the vector path: what encode<Arch> writes, guards included, and what decode<Arch> reads
// must be what scalar_arch writes and reads. Layout, bit order, address and processor mode change from row to row.

#include "skive/core/planes.hpp"
#include "skive/format/half.hpp"
#include "skive/simd/arch.hpp"
#include "support/packed_row.hpp"
#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

inline float nudged(float x, int ulps) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(ulps));
}

// The largest magnitude of a group: anywhere, or where the scale meets an end of a scale format or of the vector rule.
inline float hard_maximum(std::mt19937& random) {
  constexpr float limits[] = {1.0f,  7.0f,   8.0f,   127.0f, 6.0f,      448.0f, 57344.0f,
                              15.0f, 255.0f, 240.0f, 3.0f,   1.984375f, 7.5f,   28.0f};
  constexpr int exponents[] = {-60, -61, 60, 61, 100, 101, -24, -25, -26, -14, -15, 15, 16, -126, -127, -38, -39, 0, 1};
  int const ulps = static_cast<int>(random() % 5) - 2;
  float const limit = limits[random() % 14];
  auto const any = std::ldexp(1.0f + static_cast<float>(random() % 0x800000) * 0x1p-23f, static_cast<int>(random() % 250) - 124);
  switch (random() % 4) {
    case 0: return nudged(std::ldexp(limit, exponents[random() % 19]), ulps);
    case 1: return any;
    case 2: return nudged(limit * std::ldexp(1.0f, static_cast<int>(random() % 20) - 14), ulps);
    default: break;
  }
  return std::ldexp(any, -std::ilogb(any) + static_cast<int>(random() % 12) - 8);
}

// One number of a group whose largest magnitude is `most`: spread evenly, at a tie of some integer or float grid and next to it,
// far smaller, or a zero of either sign.
inline float hard_number(std::mt19937& random, float most, unsigned kind) {
  float x = most * (static_cast<float>(random() >> 8) * 0x1p-24f);
  auto const pick = (random() >> 3) % 16;
  if (kind == 1 || pick < 3) {
    constexpr float steps[] = {254.0f, 14.0f, 6.0f, 30.0f, 510.0f, 24.0f, 126.0f, 62.0f};
    float const step = most / steps[random() % 8];
    x = nudged(std::fabs(step * static_cast<float>(random() % 511)), static_cast<int>(random() % 3) - 1);
    if (!(x <= most)) x = most;
  } else if (kind == 2 || pick == 3) {
    x = std::ldexp(x, -static_cast<int>(random() % 150));
  } else if (pick == 4) {
    x = 0.0f;
  } else if (pick == 5) {
    x = most;
  }
  return random() % 2 == 0 ? x : -x;
}

// Runs of numbers as long as a group or so, each of one kind.
inline std::vector<float> hard_row(std::mt19937& random, std::size_t n, std::size_t group, float tensor_limit) {
  std::vector<float> row(n);
  std::size_t const run = group == 0 ? n : group;
  bool const calm = random() % 4 == 0;
  for (std::size_t begin = 0; begin < n; begin += run) {
    std::size_t const end = n - begin < run ? n : begin + run;
    auto const kind = random() % 8;
    float const most = calm ? 1.0f : hard_maximum(random);
    for (std::size_t i = begin; i < end; ++i) {
      row[i] = kind == 7 ? (random() % 2 == 0 ? 0.0f : -0.0f) : hard_number(random, most, static_cast<unsigned>(kind));
      if (std::fabs(row[i]) > tensor_limit) row[i] = std::fmod(row[i], tensor_limit);
    }
    if (group != 0 || random() % 2 == 0) {
      auto& one = row[begin + random() % (end - begin)];
      auto const what = random() % 40;
      if (what == 0) one = std::numeric_limits<float>::infinity();
      if (what == 1) one = -std::numeric_limits<float>::infinity();
      if (what == 2) one = std::bit_cast<float>(0x7F80'0001U | static_cast<std::uint32_t>(random() & 0x803F'FFFFU));
      if (what == 3) one = -std::numeric_limits<float>::max();
      if (what == 4) one = 0x1p-149f;
    }
  }
  return row;
}

struct row_tally {
  std::uint64_t numbers = 0;
  std::uint64_t wrong = 0;
  std::string first;
};

template <class T>
T as_number(float x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return T::from(x, nearest_even{}, non_saturating);
}

// A row of T somewhere in memory, and its bytes.
template <class T>
class row_of {
 public:
  row_of(std::size_t n, std::size_t shift) : memory_(n + shift + 1), shift_{shift} {}
  std::span<T> get() { return std::span{memory_}.subspan(shift_, memory_.size() - shift_ - 1); }
  bool same_bytes(row_of& other) {
    return memory_.size() == other.memory_.size() &&
        std::memcmp(memory_.data(), other.memory_.data(), sizeof(T) * memory_.size()) == 0;
  }

 private:
  std::vector<T> memory_;
  std::size_t shift_;
};

template <class Arch, class Codec, class T>
[[gnu::noinline]] void encode_by(Codec const& codec, std::span<T const> row, packed_row<Codec>& to, bool flush) {
  scratch_memory scratch{codec.scratch_bytes(row.size())};
  std::optional<flush_subnormals> mode;
  if (flush) mode.emplace();
  auto const s = codec.template encode<Arch>(row, to.to(), scratch.get());
  mode.reset();
  REQUIRE(s);
}
template <class Arch, class Codec, class T>
[[gnu::noinline]] void decode_by(Codec const& codec, packed_row<Codec> const& from, std::span<T> row, bool flush) {
  std::optional<flush_subnormals> mode;
  if (flush) mode.emplace();
  auto const s = codec.template decode<Arch>(from.from(), row);
  mode.reset();
  REQUIRE(s);
}

// One row in one layout: by the scalar rule, then on every instruction set.
template <class T, class Codec, class Arches>
void check_row(Codec const& codec, std::vector<float> const& numbers, std::mt19937& random, Arches arches_to_try, row_tally& t) {
  std::size_t const n = numbers.size();
  auto const l = layouts[random() % 4];
  std::size_t const shift = random() % 64;
  std::size_t const row_shift = random() % 5;
  bool const flush = random() % 3 == 0;
  row_of<T> row{n, row_shift};
  for (std::size_t i = 0; i < n; ++i) row.get()[i] = as_number<T>(numbers[i]);
  std::span<T const> const in = row.get();

  packed_row<Codec> good{codec, n, l, shift};
  encode_by<scalar_arch>(codec, in, good, false);
  packed_row<Codec> noise{codec, n, l, shift};
  for (auto& b : noise.memory()) b = static_cast<std::byte>(random() >> 5);
  row_of<T> decoded{n, row_shift};
  row_of<T> from_noise{n, row_shift};
  decode_by<scalar_arch>(codec, good, decoded.get(), false);
  decode_by<scalar_arch>(codec, noise, from_noise.get(), false);

  for_each(arches_to_try, [&]<class Arch>() {
    packed_row<Codec> mine{codec, n, l, shift};
    encode_by<Arch>(codec, in, mine, flush);
    row_of<T> y{n, row_shift};
    row_of<T> z{n, row_shift};
    decode_by<Arch>(codec, good, y.get(), flush);
    decode_by<Arch>(codec, noise, z.get(), flush);
    t.numbers += 3 * n;
    bool const encodes = mine.memory() == good.memory();
    bool const decodes = y.same_bytes(decoded);
    bool const survives = z.same_bytes(from_noise);
    if (encodes && decodes && survives) return;
    if (t.wrong++ != 0) return;
    std::ostringstream text;
    text << Arch::name() << ", numbers " << n << ", group " << codec.group_size() << ", bytes a number " << sizeof(T)
         << ", layout " << static_cast<int>(l) << ", flush " << flush << ": encodes " << encodes << ", decodes " << decodes
         << ", decodes noise " << survives;
    t.first = text.str();
  });
}

inline constexpr std::size_t group_sizes[] = {8, 10, 16, 20, 32, 48, 64, 128, 0};

// make(group, order) is the codec. All short rows and some long ones, all group sizes.
template <class T, class Make, class Arches>
void check_rows(Make make, Arches arches_to_try, int long_rows, float tensor_limit, row_tally& t) {
  std::mt19937 random{static_cast<unsigned>(sizeof(T)) + 40};
  auto const one = [&](std::size_t n, std::size_t group) {
    auto const order = random() % 2 == 0 ? bit_order::low_first : bit_order::high_first;
    check_row<T>(make(group, order), hard_row(random, n, group, tensor_limit), random, arches_to_try, t);
  };
  for (auto const group : group_sizes) {
    for (std::size_t n = 0; n <= 100; ++n) one(n, group);
    for (int i = 0; i < long_rows; ++i) one(random() % 2000, group);
  }
}

/// Rows of float on all instruction sets of the list, rows of halves on one.
template <class Make, class Arches = few_arches>
void check_codec(Make make, float tensor_limit = std::numeric_limits<float>::infinity(), Arches arches_to_try = {},
                 int long_rows = 30) {
  row_tally t;
  check_rows<float>(make, arches_to_try, long_rows, tensor_limit, t);
  INFO(t.first);
  CHECK(t.numbers > 0);
  CHECK(t.wrong == 0);
}
template <class Make>
void check_codec_of_halves(Make make) {
  row_tally t;
  check_rows<bfloat16>(make, first_arch{}, 20, std::numeric_limits<float>::infinity(), t);
  check_rows<float16>(make, first_arch{}, 20, std::numeric_limits<float>::infinity(), t);
  INFO(t.first);
  CHECK(t.numbers > 0);
  CHECK(t.wrong == 0);
}

}  // namespace skive::test
