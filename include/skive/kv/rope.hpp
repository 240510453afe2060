// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/rope.hpp - rotary position embedding from tables, of rows and of lanes of tokens.
///
///   pair i of head size n:  (x_a, x_b) -> (x_a cos - x_b sin, x_a sin + x_b cos),  angle position theta^(-2 i / n)
///   neighbouring: a = 2 i, b = 2 i + 1 (as published);   halved: a = i, b = i + n/2
///
/// Rotations compose: position 32 T + j is 32 T, then j. So a table has 32 offsets and the multiples of 32, instead of every
/// position, and the offsets, which lanes of tokens share, stay in cache.
///
/// Model of : -
/// Cost     : rotate: 8 multiplications a pair; 4 head_size (32 + positions / 32) bytes of tables.
/// Accuracy : cosines and sines are rounded once to float, from doubles; two rotations of floats.
/// Promise  : positions past the table are refused and x left alone. Tables are filled by std::pow, std::sin and std::cos, whose
///            last bits may differ between C libraries.
/// Source   : J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv:2104.09864.

#include "skive/kv/float_pages.hpp"

#include <cmath>

namespace skive {

enum class rope_pairing : std::uint8_t { neighbouring, halved };

/// A view of cosines and sines in memory of the caller: [pair: 32 cosines, 32 sines] of offsets, then [tile: cosines, sines].
class rope_table {
 public:
  constexpr rope_table() noexcept = default;
  /// Floats for positions below `positions`, a multiple of 32.
  static constexpr std::size_t floats(std::size_t head_size, std::size_t positions) noexcept {
    return (tile_tokens + positions / tile_tokens) * head_size;
  }
  /// Fails with invalid_argument (head size, positions, theta), size_mismatch (memory).
  static result<rope_table> make(std::size_t head_size, std::size_t positions, double theta, rope_pairing pairing,
                                 std::span<float> memory) noexcept {
    if (!page_shape{head_size, tile_tokens}.valid() || positions == 0 || positions % tile_tokens != 0 ||
        positions > (std::size_t{1} << 24) || !(theta > 1.0) || !(theta < 1e30))
      return errc::invalid_argument;
    if (memory.size() < floats(head_size, positions)) return errc::size_mismatch;
    auto const pairs = head_size / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      auto const frequency = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_size));
      auto const put = [&](std::size_t position, float& cosine, float& sine) noexcept {
        auto const angle = static_cast<double>(position) * frequency;
        cosine = static_cast<float>(std::cos(angle));
        sine = static_cast<float>(std::sin(angle));
      };
      auto const offsets = memory.subspan(2 * tile_tokens * i, 2 * tile_tokens);
      for (std::size_t j = 0; j < tile_tokens; ++j) put(j, offsets[j], offsets[tile_tokens + j]);
      for (std::size_t tile = 0; tile < positions / tile_tokens; ++tile) {
        auto const row = memory.subspan((tile_tokens + tile) * head_size, head_size);
        put(tile * tile_tokens, row[i], row[pairs + i]);
      }
    }
    return rope_table{memory.data(), head_size, positions, pairing};
  }

  constexpr std::size_t head_size() const noexcept { return head_size_; }
  constexpr std::size_t positions() const noexcept { return positions_; }
  constexpr rope_pairing pairing() const noexcept { return pairing_; }
  /// 32 cosines, then 32 sines, of a pair at offsets 0 ... 31.
  constexpr float const* offsets(std::size_t pair) const noexcept { return data_ + 2 * tile_tokens * pair; }
  /// Cosines of all pairs, then sines, at position 32 tile.
  constexpr float const* tile(std::size_t number) const noexcept { return data_ + (tile_tokens + number) * head_size_; }

  /// x rotated to `position`, or back from it. Fails with size_mismatch, overflow (position).
  status rotate(std::span<float> x, std::size_t position, bool back = false) const noexcept {
    if (x.size() != head_size_) return errc::size_mismatch;
    if (position >= positions_) return errc::overflow;
    auto const pairs = head_size_ / 2;
    auto const* const far = tile(position / tile_tokens);
    for (std::size_t i = 0; i < pairs; ++i) {
      auto const* const near = offsets(i) + position % tile_tokens;
      turn(x, i, far[i], back ? -far[pairs + i] : far[pairs + i]);
      turn(x, i, near[0], back ? -near[tile_tokens] : near[tile_tokens]);
    }
    return errc::ok;
  }
  constexpr std::size_t first(std::size_t pair) const noexcept { return pairing_ == rope_pairing::halved ? pair : 2 * pair; }
  constexpr std::size_t second(std::size_t pair) const noexcept {
    return pairing_ == rope_pairing::halved ? pair + head_size_ / 2 : 2 * pair + 1;
  }

 private:
  void turn(std::span<float> x, std::size_t pair, float cosine, float sine) const noexcept {
    auto const a = x[first(pair)];
    auto const b = x[second(pair)];
    x[first(pair)] = a * cosine - b * sine;
    x[second(pair)] = a * sine + b * cosine;
  }

  constexpr rope_table(float const* data, std::size_t head_size, std::size_t positions, rope_pairing pairing) noexcept
      : data_{data}, head_size_{head_size}, positions_{positions}, pairing_{pairing} {}

  float const* data_ = nullptr;
  std::size_t head_size_ = 0;
  std::size_t positions_ = 0;
  rope_pairing pairing_ = rope_pairing::neighbouring;
};

}  // namespace skive
