// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/kept_bytes.hpp - a vector of bytes, and what a row with N of M numbers kept takes of it, as an int8_query.
///
///   x_i ~ s q_i,   q_i = RNA(x_i / s) in -127 .. 127,   s = amax / 127 of 32 M / N numbers (per_block) or of all (per_token)
///   records: those of block/int8_query.hpp for the q at the kept places, so that 32 kept numbers share a scale
///
/// Model of : sparse_int8_query: primitive
/// Cost     : number by number; where there are pickers products need no records (sparse/picked_rows.hpp).
/// Accuracy : |x_i - s q_i| <= 0.5001 s; parts whose amax is below 2^-100 count as zeros.
/// Promise  : refuses NaN and infinity with not_finite. Positions that no mask has are found; whatever they are, nothing outside
///            of the vector is read.
/// Source   : -

#include "skive/block/integer_dot.hpp"
#include "skive/simd/pick.hpp"
#include "skive/sparse/mask_codes.hpp"

namespace skive {

/// What prepare_int8 made of a vector for sparse rows; belongs to codecs of the same pattern, kind and bit order.
struct sparse_int8_query {
  std::byte const* data = nullptr;  ///< a byte for each number, then zeros to a multiple of 256
  float const* scales = nullptr;    ///< per_block: one for 32 M / N numbers, then room for 16
  std::size_t size = 0;             ///< numbers
  float scale = 0.0f;               ///< of the whole product; 1 per_block
  activation_scale kind = activation_scale::per_block;
  std::uint32_t order = 0;  ///< which codes it fits: a product with others is refused
};
static_assert(primitive<sparse_int8_query>);

namespace detail {

/// How bytes of a vector meet the codes of `Scheme` in rows with N of M kept.
template <int N, int M, position_layout Layout, integer_scheme Scheme>
class kept_bytes {
  static_assert(32 % N == 0, "skive: 32 kept numbers that share a scale are whole groups");
  static constexpr int width = Scheme::packing::width;
  using steps = code_steps<width>;
  using levels = integer_levels<typename Scheme::element>;
  static constexpr std::size_t padded(std::size_t n) noexcept { return saturating_add(n, 255) / 256 * 256; }

 public:
  static constexpr std::size_t scale_numbers = activation_block / N * M;  ///< that share a scale
  static constexpr std::size_t step = steps::numbers;                     ///< pieces of a row keep multiples of it
  static constexpr std::size_t most_at_once = 4096;                       ///< kept numbers of fill()
  static constexpr std::size_t most_bytes = most_at_once / steps::numbers * (64 * steps::fields + 128);
  static constexpr std::size_t most_position_bytes = most_at_once / N * position_code<N, M, Layout>::bits / 8;

  static constexpr std::uint32_t order_of(bit_order order) noexcept {
    return query_order<Scheme>(order) ^ (static_cast<std::uint32_t>(N) << 26 | static_cast<std::uint32_t>(M % 32) << 20);
  }
  static constexpr std::size_t query_bytes(std::size_t n) noexcept {
    return saturating_add(workspace::bytes<std::byte>(padded(n)), workspace::bytes<float>(n / scale_numbers + 17));
  }

  template <class Arch>
  static result<sparse_int8_query> prepare(std::span<float const> x, bit_order order, activation_scale kind,
                                           workspace w) noexcept {
    if (w.size() < query_bytes(x.size())) return errc::workspace_too_small;
    auto const all = largest_magnitude(x);
    if (all >= float_infinity_bits) return errc::not_finite;
    auto const out = w.take<std::byte>(padded(x.size()));
    auto const scales = w.take<float>(x.size() / scale_numbers + 17);
    bool const by_block = kind == activation_scale::per_block;
    auto const whole = scale_of_largest<Arch>(std::bit_cast<float>(all));
    for (auto& s : scales) s = 0.0f;
    for (std::size_t i = x.size(); i < out.size(); ++i) out[i] = std::byte{0};
    for (std::size_t first = 0; first < x.size(); first += scale_numbers) {
      auto const part = x.subspan(first, x.size() - first < scale_numbers ? x.size() - first : scale_numbers);
      auto const scale = by_block ? scale_of_largest<Arch>(std::bit_cast<float>(largest_magnitude(part))) : whole;
      auto const inverse = scale > 0 ? 1.0f / scale : 0.0f;
      for (std::size_t i = 0; i < part.size(); ++i)
        out[first + i] = static_cast<std::byte>(static_cast<std::uint8_t>(rounded_byte<Arch>(part[i], inverse)));
      if (by_block) scales[first / scale_numbers] = scale * levels::unit;
    }
    return sparse_int8_query{out.data(), scales.data(), x.size(), by_block ? 1.0f : whole * levels::unit, kind, order_of(order)};
  }

  /// Can picked_rows multiply them?
  template <class Arch>
  static constexpr bool by_picker = [] {
    if constexpr (simd::vector_arch<Arch>)
      return N == 2 && M == 4 && Layout == position_layout::combinadic && simd::has_byte_picker<Arch> &&
          integer_lanes<Scheme, Arch>;
    return false;
  }();

  /// Records of the kept numbers among `entries` from `first` on, a multiple of 256 M / N kept numbers; at most most_at_once are
  /// kept. Are all codes good?
  template <class Arch>
  static bool fill(sparse_int8_query const& q, std::size_t first, std::size_t entries, std::span<std::byte const> positions,
                   bit_order order, std::byte* records) noexcept {
    auto const kept = entries / M * N;
    auto const bytes = steps::count(kept) * record_bytes(steps::fields, q.kind);
    for (std::size_t i = 0; i < bytes; ++i) records[i] = std::byte{0};
    bool good = true;
    std::int32_t sum = 0;  // of the lane
    for (std::size_t g = 0, at = 0; g < entries / M; ++g) {
      auto mask = group_mask<N, M, Layout, Arch>(positions, g);
      good = good && mask != 0;
      for (; mask != 0 && at < kept; mask &= mask - 1, ++at) {
        query_place<width> const place{at, order, q.kind};
        auto const byte = q.data[first + g * M + static_cast<std::size_t>(std::countr_zero(mask))];
        records[place.value] = byte;
        sum = (at % steps::lane_numbers == 0 ? 0 : sum) + static_cast<std::int8_t>(std::to_integer<std::uint8_t>(byte));
        auto const term = has_zero_point<Scheme> ? std::bit_cast<std::uint32_t>(static_cast<float>(sum))
                                                 : static_cast<std::uint32_t>(-levels::bias * sum);
        std::memcpy(records + place.term, &term, 4);
        if (q.kind == activation_scale::per_block)
          std::memcpy(records + place.scale, q.scales + first / scale_numbers + at / activation_block, 4);
      }
    }
    return good;
  }
};

}  // namespace detail
}  // namespace skive
