// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_dot.hpp - products of a packed row with vectors of floats: codes become levels in registers, never in memory.
///
///   sum_g scale_g sum_(i in g) (level(code_i) - zero_g) x_i
///
/// Order: lane j of 16 takes the numbers j, j + 16, ... of a group, in turn by four sums a lane (two vectors and more: one sum);
/// ((p0 + p1) + (p2 + p3)) scale_g is added to the lane's total group by group; the lanes are added as simd/reduce.hpp says.
/// Products and sums are fused where the arch can. Numbers outside of whole registers of 16, and all of schemes without a vector
/// form, are summed in double, one after another, and added last.
///
/// Model of : -
/// Cost     : the decoding of 16 levels (block/level_lanes.hpp: of 64) and one multiply-add per vector and 16 numbers; no scratch.
/// Accuracy : |y - exact| <= (ceil(group / 64) + groups + 10) 2^-24 sum |w_i x_i|, w the decoded numbers, exact their product with
///            x in real arithmetic; besides what FTZ or underflow take from products below 2^-118. Four vectors at once:
///            block/lane_tile.hpp.
/// Promise  : the same bits for a row in every layout and at every address. A number that decodes to NaN makes the product NaN or
///            infinite.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/block/group_parameters.hpp"
#include "skive/block/level_lanes.hpp"
#include "skive/simd/reduce.hpp"

#include <limits>

namespace skive::detail {

template <class Scheme, class Arch>
concept dot_lanes = lane_scheme<Scheme, Arch> && linear_scheme<Scheme>;

/// Sums of products by the scalar rule: numbers begin .. end - 1 of a row, codes unpacked as they come.
template <class Arch, class Scheme, std::size_t Queries>
constexpr void dot_by_rule(Scheme const& scheme, planes<std::byte const, 1 + Scheme::field_bits.size()> const& from,
                           group_layout const& l, std::size_t begin, std::size_t end, float_query const* const queries,
                           std::array<double, Queries>& sum) noexcept {
  constexpr std::size_t fields = Scheme::field_bits.size();
  constexpr std::size_t chunk = 40;  // codes unpacked at once: whole bytes in every packing
  auto const block = l.group * l.per_block;
  for (std::size_t start = begin; start < end; start += block) {
    auto const b = block == 0 ? 0 : start / block;
    auto const size = end - start < block ? end - start : block;
    std::array<std::uint8_t, chunk> codes{};
    typename Scheme::state state{};
    for (std::size_t j = 0; j < size; ++j) {
      if (j % l.group == 0) {
        std::array<std::uint32_t, fields> metadata{};
        for (std::size_t f = 0; f < fields; ++f)
          metadata[f] = load_field(from[1 + f].data + b * from[1 + f].block_stride, j / l.group, Scheme::field_bits[f], l.order);
        state = scheme.load(metadata);
      }
      if (j % chunk == 0) {
        auto const count = size - j < chunk ? size - j : chunk;
        Scheme::packing::unpack(from[0].data + b * from[0].block_stride + Scheme::packing::bytes(j), l.order,
                                std::span{codes}.first(count));
      }
      auto const w = static_cast<double>(scheme.value(state, codes[j % chunk]));
      for (std::size_t q = 0; q < Queries; ++q) sum[q] += w * static_cast<double>(queries[q].data[start + j]);
    }
  }
}

template <class Scheme, class Arch, std::size_t Queries>
  requires dot_lanes<Scheme, Arch>
class lane_dot {
  static constexpr int width = code_width<Scheme>;
  static constexpr std::size_t parts = Queries == 1 ? 4 : 1;
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using floats = simd::floats<Arch>;
  using sums = std::array<floats, Queries>;
  static constexpr std::size_t read_ahead = 4096;  // bytes
  using levels_at_once = sixty_four_levels<typename Scheme::element, width, Arch>;
  static constexpr bool at_once = levels_at_once::available;
  static constexpr bool never_zero = std::is_same_v<typename Scheme::scale_format, e8m0>;  // its scales

 public:
  lane_dot(Scheme const& scheme, group_layout const& layout, float_query const* queries) noexcept
      : scheme_{scheme}, layout_{layout}, queries_{queries} {}

  /// The first `groups` groups, whole blocks. What lanes do not take is added to `rest`.
  void add(from_planes const& from, std::size_t groups, std::array<float, Queries>& sum,
           std::array<double, Queries>& rest) const noexcept {
    auto const total = layout_.group == 32 ? add_groups<32>(from, groups, rest)
        : layout_.group == 16              ? add_groups<16>(from, groups, rest)
                                           : add_groups<0>(from, groups, rest);
    for (std::size_t q = 0; q < Queries; ++q) sum[q] = simd::sum(total[q]);
  }

 private:
  // Group: its size if it is not 0.
  template <std::size_t Group>
  [[gnu::noinline]] sums add_groups(from_planes const& from, std::size_t groups,
                                    std::array<double, Queries>& rest) const noexcept {
    floats total[Queries];  // here and not the caller's: it stays in registers
#pragma GCC unroll 4
    for (auto& t : total) t = floats::broadcast(0.0f);
    auto const group = Group == 0 ? layout_.group : Group;
    bool const contiguous = layout_.per_block == 1 || from[0].block_stride == Scheme::packing::bytes(layout_.per_block * group);
    auto const stride = layout_.per_block == 1 ? from[0].block_stride : Scheme::packing::bytes(group);
    auto const* const data = from[0].data;
    [[maybe_unused]] levels_at_once levels{layout_.order};
    group_parameters<Arch> p;
    for (std::size_t first = 0; first < groups; first += p.capacity) {
      auto const count = groups - first < p.capacity ? groups - first : p.capacity;
      p.load(scheme_, from, first, count, layout_);
      std::size_t g = 0;
      if constexpr (at_once && Group != 0 && Queries == 1 && (!levels_at_once::collects_nan || never_zero))
        if (contiguous && stride == Scheme::packing::bytes(group))
          for (; g + 64 / Group <= count; g += 64 / Group)
            add_groups_of<64 / Group>(levels, data + (first + g) * stride, (first + g) * Group, p.scale + g,
                                      p.minus_zero_point + g, total);
      for (; g < count; ++g) {
        auto const number = (first + g) * group;
        if constexpr (requires { requires Scheme::element::has_nan; })
          if (p.scale[g] == 0.0f) continue;  // such numbers are zeros, whatever their codes
        auto const* const codes = contiguous ? data + (first + g) * stride : place(from[0], first + g);
        if (group >= 64 || g % 2 == 0) simd::prefetch<Arch>(codes, read_ahead);
        floats offset{};
        if constexpr (has_zero_point<Scheme>) offset = floats::broadcast(p.minus_zero_point[g]);
        if constexpr (at_once && Group == 0)
          if (group % 64 == 0) {
            add_long_group(levels, codes, number, group, floats::broadcast(p.scale[g]), offset, total);
            continue;
          }
        add_group<Group>(codes, number, group / 16 * 16, floats::broadcast(p.scale[g]), offset, total);
        if (group % 16 != 0) add_rest(from, first + g, number, group / 16 * 16, group, rest);
      }
    }
    if constexpr (at_once)
      if (levels.spoilt())
        for (auto& t : total) t = floats::broadcast(std::numeric_limits<float>::quiet_NaN());
    sums all;
#pragma GCC unroll 4
    for (std::size_t q = 0; q < Queries; ++q) all[q] = total[q];
    return all;
  }

  // Sixty-four numbers, which `Groups` groups have; scale and offset: of the first of them.
  template <std::size_t Groups>
  [[gnu::always_inline]] void add_groups_of(levels_at_once& levels, std::byte const* codes, std::size_t number,
                                            float const* scale, float const* offset, floats (&total)[Queries]) const noexcept {
    simd::prefetch<Arch>(codes, read_ahead);
    constexpr std::size_t each = 4 / Groups;
    floats p = floats::broadcast(0.0f);
    levels.each(codes, [&](std::size_t k, floats w) __attribute__((always_inline)) {
      if constexpr (has_zero_point<Scheme>) w = w + floats::broadcast(offset[k / each]);
      auto const x = simd::fused(w, floats::load(queries_[0].data + number + 16 * k), floats::broadcast(0.0f));
      p = k % each == 0 ? x : p + x;
      if ((k + 1) % each != 0) return;
      if constexpr (levels_at_once::factor != 1.0f) p = simd::product<Arch>(p, floats::broadcast(levels_at_once::factor));
      total[0] = simd::fused(p, floats::broadcast(scale[k / each]), total[0]);
    });
  }
  // A group of whole 64 codes.
  [[gnu::always_inline]] void add_long_group(levels_at_once& levels, std::byte const* codes, std::size_t number, std::size_t size,
                                             floats const& scale, floats const& offset, floats (&total)[Queries]) const noexcept {
    floats p[Queries][parts];
#pragma GCC unroll 4
    for (auto& of_query : p)
#pragma GCC unroll 4
      for (auto& x : of_query) x = floats::broadcast(0.0f);
    for (std::size_t i = 0; i < size; i += 64, codes += 8 * width) {
      simd::prefetch<Arch>(codes, read_ahead);
      levels.each(codes, [&](std::size_t k, floats w) __attribute__((always_inline)) {
        if constexpr (has_zero_point<Scheme>) w = w + offset;
#pragma GCC unroll 4
        for (std::size_t q = 0; q < Queries; ++q)
          p[q][k % parts] = simd::fused(w, floats::load(queries_[q].data + number + i + 16 * k), p[q][k % parts]);
      });
    }
#pragma GCC unroll 4
    for (std::size_t q = 0; q < Queries; ++q) {
      auto all = p[q][0];
      if constexpr (parts == 4) all = (p[q][0] + p[q][1]) + (p[q][2] + p[q][3]);
      if constexpr (levels_at_once::factor != 1.0f) all = simd::product<Arch>(all, floats::broadcast(levels_at_once::factor));
      total[q] = simd::fused(all, scale, total[q]);
    }
  }

  template <std::size_t Group>
  [[gnu::always_inline]] void add_group(std::byte const* codes, std::size_t number, std::size_t size, floats const& scale,
                                        floats const& offset, floats (&total)[Queries]) const noexcept {
    floats p[Queries][parts];
#pragma GCC unroll 4
    for (auto& of_query : p)
#pragma GCC unroll 4
      for (auto& x : of_query) x = floats::broadcast(0.0f);
    auto const step = [&](std::size_t i, std::size_t part) __attribute__((always_inline)) {
      auto w = load_levels<typename Scheme::element, width, Arch>(codes + i / 8 * width, layout_.order);
      if constexpr (has_zero_point<Scheme>) w = w + offset;
#pragma GCC unroll 4
      for (std::size_t q = 0; q < Queries; ++q)
        p[q][part] = simd::fused(w, floats::load(queries_[q].data + number + i), p[q][part]);
    };
    std::size_t i = 0;
    if constexpr (Group == 0)
      for (; i + 64 <= size; i += 64) {
        step(i, 0);
        step(i + 16, 1 % parts);
        step(i + 32, 2 % parts);
        step(i + 48, 3 % parts);
      }
    if (i + 16 <= size) step(i, 0), i += 16;
    if (i + 16 <= size) step(i, 1 % parts), i += 16;
    if (i + 16 <= size) step(i, 2 % parts), i += 16;
#pragma GCC unroll 4
    for (std::size_t q = 0; q < Queries; ++q) {
      auto all = p[q][0];
      if constexpr (parts == 4) {
        if (Group != 16) all = all + p[q][1];
        if (Group == 0) all = all + (p[q][2] + p[q][3]);
      }
      total[q] = simd::fused(all, scale, total[q]);
    }
  }

  // Numbers [done, group) of group g, where `number` is the group's first.
  [[gnu::noinline]] void add_rest(from_planes const& from, std::size_t g, std::size_t number, std::size_t done, std::size_t group,
                                  std::array<double, Queries>& rest) const noexcept {
    constexpr std::size_t fields = Scheme::field_bits.size();
    auto const b = g / layout_.per_block;
    std::array<std::uint32_t, fields> metadata{};
    for (std::size_t f = 0; f < fields; ++f)
      metadata[f] = load_field(from[1 + f].data + b * from[1 + f].block_stride, g % layout_.per_block, Scheme::field_bits[f],
                               layout_.order);
    auto const state = scheme_.load(metadata);
    auto const* const codes = place(from[0], g);
    std::array<std::uint8_t, 64> code{};
    for (std::size_t i = done; i < group; i += code.size()) {
      auto const size = group - i < code.size() ? group - i : code.size();
      Scheme::packing::unpack(codes + Scheme::packing::bytes(i), layout_.order, std::span{code}.first(size));
      for (std::size_t j = 0; j < size; ++j) {
        auto const w = static_cast<double>(scheme_.value(state, code[j]));
        for (std::size_t q = 0; q < Queries; ++q) rest[q] += w * static_cast<double>(queries_[q].data[number + i + j]);
      }
    }
  }

  std::byte const* place(plane<std::byte const> const& codes, std::size_t g) const noexcept {
    auto const b = layout_.per_block == 1 ? g : g / layout_.per_block;
    return codes.data + b * codes.block_stride + Scheme::packing::bytes((g - b * layout_.per_block) * layout_.group);
  }

  Scheme const& scheme_;
  group_layout const& layout_;
  float_query const* queries_;
};

}  // namespace skive::detail
