// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_vectors.hpp - vectors of signed bytes with scales, in the order that interleaved rows ask for.
///
///   x_i ~ s q_i,   one scale s for each 16 or 32 numbers (a segment), or for the whole vector
///
///   [segment][vector]: 4 bytes for each field of each word of codes, in the order of registers;   terms;   scales
///
/// from_floats() quantizes as prepare_int8 does (block/int8_query.hpp). from_rows() takes the codes of packed rows themselves:
/// integers, MX and NVFP4 with E2M1, signs and ternary keep their exact levels, so that a product of two packed matrices is made
/// of exact integer products.
///
/// Model of : -
/// Cost     : 1.25 bytes a number (1.5 for segments of 16), in the caller's memory.
/// Accuracy : from_floats: |x - s q| <= 0.5001 s; from_rows: exact.
/// Promise  : refuses NaN and infinity of floats with not_finite, and vectors that fit other codes where a product meets them.
///            A group of packed rows that was not finite has a scale of NaN.
/// Source   : -

#include "skive/block/int8_query.hpp"
#include "skive/block/integer_dot.hpp"
#include "skive/kernel/packed_matrix.hpp"
#include "skive/kernel/packed_query.hpp"

#include <cstring>

namespace skive {

/// What from_floats() and from_rows() make.
struct interleaved_vectors {
  std::byte const* bytes = nullptr;     ///< [32 numbers][vector]{32 bytes}
  std::int32_t const* terms = nullptr;  ///< [segment][vector]: -bias times the sum of q, or the sum where groups have zero points
  float const* scales = nullptr;        ///< [segment][vector]; includes the units of both formats
  std::size_t count = 0;                ///< vectors
  std::size_t size = 0;                 ///< numbers of each
  std::size_t segment = 32;             ///< 16 or 32
  std::uint32_t order = 0;              ///< which codes they fit
};
static_assert(primitive<interleaved_vectors>);

namespace detail {

/// Place of number i of 32 within its 32 bytes: word after word, field after field; in their order where fields fill no bytes.
template <int Width>
constexpr std::array<std::uint8_t, 32> interleaved_places(bit_order order) noexcept {
  constexpr std::size_t fields = 8 % Width == 0 ? 8 / Width : 1;
  std::array<std::uint8_t, 32> place{};
  for (std::size_t i = 0; i < 32; ++i) {
    auto const r = i % fields;
    auto const field = order == bit_order::low_first ? r : fields - 1 - r;
    place[i] = static_cast<std::uint8_t>(i / (4 * fields) * (4 * fields) + 4 * field + i / fields % 4);
  }
  return place;
}

struct interleaved_memory {
  std::byte* bytes = nullptr;
  std::int32_t* terms = nullptr;
  float* scales = nullptr;
};

constexpr std::size_t interleaved_vectors_bytes(std::size_t count, std::size_t n) noexcept {
  auto const halves = saturating_multiply(count, n / 16 + 2);
  return saturating_add(workspace::bytes<std::byte>(saturating_multiply(halves, 16)),
                        saturating_multiply(2, workspace::bytes<float>(halves)));
}

template <class Arch>
inline interleaved_memory take_interleaved(std::size_t count, std::size_t n, workspace w) noexcept {
  auto const halves = count * (n / 32 + (n % 32 != 0 ? 1 : 0)) * 2;
  auto const bytes = w.take<std::byte>(16 * halves);
  auto const terms = w.take<std::int32_t>(halves);
  auto const scales = w.take<float>(halves);
  return {bytes.data(), terms.data(), scales.data()};
}

// Bytes of segments of a vector, their terms.
template <class Arch, class Scheme>
inline void store_interleaved(std::array<std::int8_t, 32> const& q, std::array<std::uint8_t, 32> const& place,
                              std::size_t segment, std::size_t block, std::size_t t, std::size_t count,
                              interleaved_memory const& to) noexcept {
  auto* const out = to.bytes + (block * count + t) * 32;
  for (std::size_t i = 0; i < 32; ++i) out[place[i]] = static_cast<std::byte>(static_cast<std::uint8_t>(q[i]));
  for (std::size_t first = 0; first < 32; first += segment) {
    int sum = 0;
    for (std::size_t i = first; i < first + segment; ++i) sum += q[i];
    to.terms[(block * 32 + first) / segment * count + t] =
        has_zero_point<Scheme> ? sum : -integer_levels<typename Scheme::element>::bias * sum;
  }
}

}  // namespace detail

/// Memory for `count` vectors of n numbers.
constexpr std::size_t interleaved_vectors_bytes(std::size_t count, std::size_t n) noexcept {
  return detail::interleaved_vectors_bytes(count, n);
}

/// Rows of x quantized for products with rows of `Codec`. Fails with overflow, not_finite or workspace_too_small.
template <class Arch = native_arch, class Codec>
  requires detail::integer_scheme<typename Codec::scheme_type>
result<interleaved_vectors> interleave_floats(Codec const& codec, matrix_view<float const> x, activation_scale kind,
                                              workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  constexpr int width = scheme::packing::width;
  if (!x.valid()) return errc::overflow;
  if (w.size() < interleaved_vectors_bytes(x.rows, x.cols)) return errc::workspace_too_small;
  for (std::size_t t = 0; t < x.rows; ++t)
    if (detail::largest_bits<Arch>(x.row(t)) >= float_infinity_bits) return errc::not_finite;
  auto const to = detail::take_interleaved<Arch>(x.rows, x.cols, w);
  auto const place = detail::interleaved_places<width>(codec.order());
  std::size_t const segment = codec.group_size() != 0 && codec.group_size() % 32 != 0 && codec.group_size() < x.cols ? 16 : 32;
  constexpr float unit = detail::integer_levels<typename scheme::element>::unit;
  for (std::size_t t = 0; t < x.rows; ++t) {
    auto const row = x.row(t);
    auto const whole = detail::scale_of_largest<Arch>(std::bit_cast<float>(detail::largest_bits<Arch>(row)));
    for (std::size_t first = 0; first < x.cols; first += 32) {
      auto const part = row.subspan(first, x.cols - first < 32 ? x.cols - first : 32);
      auto const scale = kind == activation_scale::per_token
          ? whole
          : detail::scale_of_largest<Arch>(std::bit_cast<float>(detail::largest_bits<Arch>(part)));
      auto const inverse = scale > 0 ? 1.0f / scale : 0.0f;
      std::array<std::int8_t, 32> q{};
      detail::quantize_block<Arch>(part, inverse, q.data());
      detail::store_interleaved<Arch, scheme>(q, place, segment, first / 32, t, x.rows, to);
      for (std::size_t s = 0; s < 32; s += segment) to.scales[(first + s) / segment * x.rows + t] = scale * unit;
    }
  }
  return interleaved_vectors{to.bytes, to.terms, to.scales, x.rows, x.cols, segment, detail::query_order<scheme>(codec.order())};
}

/// Rows of n numbers of m, packed by `of_rows`, for products with rows of `Codec`. Fails with size_mismatch,
/// workspace_too_small, or invalid_argument unless the groups of `of_rows` are multiples of 16 numbers or whole rows.
template <class Arch = native_arch, class Codec, class Other>
  requires detail::multiplies_bytes<Other, Codec>
result<interleaved_vectors> interleave_rows(Codec const& codec, Other const& of_rows, packed_matrix<Other::plane_count> const& m,
                                            std::size_t n, row_range range, workspace w) noexcept {
  using scheme = typename Codec::scheme_type;
  constexpr int width = scheme::packing::width;
  auto const l = of_rows.layout(n);
  if (l.groups > 1 && l.group % 16 != 0) return errc::invalid_argument;
  if (auto const s = detail::check_rows(of_rows, m, n, range); !s) return s;
  if (w.size() < interleaved_vectors_bytes(range.count, n)) return errc::workspace_too_small;
  auto const to = detail::take_interleaved<Arch>(range.count, n, w);
  auto const place = detail::interleaved_places<width>(codec.order());
  auto const odd = [n](std::size_t group) noexcept { return group != 0 && group % 32 != 0 && group < n; };
  std::size_t const segment = odd(codec.group_size()) || odd(of_rows.group_size()) ? 16 : 32;
  constexpr float unit = detail::integer_levels<typename scheme::element>::unit;
  for (std::size_t t = 0; t < range.count; ++t) {
    auto const from = m.row(range.first + t);
    for (std::size_t first = 0; first < n; first += 32) {
      std::array<std::int8_t, 32> q{};
      for (std::size_t at = first; at < first + 32; at += 16) {
        float scale = 0.0f;
        if (at < n) {
          auto const part = std::span{q}.subspan(at - first, n - at < 16 ? n - at : 16);
          scale = detail::load_bytes_of_codes(of_rows.scheme(), l, from, at, part) * unit;
        }
        if (at % segment == 0) to.scales[at / segment * range.count + t] = scale;
      }
      detail::store_interleaved<Arch, scheme>(q, place, segment, first / 32, t, range.count, to);
    }
  }
  return interleaved_vectors{to.bytes, to.terms, to.scales, range.count, n, segment, detail::query_order<scheme>(codec.order())};
}

}  // namespace skive
