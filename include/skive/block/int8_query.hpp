// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/int8_query.hpp - a vector of bytes with scales, in the order in which packed codes come out of registers.
///
///   x_i ~ s q_i,   q_i = RNE(fl32(x_i fl32(1 / s))) in -127 .. 127,   s = amax / 127 of 32 numbers (per_block) or of all (per_token)
///
///   A step is 64 bytes of codes of 1, 2, 4 or 8 bits, R = 8 / width numbers a byte; other widths are spread to bytes, R = 1.
///   record of a step: for each field r of a byte 64 bytes q_(R j + r), j = 0 .. 63; one term per lane of 4 bytes (16 words);
///   per_block: one scale per lane (16 floats). Numbers past the end are 0. The term of a lane is what the codec needs of the sum
///   S of the lane's q: -bias S as an integer, or S as a float where groups have zero points.
///
/// Model of : primitive
/// Cost     : in lanes, but for 1 and 2 bits, whose bytes are put in order one by one; 1 byte a number and 64 (per_token) or 128 bytes for every 64 R numbers.
/// Accuracy : |x_i - s q_i| <= 0.5001 s; blocks whose amax is below 2^-100 count as zeros.
/// Promise  : refuses NaN and infinity with not_finite; scales include `unit` of block/integer_levels.hpp.
/// Source   : -

#include "skive/block/scheme.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/reduce.hpp"

#include <cstring>

namespace skive {

/// How many numbers of a vector share a scale.
enum class activation_scale : std::uint8_t { per_block, per_token };

/// What prepare_int8 made of a vector; belongs to codecs of the same kind and bit order.
struct int8_query {
  std::byte const* data = nullptr;  ///< records, 64-byte aligned
  std::size_t size = 0;             ///< numbers
  float scale = 0.0f;               ///< of the whole product; 1 per_block
  activation_scale kind = activation_scale::per_block;
  std::uint32_t order = 0;  ///< which codes it fits: a product with others is refused
  bool has_least = false;   ///< some number is -128, which rows of bytes may hold and vectors of floats never become
};
static_assert(primitive<int8_query>);

namespace detail {

inline constexpr std::size_t activation_block = 32;

/// How the codes of one width lie in registers.
template <int Width>
struct code_steps {
  static constexpr bool folded = 8 % Width == 0;
  static constexpr std::size_t fields = folded ? 8 / Width : 1;  ///< numbers in a byte of the register
  static constexpr std::size_t numbers = 64 * fields;            ///< of a step
  static constexpr std::size_t code_bytes = numbers * Width / 8;
  static constexpr std::size_t lane_numbers = 4 * fields;
  static constexpr std::size_t count(std::size_t n) noexcept { return n / numbers + (n % numbers != 0 ? 1 : 0); }
};

constexpr std::size_t record_bytes(std::size_t fields, activation_scale kind) noexcept {
  return 64 * fields + (kind == activation_scale::per_block ? 128 : 64);
}

/// Where number i of a vector stands, in bytes, and where its lane's term and scale do.
template <int Width>
struct query_place {
  std::size_t value;
  std::size_t term;
  std::size_t scale;

  constexpr query_place(std::size_t i, bit_order order, activation_scale kind) noexcept {
    using steps = code_steps<Width>;
    auto const record = i / steps::numbers * record_bytes(steps::fields, kind);
    auto const r = i % steps::fields;
    auto const field = order == bit_order::low_first ? r : steps::fields - 1 - r;
    auto const j = i % steps::numbers / steps::fields;
    value = record + 64 * field + j;
    term = record + 64 * steps::fields + j / 4 * 4;
    scale = term + 64;
  }
};

/// Which codes a query fits: width, bias, zero points, bit order.
constexpr std::uint32_t query_order(int width, int bias, bool zero_points, bit_order order) noexcept {
  return static_cast<std::uint32_t>(width) | static_cast<std::uint32_t>(bias) << 8 | (zero_points ? 1U << 16 : 0U) |
      (order == bit_order::high_first && width < 8 && 8 % width == 0 ? 1U << 17 : 0U);
}

template <int Width>
constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale kind) noexcept {
  return workspace::bytes<std::byte>(
      saturating_multiply(code_steps<Width>::count(n), record_bytes(code_steps<Width>::fields, kind)));
}

template <class Arch>
inline float scale_of_largest(float largest) noexcept {
  return largest < 0x1p-100f ? 0.0f : largest / 127.0f;
}

inline constexpr float byte_magic = 12582912.0f;  // 1.5 2^23: a sum with it is rounded to an integer, whose bits are the low ones

template <class Arch>
inline std::int8_t rounded_byte(float x, float inverse) noexcept {
  auto const product = separate(x * inverse);
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(product + byte_magic) & 0xFF));
}

/// Bits of the largest magnitude.
template <class Arch>
inline std::uint32_t largest_bits(std::span<float const> x) noexcept {
  if constexpr (simd::vector_arch<Arch>) {
    using words = simd::words<Arch>;
    auto const whole = x.size() / 16 * 16;
    auto largest = simd::integers<Arch>::broadcast(0);
    for (std::size_t i = 0; i < whole; i += 16)
      largest = max(largest,
                    simd::as<std::int32_t>(simd::as<std::uint32_t>(simd::floats<Arch>::load(x.data() + i)) &
                                           words::broadcast(0x7FFF'FFFF)));
    auto const in_lanes = simd::largest(simd::as<std::uint32_t>(largest));
    auto const rest = largest_magnitude(x.subspan(whole));
    return in_lanes > rest ? in_lanes : rest;
  } else {
    return largest_magnitude(x);
  }
}

/// At most 32 numbers to 32 bytes in their order, zeros past the end.
template <class Arch>
inline void quantize_block(std::span<float const> x, float inverse, std::int8_t* out) noexcept {
  if constexpr (simd::vector_arch<Arch>)
    if (x.size() == activation_block) {
      using floats = simd::floats<Arch>;
      for (std::size_t i = 0; i < activation_block; i += 16) {
        auto const sum =
            simd::product<Arch>(floats::load(x.data() + i), floats::broadcast(inverse)) + floats::broadcast(byte_magic);
        simd::store_bytes(simd::as<std::uint32_t>(sum), reinterpret_cast<std::byte*>(out) + i);
      }
      return;
    }
  for (std::size_t i = 0; i < activation_block; ++i) out[i] = i < x.size() ? rounded_byte<Arch>(x[i], inverse) : std::int8_t{0};
}

/// 64 Fields bytes in their order to those of a record.
template <class Arch, std::size_t Fields>
inline void arrange_bytes(std::int8_t const* q, bit_order order, std::byte* record) noexcept {
  auto const field = [order](std::size_t r) noexcept { return 64 * (order == bit_order::low_first ? r : Fields - 1 - r); };
  if constexpr (Fields == 1) {
    std::memcpy(record, q, 64);
  } else if constexpr (Fields == 2) {
    for (std::size_t i = 0; i < 128; i += 8) {
      auto const eight = load_8(reinterpret_cast<std::uint8_t const*>(q) + i, bit_order::low_first);
      for (std::size_t r = 0; r < 2; ++r) {
        auto four = (eight >> (8 * r)) & even_bytes;
        four = (four | four >> 8) & even_pairs;
        four |= four >> 16;
        for (std::size_t j = 0; j < 4; ++j)
          record[field(r) + i / 2 + j] = static_cast<std::byte>(static_cast<std::uint8_t>(four >> (8 * j)));
      }
    }
  } else {
    for (std::size_t r = 0; r < Fields; ++r)
      for (std::size_t j = 0; j < 64; ++j)
        record[field(r) + j] = static_cast<std::byte>(static_cast<std::uint8_t>(q[Fields * j + r]));
  }
}

/// What products need of a record: its bytes field by field, terms and, per_block, scales of the lanes.
template <std::size_t Fields, bool PerBlock, class Arch>
struct vector_step {
  simd::words<Arch> bytes[Fields];
  simd::words<Arch> term;
  simd::floats<Arch> scale;

  /// Record number `step`.
  [[gnu::always_inline]] static vector_step load(std::byte const* records, std::size_t step) noexcept {
    constexpr auto each = record_bytes(Fields, PerBlock ? activation_scale::per_block : activation_scale::per_token);
    auto const* const x = records + step * each;
    vector_step v;
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Fields; ++r) v.bytes[r] = simd::load_words<Arch>(x + 64 * r);
    v.term = simd::load_words<Arch>(x + 64 * Fields);
    if constexpr (PerBlock) v.scale = simd::as<float>(simd::load_words<Arch>(x + 64 * Fields + 64));
    return v;
  }
};

/// The terms of a record whose bytes stand.
template <class Arch, std::size_t Fields, int Bias, bool ZeroPoints>
inline void store_terms(std::byte* record) noexcept {
  alignas(64) std::array<std::int32_t, 16> sums{};
  if constexpr (simd::vector_arch<Arch>) {
    auto sum = simd::integers<Arch>::broadcast(0);
    for (std::size_t r = 0; r < Fields; ++r)
      sum = simd::dot4<1>(sum, simd::words<Arch>::broadcast(0x01010101), simd::load_words<Arch>(record + 64 * r));
    sum.store(sums.data());
  } else {
    for (std::size_t i = 0; i < 64 * Fields; ++i)
      sums[i % 64 / 4] += static_cast<std::int8_t>(std::to_integer<std::uint8_t>(record[i]));
  }
  for (std::size_t lane = 0; lane < 16; ++lane) {
    auto const term = ZeroPoints ? std::bit_cast<std::uint32_t>(static_cast<float>(sums[lane]))
                                 : static_cast<std::uint32_t>(-Bias * sums[lane]);
    std::memcpy(record + 64 * Fields + 4 * lane, &term, 4);
  }
}

/// Fills the records. Bias: of the levels; ZeroPoints: terms are sums as floats.
template <class Arch, int Width, int Bias, bool ZeroPoints>
inline result<int8_query> prepare_int8(std::span<float const> x, float unit, bit_order order, activation_scale kind,
                                       workspace w) noexcept {
  using steps = code_steps<Width>;
  auto const each = record_bytes(steps::fields, kind);
  if (w.size() < int8_query_bytes<Width>(x.size(), kind)) return errc::workspace_too_small;
  auto const all = largest_bits<Arch>(x);
  if (all >= float_infinity_bits) return errc::not_finite;
  auto const out = w.take<std::byte>(steps::count(x.size()) * each);
  bool const by_block = kind == activation_scale::per_block;
  auto const whole = scale_of_largest<Arch>(std::bit_cast<float>(all));
  constexpr auto lanes = activation_block / steps::lane_numbers;  // that share a block's scale
  for (std::size_t s = 0; s < steps::count(x.size()); ++s) {
    alignas(64) std::array<std::int8_t, steps::numbers> q;
    std::array<float, 16> scales{};
    for (std::size_t b = 0; b < steps::numbers / activation_block; ++b) {
      auto const first = s * steps::numbers + b * activation_block;
      auto const left = first < x.size() ? x.size() - first : 0;
      auto const part =
          left == 0 ? std::span<float const>{} : x.subspan(first, left < activation_block ? left : activation_block);
      auto const scale = by_block ? scale_of_largest<Arch>(std::bit_cast<float>(largest_bits<Arch>(part))) : whole;
      quantize_block<Arch>(part, scale > 0 ? 1.0f / scale : 0.0f, q.data() + b * activation_block);
      for (std::size_t lane = 0; lane < lanes; ++lane) scales[b * lanes + lane] = scale * unit;
    }
    auto* const record = out.data() + s * each;
    arrange_bytes<Arch, steps::fields>(q.data(), order, record);
    store_terms<Arch, steps::fields, Bias, ZeroPoints>(record);
    if (by_block) std::memcpy(record + 64 * steps::fields + 64, scales.data(), 64);
  }
  return int8_query{out.data(), x.size(), by_block ? 1.0f : whole * unit, kind, query_order(Width, Bias, ZeroPoints, order)};
}

}  // namespace detail
}  // namespace skive
