// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A number format that the library lacks: 4 bits, mu-law companded levels +-((1 + mu)^(k/7) - 1) / mu, k = 0 .. 7, mu = 15.
/// A model of skive::scalar_format is all that `compare`, block scales and solvers need.

#include <skive/block/absmax.hpp>
#include <skive/core/rounding.hpp>

#include <cstdint>

struct mulaw4 {
  using code_type = std::uint8_t;
  static constexpr int bits = 4;
  static constexpr float max_finite = 1.0f;
  code_type code{};

  // 16^(k/7) = 2^(4k/7); code 8 + k is the negative of code k, code 8 reads as 0.
  static constexpr float magnitudes[8] = {0.0f, 0.0324f, 0.080545f, 0.152089f, 0.258404f, 0.416386f, 0.651147f, 1.0f};

  static constexpr float decode(code_type c) noexcept { return (c & 8) != 0 ? -magnitudes[c & 7] : magnitudes[c & 7]; }

  template <class Real, class Rounding = skive::nearest_even>
  static constexpr code_type encode(Real x, Rounding = {}, skive::overflow_policy = {}) noexcept {
    bool const negative = x < Real{0};
    auto const m = static_cast<float>(negative ? -x : x);
    code_type k = 0;
    while (k < 7 && m > (magnitudes[k] + magnitudes[k + 1]) / 2) ++k;
    return negative && k != 0 ? static_cast<code_type>(8 | k) : k;
  }
};
