// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/integer_rule.hpp - products of packed rows with vectors of bytes, by the rule: number after number.
///
///   scale_q sum_g scale_g sum_(b in g) s_b sum_(i in b) (byte(code_i) - bias - zero_g) q_i    b: numbers of one scale of the vector
///
/// Which schemes take part, their queries, and the sums that block/integer_dot.hpp computes in lanes.
///
/// Model of : -
/// Cost     : one code at a time.
/// Accuracy : sums of integers are exact, at most 32 (or those of a group) at a time; they are added up in double.
/// Promise  : any bytes are safe; nothing is read outside of the planes. A group whose scale is not finite gives NaN or infinity.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/block/int8_query.hpp"
#include "skive/block/integer_levels.hpp"

#include <cstring>

namespace skive::detail {

/// Has the scheme an integer form?
template <class Scheme>
concept integer_scheme =
    linear_scheme<Scheme> && requires { Scheme::packing::width; } && integer_levels<typename Scheme::element>::available;

template <integer_scheme Scheme>
constexpr std::uint32_t query_order(bit_order order) noexcept {
  return query_order(Scheme::packing::width, integer_levels<typename Scheme::element>::bias, has_zero_point<Scheme>, order);
}

template <class Arch, integer_scheme Scheme>
inline result<int8_query> prepare_int8(std::span<float const> x, bit_order order, activation_scale kind, workspace w) noexcept {
  using levels = integer_levels<typename Scheme::element>;
  return prepare_int8<Arch, Scheme::packing::width, levels::bias, has_zero_point<Scheme>>(x, levels::unit, order, kind, w);
}

/// The same sums, number after number.
template <class Arch, class Scheme>
inline float integer_dot_by_rule(Scheme const& scheme, group_layout const& l,
                                 planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                                 int8_query const& q) noexcept {
  constexpr std::size_t fields = Scheme::field_bits.size();
  constexpr int width = Scheme::packing::width;
  using levels = integer_levels<typename Scheme::element>;
  auto const block = l.group * l.per_block;
  double total = 0;
  for (std::size_t first = 0; first < q.size; first += l.group) {
    auto const b = first / block;
    auto const k = first % block / l.group;
    std::array<std::uint32_t, fields> metadata{};
    for (std::size_t f = 0; f < fields; ++f)
      metadata[f] = load_field(from[1 + f].data + b * from[1 + f].block_stride, k, Scheme::field_bits[f], l.order);
    auto const state = scheme.load(metadata);
    auto const offset = levels::bias + static_cast<int>(zero_point_of(state));
    auto const size = q.size - b * block < block ? q.size - b * block : block;
    auto const codes = packed_fields<std::byte const>::make(
        {from[0].data + b * from[0].block_stride, Scheme::packing::bytes(size)}, size, width, l.order);
    auto const end = q.size - first < l.group ? q.size : first + l.group;
    for (std::size_t i = first; i < end;) {
      auto const stop = i / activation_block * activation_block + activation_block;
      query_place<width> const at{i, l.order, q.kind};
      float scale = 1.0f;
      if (q.kind == activation_scale::per_block) std::memcpy(&scale, q.data + at.scale, 4);
      std::int32_t sum = 0;
      for (; i < end && i < stop; ++i) {
        auto const x =
            static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q.data[query_place<width>{i, l.order, q.kind}.value]));
        sum += (levels::byte(codes->get(i - b * block)) - offset) * x;
      }
      total += static_cast<double>(sum) * static_cast<double>(scale) * static_cast<double>(scale_of(state));
    }
  }
  return static_cast<float>(total * static_cast<double>(q.scale));
}

}  // namespace skive::detail
