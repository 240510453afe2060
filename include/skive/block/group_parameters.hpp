// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/group_parameters.hpp - scales and zero points of the groups of a row, as floats: what products on packed rows
/// need.
///
///   x'_i = scale_g (level(code_i) - zero_g)     for number i of group g; zero_g = 0 where the scheme has no zero point
///
/// A scheme takes part by `element`, the format whose levels its codes stand for, `scale_format`, that of the stored scale, and
/// where they apply `scale_factor()`, what a scale is multiplied with, and `has_zero_point`.
///
/// Model of : -
/// Cost     : contiguous metadata take a few instructions per 16 groups; others are read one by one.
/// Accuracy : the scale of the scheme's state; NaN for a group that was not finite.
/// Promise  : reads `count` fields and nothing beside them; any bytes are safe.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/block/read_ahead.hpp"
#include "skive/block/scale_lanes.hpp"
#include "skive/core/planes.hpp"
#include "skive/format/scale_float.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/half.hpp"

#include <cstring>
#include <utility>

namespace skive::detail {

/// Numbers are a scale times a level of `element`, less a zero point perhaps.
template <class Scheme>
concept linear_scheme = requires {
  typename Scheme::element;
  typename Scheme::scale_format;
};

template <class Scheme>
inline constexpr bool has_zero_point = requires { requires Scheme::has_zero_point; };

template <class State>
constexpr float scale_of(State const& s) noexcept {
  if constexpr (requires { s.scale.scale; })
    return s.scale.scale;
  else
    return s.scale;
}
template <class State>
constexpr std::uint32_t zero_point_of(State const& s) noexcept {
  if constexpr (requires { s.zero_point; })
    return s.zero_point;
  else
    return 0;
}

/// How the groups of a row of n numbers lie in its planes: what is worked out once for many rows.
struct group_layout {
  std::size_t n;
  std::size_t group;      ///< numbers of a group
  std::size_t per_block;  ///< groups of a block
  std::size_t groups;     ///< of the row, the last one may be short
  std::size_t whole;      ///< numbers at the front that lie in whole blocks, where groups can be coded apart
  bit_order order;
};

/// Rows of equal length at equal distances, and where their products go: product q of row r is out[q stride + r].
template <std::size_t Planes>
struct row_products {
  planes<std::byte const, Planes> first;
  std::array<std::size_t, Planes> pitch;  ///< bytes from a row to the next, per plane
  std::size_t rows;
  float* out;
  std::size_t stride;

  constexpr planes<std::byte const, Planes> row(std::size_t r) const noexcept {
    auto p = first;
    for (std::size_t i = 0; i < Planes; ++i) p[i].data += r * pitch[i];
    return p;
  }
};

// Field of Bits bits of groups first .. first + count - 1, count <= 16, as bytes: whole bytes little-endian or packed fields.
// Where they lie apart they are copied to `copy`.
template <int Bits>
[[gnu::always_inline]] inline std::byte const* group_fields(plane<std::byte const> const& p, std::size_t first, std::size_t count,
                                                            group_layout const& l, std::byte (&copy)[64]) noexcept {
  if (count == 16 && p.block_stride * 8 == l.per_block * std::size_t{Bits}) return p.data + first / 8 * std::size_t{Bits};
  std::array<std::uint32_t, 16> field{};
  auto const* at = p.data + first / l.per_block * p.block_stride;
  for (std::size_t g = 0, k = first % l.per_block; g < count; ++g) {
    field[g] = load_field(at, k, Bits, l.order);
    if (++k == l.per_block) {
      k = 0;
      at += p.block_stride;
    }
  }
  store_fields(field, Bits, l.order, copy);
  return copy;
}

/// 16 scales of Bits bits that lie side by side. Which NaN a half becomes is open.
template <class Scale, int Bits, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> load_scales(std::byte const* from, [[maybe_unused]] bit_order order) noexcept {
  using words = simd::words<Arch>;
  if constexpr (std::is_same_v<Scale, float16>) {
    return simd::load_float16<Arch, simd::half_nan::any>(from);
  } else if constexpr (std::is_same_v<Scale, bfloat16>) {
    return simd::load_bfloat16<Arch, simd::half_nan::any>(from);
  } else if constexpr (std::is_same_v<Scale, float32>) {
    return simd::as<float>(words::load(reinterpret_cast<std::uint32_t const*>(from)));
  } else if constexpr (std::is_same_v<Scale, ue4m3> && Bits == 8 && simd::has_load_ue4m3<Arch>) {  // else 7 bits side by side
    return simd::load_ue4m3<Arch>(from);
  } else {
    static_assert(Bits <= 8);
    auto const code = simd::load_fields<Bits, Arch>(from, order);
    if constexpr (!std::is_same_v<Scale, e8m0>) return format_lanes<Scale, Arch>::decode(code);
    auto const by_bits = simd::as<std::int32_t>(code << 23);  // 0 stands for 2^-127, which is not normal
    auto const least = simd::as<std::uint32_t>(max(by_bits, simd::integers<Arch>::broadcast(0x0040'0000)));
    return simd::as<float>(select(code == words::broadcast(e8m0::nan_code), words::broadcast(0x7FC0'0000), least));
  }
}

// Scales and minus the zero points of 16 groups whose fields lie at at[f], one after another.
template <class Arch, class Scheme>
[[gnu::always_inline]] inline void convert_sixteen_groups(Scheme const& scheme,
                                                          std::array<std::byte const*, Scheme::field_bits.size()> const& at,
                                                          bit_order order, float* scale,
                                                          [[maybe_unused]] float* minus_zero_point) noexcept {
  auto s = load_scales<typename Scheme::scale_format, Scheme::field_bits[0], Arch>(at[0], order);
  if constexpr (requires { scheme.scale_factor(); })
    s = simd::product<Arch>(s, simd::floats<Arch>::broadcast(scheme.scale_factor()));
  s.store(scale);
  if constexpr (has_zero_point<Scheme>) {
    auto const z = simd::load_fields<Scheme::field_bits[1], Arch>(at[1], order);
    (simd::floats<Arch>::broadcast(0.0f) - simd::to_float<Arch>(simd::as<std::int32_t>(z))).store(minus_zero_point);
  }
}

/// Scales of groups first .. first + count - 1, count <= 16, to scale[0 .. 15], and minus their zero points. What stands past
/// `count` is open.
template <class Arch, class Scheme>
[[gnu::always_inline]] inline void load_sixteen_groups(Scheme const& scheme,
                                                       planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                                       std::size_t first, std::size_t count, group_layout const& layout,
                                                       float* scale, [[maybe_unused]] float* minus_zero_point) noexcept {
  constexpr auto fields = Scheme::field_bits.size();
  if constexpr (fields == 0) {
    simd::floats<Arch>::broadcast(scheme.scale).store(scale);
  } else {
    alignas(64) std::byte copy[fields][64];
    std::array<std::byte const*, fields> at;
    [&]<std::size_t... F>(std::index_sequence<F...>) __attribute__((always_inline)) {
      ((at[F] = group_fields<Scheme::field_bits[F]>(from[1 + F], first, count, layout, copy[F])), ...);
    }(std::make_index_sequence<fields>{});
    convert_sixteen_groups<Arch>(scheme, at, layout.order, scale, minus_zero_point);
  }
}
// The same where it is rare: beside a loop over groups that lie side by side.
template <class Arch, class Scheme>
[[gnu::noinline]] inline void load_some_groups(Scheme const& scheme,
                                               planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                               std::size_t first, std::size_t count, group_layout const& layout, float* scale,
                                               float* minus_zero_point) noexcept {
  for (std::size_t g = 0; g < count; g += 16)
    load_sixteen_groups<Arch>(scheme, from, first + g, count - g < 16 ? count - g : 16, layout, scale + g, minus_zero_point + g);
}

/// Scales and zero points of up to `capacity` groups, read ahead of the loop that needs them.
template <class Arch>
class group_parameters {
 public:
  static constexpr std::size_t capacity = 256;
  alignas(64) float scale[capacity + 16];
  alignas(64) float minus_zero_point[capacity + 16];

  /// Groups first .. first + count - 1 of the row, first a multiple of 16; others up to the next 16 have scale 0.
  template <class Scheme>
  [[gnu::always_inline]] void load(Scheme const& scheme, planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                   std::size_t first, std::size_t count, group_layout const& layout) noexcept {
    constexpr auto fields = Scheme::field_bits.size();
    std::size_t done = 0;
    if constexpr (fields != 0) {
      bool side_by_side = true;
      std::array<std::byte const*, fields> at;
      for (std::size_t f = 0; f < fields; ++f) {
        auto const bits = static_cast<std::size_t>(Scheme::field_bits[f]);
        side_by_side &= from[1 + f].block_stride * 8 == layout.per_block * bits;
        at[f] = from[1 + f].data + first / 8 * bits;
      }
      if (side_by_side)
        for (; done + 16 <= count; done += 16) {
          convert_sixteen_groups<Arch>(scheme, at, layout.order, scale + done, minus_zero_point + done);
          for (std::size_t f = 0; f < fields; ++f) at[f] += 2 * static_cast<std::size_t>(Scheme::field_bits[f]);
        }
    }
    if (done < count)
      load_some_groups<Arch>(scheme, from, first + done, count - done, layout, scale + done, minus_zero_point + done);
    for (std::size_t g = count; g % 16 != 0; ++g) scale[g] = 0.0f;
  }
};

/// Asks for metadata: those that come after groups first .. first + groups - 1, or the same ones `rows` rows further on where
/// rows are read whole. pitch: bytes from a row to the next, per plane.
template <class Scheme, class Arch>
[[gnu::always_inline]] inline void prefetch_fields(planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                                   std::size_t first, std::size_t groups, group_layout const& layout,
                                                   read_ahead const& next,
                                                   std::array<std::size_t, 1 + Scheme::field_bits.size()> const& pitch,
                                                   std::size_t rows) noexcept {
  bool const same = next.whole();
  bool const last = first + groups == layout.groups;
  auto const start = same ? first : last ? 0 : first + groups;
  for (std::size_t f = 0; f < Scheme::field_bits.size(); ++f) {
    auto const bits = static_cast<std::size_t>(Scheme::field_bits[f]);
    auto const ahead = start * bits / 8 + (same || last ? rows * pitch[1 + f] : 0);
    for (std::size_t b = 0; b < groups * bits / 8; b += 64) simd::prefetch<Arch>(from[1 + f].data, ahead + b);
  }
}

/// Bytes at, at + 1, ... at + 63 of a row's codes, `row_bytes` in blocks of `block_bytes`, whatever lies between the blocks; zeros
/// past the row's end.
template <class Arch>
[[gnu::noinline]] inline void gather_codes(plane<std::byte const> const& codes, std::size_t at, std::size_t row_bytes,
                                           std::size_t block_bytes, std::byte (&out)[64]) noexcept {
  std::memset(out, 0, sizeof out);
  for (std::size_t done = 0; done < 64 && at + done < row_bytes;) {
    auto const b = (at + done) / block_bytes;
    auto const in_block = (at + done) % block_bytes;
    auto const row_end = row_bytes - at - done;
    auto size = 64 - done;
    if (size > block_bytes - in_block) size = block_bytes - in_block;
    if (size > row_end) size = row_end;
    std::memcpy(out + done, codes.data + b * codes.block_stride + in_block, size);
    done += size;
  }
}

}  // namespace skive::detail
