// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/scaled_query.hpp - a query times the steps of channels, as bytes that codes are multiplied with, and times their minima.
///
/// Model of : -
/// Cost     : two passes over the query; for whole groups of tokens once.
/// Accuracy : kv/coefficients.hpp.
/// Promise  : any bytes of steps and minima: what is not finite shows in the result.
/// Source   : -

#include "skive/kv/coefficients.hpp"
#include "skive/kv/page.hpp"

namespace skive::detail {

/// The steps or minima of sixteen channels of n; channels past the last one have zeros.
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> channel_field(std::byte const* of, std::size_t channel, std::size_t n) noexcept {
  if (channel + 16 <= n) return simd::load_float16<Arch>(of + 2 * channel);
  alignas(64) std::byte rest[32]{};
  std::memcpy(rest, of + 2 * channel, 2 * (n - channel));
  return simd::load_float16<Arch>(rest);
}

struct scaled_query {
  float step = 0.0f;
  float bias = 0.0f;
};
/// q s as `padded` bytes of each of first and second (kv/coefficients.hpp), and q m; steps, then minima at `fields`. Not finite
/// where one of them is not.
template <class Arch>
scaled_query scale_query(std::span<float const> q, std::byte const* fields, std::size_t padded, std::byte* first,
                         std::byte* second) noexcept {
  using floats = simd::floats<Arch>;
  alignas(64) float scaled[largest_head_size];
  auto const n = q.size();
  auto sum = floats::broadcast(0.0f);
  for (std::size_t c = 0; c < n; c += 16) {
    auto const x = load_some<Arch>(q.data() + c, n - c);
    simd::product<Arch>(x, channel_field<Arch>(fields, c, n)).store(scaled + c);
    sum = simd::fused(x, channel_field<Arch>(fields + 2 * n, c, n), sum);
  }
  return {split<Arch>(scaled, round_up_to(n, 16), padded, first, second), simd::sum(sum)};
}

}  // namespace skive::detail
