// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of block_codec that hold for every model; bounds on errors belong to the test of each codec.

#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"

#include <bit>
#include <cstdint>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

inline std::vector<std::uint32_t> bits_of(std::span<float const> row) {
  std::vector<std::uint32_t> out;
  for (auto const x : row) out.push_back(std::bit_cast<std::uint32_t>(x));
  return out;
}

// encode() into planes of the given layout; guard bytes, allocations and the status are checked.
template <class Codec, class T>
byte_rows encoded(Codec const& codec, std::span<T const> row, layout l = layout::planar, std::size_t shift = 0,
                  std::byte fill = std::byte{0xA5}) {
  packed_row<Codec> packed{codec, row.size(), l, shift, fill};
  scratch_memory scratch{codec.scratch_bytes(row.size())};
  auto const before = allocations();
  auto const s = codec.encode(row, packed.to(), scratch.get());
  auto const after = allocations();
  REQUIRE(s.error() == errc::ok);
  REQUIRE(after == before);
  REQUIRE(packed.guards_hold());
  return packed.gathered();
}
template <class Codec>
byte_rows encoded(Codec const& codec, std::vector<float> const& row, layout l = layout::planar, std::size_t shift = 0,
                  std::byte fill = std::byte{0xA5}) {
  return encoded(codec, std::span<float const>{row}, l, shift, fill);
}

// encode() and decode() again.
template <class Codec>
std::vector<float> through(Codec const& codec, std::vector<float> const& row, layout l = layout::planar, std::size_t shift = 0) {
  packed_row<Codec> packed{codec, row.size(), l, shift};
  scratch_memory scratch{codec.scratch_bytes(row.size())};
  std::vector<float> out(row.size(), -77.0f);
  auto const before = allocations();
  auto const first = codec.encode(std::span<float const>{row}, packed.to(), scratch.get());
  auto const second = codec.decode(packed.from(), std::span<float>{out}, scratch.get());
  auto const after = allocations();
  REQUIRE(first.error() == errc::ok);
  REQUIRE(second.error() == errc::ok);
  REQUIRE(after == before);
  return out;
}

namespace detail {

template <class Codec>
void check_sizes(Codec const& codec, std::size_t n) {
  auto const block = codec.block_size();
  for (auto const b : codec.plane_bytes(0)) REQUIRE(b == 0);
  for (auto const b : codec.plane_bytes(std::numeric_limits<std::size_t>::max()))
    REQUIRE((b == 0 || b > (std::size_t{1} << 40) || block == 0));
  if (block == 0) return;
  REQUIRE(block % codec.row_multiple() == 0);
  auto const whole = codec.plane_bytes(n);
  auto const each = codec.plane_bytes(block);
  auto const rest = codec.plane_bytes(n % block);
  for (std::size_t i = 0; i < Codec::plane_count; ++i) REQUIRE(whole[i] == n / block * each[i] + rest[i]);
}

// The same bytes in every layout, at every address and over every former content; then the same numbers.
template <class Codec>
void check_layouts(Codec const& codec, std::vector<float> const& row) {
  auto const expected = encoded(codec, row);
  auto const numbers = bits_of(through(codec, row));
  for (auto const l : layouts)
    for (std::size_t const shift : {0U, 1U, 3U}) {
      REQUIRE((encoded(codec, row, l, shift) == expected));
      REQUIRE((encoded(codec, row, l, shift, std::byte{0x5A}) == expected));
      REQUIRE((bits_of(through(codec, row, l, shift)) == numbers));
    }
}

template <class Codec>
void expect_refusal(Codec const& codec, std::vector<float> const& row, packed_row<Codec>& packed,
                    planes<std::byte, Codec::plane_count> const& to, errc why) {
  scratch_memory scratch{codec.scratch_bytes(row.size())};
  REQUIRE(codec.encode(std::span<float const>{row}, to, scratch.get()).error() == why);
  REQUIRE(packed.untouched());
  std::vector<float> out(row.size(), -77.0f);
  REQUIRE(codec.decode(planes<std::byte const, Codec::plane_count>(to), std::span<float>{out}, scratch.get()).error() == why);
  for (auto const x : out) REQUIRE(x == -77.0f);
}

template <class Codec>
void check_refusals(Codec const& codec, std::vector<float> const& row) {
  auto const n = row.size();
  auto const block = codec.block_size();
  for (auto const l : layouts) {
    packed_row<Codec> packed{codec, n, l};
    for (std::size_t i = 0; i < Codec::plane_count; ++i) {
      auto to = packed.to();
      if (to[i].size == 0) continue;
      --to[i].size;
      expect_refusal(codec, row, packed, to, errc::size_mismatch);
      to[i].size = 0;
      expect_refusal(codec, row, packed, to, errc::size_mismatch);
      to = packed.to();
      if (block == 0 || n <= block) continue;
      to[i].block_stride = codec.plane_bytes(block)[i] - 1;  // blocks overlap
      expect_refusal(codec, row, packed, to, errc::size_mismatch);
      to[i].block_stride = std::numeric_limits<std::size_t>::max() / 2 + 1;
      expect_refusal(codec, row, packed, to, errc::size_mismatch);
    }
    auto const need = codec.scratch_bytes(n);
    if (n == 0 || need == 0) continue;
    scratch_memory less{need - 1};
    REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), less.get()).error() == errc::workspace_too_small);
    REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), workspace{}).error() == errc::workspace_too_small);
    REQUIRE(packed.untouched());
  }
  auto const multiple = codec.row_multiple();
  if (multiple == 1) return;
  std::vector<float> const wrong(n + multiple, 1.0f);
  packed_row<Codec> packed{codec, n + multiple};
  scratch_memory scratch{codec.scratch_bytes(n + multiple)};
  REQUIRE(codec.encode(std::span{wrong}.first(n + 1), packed.to(), scratch.get()).error() == errc::size_mismatch);
  REQUIRE(packed.untouched());
}

// A row of halves gives the bytes of the same numbers as floats, and decoding rounds each number once.
template <class Half, class Codec>
void check_half(Codec const& codec, std::vector<float> const& row) {
  std::vector<Half> halves;
  std::vector<float> floats;
  for (auto const x : row) {
    halves.push_back(Half::from(x));
    floats.push_back(Half::decode(halves.back().code));
  }
  if constexpr (requires(planes<std::byte, Codec::plane_count> to) {
                  codec.encode(std::span<Half const>{halves}, to, workspace{});
                }) {
    REQUIRE((encoded(codec, std::span<Half const>{halves}) == encoded(codec, floats)));
  }
  if constexpr (requires(planes<std::byte const, Codec::plane_count> from) {
                  codec.decode(from, std::span<Half>{halves}, workspace{});
                }) {
    packed_row<Codec> packed{codec, row.size()};
    scratch_memory scratch{codec.scratch_bytes(row.size())};
    REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span<float>{floats}, scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span<Half>{halves}, scratch.get()));
    for (std::size_t i = 0; i < row.size(); ++i)
      REQUIRE(halves[i].code == Half::from(floats[i], nearest_even{}, non_saturating).code);
  }
}

template <class Codec>
void check_random_bytes(Codec const& codec, std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  packed_row<Codec> packed{codec, n};
  scratch_memory scratch{codec.scratch_bytes(n)};
  std::vector<float> a(n);
  std::vector<float> b(n);
  for (int trial = 0; trial < 20; ++trial) {
    for (auto& m : packed.memory()) m = trial == 0 ? std::byte{0xFF} : static_cast<std::byte>(random());
    auto const s = codec.decode(packed.from(), std::span<float>{a}, scratch.get());
    REQUIRE((s.error() == errc::ok || s.error() == errc::corrupt));
    REQUIRE(codec.decode(packed.from(), std::span<float>{b}, scratch.get()) == s);
    if (s) REQUIRE((bits_of(a) == bits_of(b)));
  }
}

// A group that holds NaN or infinity leaves the others as they are. Models without groups: a block.
template <class Codec>
void check_neighbours(Codec const& codec, std::vector<float> const& row) {
  std::size_t unit = codec.block_size();
  if constexpr (requires { codec.group_size(); }) unit = codec.group_size();
  if (unit == 0 || row.size() <= unit) return;
  for (auto const first : {std::size_t{0}, unit, (row.size() - 1) / unit * unit}) {
    auto clean = row;
    for (std::size_t i = first; i < first + unit && i < row.size(); ++i) clean[i] = 0.0f;
    auto const expected = bits_of(through(codec, clean));
    for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity()}) {
      auto dirty = row;
      dirty[first] = bad;
      auto const got = bits_of(through(codec, dirty));
      for (std::size_t i = 0; i < row.size(); ++i)
        if (i < first || i >= first + unit) REQUIRE(got[i] == expected[i]);
    }
  }
}

template <class Codec>
void check_concatenation(Codec const& codec, std::vector<float> const& row) {
  auto const block = codec.block_size();
  if (block == 0) return;
  byte_rows joined(Codec::plane_count);
  for (std::size_t first = 0; first < row.size(); first += block) {
    auto const size = row.size() - first < block ? row.size() - first : block;
    auto const part = encoded(codec, std::span{row}.subspan(first, size));
    for (std::size_t i = 0; i < part.size(); ++i) joined[i].insert(joined[i].end(), part[i].begin(), part[i].end());
  }
  REQUIRE((joined == encoded(codec, row)));
}

}  // namespace detail

/// `lengths`: rows to try, multiples of row_multiple(); 0 belongs among them.
template <block_codec Codec>
void check_block_codec(Codec const& codec, std::vector<std::size_t> const& lengths, unsigned seed = 1) {
  for (auto const n : lengths) {
    CAPTURE(n, codec.block_size());
    auto const row = mixed_row(n, seed + static_cast<unsigned>(n));
    detail::check_sizes(codec, n);
    detail::check_layouts(codec, row);
    detail::check_refusals(codec, row);
    detail::check_half<bfloat16>(codec, row);
    detail::check_half<float16>(codec, row);
    detail::check_random_bytes(codec, n, seed);
    detail::check_neighbours(codec, row);
    detail::check_concatenation(codec, row);
  }
}

}  // namespace skive::test
