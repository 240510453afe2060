// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/polar_pair_group.hpp - keys after rotary embedding as radius and angle of each pair of channels: PolarQuant.
///
///   (x, y) of pair p at token t = r (cos a, sin a);   r' = low + step code_r,   a' = start + turn code_a
///   group: [codes angle | radius << angle bits, token after token, without gaps][pair: low, step, start, turn, float16 each]
///
/// Rotary embedding turns a pair and leaves its radius, so radii of a pair need few levels, and pairs of low frequency keep to an
/// arc. The arc is measured from the mean direction, so that it is not cut where angles jump; one that is nearly a whole turn
/// has steps of 2 pi / 2^bits. (angle + radius bits) / 2 + 32 / tokens bits a number.
///
/// Model of : token_group
/// Cost     : encode: a square root and two arctangents a pair; decode: 2^angle bits cosines and sines a pair and call, then two
///            look-ups and products a pair.
/// Accuracy : half a step of each, and float16 of the parameters.
/// Promise  : atan2, cos and sin are the C library's: with another one, codes differ for angles within rounding of the middle of two
///            codes, and decoded numbers in their last bits.
/// Source   : S. Wu et al., "PolarQuant: Leveraging Polar Transformation for Efficient Key Cache Quantization and Decoding
///            Acceleration", arXiv:2502.00527.

#include "skive/core/bits.hpp"
#include "skive/format/half.hpp"
#include "skive/kv/grouped_pages.hpp"
#include "skive/kv/rope.hpp"

#include <cstring>
#include <numbers>

namespace skive {

struct polar_bits {
  int angle = 4;
  int radius = 4;
};

class polar_pair_group {
 public:
  constexpr polar_pair_group() noexcept = default;
  /// `tokens`: of a group. Fails with invalid_argument (more than 8 bits a pair, less than 1 each, more than 65536 numbers).
  static constexpr result<polar_pair_group> make(std::size_t head_size, std::size_t tokens, polar_bits bits,
                                                 rope_pairing pairing) noexcept {
    if (!page_shape{head_size, tile_tokens}.valid() || tokens == 0 || tokens > 65536 / head_size) return errc::invalid_argument;
    if (bits.angle < 1 || bits.radius < 1 || bits.angle > 7 || bits.radius > 7 || bits.angle + bits.radius > 8)
      return errc::invalid_argument;
    return polar_pair_group{head_size, tokens, bits, pairing};
  }
  constexpr std::size_t head_size() const noexcept { return head_size_; }
  constexpr std::size_t group_tokens() const noexcept { return tokens_; }
  constexpr std::size_t group_bytes() const noexcept { return code_bytes() + sizeof(std::uint16_t) * 4 * pairs(); }
  constexpr std::size_t scratch_bytes() const noexcept { return 2 * workspace::bytes<float>(tokens_); }

  /// Precondition: rows of a group, at most 65504. Fails with workspace_too_small.
  status encode(matrix_view<float const> rows, std::span<std::byte> to, workspace scratch) const noexcept {
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    auto const radius = scratch.take<float>(tokens_);
    auto const angle = scratch.take<float>(tokens_);
    for (auto& b : to) b = std::byte{0};
    auto const codes = packed_fields<std::byte>::make(to.first(code_bytes()), tokens_ * pairs(), width(), bit_order::low_first);
    for (std::size_t p = 0; p < pairs(); ++p) {
      auto const arc = measure(rows, p, radius, angle);
      float low = radius[0];
      float high = radius[0];
      for (auto const r : radius) {
        low = r < low ? r : low;
        high = r > high ? r : high;
      }
      std::uint16_t const fields[4] = {half(low), half((high - low) / levels(bits_.radius)), half(arc.start), half(arc.turn)};
      std::memcpy(to.data() + code_bytes() + p * sizeof fields, fields, sizeof fields);
      auto const kept = read(to.data(), p);
      for (std::size_t t = 0; t < tokens_; ++t) {
        auto const a = number(angle[t] - kept.start, kept.turn, arc.closed ? 2 * (1 << bits_.angle) : (1 << bits_.angle) - 1) &
            ((1U << bits_.angle) - 1);
        auto const r = number(radius[t] - kept.low, kept.step, (1 << bits_.radius) - 1);
        codes->set(t * pairs() + p, static_cast<std::uint8_t>(a | r << bits_.angle));
      }
    }
    return errc::ok;
  }
  /// Tokens first, first + 1 ... of the group.
  status decode(std::span<std::byte const> from, std::size_t first, matrix_view<float> out, workspace = {}) const noexcept {
    auto const codes =
        packed_fields<std::byte const>::make(from.first(code_bytes()), tokens_ * pairs(), width(), bit_order::low_first);
    for (std::size_t p = 0; p < pairs(); ++p) {
      auto const kept = read(from.data(), p);
      float cosine[128];
      float sine[128];
      for (unsigned c = 0; c < 1U << bits_.angle; ++c) {
        auto const a = kept.start + kept.turn * static_cast<float>(c);
        cosine[c] = std::cos(a);
        sine[c] = std::sin(a);
      }
      for (std::size_t t = 0; t < out.rows; ++t) {
        auto const code = codes->get((first + t) * pairs() + p);
        auto const r = kept.low + kept.step * static_cast<float>(code >> bits_.angle);
        auto const a = code & ((1U << bits_.angle) - 1);
        out(t, x_of(p)) = r * cosine[a];
        out(t, y_of(p)) = r * sine[a];
      }
    }
    return errc::ok;
  }

 private:
  struct arc_of_pair {
    float start, turn;
    bool closed;  // codes go round
  };
  struct parameters {
    float low, step, start, turn;
  };
  constexpr polar_pair_group(std::size_t head_size, std::size_t tokens, polar_bits bits, rope_pairing pairing) noexcept
      : head_size_{head_size}, tokens_{tokens}, bits_{bits}, pairing_{pairing} {}
  constexpr std::size_t pairs() const noexcept { return head_size_ / 2; }
  constexpr int width() const noexcept { return bits_.angle + bits_.radius; }
  constexpr std::size_t code_bytes() const noexcept { return (tokens_ * pairs() * static_cast<std::size_t>(width()) + 7) / 8; }
  constexpr std::size_t x_of(std::size_t pair) const noexcept { return pairing_ == rope_pairing::halved ? pair : 2 * pair; }
  constexpr std::size_t y_of(std::size_t pair) const noexcept {
    return pairing_ == rope_pairing::halved ? pair + pairs() : 2 * pair + 1;
  }
  static constexpr float levels(int bits) noexcept { return static_cast<float>((1 << bits) - 1); }
  static std::uint16_t half(float x) noexcept { return float16::encode(detail::smaller_float(x, detail::largest_float16)); }
  static unsigned number(float x, float step, int most) noexcept {
    auto const n = step > 0 ? std::floor(x / step + 0.5f) : 0.0f;
    return n <= 0 ? 0U : n >= static_cast<float>(most) ? static_cast<unsigned>(most) : static_cast<unsigned>(n);
  }
  parameters read(std::byte const* group, std::size_t pair) const noexcept {
    std::uint16_t fields[4];
    std::memcpy(fields, group + code_bytes() + pair * sizeof fields, sizeof fields);
    return {float16::decode(fields[0]), float16::decode(fields[1]), float16::decode(fields[2]), float16::decode(fields[3])};
  }
  // Radii and angles, the latter from the arc's start to 2 pi past it; no angle counts where the radius is zero.
  arc_of_pair measure(matrix_view<float const> rows, std::size_t pair, std::span<float> radius,
                      std::span<float> angle) const noexcept {
    double sum[2] = {0, 0};
    for (std::size_t t = 0; t < tokens_; ++t) {
      auto const x = static_cast<double>(rows(t, x_of(pair)));
      auto const y = static_cast<double>(rows(t, y_of(pair)));
      radius[t] = static_cast<float>(std::sqrt(x * x + y * y));  // squares of floats are exact in double
      sum[0] += x;
      sum[1] += y;
    }
    auto const middle = sum[0] == 0 && sum[1] == 0 ? 0.0 : std::atan2(sum[1], sum[0]);
    float low = 4.0f;
    float high = -4.0f;
    for (std::size_t t = 0; t < tokens_; ++t) {
      auto const x = static_cast<double>(rows(t, x_of(pair)));
      auto const y = static_cast<double>(rows(t, y_of(pair)));
      auto a = std::atan2(y, x) - middle;
      a += a < -std::numbers::pi ? 2 * std::numbers::pi : a >= std::numbers::pi ? -2 * std::numbers::pi : 0.0;
      angle[t] = static_cast<float>(a);
      if (!(radius[t] > 0)) continue;
      low = angle[t] < low ? angle[t] : low;
      high = angle[t] > high ? angle[t] : high;
    }
    if (low > high) low = high = 0.0f;
    auto const whole = static_cast<float>(2 * std::numbers::pi) / static_cast<float>(1 << bits_.angle);
    auto const turn = (high - low) / levels(bits_.angle);
    bool const closed = turn > whole;
    auto const start = static_cast<float>(middle) + low;
    for (auto& a : angle) a += static_cast<float>(middle);
    return {start, closed ? whole : turn, closed};
  }

  std::size_t head_size_ = 0;
  std::size_t tokens_ = 0;
  polar_bits bits_{};
  rope_pairing pairing_ = rope_pairing::neighbouring;
};

static_assert(token_group<polar_pair_group>);

}  // namespace skive
