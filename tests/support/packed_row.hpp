// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Planes for one row in memory with guard bytes, in every layout, and what a codec wrote there.

#include "skive/core/planes.hpp"
#include "skive/core/workspace.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace skive::test {

enum class layout { planar, interleaved, reversed, spread };
inline constexpr layout layouts[]{layout::planar, layout::interleaved, layout::reversed, layout::spread};

using byte_rows = std::vector<std::vector<std::byte>>;

// The planes of a row of n numbers, `shift` bytes past an aligned address, in memory filled with `fill`.
template <class Codec>
class packed_row {
 public:
  static constexpr std::size_t count = Codec::plane_count;

  packed_row(Codec const& codec, std::size_t n, layout l = layout::planar, std::size_t shift = 0,
             std::byte fill = std::byte{0xA5})
      : codec_{codec}, n_{n}, fill_{fill} {
    auto const block = codec.block_size();
    blocks_ = block == 0 ? (n != 0 ? 1 : 0) : n / block + (n % block != 0 ? 1 : 0);
    auto const row = codec.plane_bytes(n);
    auto const each = block == 0 ? row : codec.plane_bytes(block);
    std::size_t stride = 0;
    for (auto const b : each) stride += b;
    std::size_t const gap = 7;
    memory_.assign(shift + 64 + blocks_ * stride + count * (gap * (blocks_ + 1)) + 64, fill);
    std::size_t at = shift + 32;
    for (std::size_t k = 0; k < count; ++k) {
      std::size_t const i = l == layout::reversed ? count - 1 - k : k;
      if (l == layout::interleaved || l == layout::reversed) {
        planes_[i] = {memory_.data() + at, blocks_ == 0 ? 0 : (blocks_ - 1) * stride + last(i), stride};
        at += each[i];
      } else {
        std::size_t const step = each[i] + (l == layout::spread ? gap : 0);
        planes_[i] = {memory_.data() + at, blocks_ == 0 ? 0 : (blocks_ - 1) * step + last(i), step};
        at += planes_[i].size + gap;
      }
    }
  }
  packed_row(packed_row const&) = delete;

  planes<std::byte, count> const& to() const { return planes_; }
  planes<std::byte const, count> from() const { return planes_; }
  std::vector<std::byte>& memory() { return memory_; }
  bool untouched() const {
    for (auto const b : memory_)
      if (b != fill_) return false;
    return true;
  }

  // Every plane's bytes, blocks joined.
  byte_rows gathered() const {
    byte_rows out(count);
    each_byte([&](std::size_t i, std::size_t at) { out[i].push_back(memory_[at]); });
    return out;
  }
  // No byte outside the planes changed.
  bool guards_hold() const {
    auto copy = memory_;
    each_byte([&](std::size_t, std::size_t at) { copy[at] = fill_; });
    for (auto const b : copy)
      if (b != fill_) return false;
    return true;
  }

 private:
  std::size_t last(std::size_t i) const { return codec_.plane_bytes(in_block(blocks_ - 1))[i]; }
  std::size_t in_block(std::size_t b) const {
    auto const block = codec_.block_size();
    return block == 0 ? n_ : b + 1 < blocks_ ? block : n_ - b * block;
  }
  template <class F>
  void each_byte(F f) const {
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t b = 0; b < blocks_; ++b)
        for (std::size_t j = 0; j < codec_.plane_bytes(in_block(b))[i]; ++j)
          f(i, static_cast<std::size_t>(planes_[i].data - memory_.data()) + b * planes_[i].block_stride + j);
  }

  Codec codec_;
  std::size_t n_;
  std::byte fill_;
  std::size_t blocks_ = 0;
  std::vector<std::byte> memory_;
  planes<std::byte, count> planes_;
};

// Exactly `bytes` bytes, one past an aligned address.
class scratch_memory {
 public:
  explicit scratch_memory(std::size_t bytes) : memory_(bytes + 128), bytes_{bytes} {}
  workspace get() {
    auto const past = reinterpret_cast<std::uintptr_t>(memory_.data()) % 64;
    return workspace{std::span{memory_}.subspan(65 - past, bytes_)};
  }

 private:
  std::vector<std::byte> memory_;
  std::size_t bytes_;
};

// Gaussian numbers at several scales with outliers, zeros and runs of zeros.
inline std::vector<float> mixed_row(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> row(n);
  float scale = 1.0f;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 48 == 0) scale = std::ldexp(1.0f, static_cast<int>(random() % 21) - 14);
    auto const kind = random() % 32;
    row[i] = kind == 0 ? 0.0f : kind == 1 ? 8 * scale * normal(random) : scale * normal(random);
    if (i / 48 % 7 == 3) row[i] = 0.0f;
  }
  return row;
}

}  // namespace skive::test
