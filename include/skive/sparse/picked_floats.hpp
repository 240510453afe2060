// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/picked_floats.hpp - rows with 2 of 4 numbers kept, their products with floats: positions pick from the vector in
/// registers, codes become levels in registers, neither goes through memory.
///
///   sum_g scale_g sum_(i in g) (level(code_i) - zero_g) x[place_i]
///
///   numbers and their sums are those of block/lane_dot.hpp for a vector of the picked numbers, bit for bit
///
/// Model of : -
/// Cost     : 64 kept numbers about 40 instructions with VBMI.
/// Accuracy : that of block/lane_dot.hpp.
/// Promise  : nothing is read outside of codes, positions and the vector. Codes that are no set are found.
/// Source   : -

#include "skive/block/lane_dot.hpp"
#include "skive/format/integer.hpp"
#include "skive/simd/nibble_floats.hpp"
#include "skive/sparse/picked_vector.hpp"

namespace skive::detail {

/// Of one row at a time.
template <class Scheme, class Arch>
  requires dot_lanes<Scheme, Arch> && simd::has_picker<Arch>
class picked_floats {
  static constexpr int width = Scheme::packing::width;
  static constexpr std::size_t read_ahead = 8192;  // bytes
  using element = typename Scheme::element;
  using floats = simd::floats<Arch>;
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  static constexpr bool by_table = width == 4 && simd::has_nibble_floats<Arch>;
  static constexpr bool by_halves = std::is_same_v<element, e4m3fn> && simd::has_e4m3<Arch>;
  struct nothing {};

 public:
  /// Can rows of this layout, with codes that lie without gaps, be multiplied?
  static constexpr bool fits(group_layout const& l) noexcept {
    return l.n != 0 && l.n % 64 == 0 && l.whole == l.n && (l.group == 32 || l.group % 64 == 0);
  }

  [[gnu::always_inline]] picked_floats(Scheme const& scheme, bit_order order) noexcept
      : scheme_{scheme}, order_{order}, table_{make_table(order)} {}

  /// `positions` those of 2 l.n entries; x belongs to the first of them. Fails with corrupt.
  [[gnu::always_inline]] result<float> operator()(from_planes const& from, group_layout const& l, std::byte const* positions,
                                                  float const* x) const noexcept {
    return l.group == 32 ? product<true>(from, l, positions, x) : product<false>(from, l, positions, x);
  }

 private:
  template <bool Pairs>
  [[gnu::always_inline]] result<float> product(from_planes const& from, group_layout const& l, std::byte const* positions,
                                               float const* x) const noexcept {
    picked_vector<Arch> picked{positions, l.n, x};
    auto const* codes = from[0].data;
    auto const table = table_;  // here it stays in registers
    [[maybe_unused]] nan_found nan;
    auto total = floats::broadcast(0.0f);
    group_parameters<Arch> p;
    for (std::size_t first = 0; first < l.groups; first += p.capacity) {
      auto const count = l.groups - first < p.capacity ? l.groups - first : p.capacity;
      p.load(scheme_, from, first, count, l);
      if constexpr (Pairs)
        for (std::size_t g = 0; g < count; g += 2) add_pair(codes, picked, p, g, table, total);
      else
        for (std::size_t g = 0; g < count; ++g) add_long(codes, picked, l.group, p, g, table, nan, total);
    }
    if (!picked.good()) return errc::corrupt;
    if constexpr (by_halves)
      if (nan.any()) return std::numeric_limits<float>::quiet_NaN();
    return simd::sum(total);
  }

  using nan_found = std::conditional_t<by_halves, simd::e4m3_nan<Arch>, nothing>;
  struct table_of_nibbles {
    simd::nibble_floats<Arch, few_values<element>> values;
  };
  using table_type =
      typename std::conditional_t<by_table, std::type_identity<table_of_nibbles>, std::type_identity<nothing>>::type;
  static table_type make_table([[maybe_unused]] bit_order order) noexcept {
    if constexpr (by_table)
      return {simd::nibble_floats<Arch, few_values<element>>{order}};
    else
      return {};
  }

  // Two groups of 32.
  [[gnu::always_inline]] void add_pair(std::byte const*& codes, picked_vector<Arch>& picked, group_parameters<Arch> const& p,
                                       std::size_t g, table_type const& table, floats& total) const noexcept {
    floats w[4];
    floats x[4];
    load(codes, table, w);
    picked.next(x);
    auto const none = floats::broadcast(0.0f);
#pragma GCC unroll 2
    for (std::size_t k = 0; k < 2; ++k) {
      if constexpr (requires { requires element::has_nan; })
        if (p.scale[g + k] == 0.0f) continue;  // such numbers are zeros, whatever their codes
      if constexpr (has_zero_point<Scheme>) {
        auto const offset = floats::broadcast(p.minus_zero_point[g + k]);
        w[2 * k] = w[2 * k] + offset;
        w[2 * k + 1] = w[2 * k + 1] + offset;
      }
      auto const all = simd::fused(w[2 * k], x[2 * k], none) + simd::fused(w[2 * k + 1], x[2 * k + 1], none);
      total = simd::fused(all, floats::broadcast(p.scale[g + k]), total);
    }
  }

  // A group of whole 64 numbers.
  [[gnu::always_inline]] void add_long(std::byte const*& codes, picked_vector<Arch>& picked, std::size_t group,
                                       group_parameters<Arch> const& p, std::size_t g, table_type const& table,
                                       [[maybe_unused]] nan_found& nan, floats& total) const noexcept {
    [[maybe_unused]] floats offset{};
    if constexpr (has_zero_point<Scheme>) offset = floats::broadcast(p.minus_zero_point[g]);
    bool zero = false;
    if constexpr (requires { requires element::has_nan; }) zero = p.scale[g] == 0.0f;
    floats sum[4];
    for (auto& s : sum) s = floats::broadcast(0.0f);
    for (std::size_t i = 0; i < group; i += 64) {
      floats w[4];
      floats x[4];
      picked.next(x);
      if constexpr (by_halves) {
        simd::prefetch<Arch>(codes, read_ahead);
        if (!zero) simd::load_e4m3<Arch>(codes, nan, w);
        codes += 64;
      } else {
        load(codes, table, w);
      }
      if (zero) continue;
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) {
        if constexpr (has_zero_point<Scheme>) w[k] = w[k] + offset;
        sum[k] = simd::fused(w[k], x[k], sum[k]);
      }
    }
    auto all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    if constexpr (by_halves) all = simd::product<Arch>(all, floats::broadcast(256.0f));
    if (!zero) total = simd::fused(all, floats::broadcast(p.scale[g]), total);
  }

  [[gnu::always_inline]] void load(std::byte const*& codes, [[maybe_unused]] table_type const& table,
                                   floats (&w)[4]) const noexcept {
    simd::prefetch<Arch>(codes, read_ahead);
    if constexpr (by_table) {
      table.values.load(codes, w);
    } else {
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) {
        auto const* const from = codes + 2 * k * width;
        if constexpr (std::is_same_v<element, int8>)
          w[k] = simd::to_float<Arch>(simd::load_signed_bytes<Arch>(from));
        else
          w[k] = decode_lanes<element, Arch>(simd::load_fields<width, Arch>(from, order_));
      }
    }
    codes += 8 * width;
  }

  Scheme const& scheme_;
  bit_order order_;
  [[no_unique_address]] table_type table_;
};

}  // namespace skive::detail
