// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/polar.hpp - PolarQuant: sixteen numbers as a radius and fifteen angles, level by level.
///
///   level 1: pairs (x_2i, x_2i+1) -> radius and angle, 16 angles (k + 1/2) pi / 8;   levels 2, 3, 4: pairs of radii, 4 angles each
///   about pi / 4, the optimal ones of the density sin^(2^(l-1) - 1)(2 a) that Gaussian numbers have there
///   planes: 46 bits of indices a group, lowest bit first, level by level; the last radius in float16:  62 bits for 16 numbers
///
/// The norm of a group is kept, and no scale is shared. Lloyd-Max levels behind a rotation are the better code at the same bits.
///
/// Model of : dot_codec. A block is 64 numbers, four groups; the last group is filled up with zeros.
/// Cost     : 2 products for each of up to 16 angles a pair to encode, 30 products a group to decode.
/// Accuracy : mean square error of N(0, 1) at 3.875 bits: 0.032.
/// Promise  : the same bytes everywhere: an angle is the nearest by exact products and one sum. Radii saturate at 65504; a group
///            with a NaN or infinity decodes to NaN. Any bytes decode.
/// Source   : I. Han, P. Kacham, A. Karbasi, V. Mirrokni, A. Zandieh, "PolarQuant", 2025.

#include "skive/block/float_query.hpp"
#include "skive/block/group_error.hpp"
#include "skive/codebook/block_dot.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/format/half.hpp"

#include <cmath>

namespace skive {

class polar : public takes_floats {
 public:
  static constexpr std::size_t plane_count = 2;

  constexpr std::size_t block_size() const noexcept { return 64; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    return {saturating_add(saturating_multiply(n / 64, 23), index_bytes(groups(n % 64))),
            saturating_add(saturating_multiply(n / 64, 8), 2 * groups(n % 64))};
  }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap; `to` is then untouched.
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    for (std::size_t first = 0, b = 0; first < row.size(); first += 64, ++b) {
      auto const part = row.subspan(first, row.size() - first < 64 ? row.size() - first : 64);
      auto* const indices = to[0].data + b * to[0].block_stride;
      auto* const radii = to[1].data + b * to[1].block_stride;
      for (std::size_t i = 0; i < index_bytes(groups(part.size())); ++i) indices[i] = std::byte{0};
      for (std::size_t g = 0; g < groups(part.size()); ++g) {
        float x[16]{};
        for (std::size_t i = 0; i < 16 && 16 * g + i < part.size(); ++i) x[i] = part[16 * g + i];
        auto const coded = encode_group(x);
        for (std::size_t i = 0; i < 46; ++i)
          indices[(46 * g + i) / 8] |=
              static_cast<std::byte>(static_cast<std::uint8_t>((coded.angles >> i & 1) << ((46 * g + i) % 8)));
        radii[2 * g] = static_cast<std::byte>(static_cast<std::uint8_t>(coded.radius));
        radii[2 * g + 1] = static_cast<std::byte>(static_cast<std::uint8_t>(coded.radius >> 8));
      }
    }
    return errc::ok;
  }
  /// Fails with size_mismatch if a plane is too small; `row` is then untouched.
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    for (std::size_t b = 0; 64 * b < row.size(); ++b)
      decode_block(from, b, row.subspan(64 * b, row.size() - 64 * b < 64 ? row.size() - 64 * b : 64));
    return errc::ok;
  }

  /// A product with floats. x has to outlive the query.
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    detail::block_dot<Arch> sum;
    for (std::size_t b = 0; 64 * b < q.size; ++b) {
      float values[64];
      auto const size = q.size - 64 * b < 64 ? q.size - 64 * b : 64;
      decode_block(from, b, std::span{values}.first(size));
      sum.add(values, q.data + 64 * b, size);
    }
    return sum.total();
  }

 private:
  struct group {
    std::uint64_t angles;
    std::uint16_t radius;
  };
  struct direction {
    float cosine, sine;
  };
  static constexpr std::size_t groups(std::size_t n) noexcept { return n / 16 + (n % 16 != 0 ? 1 : 0); }
  static constexpr std::size_t index_bytes(std::size_t groups) noexcept { return (46 * groups + 7) / 8; }

  // Angles of the four levels; those of the first in the order of the angle.
  static constexpr std::array<std::array<direction, 16>, 4> directions = [] {
    constexpr direction first[4]{
        {0.980785280f, 0.195090322f}, {0.831469612f, 0.555570233f}, {0.555570233f, 0.831469612f}, {0.195090322f, 0.980785280f}};
    constexpr direction others[3][2]{{{0.952408126f, 0.304825787f}, {0.805676431f, 0.592355879f}},
                                     {{0.910524102f, 0.413455994f}, {0.781092303f, 0.624415578f}},
                                     {{0.865720853f, 0.500527127f}, {0.761024148f, 0.648723552f}}};
    std::array<std::array<direction, 16>, 4> all{};
    for (std::size_t k = 0; k < 16; ++k) {
      auto const d = first[k % 4];
      all[0][k] = k < 4 ? d
          : k < 8       ? direction{-d.sine, d.cosine}
          : k < 12      ? direction{-d.cosine, -d.sine}
                        : direction{d.sine, -d.cosine};
    }
    for (std::size_t l = 1; l < 4; ++l)
      for (std::size_t k = 0; k < 4; ++k) {
        auto const d = others[l - 1][k < 2 ? k : 3 - k];
        all[l][k] = k < 2 ? d : direction{d.sine, d.cosine};
      }
    return all;
  }();

  static group encode_group(float (&x)[16]) noexcept {
    group out{0, float16::from(std::bit_cast<float>(0x7FC0'0000U)).code};
    for (auto const v : x)
      if (!is_finite(v)) return out;
    int shift = 0;
    for (std::size_t level = 0, pairs = 8; level < 4; ++level, pairs /= 2)
      for (std::size_t p = 0; p < pairs; ++p) {
        auto const a = detail::normal_or_zero(x[2 * p]);
        auto const b = detail::normal_or_zero(x[2 * p + 1]);
        auto const count = level == 0 ? std::size_t{16} : std::size_t{4};
        double best = 0;
        std::uint64_t at = 0;
        for (std::size_t k = 0; k < count; ++k) {
          auto const& d = directions[level][k];
          auto const along = a * static_cast<double>(d.cosine) + b * static_cast<double>(d.sine);  // exact products, one rounding
          if (k == 0 || along > best) best = along, at = k;
        }
        out.angles |= at << shift;
        shift += level == 0 ? 4 : 2;
        auto const radius = std::sqrt(a * a + b * b);
        x[p] = radius > 0x1p120 ? 0x1p120f : static_cast<float>(radius);
      }
    out.radius = float16::from(x[0], nearest_even{}, saturating).code;
    return out;
  }
  static void decode_block(planes<std::byte const, 2> const& from, std::size_t b, std::span<float> out) noexcept {
    auto const* const indices = from[0].data + b * from[0].block_stride;
    auto const* const radii = from[1].data + b * from[1].block_stride;
    for (std::size_t g = 0; 16 * g < out.size(); ++g) {
      std::uint64_t angles = 0;
      for (std::size_t i = 0; i < 46; ++i)
        angles |= (std::to_integer<std::uint64_t>(indices[(46 * g + i) / 8]) >> ((46 * g + i) % 8) & 1) << i;
      float x[16]{};
      x[0] = float16::decode(
          static_cast<std::uint16_t>(std::to_integer<unsigned>(radii[2 * g]) | std::to_integer<unsigned>(radii[2 * g + 1]) << 8));
      int shift = 46;
      for (std::size_t level = 4, pairs = 1; level-- > 0; pairs *= 2)
        for (auto p = pairs; p-- > 0;) {
          shift -= level == 0 ? 4 : 2;
          auto const& d = directions[level][angles >> shift & (level == 0 ? 15 : 3)];
          auto const r = x[p];
          x[2 * p] = ieee_multiply(r, d.cosine);
          x[2 * p + 1] = ieee_multiply(r, d.sine);
        }
      for (std::size_t i = 0; i < 16 && 16 * g + i < out.size(); ++i) out[16 * g + i] = x[i];
    }
  }
};

static_assert(dot_codec<polar>);

}  // namespace skive
