// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/metadata_2_of_4.hpp - positions of 2:4 in the orders in which tensor cores load them, and back.
///
///   SM80: words of 2 bytes (16-bit values, 16 entries) or 4 bytes (8-bit values, 32 entries); R = 32 or 16 rows, i = 4 or 2
///   word (r, c) goes to row r' = r - r mod R + (r mod 8) i + (r mod R) / 8, column c; then in each 2 x 2 block of words the two
///   off the diagonal change places; words are stored two columns side by side, column pair by column pair
///
///   SM90: panels of p = tile / 8 bytes of columns, one after another; a panel of 8-bit values has its rows one after another; of
///   16-bit values byte (r, c), c < p, goes to (r / 16) 16 p + (c / 2 mod 2) 8 p + (r mod 8) p + (c / 4) 4 + (r / 8 mod 2) 2 + c mod 2
///   SM100 and SM120 have the same with tile = 128 and rows in multiples of 128
///
/// Rows are those of packed_n_of_m<2, 4, position_layout::index_list>: nibble by nibble what these libraries call metadata before
/// they reorder it. 32-bit values with 1:2 are 2:4 of their 16-bit halves. The blobs of cuSPARSELt are opaque.
///
/// Model of : -
/// Cost     : one pass; no allocation.
/// Accuracy : lossless.
/// Promise  : sizes are checked before the first write; import refuses nibbles that no mask has with errc::corrupt.
/// Source   : NVIDIA CUTLASS, tools/util/include/cutlass/util/host_reorder.h (SM80);
///            include/cutlass/gemm/collective/builders/sm90_sparse_config.inl, sm1xx_sparse_config.inl, TensorEAtom.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstdint>

namespace skive {

/// What SM80 moves at once: 2 bytes for values of 16 bits, 4 for those of 8.
enum class metadata_word : std::uint8_t { of_2_bytes = 2, of_4_bytes = 4 };
/// Bits of a value, as SM90 distinguishes them.
enum class metadata_values : std::uint8_t { of_8_bits = 8, of_16_bits = 16 };

namespace detail {

/// Calls move(place in a row-major matrix of words, place in SM80's order) for each word.
template <class Move>
constexpr void each_sm80_word(std::size_t rows, std::size_t words, metadata_word word, Move move) noexcept {
  std::size_t const group = word == metadata_word::of_2_bytes ? 32 : 16;
  std::size_t const interweave = word == metadata_word::of_2_bytes ? 4 : 2;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < words; ++c) {
      auto row = r / group * group + r % 8 * interweave + r % group / 8;
      auto col = c;
      if (row % 2 == 0 && col % 2 == 1) {
        ++row;
        --col;
      } else if (row % 2 == 1 && col % 2 == 0) {
        --row;
        ++col;
      }
      move(r, c, col / 2 * (rows * 2) + row * 2 + col % 2);
    }
}

constexpr bool is_2_of_4_nibble(unsigned nibble) noexcept { return (nibble & 3) < (nibble >> 2); }

constexpr status check_sm80(matrix_view<std::byte const> positions, metadata_word word, std::size_t bytes) noexcept {
  auto const size = static_cast<std::size_t>(word);
  if (!positions.valid() || positions.cols % (2 * size) != 0 || positions.rows % (64 / size) != 0) return errc::size_mismatch;
  return positions.rows * positions.cols == bytes ? errc::ok : errc::size_mismatch;
}

/// Where byte c of row r goes; panel: bytes of a row in a panel.
constexpr std::size_t sm90_place(std::size_t rows, std::size_t panel, metadata_values values, std::size_t r,
                                 std::size_t c) noexcept {
  auto const before = c / panel * rows * panel;
  auto const k = c % panel;
  if (values == metadata_values::of_8_bits) return before + r * panel + k;
  return before + r / 16 * 16 * panel + k / 2 % 2 * 8 * panel + r % 8 * panel + k / 4 * 4 + r / 8 % 2 * 2 + k % 2;
}

constexpr status check_sm90(matrix_view<std::byte const> positions, metadata_values values, std::size_t tile,
                            std::size_t bytes) noexcept {
  bool const known = tile == 128 || tile == 64 || (tile == 32 && values == metadata_values::of_16_bits);
  if (!known) return errc::invalid_argument;
  if (!positions.valid() || positions.cols % (tile / 8) != 0 || positions.rows % 64 != 0) return errc::size_mismatch;
  return positions.rows * positions.cols == bytes ? errc::ok : errc::size_mismatch;
}

constexpr bool only_2_of_4_nibbles(std::span<std::byte const> metadata) noexcept {
  for (auto const m : metadata) {
    auto const byte = std::to_integer<unsigned>(m);
    if (!is_2_of_4_nibble(byte & 15) || !is_2_of_4_nibble(byte >> 4)) return false;
  }
  return true;
}

}  // namespace detail

/// positions: one row of nibbles for each row of the matrix, as bytes. Fails with size_mismatch unless rows are a multiple of 32
/// (words of 2 bytes) or 16, bytes of a row a multiple of two words, and `metadata` has room for exactly all of them.
constexpr status to_sm80_metadata(matrix_view<std::byte const> positions, metadata_word word,
                                  std::span<std::byte> metadata) noexcept {
  if (auto const s = detail::check_sm80(positions, word, metadata.size()); !s) return s;
  auto const size = static_cast<std::size_t>(word);
  detail::each_sm80_word(positions.rows, positions.cols / size, word, [&](std::size_t r, std::size_t c, std::size_t to) noexcept {
    for (std::size_t b = 0; b < size; ++b) metadata[to * size + b] = positions(r, c * size + b);
  });
  return errc::ok;
}

/// Undoes it. Fails also with corrupt, before the first write.
constexpr status from_sm80_metadata(std::span<std::byte const> metadata, metadata_word word,
                                    matrix_view<std::byte> positions) noexcept {
  if (auto const s = detail::check_sm80(positions, word, metadata.size()); !s) return s;
  if (!detail::only_2_of_4_nibbles(metadata)) return errc::corrupt;
  auto const size = static_cast<std::size_t>(word);
  detail::each_sm80_word(positions.rows, positions.cols / size, word, [&](std::size_t r, std::size_t c, std::size_t at) noexcept {
    for (std::size_t b = 0; b < size; ++b) positions(r, c * size + b) = metadata[at * size + b];
  });
  return errc::ok;
}

/// tile: entries of a row that a panel holds, the least of 128 and the kernel's tile along them. Fails with invalid_argument unless
/// it is 128, 64 or, for values of 16 bits, 32; with size_mismatch unless rows are a multiple of 64, entries one of `tile`, and
/// `metadata` has room for exactly all of them.
constexpr status to_sm90_metadata(matrix_view<std::byte const> positions, metadata_values values, std::size_t tile,
                                  std::span<std::byte> metadata) noexcept {
  if (auto const s = detail::check_sm90(positions, values, tile, metadata.size()); !s) return s;
  for (std::size_t r = 0; r < positions.rows; ++r)
    for (std::size_t c = 0; c < positions.cols; ++c)
      metadata[detail::sm90_place(positions.rows, tile / 8, values, r, c)] = positions(r, c);
  return errc::ok;
}

/// Undoes it. Fails also with corrupt, before the first write.
constexpr status from_sm90_metadata(std::span<std::byte const> metadata, metadata_values values, std::size_t tile,
                                    matrix_view<std::byte> positions) noexcept {
  if (auto const s = detail::check_sm90(positions, values, tile, metadata.size()); !s) return s;
  if (!detail::only_2_of_4_nibbles(metadata)) return errc::corrupt;
  for (std::size_t r = 0; r < positions.rows; ++r)
    for (std::size_t c = 0; c < positions.cols; ++c)
      positions(r, c) = metadata[detail::sm90_place(positions.rows, tile / 8, values, r, c)];
  return errc::ok;
}

}  // namespace skive
