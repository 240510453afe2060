// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/metadata_2_of_4.hpp - positions of 2:4 in the order in which tensor cores of SM80 load them, and back.
///
///   words of 2 bytes (16-bit values, 16 entries) or 4 bytes (8-bit values, 32 entries); R = 32 or 16 rows, i = 4 or 2
///   word (r, c) goes to row r' = r - r mod R + (r mod 8) i + (r mod R) / 8, column c; then in each 2 x 2 block of words the two
///   off the diagonal change places; words are stored two columns side by side, column pair by column pair
///
/// Rows are those of packed_n_of_m<2, 4, position_layout::index_list>: nibble by nibble what these libraries call metadata before
/// they reorder it. The blobs of cuSPARSELt are opaque, and SM90 has other orders.
///
/// Model of : -
/// Cost     : one pass; no allocation.
/// Accuracy : lossless.
/// Promise  : sizes are checked before the first write; import refuses nibbles that no mask has with errc::corrupt.
/// Source   : NVIDIA CUTLASS, tools/util/include/cutlass/util/host_reorder.h.

#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstdint>

namespace skive {

enum class metadata_word : std::uint8_t { of_2_bytes = 2, of_4_bytes = 4 };

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
  for (auto const m : metadata) {
    auto const byte = std::to_integer<unsigned>(m);
    if (!detail::is_2_of_4_nibble(byte & 15) || !detail::is_2_of_4_nibble(byte >> 4)) return errc::corrupt;
  }
  auto const size = static_cast<std::size_t>(word);
  detail::each_sm80_word(positions.rows, positions.cols / size, word, [&](std::size_t r, std::size_t c, std::size_t at) noexcept {
    for (std::size_t b = 0; b < size; ++b) positions(r, c * size + b) = metadata[at * size + b];
  });
  return errc::ok;
}

}  // namespace skive
