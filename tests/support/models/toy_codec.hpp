// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The smallest codec with a vector path across blocks: 8 numbers of 8 bits with a float scale.
//
//   s = fl32(absmax / 127),  code = RNE(fl32(x / s)),  x' = fl32(code s);   planes: codes (8 bytes), scales (4 bytes)
//
// Lane k holds block k: the strides of the planes place the results, so that every layout takes the same path.

#include "skive/core/concepts.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include <xsimd/xsimd.hpp>

namespace skive::test {

struct toy_codec {
  struct block_state {
    float scale = 0;
  };
  static constexpr std::size_t block = 8;
  static constexpr std::size_t plane_count = 2;

  constexpr std::size_t block_size() const noexcept { return block; }
  constexpr std::size_t group_size() const noexcept { return block; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t step() const noexcept { return 1; }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    auto const blocks = n / block + (n % block != 0 ? 1 : 0);
    return {n, blocks > std::numeric_limits<std::size_t>::max() / 4 ? std::numeric_limits<std::size_t>::max() : 4 * blocks};
  }

  template <class Arch = xsimd::default_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace = {}) const noexcept {
    if (auto const s = check(row.size(), to); !s) return s;
    std::size_t b = encode_blocks<Arch>(row, to);
    for (; b * block < row.size(); ++b) {
      auto const x = row.subspan(b * block, std::min(block, row.size() - b * block));
      store(b, settle(x, {}), x, to);
    }
    return errc::ok;
  }
  template <class Arch = xsimd::default_arch>
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace = {}) const noexcept {
    using batch = xsimd::batch<float, Arch>;
    if (auto const s = check(row.size(), from); !s) return s;
    std::size_t b = 0;
    alignas(64) std::array<float, batch::size> lane;
    for (; (b + batch::size) * block <= row.size(); b += batch::size) {
      for (std::size_t k = 0; k < batch::size; ++k) lane[k] = scale_of(from, b + k);
      auto const scales = batch::load_aligned(lane.data());
      for (std::size_t j = 0; j < block; ++j) {
        for (std::size_t k = 0; k < batch::size; ++k) lane[k] = code_of(from, b + k, j);
        (batch::load_aligned(lane.data()) * scales).store_aligned(lane.data());
        for (std::size_t k = 0; k < batch::size; ++k) row[(b + k) * block + j] = lane[k];
      }
    }
    for (; b * block < row.size(); ++b) {
      auto const out = row.subspan(b * block, std::min(block, row.size() - b * block));
      for (std::size_t j = 0; j < out.size(); ++j) out[j] = code_of(from, b, j) * scale_of(from, b);
    }
    return errc::ok;
  }

  block_state settle(std::span<float const> x, workspace) const noexcept {
    std::uint32_t largest = 0;
    for (auto const v : x) largest = std::max(largest, std::bit_cast<std::uint32_t>(v) & 0x7FFF'FFFFU);
    if (largest >= 0x7F80'0000U) return {std::numeric_limits<float>::quiet_NaN()};
    return {std::bit_cast<float>(largest) / 127.0f};
  }
  void round(block_state const& s, std::span<float const> x, std::span<float> y) const noexcept {
    y[0] = code(s, x[0]) * s.scale;
  }
  void round(std::span<block_state const> s, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t r = 0; r < x.rows; ++r) y(r, 0) = code(s[r], x(r, 0)) * s[r].scale;
  }
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace) const noexcept {
    if (states.size() != plane_bytes(values.size())[1] / 4) return errc::size_mismatch;
    if (auto const s = check(values.size(), to); !s) return s;
    for (std::size_t b = 0; b < states.size(); ++b)
      store(b, states[b], values.subspan(b * block, std::min(block, values.size() - b * block)), to);
    return errc::ok;
  }

 private:
  static float code(block_state const& s, float x) noexcept {
    return s.scale > 0 ? std::nearbyint(x / s.scale) + 0.0f : 0.0f;
  }  // no -0
  static float scale_of(planes<std::byte const, 2> const& p, std::size_t b) noexcept {
    float s;
    std::memcpy(&s, p[1].data + b * p[1].block_stride, 4);
    return s;
  }
  static float code_of(planes<std::byte const, 2> const& p, std::size_t b, std::size_t j) noexcept {
    return static_cast<float>(std::to_integer<int>(p[0].data[b * p[0].block_stride + j] ^ std::byte{0x80}) - 128);
  }
  static std::byte byte_of(float c) noexcept { return static_cast<std::byte>(static_cast<int>(c) & 0xFF); }
  static void store(std::size_t b, block_state s, std::span<float const> x, planes<std::byte, 2> const& to) noexcept {
    std::memcpy(to[1].data + b * to[1].block_stride, &s.scale, 4);
    for (std::size_t j = 0; j < x.size(); ++j) to[0].data[b * to[0].block_stride + j] = byte_of(code(s, x[j]));
  }
  template <class Byte>
  status check(std::size_t n, planes<Byte, 2> const& p) const noexcept {
    if (n == 0) return errc::ok;
    auto const before_last = (n - 1) / block;
    auto const last = plane_bytes(n - before_last * block);
    for (std::size_t i = 0; i < 2; ++i) {
      if (p[i].size < last[i]) return errc::size_mismatch;
      if (before_last == 0) continue;
      if (plane_bytes(block)[i] > p[i].block_stride || before_last > (p[i].size - last[i]) / p[i].block_stride)
        return errc::size_mismatch;
    }
    return errc::ok;
  }

  // Whole blocks, batch::size at a time; the count of blocks done.
  template <class Arch>
  static std::size_t encode_blocks(std::span<float const> row, planes<std::byte, 2> const& to) noexcept {
    using batch = xsimd::batch<float, Arch>;
    alignas(64) std::array<float, batch::size> lane;
    std::size_t b = 0;
    for (; (b + batch::size) * block <= row.size(); b += batch::size) {
      std::array<batch, block> x;
      batch largest(0.0f);
      batch poison(0.0f);  // NaN where a lane holds NaN or infinity
      for (std::size_t j = 0; j < block; ++j) {
        for (std::size_t k = 0; k < batch::size; ++k) lane[k] = row[(b + k) * block + j];
        x[j] = batch::load_aligned(lane.data());
        largest = xsimd::max(largest, xsimd::abs(x[j]));
        poison = poison + (x[j] - x[j]);
      }
      auto const good = poison == batch(0.0f);
      auto const scale = xsimd::select(good, largest / batch(127.0f), batch(std::numeric_limits<float>::quiet_NaN()));
      auto const usable = good & (scale > batch(0.0f));
      scale.store_aligned(lane.data());
      for (std::size_t k = 0; k < batch::size; ++k) std::memcpy(to[1].data + (b + k) * to[1].block_stride, &lane[k], 4);
      for (std::size_t j = 0; j < block; ++j) {
        auto const c = xsimd::select(usable, xsimd::nearbyint(x[j] / scale), batch(0.0f));
        c.store_aligned(lane.data());
        for (std::size_t k = 0; k < batch::size; ++k) to[0].data[(b + k) * to[0].block_stride + j] = byte_of(lane[k]);
      }
    }
    return b;
  }
};
static_assert(stepwise_codec<toy_codec>);

}  // namespace skive::test
