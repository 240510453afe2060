// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/nibble_products.hpp - products of a tile of tokens with codes of 4 bits whose levels are integers: E2M1, INT4.
///
///   x(t, d) = scale(t, d / group) unit level(code(t, d)),   level an integer
///   dot          q(h, d) = step_h n(h, d) + error, |n| <= 32767, once for all pages;  sums of n level have a lane for each token
///   accumulate   w(h, t) scale(t, g) = step_h n(h, g, t) + error, for each tile;      sums of n level have a lane for each channel
///
/// Two products of 16 bits for each lane and instruction, where floats make one. Keys are turned, so that four bytes of sixteen
/// tokens lie side by side and the scales of a group are a register.
///
/// Model of : -
/// Cost     : for 64 codes about 8 instructions to turn, look up and scale keys, or to pair and look up values, and 2 for each
///            query (AVX2: 14 to 18, and 10).
/// Accuracy : dot adds at most 2^-16 max_d |q(h, d)| sum_d |x(t, d)|, accumulate 2^-15 max_t |w(h, t)| max |scale| unit
///            sum_t |level| for each tile of at most 32 tokens, and rounding of floats.
/// Promise  : scales that are not finite make dot return numbers that are not finite, and accumulate return false. Other tokens of
///            the page are not read.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/block/integer_levels.hpp"
#include "skive/kv/code_tile.hpp"
#include "skive/kv/paired_queries.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/nibble_levels.hpp"
#include "skive/simd/transpose.hpp"

#include <array>

namespace skive::detail {

/// Codes of 4 bits with a scale and no zero point, whose levels are multiples of a unit (block/integer_levels.hpp).
template <class Scheme>
concept nibble_scheme = code_width<Scheme> == 4 && linear_scheme<Scheme> && !has_zero_point<Scheme> &&
    requires { requires integer_levels<typename Scheme::element>::available && integer_levels<typename Scheme::element>::exact; };

template <class Scheme>
constexpr std::array<std::int16_t, 16> nibble_values() noexcept {
  using levels = integer_levels<typename Scheme::element>;
  std::array<std::int16_t, 16> v{};
  for (unsigned c = 0; c < 16; ++c) v[c] = static_cast<std::int16_t>(levels::byte(static_cast<std::uint8_t>(c)) - levels::bias);
  return v;
}

/// One type for all schemes, so that their products are compiled once.
template <class Arch>
class nibble_products {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  using levels = simd::nibble_levels<Arch>;

 public:
  /// So many tokens at once have room for their scales.
  static constexpr std::size_t tokens_at_once(group_layout const& row, std::size_t head_size) noexcept {
    return smaller(tile_tokens, group_parameters<Arch>::capacity / (head_size / row.group));
  }

  /// Precondition: groups are whole sixteens that fill a token; count <= tokens_at_once(); row.n = count head_size.
  template <class Scheme>
  nibble_products(Scheme const& scheme, group_layout const& row,
                  planes<std::byte const, 1 + Scheme::field_bits.size()> const& from, std::size_t head_size,
                  std::size_t count) noexcept
      : codes_{from[0].data},
        bytes_{head_size / 2},
        group_{row.group},
        groups_{head_size / row.group},
        count_{count},
        unit_{integer_levels<typename Scheme::element>::unit},
        levels_{nibble_values<Scheme>(), row.order} {
    group_parameters<Arch> parameters;
    parameters.load(scheme, from, 0, count * groups_, row);
    turn_scales(parameters.scale);
  }

  template <std::size_t Rows>
  [[gnu::noinline]] void dot(paired_queries const& q, std::size_t h, matrix_view<float> logits) const noexcept {
    alignas(64) std::byte turned[2][16][64];
    floats total[Rows * 2];
    unrolled<Rows * 2>([&]<std::size_t I>() __attribute__((always_inline)) { total[I] = floats::broadcast(0.0f); });
    for (std::size_t at = 0; at < bytes_; at += 64) {
      auto const some = smaller(64, bytes_ - at);
      turn(0, at, some, turned[0][0]);
      if (count_ > 16) turn(16, at, some, turned[1][0]);
      if (count_ > 16 && many_registers) {
        dot_block<Rows, 0, 2>(turned, at / 4, some / 4, q, h, total);
      } else {
        dot_block<Rows, 0, 1>(turned, at / 4, some / 4, q, h, total);
        if (count_ > 16) dot_block<Rows, 1, 1>(turned, at / 4, some / 4, q, h, total);
      }
    }
    for (std::size_t i = 0; i < Rows; ++i) {
      auto const step = floats::broadcast(q.steps[h + i] * unit_);
      for (std::size_t t = 0; t < count_; t += 16)
        store_some<Arch>(simd::product<Arch>(total[2 * i + t / 16], step), &logits(h + i, t), count_ - t);
    }
  }

  /// False: a scale, or a sum, is not finite.
  template <std::size_t Rows>
  [[gnu::noinline]] bool accumulate(matrix_view<float const> weights, std::size_t h, matrix_view<float> sums) const noexcept {
    alignas(64) std::byte pairs[Rows][pitch];  // [row][group][token], 16 bits each
    float step[Rows];
    if (!scale_weights(weights, h, pairs, step)) return false;
    for (auto& s : step) s *= unit_;
    alignas(64) std::byte rest[tile_tokens][block];
    auto largest = words::broadcast(0);
    for (std::size_t at = 0; at < bytes_; at += block) {
      if (at % 64 == 0)
        for (std::size_t t = 0; t < count_; ++t) simd::prefetch<Arch>(codes_ + t * bytes_ + at, read_ahead);
      auto const some = smaller(block, bytes_ - at);
      auto const* from = codes_ + at;
      auto stride = bytes_;
      if (some < block || count_ % tokens != 0) {  // with zeros up to whole blocks of so many tokens
        std::memset(rest, 0, sizeof rest);
        for (std::size_t t = 0; t < count_; ++t) std::memcpy(rest[t], codes_ + t * bytes_ + at, some);
        from = rest[0];
        stride = block;
      }
      add_block<Rows>(from, stride, at, some, pairs, step, h, sums, largest);
    }
    return simd::largest(largest) < float_infinity_bits;
  }

 private:
  static constexpr std::size_t read_ahead = 4096;  // bytes
  static constexpr std::size_t registers = levels::registers_at_once;
  static constexpr std::size_t pitch = 2 * largest_head_size / 16 * tile_tokens + 64;  // rows apart in other sets of the cache
  static constexpr std::size_t tokens = levels::rows_at_once;
  static constexpr std::size_t pairs_at_once = tokens / 2;
  static constexpr std::size_t block = 8 * registers;             // bytes of a token
  static constexpr bool many_registers = floats::registers == 1;  // for sums of 32 tokens

  // Sixteen groups of sixteen tokens at a time; past the last token its scales stand again.
  void turn_scales(float const* scale) noexcept {
    if (groups_ == 1)
      for (std::size_t t = 0; t < tile_tokens; t += 16) std::memcpy(scale_[t / 16], scale + t, 64);
    for (std::size_t t = 0; groups_ != 1 && t < count_; t += 16)
      for (std::size_t g = 0; g < groups_; g += 16) {
        std::byte const* row[16];
        for (std::size_t j = 0; j < 16; ++j)
          row[j] = reinterpret_cast<std::byte const*>(scale + smaller(t + j, count_ - 1) * groups_ + g);
        simd::transpose_words<Arch>(row, reinterpret_cast<std::byte*>(scale_[t / 16] + 16 * g), smaller(16, groups_ - g));
      }
    if (count_ <= 16) std::memset(scale_[1], 0, 64 * groups_);
  }

  // Bytes at ... of tokens t ... t + 15 (the last one again past the end): words of a token become lanes.
  [[gnu::always_inline]] void turn(std::size_t t, std::size_t at, std::size_t some, std::byte* to) const noexcept {
    std::byte const* row[16];
    alignas(64) std::byte rest[16][64];
    for (std::size_t j = 0; j < 16; ++j) {
      row[j] = codes_ + smaller(t + j, count_ - 1) * bytes_ + at;
      simd::prefetch<Arch>(row[j], read_ahead);
      if (some < 64) row[j] = static_cast<std::byte const*>(std::memcpy(rest[j], row[j], some));
    }
    simd::transpose_words<Arch>(row, to);
  }

  // Words first ... first + count - 1 of the tokens, eight codes each.
  template <std::size_t Rows, std::size_t First, std::size_t Tiles>
  [[gnu::always_inline]] void dot_block(std::byte const (&turned)[2][16][64], std::size_t first, std::size_t count,
                                        paired_queries const& q, std::size_t h, floats (&total)[Rows * 2]) const noexcept {
    std::uint32_t const* pairs[Rows];
    for (std::size_t i = 0; i < Rows; ++i) pairs[i] = q.pairs + (h + i) * q.rows.cols / 2 + 4 * first;
    auto const words_of_group = group_ / 8;
    auto g = first / words_of_group;
    for (std::size_t j = 0; j < count; ++g) {
      auto const end = smaller((g + 1) * words_of_group - first, count);
      integers sum[Rows * Tiles];
      unrolled<Rows * Tiles>([&]<std::size_t I>() __attribute__((always_inline)) { sum[I] = integers::broadcast(0); });
      for (; j < end; ++j)
        unrolled<Tiles>([&]<std::size_t T>() __attribute__((always_inline)) {
          words x[4];
          levels_.of_words(words::load(reinterpret_cast<std::uint32_t const*>(turned[First + T][j])), x);
          unrolled<4 * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
            auto& s = sum[I % Rows * Tiles + T];
            s = simd::settled(simd::dot2(s, x[I / Rows], words::broadcast(pairs[I % Rows][4 * j + I / Rows])));
          });
        });
      unrolled<Rows * Tiles>([&]<std::size_t I>() __attribute__((always_inline)) {
        constexpr std::size_t tile = First + I % Tiles;
        auto const scale = floats::load(scale_[tile] + 16 * g);
        auto& t = total[I / Tiles * 2 + tile];
        t = simd::fused(simd::to_float(sum[I]), scale, t);
      });
    }
  }

  // pairs[row][group][token] = round(w(h + row, token) scale(token, group) / step[row]). False: something is not finite.
  template <std::size_t Rows>
  bool scale_weights(matrix_view<float const> weights, std::size_t h, std::byte (&pairs)[Rows][pitch],
                     float (&step)[Rows]) const noexcept {
    auto const clear = words::broadcast(0x7FFF'FFFF);
    auto all = words::broadcast(0);
    for (auto const& half : scale_)
      for (std::size_t i = 0; i < 16 * groups_; i += 16) all = max(all, simd::as<std::uint32_t>(floats::load(half + i)) & clear);
    auto const most = simd::largest(all);
    for (std::size_t i = 0; i < Rows; ++i) {
      auto const low = load_some<Arch>(&weights(h + i, 0), count_);
      auto const high = count_ > 16 ? load_some<Arch>(&weights(h + i, 16), count_ - 16) : floats::broadcast(0.0f);
      auto const w = simd::largest(max(simd::as<std::uint32_t>(low) & clear, simd::as<std::uint32_t>(high) & clear));
      auto const bound = std::bit_cast<float>(most) * std::bit_cast<float>(w);
      if (!is_finite(bound)) return false;
      step[i] = bound < 0x1p-100f ? 0.0f : bound / 32767.0f;
      auto const inverse = floats::broadcast(bound < 0x1p-100f ? 0.0f : 32767.0f / bound);
      auto const a = simd::product<Arch>(low, inverse);
      auto const b = simd::product<Arch>(high, inverse);
      for (std::size_t g = 0; g < groups_; ++g)
        simd::store_words<Arch>(simd::product<Arch>(a, floats::load(scale_[0] + 16 * g)),
                                simd::product<Arch>(b, floats::load(scale_[1] + 16 * g)), pairs[i] + 2 * tile_tokens * g);
    }
    return true;
  }

  // Channels 2 at ... of all tokens, `some` bytes of a block.
  template <std::size_t Rows>
  [[gnu::always_inline]] void add_block(std::byte const* from, std::size_t stride, std::size_t at, std::size_t some,
                                        std::byte const (&pairs)[Rows][pitch], float const (&step)[Rows], std::size_t h,
                                        matrix_view<float> sums, words& largest) const noexcept {
    integers sum[Rows * registers];
    std::byte const* weight[registers];
    unrolled<Rows * registers>([&]<std::size_t I>() __attribute__((always_inline)) { sum[I] = integers::broadcast(0); });
    for (std::size_t r = 0; r < registers; ++r)
      weight[r] = pairs[0] + 2 * tile_tokens * smaller((2 * at + 16 * r) / group_, groups_ - 1);
    for (std::size_t t = 0; t < count_; t += tokens) {
      std::byte const* token[tokens];
      unrolled<tokens>([&]<std::size_t I>() __attribute__((always_inline)) { token[I] = from + (t + I) * stride; });
      words x[pairs_at_once * registers];
      levels_.load_rows(token, x);
      unrolled<Rows * pairs_at_once * registers>([&]<std::size_t I>() __attribute__((always_inline)) {
        constexpr std::size_t row = I / registers / pairs_at_once;
        constexpr std::size_t pair = I / registers % pairs_at_once;
        constexpr std::size_t r = I % registers;
        std::uint32_t w;
        std::memcpy(&w, weight[r] + row * sizeof pairs[0] + 2 * t + 4 * pair, 4);
        auto& s = sum[row * registers + r];
        s = simd::settled(simd::dot2(s, x[pair * registers + r], words::broadcast(w)));
      });
    }
    unrolled<Rows * registers>([&]<std::size_t I>() __attribute__((always_inline)) {
      constexpr std::size_t row = I / registers;
      if (8 * (I % registers) >= some) return;
      auto* const to = &sums(h + row, 2 * at + 16 * (I % registers));
      auto const y = simd::fused(levels_.in_order(simd::to_float(sum[I])), floats::broadcast(step[row]), floats::load(to));
      y.store(to);
      largest = max(largest, simd::as<std::uint32_t>(y) & words::broadcast(0x7FFF'FFFF));
    });
  }

  std::byte const* codes_;
  std::size_t bytes_;  // of a token
  std::size_t group_;
  std::size_t groups_;
  std::size_t count_;
  float unit_;
  levels levels_;
  alignas(64) float scale_[tile_tokens / 16][largest_head_size];  // [sixteen tokens][group][token]
};

}  // namespace skive::detail
