// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// All 2^32 floats through an encoder. Codes change only near stated points of decision: the floats around each are runs of their
// own, and so is each sort of special number. An oracle says once what a run's first number becomes, and every number of the run
// is encoded and compared. So each number costs one encode, and neither rounding of a point nor a tie can hide a wrong code.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

namespace skive::test {

struct sweep {
  std::uint64_t wrong = 0;
  std::uint64_t numbers = 0;
};

// Where runs of magnitudes begin, ascending, then the end. A point stands for both signs.
inline std::vector<std::uint32_t> run_starts(std::vector<double> const& points) {
  constexpr std::uint32_t infinity = 0x7F80'0000;
  std::vector<std::uint32_t> starts{0, 1, infinity, infinity + 1};
  for (double const point : points) {
    auto const near = static_cast<float>(std::min(std::fabs(point), 0x1.fffffep127));
    auto const word = std::bit_cast<std::uint32_t>(near);
    for (std::uint32_t const w : {word - 1, word, word + 1, word + 2})
      if (w < infinity) starts.push_back(w);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  starts.push_back(0x8000'0000);
  return starts;
}

// One thread a sign. encode(float) and expected(float) return codes.
template <class Encode, class Expected>
sweep encode_all_floats(std::vector<double> const& points, Encode encode, Expected expected) {
  auto const starts = run_starts(points);
  auto const walk = [&](std::uint32_t sign) {
    sweep s;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      std::uint32_t const first = starts[i] | sign;
      std::uint32_t const end = starts[i + 1] + sign;  // 2^32 wraps to 0
      auto const code = static_cast<decltype(encode(0.0f))>(expected(std::bit_cast<float>(first)));
      std::uint64_t wrong = 0;
      for (std::uint32_t w = first; w != end; ++w) wrong += encode(std::bit_cast<float>(w)) != code;
      s.wrong += wrong;
      s.numbers += end - first;
    }
    return s;
  };
  sweep negative;
  std::thread other{[&] { negative = walk(0x8000'0000); }};
  sweep const positive = walk(0);
  other.join();
  return {positive.wrong + negative.wrong, positive.numbers + negative.numbers};
}

}  // namespace skive::test
