// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file convert/scalar.hpp - every scalar format by name, with rounding and overflow chosen at run time.
///
///   find_scalar("e4m3fn")->encode(x, rounding, overflow) -> code;   ->decode(code) -> x

#include "skive/core/rounding.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace skive::convert {

/// One rounding policy that holds any of the library's.
struct any_rounding {
  enum class kind : std::uint8_t {
    nearest_even,
    nearest_away,
    toward_zero,
    toward_positive,
    toward_negative,
    toward_odd,
    random
  };
  kind which = kind::nearest_even;
  stochastic random{};

  bool increments(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) const noexcept;
};

struct scalar_entry {
  std::string name;
  int bits;
  std::uint32_t (*encode)(double x, any_rounding rounding, overflow_policy overflow);
  double (*decode)(std::uint32_t code);
};

/// All formats, in reading order; P3109 formats are called binary8p4se and so on, K = 3 .. 10.
std::span<scalar_entry const> scalar_formats();
scalar_entry const* find_scalar(std::string_view name);

}  // namespace skive::convert
