// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/float_rows.hpp - keys of float, bfloat16 or float16 that lie token by token, and products of such rows.
///
///   float_row_keys<Number>   [token 0: channels][token 1] ...;   logits(h, t) = sum_d q(h, d) x(t, d)
///
/// For tokens that come one by one and stay for a while: the tail of a cache (kv/head_cache.hpp). A token is one copy here, where
/// float_keys scatter it over a cache line for each channel; float_keys are what long contexts are read from.
///
/// Model of : key_quantizer
/// Cost     : 16 numbers: a load and one multiply-add for each query; 16 lanes of each token and query are added at the end.
/// Accuracy : a number is rounded once, to nearest even; products are sums of floats.
/// Promise  : NaN, infinity and what Number would make infinite are refused, and the page is left alone. dot reads no byte of a
///            token outside its range, so that one writer may append while others read.
/// Source   : -

#include "skive/kv/float_page.hpp"
#include "skive/kv/plain_queries.hpp"
#include "skive/simd/reduce_each.hpp"

namespace skive {
namespace detail {

/// `count` rows of n numbers, `stride` bytes apart.
struct byte_rows {
  std::byte const* data;
  std::size_t count;
  std::size_t n;
  std::size_t stride;
};

/// logits(h, t) = queries h ... h + Rows - 1 times rows t.
template <class Number, class Arch, std::size_t Rows>
inline void dot_rows(byte_rows const& rows, matrix_view<float const> queries, std::size_t h, matrix_view<float> logits) noexcept {
  using floats = simd::floats<Arch>;
  using batch = xsimd::batch<float, Arch>;
  constexpr std::size_t width = batch::size;
  auto const n = rows.n;
  auto const* const q = &queries(h, 0);
  auto const stride = queries.row_stride;
  for (std::size_t t = 0; t < rows.count; t += width) {
    batch part[Rows][width];
    for (std::size_t i = 0; i < width; ++i) {
      auto const* const x = rows.data + smaller(t + i, rows.count - 1) * rows.stride;
      floats sum[Rows];
      unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) { sum[H] = floats::broadcast(0.0f); });
      std::size_t d = 0;
      for (; d + 16 <= n; d += 16) {
        auto const number = load_number_bytes<Number, Arch, simd::half_nan::any>(x + d * sizeof(Number));
        unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
          sum[H] = simd::fused(number, floats::load(q + H * stride + d), sum[H]);
        });
      }
      if (d < n) {
        alignas(64) std::byte rest[16 * sizeof(Number)]{};
        std::memcpy(rest, x + d * sizeof(Number), (n - d) * sizeof(Number));
        auto const number = load_number_bytes<Number, Arch, simd::half_nan::any>(rest);
        unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) {
          sum[H] = simd::fused(number, load_some<Arch>(q + H * stride + d, n - d), sum[H]);
        });
      }
      unrolled<Rows>([&]<std::size_t H>() __attribute__((always_inline)) { part[H][i] = folded<Arch>(sum[H]); });
    }
    for (std::size_t i = 0; i < Rows; ++i) {
      auto const all = simd::sum_of_each<Arch>(part[i]);
      alignas(64) float lane[width];
      all.store_aligned(lane);
      for (std::size_t j = 0; j < width && t + j < rows.count; ++j) logits(h + i, t + j) = lane[j];
    }
  }
}

}  // namespace detail

template <class Number>
class float_row_keys : public detail::float_page<Number, false> {
  using base = detail::float_page<Number, false>;

 public:
  using query = plain_queries;
  using base::head_size;

  constexpr float_row_keys() noexcept = default;
  /// Fails with invalid_argument.
  static constexpr result<float_row_keys> make(page_shape shape) noexcept {
    if (!shape.valid()) return errc::invalid_argument;
    return float_row_keys{shape};
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
    auto const bytes = head_size() * sizeof(Number);
    detail::byte_rows const rows{page.data() + first * bytes, logits.cols, head_size(), bytes};
    detail::in_fours(logits.rows,
                     [&]<std::size_t Rows>(std::size_t h) { detail::dot_rows<Number, Arch, Rows>(rows, q.rows, h, logits); });
    return detail::finite_rows<Arch>(logits) ? errc::ok : errc::corrupt;
  }

 private:
  constexpr explicit float_row_keys(page_shape shape) noexcept : base{shape} {}
};

}  // namespace skive
