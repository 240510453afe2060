// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/paired_queries.hpp - queries as integers of 16 bits, in the order in which codes of 4 bits are looked up.
///
///   q(h, d) = step_h n(h, d) + error,  |n| <= 32767, |error| <= step_h / 2
///   pairs[h][4 j + k] = n of the channels that the nibbles k and k + 4 of bytes 4 j ... 4 j + 3 of a token stand for
///
/// Model of : -
/// Cost     : a pass for each query.
/// Accuracy : |error| <= 2^-16 max_d |q(h, d)|.
/// Promise  : NaN, infinity and numbers beyond 2^100 are refused.
/// Source   : -

#include "skive/core/bits.hpp"
#include "skive/kv/plain_queries.hpp"
#include "skive/simd/arithmetic.hpp"

namespace skive {

/// What prepare() made of some queries, in memory of the caller; the view must outlive them.
struct paired_queries : plain_queries {
  std::uint32_t const* pairs = nullptr;
  float const* steps = nullptr;
};

namespace detail {

constexpr std::size_t paired_rows_bytes(std::size_t rows, std::size_t n) noexcept {
  return saturating_add(workspace::bytes<std::uint32_t>(saturating_multiply(rows, n / 2)), workspace::bytes<float>(rows));
}

/// Fails with size_mismatch, not_finite, workspace_too_small. Precondition: n is a multiple of 8.
template <class Arch>
inline result<paired_queries> pair_rows(matrix_view<float const> rows, std::size_t n, bit_order order,
                                        workspace memory) noexcept {
  using floats = simd::floats<Arch>;
  if (!rows.valid() || rows.cols != n) return errc::size_mismatch;
  if (memory.size() < paired_rows_bytes(rows.rows, n)) return errc::workspace_too_small;
  auto const pairs = memory.take<std::uint32_t>(rows.rows * n / 2);
  auto const steps = memory.take<float>(rows.rows);
  auto const flip = order == bit_order::low_first ? 0U : 1U;
  for (std::size_t h = 0; h < rows.rows; ++h) {
    auto const largest = std::bit_cast<float>(most_bits<Arch>(rows.row(h)));
    if (!(largest <= 0x1p100f)) return errc::not_finite;
    auto const inverse = largest < 0x1p-100f ? 0.0f : 32767.0f / largest;
    steps[h] = largest < 0x1p-100f ? 0.0f : largest / 32767.0f;
    alignas(64) std::int32_t number[16];
    for (std::size_t d = 0; d < n; d += 16) {
      constexpr float magic = 0x1.8p23f;  // the sum's last bit is one
      auto const scaled = simd::product<Arch>(load_some<Arch>(&rows(h, d), n - d), floats::broadcast(inverse));
      auto const bits = simd::as<std::int32_t>(scaled + floats::broadcast(magic));
      (bits - simd::integers<Arch>::broadcast(std::bit_cast<std::int32_t>(magic))).store(number);
      for (unsigned j = 0; j < smaller(16, n - d) / 8; ++j)
        for (unsigned k = 0; k < 4; ++k) {
          auto const low = static_cast<std::uint32_t>(number[8 * j + (k ^ flip)]) & 0xFFFF;
          pairs[(h * n + d) / 2 + 4 * j + k] = low | static_cast<std::uint32_t>(number[8 * j + 4 + (k ^ flip)]) << 16;
        }
    }
  }
  return paired_queries{{rows}, pairs.data(), steps.data()};
}

}  // namespace detail
}  // namespace skive
