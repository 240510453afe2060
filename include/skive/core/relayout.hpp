// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/relayout.hpp - the same encoded row in another arrangement of its bytes: planar, interleaved, any strides.
///
///   for each plane p and block b:  to[p] + b * to[p].block_stride  <-  from[p] + b * from[p].block_stride, the plane's bytes
///
/// Nothing is decoded: codes and metadata move as they are, also those that no encoder writes. reorder_fields() turns the other
/// screw, which end of a byte comes first (nibble order), and is its own inverse with the orders exchanged.
///
/// Model of : -
/// Cost     : one read and one write of the encoded bytes.
/// Accuracy : lossless.
/// Promise  : sizes are checked before the first write; bytes between and behind the blocks are not touched.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/core/planes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// Copies an encoded row of n numbers between layouts that do not overlap. Fails with size_mismatch.
template <class Codec>
constexpr status relayout(Codec const& codec, std::size_t n, planes<std::byte const, Codec::plane_count> from,
                          planes<std::byte, Codec::plane_count> to) noexcept {
  if (auto const s = check_blocks(codec, n, from); !s) return s;
  if (auto const s = check_blocks(codec, n, to); !s) return s;
  auto const block = codec.block_size() == 0 ? n : codec.block_size();
  for (std::size_t first = 0, b = 0; first < n; first += block, ++b) {
    auto const bytes = codec.plane_bytes(n - first < block ? n - first : block);
    for (std::size_t p = 0; p < Codec::plane_count; ++p)
      for (std::size_t i = 0; i < bytes[p]; ++i)
        to[p].data[b * to[p].block_stride + i] = from[p].data[b * from[p].block_stride + i];
  }
  return errc::ok;
}

/// Packs the `count` fields of `width` bits in `bytes` again, in place, from one bit order to the other. Fails with
/// invalid_argument (width) or size_mismatch unless bytes.size() == packed_bytes(count, width).
constexpr status reorder_fields(std::span<std::byte> bytes, std::size_t count, int width, bit_order from, bit_order to) noexcept {
  auto const need = packed_bytes(count, width);
  if (!need) return need.error();
  if (bytes.size() != *need) return errc::size_mismatch;
  if (from == to) return errc::ok;
  constexpr std::size_t chunk = 64;  // fields that fill whole bytes at every width
  for (std::size_t first = 0; first < count; first += chunk) {
    auto const size = count - first < chunk ? count - first : chunk;
    std::array<std::uint8_t, chunk> codes{};
    auto const part = bytes.subspan(*packed_bytes(first, width), *packed_bytes(size, width));
    if (auto const s = unpack(part, width, from, std::span{codes}.first(size)); !s) return s;
    if (auto const s = pack(std::span{codes}.first(size), width, to, part); !s) return s;
  }
  return errc::ok;
}

}  // namespace skive
