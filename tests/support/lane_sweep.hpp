// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// All 2^32 floats into formats in lanes, on three sorts of instruction sets, in two threads.

#include "support/lane_checks.hpp"

#include <cstdint>
#include <thread>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace skive::test {

inline constexpr std::uint64_t sweep_chunk = 1 << 14;

// The floats of every second chunk, from chunk `first` on.
template <class Format>
lane_tally sweep_half(std::uint64_t first) {
  lane_tally t;
  word_list numbers(sweep_chunk);
  for (std::uint64_t begin = first * sweep_chunk; begin < std::uint64_t{1} << 32; begin += 2 * sweep_chunk) {
    for (std::uint64_t i = 0; i < sweep_chunk; ++i) numbers[i] = static_cast<std::uint32_t>(begin + i);
    auto const expected = scalar_codes<Format, saturating>(numbers);
    for_each(few_arches{}, [&]<class Arch>() { check_encode<Format, saturating, Arch>(numbers, expected, t); });
  }
  return t;
}

template <class Format>
void check_all_floats() {
  lane_tally odd;
  std::thread other{[&] { odd = sweep_half<Format>(1); }};
  auto const even = sweep_half<Format>(0);
  other.join();
  CAPTURE(even.first, even.got, even.want, odd.first, odd.got, odd.want);
  CHECK(even.wrong + odd.wrong == 0);
  CHECK((even.checked + odd.checked) % (std::uint64_t{1} << 32) == 0);
}

}  // namespace skive::test
