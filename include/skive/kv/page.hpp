// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/page.hpp - pages of a cache: a fixed number of tokens of one key/value head in memory of the caller.
///
///   page_shape{head_size, tokens}     head_size: 8 to 1024, a multiple of 8;   tokens: a multiple of 32
///
/// A page has no header: what it holds is said by the quantizer value that reads it, so that precision may differ by head, layer
/// and span of context, and pages can be shared, moved, saved and dropped alone. Pages need no alignment. Groups of tokens are
/// counted from the page's start and never leave it.
///
/// Model of : -
/// Cost     : declarations and checks.
/// Promise  : everything that a caller can get wrong is refused before the first write.
/// Source   : W. Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", SOSP 2023.

#include "skive/core/checked.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/rows.hpp"
#include "skive/simd/reduce.hpp"

#include <cstring>
#include <limits>

namespace skive {

/// Tokens that lie side by side in a page; pages and groups hold whole tiles.
inline constexpr std::size_t tile_tokens = 32;
inline constexpr std::size_t largest_head_size = 1024;

struct page_shape {
  std::size_t head_size = 128;
  std::size_t tokens = 128;

  constexpr bool valid() const noexcept {
    return head_size >= 8 && head_size <= largest_head_size && head_size % 8 == 0 && tokens != 0 && tokens % tile_tokens == 0 &&
        tokens <= (std::size_t{1} << 24);
  }
  friend constexpr bool operator==(page_shape, page_shape) noexcept = default;
};

namespace detail {

/// Rows at once in the inner loops: queries that share an unpacked tile.
inline constexpr std::size_t dots_at_once = 4;

constexpr std::size_t round_up_to(std::size_t n, std::size_t multiple) noexcept {
  return (n + multiple - 1) / multiple * multiple;
}

constexpr float smaller_float(float a, float b) noexcept { return a < b ? a : b; }

/// `count` tokens from `first` lie in the page, and the page has its bytes.
constexpr status check_range(page_shape const& shape, std::size_t bytes, std::size_t page, std::size_t first,
                             std::size_t count) noexcept {
  if (!shape.valid()) return errc::invalid_argument;
  if (page < bytes || first > shape.tokens || count > shape.tokens - first) return errc::size_mismatch;
  return errc::ok;
}

/// The same for tokens that become rows of `out`.
constexpr status check_decode(page_shape const& shape, std::size_t bytes, std::size_t page, std::size_t first,
                              matrix_view<float> const& out) noexcept {
  if (auto const s = check_range(shape, bytes, page, first, out.rows); !s) return s;
  return out.valid() && (out.rows == 0 || out.cols == shape.head_size) ? errc::ok : errc::size_mismatch;
}

/// The largest magnitude of a row, as bits: NaN and infinity are above all numbers.
template <class Arch>
inline std::uint32_t most_bits(std::span<float const> row) noexcept {
  using words = simd::words<Arch>;
  auto largest = words::broadcast(0);
  auto const clear = words::broadcast(0x7FFF'FFFF);
  auto const* const x = row.data();
  auto const whole = row.size() / 16 * 16;
  for (std::size_t i = 0; i < whole; i += 16)
    largest = max(largest, simd::as<std::uint32_t>(simd::floats<Arch>::load(x + i)) & clear);
  auto most = simd::largest(largest);
  for (std::size_t i = whole; i < row.size(); ++i) most = magnitude_bits(x[i]) > most ? magnitude_bits(x[i]) : most;
  return most;
}
/// No number of the row is NaN, infinite or beyond `limit`.
template <class Arch>
inline bool within(std::span<float const> row, float limit) noexcept {
  return most_bits<Arch>(row) <= std::bit_cast<std::uint32_t>(limit);
}

/// Whole groups of finite numbers that fit into the page and begin where a group does.
template <class Arch>
inline status check_append(page_shape const& shape, std::size_t group, std::size_t bytes, std::size_t page,
                           matrix_view<float const> rows, std::size_t first, float limit) noexcept {
  if (auto const s = check_range(shape, bytes, page, first, rows.rows); !s) return s;
  if (!rows.valid() || (rows.rows != 0 && rows.cols != shape.head_size)) return errc::size_mismatch;
  if (first % group != 0 || rows.rows % group != 0) return errc::size_mismatch;
  for (std::size_t t = 0; t < rows.rows; ++t)
    if (!within<Arch>(rows.row(t), limit)) return errc::not_finite;
  return errc::ok;
}

/// Sixteen numbers, of which the first `count` are there; the others are zero.
template <class Arch, class T>
[[gnu::always_inline]] inline simd::floats<Arch> load_some(T const* from, std::size_t count) noexcept {
  if (count >= 16) return load_numbers<Arch>(from);
  alignas(64) T padded[16]{};
  for (std::size_t i = 0; i < count; ++i) padded[i] = from[i];
  return load_numbers<Arch>(padded);
}
template <class Arch>
[[gnu::always_inline]] inline void store_some(simd::floats<Arch> const& x, float* to, std::size_t count) noexcept {
  if (count >= 16) return x.store(to);
  alignas(64) float padded[16];
  x.store(padded);
  for (std::size_t i = 0; i < count; ++i) to[i] = padded[i];
}

/// The sixteen lanes of x, folded into one register.
template <class Arch>
[[gnu::always_inline]] inline xsimd::batch<float, Arch> folded(simd::floats<Arch> const& x) noexcept {
  auto sum = x.part[0];
  for (std::size_t i = 1; i < x.registers; ++i) sum = sum + x.part[i];
  return sum;
}

/// Calls f<Rows>(first) for all rows, four at a time.
template <class F>
inline void in_fours(std::size_t rows, F f) noexcept {
  std::size_t h = 0;
  for (; h + 4 <= rows; h += 4) f.template operator()<4>(h);
  if (rows - h == 3) f.template operator()<3>(h);
  if (rows - h == 2) f.template operator()<2>(h);
  if (rows - h == 1) f.template operator()<1>(h);
}

}  // namespace detail
}  // namespace skive
