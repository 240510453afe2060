// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/int8_query.hpp - a vector of bytes with scales, in the order in which packed codes come out of registers.
///
///   x_i ~ s q_i,   q_i = RNA(x_i / s) in -127 .. 127,   s = amax / 127 of 32 numbers (per_block) or of all (per_token)
///
///   A step is 64 bytes of codes of 1, 2, 4 or 8 bits, R = 8 / width numbers a byte; other widths are spread to bytes, R = 1.
///   record of a step: for each field r of a byte 64 bytes q_(R j + r), j = 0 .. 63; one term per lane of 4 bytes (16 words);
///   per_block: one scale per lane (16 floats). Numbers past the end are 0. The term of a lane is what the codec needs of the sum
///   S of the lane's q: -bias S as an integer, or S as a float where groups have zero points.
///
/// Model of : primitive
/// Cost     : 1 byte a number and 64 (per_token) or 128 bytes for every 64 R numbers.
/// Accuracy : |x_i - s q_i| <= 0.5001 s; blocks whose amax is below 2^-100 count as zeros.
/// Promise  : refuses NaN and infinity with not_finite; scales include `unit` of block/integer_levels.hpp.
/// Source   : -

#include "skive/block/scheme.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"

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

// Nearest, half away. The product of floats is exact in double: no compiler's contraction with the sum can change the byte.
template <class Arch>
inline int rounded_byte(float x, float inverse) noexcept {
  auto const t = static_cast<double>(x) * static_cast<double>(inverse);
  auto const n = static_cast<int>(t < 0 ? t - 0.5 : t + 0.5);
  return n < -127 ? -127 : n > 127 ? 127 : n;
}

/// Fills the records. Bias: of the levels; ZeroPoints: terms are sums as floats.
template <class Arch, int Width, int Bias, bool ZeroPoints>
inline result<int8_query> prepare_int8(std::span<float const> x, float unit, bit_order order, activation_scale kind,
                                       workspace w) noexcept {
  using steps = code_steps<Width>;
  auto const bytes = steps::count(x.size()) * record_bytes(steps::fields, kind);
  if (w.size() < int8_query_bytes<Width>(x.size(), kind)) return errc::workspace_too_small;
  auto const all = largest_magnitude(x);
  if (all >= float_infinity_bits) return errc::not_finite;
  auto const out = w.take<std::byte>(bytes);
  if (bytes != 0) std::memset(out.data(), 0, bytes);
  bool const by_block = kind == activation_scale::per_block;
  auto const whole = scale_of_largest<Arch>(std::bit_cast<float>(all));
  for (std::size_t first = 0; first < x.size(); first += activation_block) {
    auto const part = x.subspan(first, x.size() - first < activation_block ? x.size() - first : activation_block);
    auto const scale = by_block ? scale_of_largest<Arch>(std::bit_cast<float>(largest_magnitude(part))) : whole;
    auto const inverse = scale > 0 ? 1.0f / scale : 0.0f;
    for (std::size_t lane = 0; lane < part.size(); lane += steps::lane_numbers) {
      query_place<Width> at{first + lane, order, kind};
      std::int32_t sum = 0;
      for (std::size_t i = lane; i < lane + steps::lane_numbers && i < part.size(); ++i) {
        auto const q = rounded_byte<Arch>(part[i], inverse);
        out[query_place<Width>{first + i, order, kind}.value] = static_cast<std::byte>(static_cast<std::uint8_t>(q));
        sum += q;
      }
      auto const term =
          ZeroPoints ? std::bit_cast<std::uint32_t>(static_cast<float>(sum)) : static_cast<std::uint32_t>(-Bias * sum);
      std::memcpy(out.data() + at.term, &term, 4);
      auto const scaled = scale * unit;
      if (by_block) std::memcpy(out.data() + at.scale, &scaled, 4);
    }
  }
  return int8_query{out.data(), x.size(), by_block ? 1.0f : whole * unit, kind, query_order(Width, Bias, ZeroPoints, order)};
}

}  // namespace detail
}  // namespace skive
