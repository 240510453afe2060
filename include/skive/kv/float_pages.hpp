// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/float_pages.hpp - pages of float, bfloat16 or float16: what is not quantized, and what quantized caches are judged
/// by.
///
///   float_keys<Number>     [32 tokens: of channel 0, of channel 1, ...][next 32 tokens] ...
///   float_values<Number>   [token 0: channels][token 1] ...
///
/// Sink tokens and the tail of recent ones live in such pages. A token is a group of its own.
///
/// Model of : key_quantizer (float_keys), value_quantizer (float_values)
/// Cost     : 16 numbers: a load and one multiply-add for each query or row of weights; no scratch.
/// Accuracy : a number is rounded once, to nearest even; products are sums of floats.
/// Promise  : NaN, infinity and what Number would make infinite are refused, and the page is left alone. dot and accumulate read
///            no byte of a token outside their range, so that one writer may append while others read.
/// Source   : -

#include "skive/kv/float_page.hpp"
#include "skive/kv/plain_queries.hpp"

namespace skive {

template <class Number>
class float_keys : public detail::float_page<Number, true> {
  using base = detail::float_page<Number, true>;
  using base::read_ahead;
  using base::row_bytes;

 public:
  using query = plain_queries;
  using base::head_size;

  constexpr float_keys() noexcept = default;
  static constexpr result<float_keys> make(page_shape shape) noexcept {
    if (!shape.valid()) return errc::invalid_argument;
    return float_keys{shape};
  }
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }

  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace = {}) const noexcept {
    return detail::plain_query<Arch>(rows, head_size());
  }
  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace = {}) const noexcept {
    if (auto const s = detail::check_dot(this->shape(), this->page_bytes(), page.size(), first, q, logits); !s) return s;
    for (std::size_t t = first; t < first + logits.cols;) {
      auto const start = t % tile_tokens;
      auto const count = detail::smaller(tile_tokens - start, first + logits.cols - t);
      auto const* const tile = page.data() + t / tile_tokens * tile_tokens * head_size() * sizeof(Number);
      detail::in_fours(q.rows.rows, [&]<std::size_t Rows>(std::size_t h) {
        auto* const out = &logits(h, t - first);
        if (count == tile_tokens)
          dot_tile<Arch, Rows, true>(tile, 0, count, &q.rows(h, 0), q.rows.row_stride, out, logits.row_stride);
        else
          dot_tile<Arch, Rows, false>(tile, start, count, &q.rows(h, 0), q.rows.row_stride, out, logits.row_stride);
      });
      t += count;
    }
    for (std::size_t h = 0; h < logits.rows; ++h)
      if (!detail::within<Arch>(logits.row(h), std::numeric_limits<float>::max())) return errc::corrupt;
    return errc::ok;
  }

 private:
  constexpr explicit float_keys(page_shape shape) noexcept : base{shape} {}

  // Whole: 32 tokens. Else the others may be under way, and the copy's call would keep sums out of registers.
  template <class Arch, std::size_t Rows, bool Whole>
  void dot_tile(std::byte const* tile, std::size_t start, std::size_t count, float const* q, std::size_t q_stride, float* logits,
                std::size_t stride) const noexcept {
    using floats = simd::floats<Arch>;
    floats sum[Rows][2];
    detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
      sum[H][0] = floats::broadcast(0.0f);
      sum[H][1] = floats::broadcast(0.0f);
    });
    alignas(64) std::byte part[Whole ? 1 : row_bytes]{};
    for (std::size_t d = 0; d < head_size(); ++d) {
      auto const* row = tile + d * row_bytes;
      if constexpr (!Whole) {
        std::memcpy(part, row + start * sizeof(Number), count * sizeof(Number));
        row = part;
      }
      for (std::size_t i = 0; i < row_bytes; i += 64) simd::prefetch<Arch>(tile + d * row_bytes + i, read_ahead);
      auto const x0 = detail::load_number_bytes<Number, Arch, simd::half_nan::any>(row);
      auto const x1 = detail::load_number_bytes<Number, Arch, simd::half_nan::any>(row + row_bytes / 2);
      detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
        auto const y = floats::broadcast(q[H * q_stride + d]);
        sum[H][0] = simd::fused(x0, y, sum[H][0]);
        sum[H][1] = simd::fused(x1, y, sum[H][1]);
      });
    }
    detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
      detail::store_some<Arch>(sum[H][0], logits + H * stride, count);
      if (count > 16) detail::store_some<Arch>(sum[H][1], logits + H * stride + 16, count - 16);
    });
  }
};

template <class Number>
class float_values : public detail::float_page<Number, false> {
  using base = detail::float_page<Number, false>;
  using base::read_ahead;
  static constexpr std::size_t at_once = 16;  // tokens that stay in the first cache while all channels are added

 public:
  using base::head_size;

  constexpr float_values() noexcept = default;
  static constexpr result<float_values> make(page_shape shape) noexcept {
    if (!shape.valid()) return errc::invalid_argument;
    return float_values{shape};
  }

  /// sums(i, d) += sum_j weights(i, j) v(first + j, d). Fails with size_mismatch, not_finite (a weight), corrupt.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace = {}) const noexcept {
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, weights.cols); !s) return s;
    if (auto const s = detail::check_weights<Arch>(weights, sums, head_size()); !s) return s;
    if (weights.cols == 0) return errc::ok;
    bool good = true;
    detail::in_fours(weights.rows, [&]<std::size_t Rows>(std::size_t h) {
      for (std::size_t t = 0; t < weights.cols; t += at_once)
        for (std::size_t d = 0; d < head_size(); d += 32)
          good &= add<Arch, Rows>(page.data() + (first + t) * head_size() * sizeof(Number), d,
                                  detail::smaller(at_once, weights.cols - t), &weights(h, t), weights.row_stride, &sums(h, 0),
                                  sums.row_stride);
    });
    return good ? errc::ok : errc::corrupt;
  }

 private:
  constexpr explicit float_values(page_shape shape) noexcept : base{shape} {}

  // Channels d .. d + 31 of all tokens.
  template <class Arch, std::size_t Rows>
  bool add(std::byte const* tokens, std::size_t d, std::size_t count, float const* weights, std::size_t weight_stride,
           float* sums, std::size_t stride) const noexcept {
    using floats = simd::floats<Arch>;
    auto const some = detail::smaller(32, head_size() - d);
    floats sum[Rows][2];
    detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
      sum[H][0] = detail::load_some<Arch>(sums + H * stride + d, some);
      sum[H][1] = some > 16 ? detail::load_some<Arch>(sums + H * stride + d + 16, some - 16) : floats::broadcast(0.0f);
    });
    auto const* from = tokens + d * sizeof(Number);
    alignas(64) std::byte part[32 * sizeof(Number)]{};
    for (std::size_t t = 0; t < count; ++t, from += head_size() * sizeof(Number)) {
      auto const* row = from;
      for (std::size_t i = 0; i < 32 * sizeof(Number); i += 64) simd::prefetch<Arch>(from + i, read_ahead);
      if (some != 32) {
        std::memcpy(part, from, some * sizeof(Number));
        row = part;
      }
      auto const x0 = detail::load_number_bytes<Number, Arch, simd::half_nan::any>(row);
      auto const x1 = detail::load_number_bytes<Number, Arch, simd::half_nan::any>(row + 16 * sizeof(Number));
      detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
        auto const w = floats::broadcast(weights[H * weight_stride + t]);
        sum[H][0] = simd::fused(x0, w, sum[H][0]);
        sum[H][1] = simd::fused(x1, w, sum[H][1]);
      });
    }
    auto bits = simd::words<Arch>::broadcast(0);
    detail::unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
      auto const clear = simd::words<Arch>::broadcast(0x7FFF'FFFF);
      bits = max(bits, max(simd::as<std::uint32_t>(sum[H][0]) & clear, simd::as<std::uint32_t>(sum[H][1]) & clear));
      detail::store_some<Arch>(sum[H][0], sums + H * stride + d, some);
      if (some > 16) detail::store_some<Arch>(sum[H][1], sums + H * stride + d + 16, some - 16);
    });
    return simd::largest(bits) < float_infinity_bits;
  }
};

static_assert(key_quantizer<float_keys<float16>> && value_quantizer<float_values<bfloat16>>);

}  // namespace skive
