// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/codec_products.hpp - products of a tile of tokens that a block codec holds, decoded in registers for all queries.
///
///   dot         logits(h, t) = sum_d q(h, d) x(t, d)            accumulate   sums(h, d) += sum_t w(h, t) x(t, d)
///   x(t, d) = scale(t, d / group) (level(code(t, d)) - zero(t, d / group))
///
/// Tokens lie side by side, codes and fields without gaps. Scales of the tile become floats once; a register of codes becomes
/// numbers once for up to four queries, and never passes through memory.
///
/// Model of : -
/// Cost     : decoding 16 numbers, one multiplication with the scale, one multiply-add for each query.
/// Accuracy : products and sums of floats; 16 lanes of a token each add their channels in order.
/// Promise  : codes of NaN make dot return numbers that are not finite and accumulate return false. Other tokens of the page are
///            not read.
/// Source   : -

#include "skive/block/lane_dot.hpp"
#include "skive/kv/code_tile.hpp"
#include "skive/kv/page.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
  requires dot_lanes<Scheme, Arch>
class codec_products {
  static constexpr int width = code_width<Scheme>;
  static constexpr std::size_t code_bytes = 2 * static_cast<std::size_t>(width);  // of 16 codes
  static constexpr bool by_halves = std::is_same_v<typename Scheme::element, e4m3fn> && simd::has_e4m3<Arch>;
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using floats = simd::floats<Arch>;
  using batch = xsimd::batch<float, Arch>;
  struct nothing {};
  using nan_found = std::conditional_t<by_halves, simd::e4m3_nan<Arch>, nothing>;

 public:
  /// `row`: the layout of tokens side by side; head_size: numbers of a token.
  static constexpr bool fits(group_layout const& row, std::size_t head_size) noexcept {
    return row.group % 16 == 0 && row.group != 0 && head_size % row.group == 0 && row.whole == row.n;
  }
  /// So many tokens at once have room for their scales.
  static constexpr std::size_t tokens_at_once(group_layout const& row, std::size_t head_size) noexcept {
    return smaller(tile_tokens, group_parameters<Arch>::capacity / (head_size / row.group));
  }

  /// Precondition: fits(); count <= tokens_at_once(); row.n = count head_size.
  codec_products(Scheme const& scheme, group_layout const& row, from_planes const& from, std::size_t head_size,
                 std::size_t count) noexcept
      : codes_{from[0].data}, head_size_{head_size}, groups_{head_size / row.group}, count_{count}, order_{row.order} {
    parameters_.load(scheme, from, 0, count * groups_, row);
    if constexpr (by_halves)  // its numbers come out 2^-8 as large; no encoder writes a scale that this makes infinite
      for (std::size_t g = 0; g < count * groups_; ++g) parameters_.scale[g] *= 256.0f;
    for (std::size_t i = 0, d = 0; d < head_size; ++i, d += 16) group_of_[i] = static_cast<std::uint8_t>(d / row.group);
  }

  template <std::size_t Rows>
  void dot(matrix_view<float const> queries, std::size_t h, matrix_view<float> logits) const noexcept {
    nan_found nan;
    for (std::size_t t = 0; t < count_; t += 4) {
      batch part[16];  // lanes of row i and token t + k: part[4 i + k]
      for (std::size_t k = 0; k < 4; k += 2) {
        floats sum[2][Rows];
        for (auto& of_token : sum)
          for (auto& s : of_token) s = floats::broadcast(0.0f);
        each_channels([&]<std::size_t Count>(std::size_t d) __attribute__((always_inline)) {
          unrolled<2>([&]<std::size_t T>() __attribute__((always_inline)) {
            floats x[Count];
            load<Count>(smaller(t + k + T, count_ - 1), d, nan, x);
            unrolled<Count * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
              auto const q = floats::load(&queries(h + I % Rows, d + 16 * (I / Rows)));
              sum[T][I % Rows] = simd::fused(x[I / Rows], q, sum[T][I % Rows]);
            });
          });
        });
        for (std::size_t i = 0; i < Rows; ++i) {
          part[4 * i + k] = folded<Arch>(sum[0][i]);
          part[4 * i + k + 1] = folded<Arch>(sum[1][i]);
        }
      }
      store_sums<Rows>(part, t, h, logits);
    }
    if constexpr (by_halves)
      if (nan.any()) logits(h, 0) = std::numeric_limits<float>::quiet_NaN();
  }

  /// False: a code is NaN, or sums are not finite.
  template <std::size_t Rows>
  bool accumulate(matrix_view<float const> weights, std::size_t h, matrix_view<float> sums) const noexcept {
    nan_found nan;
    auto largest = simd::words<Arch>::broadcast(0);
    each_channels([&]<std::size_t Count>(std::size_t d) __attribute__((always_inline)) {
      floats sum[Rows][Count];
      for (std::size_t i = 0; i < Rows; ++i)
        for (std::size_t k = 0; k < Count; ++k) sum[i][k] = floats::load(&sums(h + i, d + 16 * k));
      for (std::size_t t = 0; t < count_; ++t) {
        floats x[Count];
        load<Count>(t, d, nan, x);
        unrolled<Count * Rows>([&]<std::size_t I>() __attribute__((always_inline)) {
          auto const w = floats::broadcast(weights(h + I % Rows, t));
          sum[I % Rows][I / Rows] = simd::fused(x[I / Rows], w, sum[I % Rows][I / Rows]);
        });
      }
      for (std::size_t i = 0; i < Rows; ++i)
        for (std::size_t k = 0; k < Count; ++k) {
          sum[i][k].store(&sums(h + i, d + 16 * k));
          largest = max(largest, simd::as<std::uint32_t>(sum[i][k]) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
        }
    });
    if constexpr (by_halves)
      if (nan.any()) return false;
    return simd::largest(largest) < float_infinity_bits;
  }

 private:
  // Calls f<Count>(d) for all channels, 64 or 16 at a time.
  template <class F>
  [[gnu::always_inline]] void each_channels(F f) const noexcept {
    std::size_t d = 0;
    for (; d + 64 <= head_size_; d += 64) f.template operator()<4>(d);
    for (; d < head_size_; d += 16) f.template operator()<1>(d);
  }

  template <std::size_t Count>
  [[gnu::always_inline]] void load(std::size_t token, std::size_t d, [[maybe_unused]] nan_found& nan,
                                   floats (&x)[Count]) const noexcept {
    auto const number = token * head_size_ + d;
    auto const* const codes = codes_ + number / 16 * code_bytes;
    auto const* const group = group_of_ + d / 16;
    auto const first = token * groups_;
    if constexpr (by_halves && Count == 4) {
      simd::load_e4m3<Arch>(codes, nan, x);
      unrolled<Count>([&]<std::size_t K>() __attribute__((always_inline)) {
        x[K] = simd::product<Arch>(x[K], floats::broadcast(parameters_.scale[first + group[K]]));
      });
    } else {
      unrolled<Count>([&]<std::size_t K>() __attribute__((always_inline)) {
        x[K] = number_of(simd::load_fields<width, Arch>(codes + K * code_bytes, order_), first + group[K]);
      });
    }
  }
  [[gnu::always_inline]] floats number_of(simd::words<Arch> const& codes, std::size_t g) const noexcept {
    auto level = decode_lanes<typename Scheme::element, Arch>(codes);
    if constexpr (by_halves) level = simd::product<Arch>(level, floats::broadcast(0x1p-8f));
    if constexpr (has_zero_point<Scheme>) level = level + floats::broadcast(parameters_.minus_zero_point[g]);
    return simd::product<Arch>(level, floats::broadcast(parameters_.scale[g]));
  }

  // The lanes of each register, added, to logits(h + row, t + token).
  template <std::size_t Rows>
  static void store_sums(batch const (&part)[16], std::size_t t, std::size_t h, matrix_view<float> logits) noexcept {
    alignas(64) float total[16];
    for (std::size_t i = 0; i < 4 * Rows; i += batch::size) {
      batch some[batch::size];
      unrolled<batch::size>([&]<std::size_t K>()
                                __attribute__((always_inline)) { some[K] = part[smaller(i + K, 4 * Rows - 1)]; });
      simd::sum_of_each<Arch>(some).store_unaligned(total + i);
    }
    for (std::size_t i = 0; i < Rows; ++i)
      for (std::size_t k = 0; k < 4 && t + k < logits.cols; ++k) logits(h + i, t + k) = total[4 * i + k];
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
