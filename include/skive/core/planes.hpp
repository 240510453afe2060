// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/planes.hpp - where a codec's bytes lie: a fixed number of byte planes, each with a stride from block to block.
///
///   plane p of block b starts at  planes[p].data + b * planes[p].block_stride
///
///   planar      : [codes of all blocks][scales of all blocks]      block_stride = the plane's own bytes per block
///   interleaved : [codes, scales of block 0][codes, scales of 1]   block_stride = bytes of all planes of a block
///
/// A block is block_size() numbers of the codec. Interleaving is a stride, not another codec: vector code runs across
/// blocks in either layout. The bytes of a plane inside one block are contiguous. A last, partial block writes the first
/// bytes of its place only.
///
/// Model of : -
/// Cost     : three words a plane, trivially copyable.
/// Promise  : planar() and interleaved() refuse memory that is too small; they never write.

#include "skive/core/status.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

namespace skive {

/// One plane. Byte: std::byte or std::byte const.
template <class Byte>
struct plane {
  Byte* data = nullptr;
  std::size_t size = 0;          ///< bytes from data that belong to the plane
  std::size_t block_stride = 0;  ///< bytes from one block to the next
};

template <class Byte, std::size_t N>
struct planes {
  static_assert(std::is_same_v<std::remove_const_t<Byte>, std::byte>, "planes are made of std::byte or std::byte const");
  static constexpr std::size_t count = N;
  std::array<plane<Byte>, N> parts{};

  constexpr plane<Byte>& operator[](std::size_t i) noexcept { return parts[i]; }
  constexpr plane<Byte> const& operator[](std::size_t i) const noexcept { return parts[i]; }
  constexpr operator planes<std::byte const, N>() const noexcept
    requires(!std::is_const_v<Byte>)
  {
    planes<std::byte const, N> out;
    for (std::size_t i = 0; i < N; ++i) out[i] = {parts[i].data, parts[i].size, parts[i].block_stride};
    return out;
  }
  /// Planes [First, First + Count): what a composer hands to one of its parts.
  template <std::size_t First, std::size_t Count>
  constexpr planes<Byte, Count> part() const noexcept {
    static_assert(First + Count <= N);
    planes<Byte, Count> out;
    for (std::size_t i = 0; i < Count; ++i) out[i] = parts[First + i];
    return out;
  }
};

/// a + b, or the largest std::size_t: a size that overflows is then refused as larger than any memory.
constexpr std::size_t saturating_add(std::size_t a, std::size_t b) noexcept {
  return a > std::numeric_limits<std::size_t>::max() - b ? std::numeric_limits<std::size_t>::max() : a + b;
}

/// a b, or the largest std::size_t.
constexpr std::size_t saturating_multiply(std::size_t a, std::size_t b) noexcept {
  return b != 0 && a > std::numeric_limits<std::size_t>::max() / b ? std::numeric_limits<std::size_t>::max() : a * b;
}

/// Sum of the planes' bytes, saturating.
template <std::size_t N>
constexpr std::size_t total_bytes(std::array<std::size_t, N> const& bytes) noexcept {
  std::size_t sum = 0;
  for (auto const b : bytes) sum = saturating_add(sum, b);
  return sum;
}

/// The planes one after another in `memory`, for a row of n numbers. Fails with size_mismatch if memory is too small.
template <class Codec, class Byte>
constexpr status planar(Codec const& codec, std::size_t n, std::span<std::type_identity_t<Byte>> memory,
                        planes<Byte, Codec::plane_count>& out) noexcept {
  auto const bytes = codec.plane_bytes(n);
  auto const block = codec.block_size();
  if (total_bytes(bytes) > memory.size()) return errc::size_mismatch;
  auto const strides = block == 0 ? bytes : codec.plane_bytes(block);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[i] = {memory.data() + offset, bytes[i], strides[i]};
    offset += bytes[i];
  }
  return errc::ok;
}

/// Bytes of an interleaved row of n numbers: whole blocks, the last one padded.
template <class Codec>
constexpr std::size_t interleaved_bytes(Codec const& codec, std::size_t n) noexcept {
  auto const block = codec.block_size();
  if (block == 0) return total_bytes(codec.plane_bytes(n));
  auto const blocks = n / block + (n % block != 0 ? 1 : 0);
  auto const each = total_bytes(codec.plane_bytes(block));
  return saturating_multiply(blocks, each);
}

/// The planes of each block next to each other, in the order of `order` (identity: codes first; GGUF puts scales first).
/// Fails with size_mismatch if memory is too small, invalid_argument unless `order` is a permutation.
template <class Codec, class Byte>
constexpr status interleaved(Codec const& codec, std::size_t n, std::span<std::type_identity_t<Byte>> memory,
                             std::array<std::size_t, Codec::plane_count> const& order,
                             planes<Byte, Codec::plane_count>& out) noexcept {
  auto const block = codec.block_size();
  auto const need = interleaved_bytes(codec, n);
  if (need > memory.size()) return errc::size_mismatch;
  std::array<bool, Codec::plane_count> seen{};
  for (auto const i : order) {
    if (i >= order.size() || seen[i]) return errc::invalid_argument;
    seen[i] = true;
  }
  auto const bytes = codec.plane_bytes(block == 0 ? n : block);
  std::size_t offset = 0;
  for (auto const i : order) {
    out[i] = {memory.data() + (need == 0 ? 0 : offset), need == 0 ? 0 : need - offset, total_bytes(bytes)};
    offset += bytes[i];
  }
  return errc::ok;
}

/// Every block of a row of n numbers lies inside its plane and apart from the next one; else size_mismatch.
template <class Codec, class Byte>
constexpr status check_blocks(Codec const& codec, std::size_t n, planes<Byte, Codec::plane_count> const& p) noexcept {
  auto const block = codec.block_size();
  auto const before_last = block == 0 || n == 0 ? 0 : (n - 1) / block;
  auto const last = codec.plane_bytes(n - before_last * block);
  auto const each = codec.plane_bytes(block);
  for (std::size_t i = 0; i < Codec::plane_count; ++i) {
    if (last[i] > p[i].size) return errc::size_mismatch;
    if (before_last == 0) continue;
    if (p[i].block_stride < each[i] || p[i].block_stride == 0) return errc::size_mismatch;
    if (before_last > (p[i].size - last[i]) / p[i].block_stride) return errc::size_mismatch;
  }
  return errc::ok;
}

static_assert(std::is_trivially_copyable_v<planes<std::byte, 2>>);

}  // namespace skive
