// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/packed_query.hpp - a packed row as the other side of a product with packed rows: its codes, not its numbers.
///
///   y = sum over lanes of  scale_a scale_b sum_i (byte_a(i) - bias_a) (byte_b(i) - bias_b - zero_b)
///
/// The codes of row a become the signed bytes of an int8_query (block/int8_query.hpp), each lane with the scale of a's group.
/// What takes queries takes it: dot(), matrix_vector(), matrix_matrix(), expert_products().
///
/// Model of : -
/// Cost     : a pass over the row; then that of integer products.
/// Accuracy : exact: bytes are levels. The product's error is that of block/integer_dot.hpp with exact w and x.
/// Promise  : any bytes are safe; a group that was not finite makes the product NaN.
/// Source   : -

#include "skive/block/grouped.hpp"

#include <cstring>

namespace skive {

namespace detail {

/// Codecs whose levels are exact signed bytes: integers without zero points, E2M1 (MXFP4, NVFP4), E2M3, signs, ternary.
template <class Codec>
concept byte_levels = requires {
  typename Codec::scheme_type;
  requires integer_scheme<typename Codec::scheme_type>;
  requires integer_levels<typename Codec::scheme_type::element>::exact;
  requires !has_zero_point<typename Codec::scheme_type>;
  requires integer_levels<typename Codec::scheme_type::element>::largest -
          integer_levels<typename Codec::scheme_type::element>::bias <= 127;
};

/// Both sides of a product are exact integers.
template <class A, class B>
concept multiplies_bytes = byte_levels<A> && requires {
  typename B::scheme_type;
  requires integer_scheme<typename B::scheme_type>;
  requires integer_levels<typename B::scheme_type::element>::exact;
};

/// Codes of numbers first .. first + out.size() - 1, which lie in one group of a row; the group's scale.
template <class Scheme>
constexpr float load_codes_of_group(Scheme const& scheme, group_layout const& l,
                                    planes<std::byte const, 1 + Scheme::field_bits.size()> const& from, std::size_t first,
                                    std::span<std::uint8_t> out) noexcept {
  auto const g = first / l.group;
  auto const b = g / l.per_block;
  std::array<std::uint32_t, Scheme::field_bits.size()> metadata{};
  for (std::size_t f = 0; f < metadata.size(); ++f)
    metadata[f] = load_field(from[1 + f].data + b * from[1 + f].block_stride, g % l.per_block, Scheme::field_bits[f], l.order);
  auto const* const codes = from[0].data + b * from[0].block_stride;
  auto const in_block = first - b * l.per_block * l.group;
  if (Scheme::packing::fills_bytes(in_block % Scheme::packing::period)) {
    Scheme::packing::unpack(codes + Scheme::packing::bytes(in_block), l.order, out);
  } else {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint8_t>(load_field(codes, in_block + i, Scheme::packing::width, l.order));
  }
  return scale_of(scheme.load(metadata));
}

/// At most 32 such numbers as signed bytes; the group's scale with its unit.
template <class Scheme>
constexpr float load_bytes_of_codes(Scheme const& scheme, group_layout const& l,
                                    planes<std::byte const, 1 + Scheme::field_bits.size()> const& from, std::size_t first,
                                    std::span<std::int8_t> out) noexcept {
  using levels = integer_levels<typename Scheme::element>;
  std::array<std::uint8_t, 32> code{};
  auto const scale = load_codes_of_group(scheme, l, from, first, std::span{code}.first(out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int8_t>(levels::byte(code[i]) - levels::bias);
  return scale * levels::unit;
}

/// Do the groups of a row of n numbers end where lanes of `Scheme` do?
template <class Scheme>
constexpr bool groups_are_lanes(group_layout const& a) noexcept {
  return a.groups <= 1 || a.group % code_steps<Scheme::packing::width>::lane_numbers == 0;
}

}  // namespace detail

/// Row `row` of n numbers, packed by `of_row`, as a query for rows of `codec`; it lies in the workspace, of which it takes
/// codec.int8_query_bytes(n). Fails with size_mismatch, workspace_too_small, or invalid_argument where groups of `of_row` end
/// within 4 bytes of codec's codes.
template <class Arch = native_arch, class Codec, class Other>
  requires detail::multiplies_bytes<Other, Codec>
result<int8_query> packed_query(Codec const& codec, Other const& of_row, planes<std::byte const, Other::plane_count> const& row,
                                std::size_t n, workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  using levels = detail::integer_levels<typename scheme::element>;
  using steps = detail::code_steps<scheme::packing::width>;
  constexpr auto kind = activation_scale::per_block;
  auto const l = of_row.layout(n);
  if (!detail::groups_are_lanes<scheme>(l)) return errc::invalid_argument;
  if (auto const s = check_blocks(of_row, n, row); !s) return s;
  if (w.size() < codec.int8_query_bytes(n, kind)) return errc::workspace_too_small;
  auto const bytes = steps::count(n) * detail::record_bytes(steps::fields, kind);
  auto const out = w.take<std::byte>(bytes);
  if (bytes != 0) std::memset(out.data(), 0, bytes);
  bool has_least = false;
  for (std::size_t lane = 0; lane < n; lane += steps::lane_numbers) {
    std::array<std::int8_t, steps::lane_numbers> q{};
    auto const size = n - lane < steps::lane_numbers ? n - lane : steps::lane_numbers;
    auto const scale = detail::load_bytes_of_codes(of_row.scheme(), l, row, lane, std::span{q}.first(size)) * levels::unit;
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      detail::query_place<scheme::packing::width> const at{lane + i, codec.order(), kind};
      out[at.value] = static_cast<std::byte>(static_cast<std::uint8_t>(q[i]));
      sum += q[i];
      has_least |= q[i] == -128;
    }
    detail::query_place<scheme::packing::width> const at{lane, codec.order(), kind};
    auto const term = detail::has_zero_point<scheme> ? std::bit_cast<std::uint32_t>(static_cast<float>(sum))
                                                     : static_cast<std::uint32_t>(-levels::bias * sum);
    std::memcpy(out.data() + at.term, &term, 4);
    std::memcpy(out.data() + at.scale, &scale, 4);
  }
  return int8_query{out.data(), n, 1.0f, kind, detail::query_order<scheme>(codec.order()), has_least};
}

}  // namespace skive
