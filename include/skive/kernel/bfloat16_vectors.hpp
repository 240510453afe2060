// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/bfloat16_vectors.hpp - vectors of bfloat16 with scales, in the order in which packed codes come out of registers.
///
///   x_i ~ s h_i,   h_i a bfloat16 number, one scale s for each 16 numbers
///
/// interleave_bfloat16() takes floats, rounded to nearest even, or bfloat16 numbers; their scales are 1. interleave_bfloat16_rows()
/// takes the codes of packed rows whose levels bfloat16 holds exactly (FP8, FP6, FP4, integers of 8 bits): FP8 x FP8 is then a sum
/// of exact products of bfloat16 numbers.
///
/// Model of : primitive
/// Cost     : 2.25 bytes a number, in the caller's memory; a table entry for a number of packed rows.
/// Accuracy : floats: half an ulp of bfloat16; packed rows: exact.
/// Promise  : a group of packed rows that was not finite has a scale of NaN; groups of scale 0 are zeros, whatever their codes.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/format/half.hpp"
#include "skive/kernel/packed_matrix.hpp"
#include "skive/kernel/packed_query.hpp"

namespace skive {

/// Vectors of bfloat16 as interleaved rows ask for them.
struct bfloat16_vectors {
  std::byte const* data = nullptr;  ///< [16 numbers][vector]{32 bytes}
  float const* scales = nullptr;    ///< [16 numbers][vector]
  std::size_t count = 0;
  std::size_t size = 0;
  std::uint32_t order = 0;  ///< width of the codes they fit and their bit order
};
static_assert(primitive<bfloat16_vectors>);

namespace detail {

template <class Scheme>
concept bfloat16_scheme =
    linear_scheme<Scheme> && !has_zero_point<Scheme> && requires { Scheme::packing::width; } && (Scheme::packing::width >= 2);

template <class Scheme>
constexpr std::uint32_t bfloat16_order(bit_order order) noexcept {
  return static_cast<std::uint32_t>(Scheme::packing::width) |
      (order == bit_order::high_first && Scheme::packing::width < 8 && 8 % Scheme::packing::width == 0 ? 1U << 8 : 0U);
}

/// Place of number i of 16 among 16 halves: registers of bytes, of each bytes 0, 2, then 1, 3.
template <int Width>
constexpr std::size_t bfloat16_place(std::size_t i, bit_order order) noexcept {
  constexpr std::size_t fields = 8 % Width == 0 ? 8 / Width : 1;
  auto const r = i % fields;
  auto const field = order == bit_order::low_first ? r : fields - 1 - r;
  auto const byte = i / fields % 4;
  return (i / (4 * fields) * fields + field) * 4 + byte % 2 * 2 + byte / 2;
}

/// A format's levels as bfloat16.
template <class Format>
inline constexpr auto bfloat16_of_codes = [] {
  std::array<std::uint16_t, std::size_t{1} << Format::bits> half{};
  for (std::size_t c = 0; c < half.size(); ++c)
    half[c] = static_cast<std::uint16_t>(
        bfloat16::encode(Format::decode(static_cast<typename Format::code_type>(c)), nearest_even{}, non_saturating));
  return half;
}();

template <class Format>
constexpr bool bfloat16_holds() noexcept {
  if constexpr (Format::bits <= 8) {
    for (std::size_t c = 0; c < bfloat16_of_codes<Format>.size(); ++c) {
      auto const level = Format::decode(static_cast<typename Format::code_type>(c));
      if (is_finite(level) && bfloat16::decode(bfloat16_of_codes<Format>[c]) != level) return false;
    }
    return true;
  }
  return false;
}

/// Codecs whose levels bfloat16 holds exactly.
template <class Codec>
concept bfloat16_rows = requires { typename Codec::scheme_type; } && bfloat16_scheme<typename Codec::scheme_type> &&
    bfloat16_holds<typename Codec::scheme_type::element>();

}  // namespace detail

/// Memory for `count` vectors of n numbers.
constexpr std::size_t bfloat16_vectors_bytes(std::size_t count, std::size_t n) noexcept {
  auto const segments = saturating_multiply(count, n / 16 + (n % 16 != 0 ? 1 : 0));
  return saturating_add(workspace::bytes<std::byte>(saturating_multiply(32, segments)), workspace::bytes<float>(segments));
}

/// Rows of x, float (rounded to nearest even) or bfloat16. Fails with overflow or workspace_too_small.
template <class Arch = native_arch, class Codec, class T>
  requires detail::bfloat16_scheme<typename Codec::scheme_type> && (std::is_same_v<T, float> || std::is_same_v<T, bfloat16>)
result<bfloat16_vectors> interleave_bfloat16(Codec const& codec, matrix_view<T const> x, workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  if (!x.valid()) return errc::overflow;
  if (w.size() < bfloat16_vectors_bytes(x.rows, x.cols)) return errc::workspace_too_small;
  auto const segments = (x.cols + 15) / 16;
  auto const out = w.take<std::uint16_t>(16 * x.rows * segments);
  auto const scales = w.take<float>(x.rows * segments);
  for (auto& s : scales) s = 1.0f;
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t s = 0; s < segments; ++s)
      for (std::size_t i = 0; i < 16; ++i) {
        auto const at = detail::bfloat16_place<scheme::packing::width>(i, codec.order());
        std::uint16_t half = 0;
        if (16 * s + i < x.cols) half = bfloat16::encode(detail::widen(x(t, 16 * s + i)), nearest_even{}, non_saturating);
        out[(s * x.rows + t) * 16 + at] = half;
      }
  return bfloat16_vectors{reinterpret_cast<std::byte const*>(out.data()), scales.data(), x.rows, x.cols,
                          detail::bfloat16_order<scheme>(codec.order())};
}

/// Rows `range` of m, of n numbers, packed by `of_rows`, for products with rows of `Codec`. Fails with size_mismatch,
/// workspace_too_small, or invalid_argument unless the groups of `of_rows` are multiples of 16 numbers or whole rows.
template <class Arch = native_arch, class Codec, class Other>
  requires detail::bfloat16_scheme<typename Codec::scheme_type> && detail::bfloat16_rows<Other>
result<bfloat16_vectors> interleave_bfloat16_rows(Codec const& codec, Other const& of_rows,
                                                  packed_matrix<Other::plane_count> const& m, std::size_t n, row_range range,
                                                  workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  auto const& half = detail::bfloat16_of_codes<typename Other::scheme_type::element>;
  auto const l = of_rows.layout(n);
  if (l.groups > 1 && l.group % 16 != 0) return errc::invalid_argument;
  if (auto const s = detail::check_rows(of_rows, m, n, range); !s) return s;
  if (w.size() < bfloat16_vectors_bytes(range.count, n)) return errc::workspace_too_small;
  auto const segments = (n + 15) / 16;
  auto const out = w.take<std::uint16_t>(16 * range.count * segments);
  auto const scales = w.take<float>(range.count * segments);
  for (std::size_t t = 0; t < range.count; ++t) {
    auto const from = m.row(range.first + t);
    for (std::size_t s = 0; s < segments; ++s) {
      std::array<std::uint8_t, 16> code{};
      auto const size = n - 16 * s < 16 ? n - 16 * s : 16;
      auto const scale = detail::load_codes_of_group(of_rows.scheme(), l, from, 16 * s, std::span{code}.first(size));
      scales[s * range.count + t] = scale;
      for (std::size_t i = 0; i < 16; ++i)
        out[(s * range.count + t) * 16 + detail::bfloat16_place<scheme::packing::width>(i, codec.order())] =
            i < size && !is_zero(scale) ? half[code[i]] : std::uint16_t{0};
    }
  }
  return bfloat16_vectors{reinterpret_cast<std::byte const*>(out.data()), scales.data(), range.count, n,
                          detail::bfloat16_order<scheme>(codec.order())};
}

}  // namespace skive
