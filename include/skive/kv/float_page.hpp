// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/float_page.hpp - a page of numbers that are not quantized: where they lie, how they come in and out.
///
///   Turned   [32 tokens: of channel 0, of channel 1, ...][next 32 tokens] ...      else   [token 0: channels][token 1] ...
///
/// Model of : -
/// Cost     : 16 numbers at a time; in turned pages a token is stored number by number.
/// Accuracy : a number is rounded once, to nearest even.
/// Promise  : NaN, infinity and what Number would make infinite are refused by append, and the page is left alone.
/// Source   : -

#include "skive/kv/code_tile.hpp"
#include "skive/kv/page.hpp"
#include "skive/simd/arithmetic.hpp"

#include <cstring>
#include <limits>

namespace skive {
namespace detail {

template <class Number>
constexpr float largest_number() noexcept {
  if constexpr (std::is_same_v<Number, float>)
    return std::numeric_limits<float>::max();
  else
    return Number::max_finite;
}
template <class Number, class Arch, simd::half_nan Nan = simd::half_nan::quiet>
[[gnu::always_inline]] inline simd::floats<Arch> load_number_bytes(std::byte const* from) noexcept {
  if constexpr (std::is_same_v<Number, float16>)
    return simd::load_float16<Arch, Nan>(from);
  else if constexpr (std::is_same_v<Number, bfloat16>)
    return simd::load_bfloat16<Arch, Nan>(from);
  else
    return load_numbers<Arch>(reinterpret_cast<Number const*>(from));
}
/// What keys and values share. Turned: [32 tokens of channel 0][of channel 1] ..., else token after token.
template <class Number, bool Turned>
class float_page {
 public:
  using number = Number;

  constexpr float_page() noexcept = default;

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return 1; }
  constexpr std::size_t page_bytes() const noexcept { return shape_.tokens * shape_.head_size * sizeof(Number); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch, not_finite.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace = {}) const noexcept {
    if (auto const s = check_append<Arch>(shape_, 1, page_bytes(), page.size(), rows, first, largest_number<Number>()); !s)
      return s;
    put<Arch>(rows, first, page);
    return errc::ok;
  }
  /// append() without its checks.
  template <class Arch>
  void put(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page) const noexcept {
    for (std::size_t t = 0; t < rows.rows; ++t)
      for (std::size_t d = 0; d < head_size(); d += 16) {
        auto const some = smaller(16, head_size() - d);
        auto* const to = page.data() + at(first + t, d);
        auto const x = load_some<Arch>(&rows(t, d), some);
        if (!Turned && some == 16) {
          store_numbers<Arch>(x, reinterpret_cast<Number*>(to));
          continue;
        }
        alignas(64) Number numbers[16];
        store_numbers<Arch>(x, numbers);
        if constexpr (Turned)
          for (std::size_t i = 0; i < some; ++i) std::memcpy(to + i * row_bytes, numbers + i, sizeof(Number));
        else
          std::memcpy(to, numbers, some * sizeof(Number));
      }
  }
  /// Fails with size_mismatch.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace = {}) const noexcept {
    if (auto const s = check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    get<Arch>(page, first, out);
    return errc::ok;
  }
  /// decode() without its checks.
  template <class Arch>
  void get(std::span<std::byte const> page, std::size_t first, matrix_view<float> out) const noexcept {
    for (std::size_t t = 0; t < out.rows; ++t) {
      if constexpr (Turned)
        if ((first + t) % tile_tokens == 0 && out.rows - t >= tile_tokens) {
          for (std::size_t d = 0; d < head_size(); d += 8)
            get_tile<Arch>(page.data() + at(first + t, d), &out(t, d), out.row_stride);
          t += tile_tokens - 1;
          continue;
        }
      for (std::size_t d = 0; d < head_size(); d += 16) {
        auto const some = smaller(16, head_size() - d);
        auto const* const from = page.data() + at(first + t, d);
        if (!Turned && some == 16) {
          load_number_bytes<Number, Arch>(from).store(&out(t, d));
          continue;
        }
        alignas(64) Number numbers[16]{};
        if constexpr (Turned)
          for (std::size_t i = 0; i < some; ++i) std::memcpy(numbers + i, from + i * row_bytes, sizeof(Number));
        else
          std::memcpy(numbers, from, some * sizeof(Number));
        store_some<Arch>(load_numbers<Arch>(numbers), &out(t, d), some);
      }
    }
  }

 protected:
  static constexpr std::size_t row_bytes = tile_tokens * sizeof(Number);
  static constexpr std::size_t read_ahead = 4096;  // bytes
  constexpr explicit float_page(page_shape shape) noexcept : shape_{shape} {}
  constexpr std::size_t at(std::size_t token, std::size_t channel) const noexcept {
    if constexpr (Turned)
      return (token / tile_tokens * head_size() + channel) * row_bytes + token % tile_tokens * sizeof(Number);
    else
      return (token * head_size() + channel) * sizeof(Number);
  }

 private:
  // 32 tokens of eight channels, turned back.
  template <class Arch>
  static void get_tile(std::byte const* from, float* to, std::size_t stride) noexcept {
    alignas(64) float number[8][tile_tokens];
    for (std::size_t i = 0; i < 8; ++i) {
      load_number_bytes<Number, Arch>(from + i * row_bytes).store(number[i]);
      load_number_bytes<Number, Arch>(from + i * row_bytes + row_bytes / 2).store(number[i] + 16);
    }
    for (std::size_t t = 0; t < tile_tokens; ++t)
      for (std::size_t i = 0; i < 8; ++i) to[t * stride + i] = number[i][t];
  }

  page_shape shape_{};
};

}  // namespace detail
}  // namespace skive
