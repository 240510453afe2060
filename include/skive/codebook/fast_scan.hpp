// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/fast_scan.hpp - distances to many vectors in 4-bit product codes, by tables of bytes in registers.
///
///   T_m[k] ~ low_m + step t_m[k],   t_m[k] = RNE((T_m[k] - low_m) / step) <= 255;   sum_i = sum_m t_m[code m of vector i], exact
///   distance_i ~ bias + step sum_i,   bias = sum_m low_m
///
/// 64 vectors are a block, two parts 64 bytes of it: the low 4 bits of byte 2 v are the first part's code of vector v, those of
/// byte 2 v + 1 of vector 32 + v; the high 4 bits the second part's. Even and odd bytes then add up to numbers of 16 bits in
/// order.
///
/// Model of : -
/// Cost     : 16 instructions for two parts of 64 vectors in registers of 512 bits; M / 2 bytes a vector.
/// Accuracy : |distance - sum of T| <= M step / 2 and rounding; step = largest range of a part / 255.
/// Promise  : sums are integers: the same everywhere. Any bytes are codes.
/// Source   : F. Andre, A.-M. Kermarrec, N. Le Scouarnec, "Cache locality is not enough: high-performance nearest neighbor search
///            with product quantization fast scan", VLDB 2015; layout ours.

#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/primitive.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/byte_lookup.hpp"

#include <bit>

namespace skive {

inline constexpr std::size_t fast_scan_block = 64;
inline constexpr std::size_t fast_scan_most_parts = 256;

/// Bytes of n vectors of `parts` codes, whole blocks.
constexpr std::size_t fast_scan_bytes(std::size_t n, std::size_t parts) noexcept {
  auto const blocks = n / fast_scan_block + (n % fast_scan_block != 0 ? 1 : 0);
  return saturating_multiply(saturating_multiply(blocks, fast_scan_block), parts / 2 + parts % 2);
}
/// Scratch that a query of `parts` tables lives in.
constexpr std::size_t fast_scan_query_bytes(std::size_t parts) noexcept {
  return workspace::bytes<std::uint8_t>(saturating_multiply(128, parts / 2 + parts % 2));
}

/// Codes below 16, a vector a row, into blocks; places past the last vector are 0. Fails with size_mismatch (fewer bytes than
/// fast_scan_bytes), invalid_argument (a view) or corrupt (a code of 16 or more); nothing is then written.
constexpr status pack_fast_scan(matrix_view<std::uint8_t const> codes, std::span<std::uint8_t> to) noexcept {
  if (!codes.valid()) return errc::invalid_argument;
  auto const bytes = fast_scan_bytes(codes.rows, codes.cols);
  if (to.size() < bytes) return errc::size_mismatch;
  for (std::size_t i = 0; i < codes.rows; ++i)
    for (auto const c : codes.row(i))
      if (c >= 16) return errc::corrupt;
  for (auto& b : to.first(bytes)) b = 0;
  auto const pairs = codes.cols / 2 + codes.cols % 2;
  for (std::size_t i = 0; i < codes.rows; ++i) {
    auto const v = i % fast_scan_block;
    auto const place = v < 32 ? 2 * v : 2 * (v - 32) + 1;
    for (std::size_t m = 0; m < codes.cols; ++m) {
      auto& byte = to[(i / fast_scan_block * pairs + m / 2) * fast_scan_block + place];
      byte = static_cast<std::uint8_t>(byte | codes(i, m) << (4 * (m % 2)));
    }
  }
  return errc::ok;
}

/// Tables of one query in bytes; lives in the scratch memory that made it.
struct fast_scan_query {
  std::uint8_t const* tables = nullptr;  ///< 64 bytes a part: its 16 entries four times
  std::size_t parts = 0;
  float bias = 0;
  float step = 0;

  /// What a sum of bytes stands for.
  constexpr float distance(std::uint16_t sum) const noexcept {
    return static_cast<float>(static_cast<double>(bias) + static_cast<double>(step) * static_cast<double>(sum));
  }
};
static_assert(primitive<fast_scan_query>);

/// From 16 numbers a part (codebook/code_distances.hpp). Fails with invalid_argument (no part, more than 256), size_mismatch,
/// not_finite or workspace_too_small.
inline result<fast_scan_query> prepare_fast_scan(std::span<float const> tables, workspace scratch) noexcept {
  auto const parts = tables.size() / 16;
  if (tables.size() % 16 != 0) return errc::size_mismatch;
  if (parts == 0 || parts > fast_scan_most_parts) return errc::invalid_argument;
  for (auto const t : tables)
    if (!is_finite(t)) return errc::not_finite;
  if (scratch.size() < fast_scan_query_bytes(parts)) return errc::workspace_too_small;
  auto const low_of = [&](std::size_t m) noexcept {
    auto low = tables[16 * m];
    for (std::size_t k = 1; k < 16; ++k) low = less(tables[16 * m + k], low) ? tables[16 * m + k] : low;
    return static_cast<double>(low);
  };
  double bias = 0;
  double range = 0;
  for (std::size_t m = 0; m < parts; ++m) {
    auto const low = low_of(m);
    bias += low;
    for (std::size_t k = 0; k < 16; ++k) {
      auto const above = static_cast<double>(tables[16 * m + k]) - low;
      range = above > range ? above : range;
    }
  }
  auto const pairs = parts / 2 + parts % 2;
  auto const bytes = scratch.take<std::uint8_t>(128 * pairs);
  for (auto& b : bytes) b = 0;
  for (std::size_t m = 0; m < parts && range > 0; ++m) {
    auto const low = low_of(m);
    for (std::size_t k = 0; k < 16; ++k) {
      auto const t = (static_cast<double>(tables[16 * m + k]) - low) / range * 255.0;
      for (std::size_t copy = 0; copy < 4; ++copy)
        bytes[64 * m + 16 * copy + k] = static_cast<std::uint8_t>((t + 0x1.8p52) - 0x1.8p52);
    }
  }
  return fast_scan_query{bytes.data(), parts, static_cast<float>(bias), static_cast<float>(range / 255.0)};
}

namespace detail {

// The sums of one block.
template <class Arch>
[[gnu::always_inline]] inline void scan_block(std::uint8_t const* codes, fast_scan_query const& q, std::uint16_t* sums) noexcept {
  auto const pairs = q.parts / 2 + q.parts % 2;
  if constexpr (simd::vector_arch<Arch>) {
    using bytes = simd::byte_batch<Arch>;
    using halves = xsimd::batch<std::uint16_t, Arch>;
    constexpr std::size_t registers = 64 / bytes::size;
    constexpr bool little = std::endian::native == std::endian::little;
    halves even[registers];
    halves odd[registers];
    for (std::size_t r = 0; r < registers; ++r) even[r] = odd[r] = halves(std::uint16_t{0});
    auto const low_bits = bytes(std::uint8_t{15});
    for (std::size_t p = 0; p < pairs; ++p) {
      auto const first = simd::byte_table<16, Arch>::repeated(q.tables + 128 * p);
      auto const second = simd::byte_table<16, Arch>::repeated(q.tables + 128 * p + 64);
      for (std::size_t r = 0; r < registers; ++r) {
        auto const both = bytes::load_unaligned(codes + 64 * p + r * bytes::size);
        auto const upper = xsimd::bitwise_cast<std::uint8_t>(xsimd::bitwise_cast<std::uint16_t>(both) >> 4) & low_bits;
        for (auto const& found : {simd::look_up_bytes(first, both & low_bits), simd::look_up_bytes(second, upper)}) {
          auto const words = xsimd::bitwise_cast<std::uint16_t>(found);
          auto const lower = words & halves(std::uint16_t{255});
          even[r] = even[r] + (little ? lower : words >> 8);
          odd[r] = odd[r] + (little ? words >> 8 : lower);
        }
      }
    }
    for (std::size_t r = 0; r < registers; ++r) {
      even[r].store_unaligned(sums + r * halves::size);
      odd[r].store_unaligned(sums + 32 + r * halves::size);
    }
  } else {
    for (std::size_t v = 0; v < 64; ++v) {
      auto const place = v < 32 ? 2 * v : 2 * (v - 32) + 1;
      std::uint32_t sum = 0;
      for (std::size_t p = 0; p < pairs; ++p) {
        auto const both = codes[64 * p + place];
        sum += q.tables[128 * p + both % 16] + q.tables[128 * p + 64 + both / 16];
      }
      sums[v] = static_cast<std::uint16_t>(sum);
    }
  }
}

}  // namespace detail

/// sums[i] for each of sums.size() vectors. Fails with size_mismatch if there are fewer codes, invalid_argument for an empty
/// query; nothing is then written.
template <class Arch = native_arch>
status fast_scan(std::span<std::uint8_t const> codes, fast_scan_query const& q, std::span<std::uint16_t> sums) noexcept {
  if (q.tables == nullptr) return errc::invalid_argument;
  if (codes.size() < fast_scan_bytes(sums.size(), q.parts)) return errc::size_mismatch;
  auto const each = fast_scan_block * (q.parts / 2 + q.parts % 2);
  auto const whole = sums.size() / fast_scan_block;
  for (std::size_t b = 0; b < whole; ++b) detail::scan_block<Arch>(codes.data() + b * each, q, sums.data() + 64 * b);
  if (auto const rest = sums.size() % fast_scan_block; rest != 0) {
    std::uint16_t last[64];
    detail::scan_block<Arch>(codes.data() + whole * each, q, last);
    for (std::size_t v = 0; v < rest; ++v) sums[64 * whole + v] = last[v];
  }
  return errc::ok;
}

}  // namespace skive
