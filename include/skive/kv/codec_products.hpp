// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/codec_products.hpp - products of a tile of tokens that a block codec holds, decoded in registers for all queries.
///
///   dot         logits(h, t) = sum_d q(h, d) x(t, d)            accumulate   sums(h, d) += sum_t w(h, t) x(t, d)
///   x(t, d) = scale(t, d / group) (level(code(t, d)) - zero(t, d / group))
///
/// Tokens lie side by side, codes and fields without gaps. Scales of the tile become floats once; a register of codes becomes
/// numbers once for up to four queries, and never passes through memory. A scale that holds for a whole token multiplies its
/// logits; scales of values multiply the weights.
///
/// Model of : -
/// Cost     : decoding 16 numbers, one multiplication with the scale for keys of several groups, one multiply-add for each query.
///            64 channels at a time (32 and 16 where a register has fewer than 16 floats), the last ones 16 at a time.
/// Accuracy : products and sums of floats; 16 lanes of a token each add their channels in order.
/// Promise  : codes of NaN make dot return numbers that are not finite and accumulate return false. Other tokens of the page are
///            not read.
/// Source   : -

#include "skive/block/lane_dot.hpp"
#include "skive/kv/code_tile.hpp"
#include "skive/kv/lane_sums.hpp"
#include "skive/kv/plain_queries.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
  requires dot_lanes<Scheme, Arch>
class codec_products {
  static constexpr int width = code_width<Scheme>;
  static constexpr std::size_t code_bytes = 2 * static_cast<std::size_t>(width);  // of 16 codes
  static constexpr bool by_halves = std::is_same_v<typename Scheme::element, e4m3fn> && simd::e4m3_at_once<Arch> != 0;
  static constexpr bool is_e5m2 = std::is_same_v<typename Scheme::element, e5m2> && !has_zero_point<Scheme>;
  static constexpr bool widens = (by_halves || is_e5m2) && simd::widens_e4m3<Arch>;  // in memory that stays in the first cache
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using floats = simd::floats<Arch>;
  using batch = xsimd::batch<float, Arch>;
  struct nothing {};
  using nan_found = std::conditional_t<by_halves, simd::e4m3_nan<Arch>, nothing>;

 public:
  /// So many tokens at once have room for their scales.
  static constexpr std::size_t tokens_at_once(group_layout const& row, std::size_t head_size) noexcept {
    return smaller(tile_tokens, group_parameters<Arch>::capacity / (head_size / row.group));
  }

  /// Precondition: groups are whole sixteens that fill a token; count <= tokens_at_once(); row.n = count head_size.
  codec_products(Scheme const& scheme, group_layout const& row, from_planes const& from, std::size_t head_size,
                 std::size_t count) noexcept
      : codes_{from[0].data}, head_size_{head_size}, groups_{head_size / row.group}, count_{count}, order_{row.order} {
    parameters_.load(scheme, from, 0, count * groups_, row);
    if constexpr (by_halves)  // its numbers come out 2^-8 as large; no encoder writes a scale that this makes infinite
      for (std::size_t g = 0; g < count * groups_; g += 16)
        simd::product<Arch>(floats::load(parameters_.scale + g), floats::broadcast(256.0f)).store(parameters_.scale + g);
    std::size_t group = 0;
    for (std::size_t i = 0, in_group = 0; i < head_size / 16; ++i) {
      group_of_[i] = static_cast<std::uint8_t>(group);
      in_group += 16;
      if (in_group != row.group) continue;
      in_group = 0;
      ++group;
    }
  }

  template <std::size_t Rows>
  void dot(plain_queries const& q, std::size_t h, matrix_view<float> logits) const noexcept {
    auto const& queries = q.rows;
    auto const whole = head_size_ / (16 * dot_columns) * (16 * dot_columns);
    if (whole != 0 && groups_ == 1) dot_channels<Rows, dot_columns, false>(queries, h, 0, whole, logits);
    if (whole != 0 && groups_ != 1) dot_channels<Rows, dot_columns, true>(queries, h, 0, whole, logits);
    if (whole != head_size_) dot_channels<Rows, 1, true>(queries, h, whole, head_size_, logits);
  }

  /// False: a code is NaN, or sums are not finite.
  template <std::size_t Rows>
  bool accumulate(matrix_view<float const> weights, std::size_t h, matrix_view<float> sums) const noexcept {
    alignas(64) float scaled[Rows][pitch];  // weights times scales: [group][token]
    scale_weights(weights, h, scaled);
    auto const whole = head_size_ / (16 * sum_columns) * (16 * sum_columns);
    bool good = true;
    if (whole != 0 && groups_ == 1) good = add_channels<Rows, sum_columns, false>(scaled, h, 0, whole, sums);
    if (whole != 0 && groups_ != 1) good = add_channels<Rows, sum_columns, true>(scaled, h, 0, whole, sums);
    if (whole != head_size_) good &= add_channels<Rows, 1, true>(scaled, h, whole, head_size_, sums);
    return good;
  }

 private:
  static constexpr std::size_t read_ahead = 4096;          // bytes
  static constexpr std::size_t pitch = largest_head_size;  // at least 16 tokens of each group
  // Sums of four rows in registers: of so many tokens, with so many times 16 channels at once; of so many times 16 channels.
  static constexpr std::size_t side = floats::registers == 1 ? 4 : 2;
  static constexpr std::size_t dot_columns = floats::registers == 1 ? 4 : 1;
  static constexpr std::size_t sum_columns = floats::registers == 1 ? 4 : 1;

  static constexpr std::size_t line = 64;  // channels of a token that are widened at once for sums

  // Channels [begin, end); they are added to those before `begin`. Grouped: a token has more than one scale.
  template <std::size_t Rows, std::size_t Count, bool Grouped>
  [[gnu::noinline]] void dot_channels(matrix_view<float const> queries, std::size_t h, std::size_t begin, std::size_t end,
                                      matrix_view<float> logits) const noexcept {
    nan_found nan;
    constexpr std::size_t row_floats = widens ? largest_head_size + 16 : 1;
    alignas(64) std::uint16_t halves[widens ? 4 * largest_head_size : 1];
    alignas(64) float aligned[Rows][row_floats];  // loads across cache lines take as long as the products
    if constexpr (widens)
      for (std::size_t i = 0; i < Rows; ++i) std::memcpy(aligned[i], &queries(h + i, 0), end * sizeof(float));
    for (std::size_t t = 0; t < count_; t += 4) {
      auto const n = end - begin;
      if constexpr (widens) {
        if (n == head_size_ && t + 4 <= count_)
          widen(t, 0, 4 * n, nan, halves);
        else
          for (std::size_t k = 0; k < 4; ++k) widen(smaller(t + k, count_ - 1), begin, end, nan, halves + k * n);
      }
      batch part[16];  // lanes of row i and token t + k: part[4 i + k]
      for (std::size_t k = 0; k < 4; k += side) {
        // One register for each row and token: what a query's numbers are loaded for are `side` tokens.
        batch sum[Rows * side];
        unrolled<Rows * side>([&]<std::size_t I>() __attribute__((always_inline)) { sum[I] = batch(0.0f); });
        for (std::size_t d = begin; d < end; d += 16 * Count) {
          floats x[side][Count];
          unrolled<side>([&]<std::size_t T>() __attribute__((always_inline)) {
            load<Count, Grouped>(smaller(t + k + T, count_ - 1), d, nan, halves + (widens ? (k + T) * n + d - begin : 0), x[T]);
          });
          unrolled<Count * floats::registers * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
            constexpr std::size_t column = I / Rows / floats::registers;
            constexpr std::size_t r = I / Rows % floats::registers;
            auto const at = d + 16 * column + batch::size * r;
            auto q = batch::load_unaligned(widens ? &aligned[I % Rows][widens ? at : 0] : &queries(h + I % Rows, at));
            if constexpr (widens) q = simd::once<Arch>(q);
            unrolled<side>([&]<std::size_t T>() __attribute__((always_inline)) {
              auto& s = sum[I % Rows * side + T];
              s = xsimd::fma(x[T][column].part[r], q, s);
            });
          });
        }
        unrolled<Rows * side>([&]<std::size_t I>()
                                  __attribute__((always_inline)) { part[I / side * 4 + k + I % side] = sum[I]; });
      }
      store_lane_sums<Rows, Arch>(part, Grouped ? nullptr : parameters_.scale + t, begin != 0, t, h, logits);
    }
    if constexpr (by_halves)
      if (nan.any()) logits(h, 0) = std::numeric_limits<float>::quiet_NaN();
  }
  template <std::size_t Rows, std::size_t Count, bool Grouped>
  [[gnu::noinline]] bool add_channels(float const (&weights)[Rows][pitch], std::size_t h, std::size_t begin, std::size_t end,
                                      matrix_view<float> sums) const noexcept {
    nan_found nan;
    auto largest = simd::words<Arch>::broadcast(0);
    auto const padded = round_up_to(count_, 16);
    alignas(64) std::uint16_t halves[widens ? tile_tokens : 1][widens ? line : 1];
    for (std::size_t d = begin; d < end; d += 16 * Count) {
      if constexpr (widens)
        if ((d - begin) % line == 0)
          for (std::size_t t = 0; t < count_; ++t) widen(t, d, smaller(end, d + line), nan, halves[t]);
      floats sum[Rows][Count];
      float const* weight[Count];  // of the first row and token
      unrolled<Count * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
        weight[I / Rows] = weights[0] + (Grouped ? group_of_[d / 16 + I / Rows] * padded : 0);
        sum[I % Rows][I / Rows] = floats::load(&sums(h + I % Rows, d + 16 * (I / Rows)));
      });
      for (std::size_t t = 0; t < count_; ++t) {
        floats x[Count];
        load<Count, false>(t, d, nan, halves[widens ? t : 0] + (widens ? (d - begin) % line : 0), x);
        unrolled<Count * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
          constexpr std::size_t row = I / Count;
          constexpr std::size_t column = I % Count;
          auto const w = floats::broadcast(weight[Grouped ? column : 0][row * pitch + t]);
          sum[row][column] = simd::fused(x[column], w, sum[row][column]);
        });
      }
      unrolled<Count * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
        auto const& s = sum[I % Rows][I / Rows];
        s.store(&sums(h + I % Rows, d + 16 * (I / Rows)));
        largest = max(largest, simd::as<std::uint32_t>(s) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
      });
    }
    if constexpr (by_halves)
      if (nan.any()) return false;
    return simd::largest(largest) < float_infinity_bits;
  }

  // Numbers [begin, end) of a token as 2^-8 float16 to `to`.
  [[gnu::always_inline]] void widen(std::size_t token, std::size_t begin, std::size_t end, [[maybe_unused]] nan_found& nan,
                                    std::uint16_t* to) const noexcept
    requires(widens)
  {
    auto const* const codes = codes_ + token * head_size_ + begin;
    for (std::size_t i = 0; i < end - begin; i += 64) simd::prefetch<Arch>(codes + i, read_ahead);
    if constexpr (is_e5m2)
      simd::widen_e5m2<Arch>(codes, end - begin, to);
    else
      simd::widen_e4m3<Arch>(codes, end - begin, nan, to);
  }
  // Numbers d ... of a token, which lie at `halves` where they have been widened; with Scaled times their scale.
  template <std::size_t Count, bool Scaled>
  [[gnu::always_inline]] void load(std::size_t token, std::size_t d, [[maybe_unused]] nan_found& nan,
                                   [[maybe_unused]] std::uint16_t const* halves, floats (&x)[Count]) const noexcept {
    auto const* const codes = codes_ + (token * head_size_ + d) / 16 * code_bytes;
    auto const* const group = group_of_ + d / 16;
    auto const first = token * groups_;
    if constexpr (!widens) simd::prefetch<Arch>(codes, read_ahead);
    constexpr bool all = by_halves && Count == 4 && simd::has_e4m3<Arch>;
    if constexpr (all) simd::load_e4m3<Arch>(codes, nan, x);
    unrolled<Count>([&]<std::size_t K>() __attribute__((always_inline)) {
      if constexpr (widens)
        x[K] = simd::load_float16<Arch, simd::half_nan::any>(halves + 16 * K);
      else if constexpr (!all)
        x[K] = level_of(simd::load_fields<width, Arch>(codes + K * code_bytes, order_), first + group[K]);
      if constexpr (Scaled) x[K] = simd::product<Arch>(x[K], floats::broadcast(parameters_.scale[first + group[K]]));
    });
  }
  [[gnu::always_inline]] floats level_of(simd::words<Arch> const& codes, [[maybe_unused]] std::size_t g) const noexcept {
    auto level = decode_lanes<typename Scheme::element, Arch>(codes);
    if constexpr (by_halves) level = simd::product<Arch>(level, floats::broadcast(0x1p-8f));
    if constexpr (has_zero_point<Scheme>) level = level + floats::broadcast(parameters_.minus_zero_point[g]);
    return level;
  }
  // scaled[row][g padded tokens + t] = weight t of row h + row times scale g of token t.
  template <std::size_t Rows>
  void scale_weights(matrix_view<float const> weights, std::size_t h, float (&scaled)[Rows][pitch]) const noexcept {
    auto const padded = round_up_to(count_, 16);
    for (std::size_t g = 0; g < groups_; ++g)
      for (std::size_t t = 0; t < count_; ++t) scaled[Rows - 1][g * padded + t] = parameters_.scale[t * groups_ + g];
    for (std::size_t t = 0; t < count_; t += 16) {
      floats w[Rows];
      unrolled<Rows>([&]<std::size_t H>()
                         __attribute__((always_inline)) { w[H] = load_some<Arch>(&weights(h + H, t), count_ - t); });
      for (std::size_t at = t; at < groups_ * padded; at += padded) {
        auto const scale = floats::load(scaled[Rows - 1] + at);
        unrolled<Rows>([&]<std::size_t H>()
                           __attribute__((always_inline)) { simd::product<Arch>(w[H], scale).store(scaled[H] + at); });
      }
    }
  }

  std::byte const* codes_;
  std::size_t head_size_;
  std::size_t groups_;
  std::size_t count_;
  bit_order order_;
  std::uint8_t group_of_[largest_head_size / 16];  // of sixteen channels
  group_parameters<Arch> parameters_;
};

}  // namespace skive::detail
