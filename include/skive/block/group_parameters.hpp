// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/group_parameters.hpp - scales and zero points of sixteen groups at once: what products on packed rows need of them.
///
///   x'_i = scale_g (level(code_i) - zero_g)     for number i of group g; zero_g = 0 where the scheme has no zero point
///
/// A scheme takes part by `element`, the format whose levels its codes stand for, and by `has_zero_point`. Its scale is that of
/// its state, one rounding to float included: NaN for a group that was not finite.
///
/// Model of : -
/// Cost     : contiguous metadata are a few instructions per 16 groups; else they are read one by one.
/// Promise  : reads `count` fields and nothing beside them; any bytes are safe.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/core/planes.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/bytes.hpp"

#include <bit>

namespace skive::detail {

/// Numbers are a scale times a level of `element`, less a zero point perhaps.
template <class Scheme>
concept linear_scheme = requires { typename Scheme::element; };

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

/// How groups lie in the planes of a row.
struct group_layout {
  std::size_t group;      ///< numbers of a group
  std::size_t per_block;  ///< groups of a block
  bit_order order;
};

// Field of `Bits` bits of groups first .. first + count - 1 in lanes 0 .. count - 1, zeros after. first: a multiple of 16.
template <int Bits, class Arch>
[[gnu::always_inline]] inline simd::words<Arch> load_group_fields(plane<std::byte const> const& p, std::size_t first,
                                                                  std::size_t count, group_layout const& l) noexcept {
  auto const block_bits = l.per_block * std::size_t{Bits};
  if (count == 16 && p.block_stride * 8 == block_bits) {
    auto const* const at = p.data + first / 8 * std::size_t{Bits};
    if constexpr (Bits == 16) return simd::load_halves<Arch>(at);
    if constexpr (Bits <= 8) return simd::load_fields<Bits, Arch>(at, l.order);
    if constexpr (Bits == 32) {
      auto const lanes = [at](std::size_t i) noexcept { return load_field(at, i, 32, bit_order::low_first); };
      if constexpr (std::endian::native != std::endian::little) return simd::generate<std::uint32_t, Arch>(lanes);
      alignas(64) std::uint32_t field[16];
      std::memcpy(field, at, sizeof field);
      return simd::words<Arch>::load(field);
    }
  }
  alignas(64) std::uint32_t field[16] = {};
  auto const* at = p.data + first / l.per_block * p.block_stride;
  for (std::size_t g = 0, k = first % l.per_block; g < count; ++g) {
    field[g] = load_field(at, k, Bits, l.order);
    if (++k == l.per_block) {
      k = 0;
      at += p.block_stride;
    }
  }
  return simd::words<Arch>::load(field);
}

/// Lane g: group `first` + g; lanes from `count` on have scale 0.
template <class Arch>
struct group_parameters {
  simd::floats<Arch> scale;
  simd::floats<Arch> zero_point;
  std::uint32_t by_rule;  ///< bit g: not a plain positive scale; zero, not finite or extreme
};

template <class Arch, class Scheme>
[[gnu::always_inline]] inline group_parameters<Arch> load_group_parameters(
    Scheme const& scheme, planes<std::byte const, 1 + Scheme::field_bits.size()> const& from, std::size_t first,
    std::size_t count, group_layout const& layout) noexcept {
  constexpr std::size_t fields = Scheme::field_bits.size();
  std::array<simd::words<Arch>, fields> in;
  auto const load_all = [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((in[I] = load_group_fields<Scheme::field_bits[I], Arch>(from[1 + I], first, count, layout)), ...);
  };
  load_all(std::make_index_sequence<fields>{});
  auto const lanes = scheme.template load_lanes<Arch, false>(in);
  group_parameters<Arch> out{lanes.value[0], simd::floats<Arch>::broadcast(0.0f), lanes.by_rule};
  if constexpr (has_zero_point<Scheme>) out.zero_point = lanes.value[3];
  if (out.by_rule == 0) return out;
  alignas(64) std::uint32_t field[fields][16];
  alignas(64) float scale[16];
  for (std::size_t f = 0; f < fields; ++f) in[f].store(field[f]);
  out.scale.store(scale);
  for (auto left = out.by_rule & 0xFFFFU; left != 0; left &= left - 1) {
    auto const g = static_cast<std::size_t>(std::countr_zero(left));
    std::array<std::uint32_t, fields> metadata{};
    for (std::size_t f = 0; f < fields; ++f) metadata[f] = field[f][g];
    scale[g] = g < count ? scale_of(scheme.load(metadata)) : 0.0f;
  }
  out.scale = simd::floats<Arch>::load(scale);
  return out;
}

}  // namespace skive::detail
