// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes include/skive/codebook/hybrid_table.hpp:   train_pairs > hybrid_table.hpp      (with any argument: only its first half)
//
// HYB: k-means of 2^9 Gaussian pairs, then Lloyd's iteration on the paths of 2 or 4 bits a number, of a source 1.3 times as
// large: paths prefer short pairs, and a hash does not meet all pairs equally often. Pairs of 3, 5 and 7 bits, L = 8: the
// best of some random orders of the points of a Gaussian k-means, trained on paths. All samples come from counter_random.

#include "skive/codebook/kmeans.hpp"
#include "skive/codebook/trellis_codec.hpp"
#include "skive/codebook/trellis_training.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace skive;
constexpr std::size_t block = 256;
constexpr float unit = 6400;       // levels of HYB: sources that are 1.56 times as large still fit 3.2 deviations into 16 bits
constexpr float pair_unit = 8192;  // of pairs

// A code of pairs whose levels the program moves.
template <int L, int B, class Entry>
struct moving {
  static constexpr int state_bits = L;
  static constexpr int step_bits = B;
  static constexpr int values = 2;
  std::int16_t const* levels;
  float unit;
  std::int16_t level(std::uint32_t state, int v) const noexcept {
    auto const p = Entry::place(state, v);
    return p.negative ? static_cast<std::int16_t>(-levels[p.at]) : levels[p.at];
  }
  float sigma() const noexcept { return unit; }
};
struct hybrid_entry {
  static detail::level_place place(std::uint32_t s, int v) noexcept {
    auto const h = s * s + s;
    return {2 * std::size_t{h >> 6 & 511} + static_cast<std::size_t>(v), v == 0 && (h >> 15 & 1) != 0};
  }
};
struct own_entry {
  static detail::level_place place(std::uint32_t s, int v) noexcept { return {2 * std::size_t{s} + static_cast<std::size_t>(v)}; }
};

std::vector<float> gaussian(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{12, stream}.fill_gaussian(x);
  return x;
}

// Points of a Gaussian k-means as levels.
std::vector<std::int16_t> points(std::size_t k, float sigma) {
  auto const x = gaussian(2 * 200 * k, 1);
  std::vector<float> grid(2 * k);
  std::vector<std::byte> memory(kmeans_bytes(x.size() / 2, 2, k));
  if (!kmeans({x.data(), x.size() / 2, 2}, {grid.data(), k, 2}, {}, {kmeans_seeding::greedy, 60, 3}, workspace{memory}))
    std::exit(1);
  std::vector<std::int16_t> levels(2 * k);
  for (std::size_t i = 0; i < 2 * k; ++i) levels[i] = static_cast<std::int16_t>(std::lround(grid[i] * sigma));
  return levels;
}

template <int L, int B, class Entry>
double train(std::vector<std::int16_t>& levels, float sigma, std::vector<float> const& x, int iterations) {
  using code = moving<L, B, Entry>;
  std::vector<std::byte> memory(trellis_training_bytes<code>(block, levels.size()));
  auto const e =
      train_trellis_levels(code{levels.data(), sigma}, Entry::place, x, block, iterations, std::span{levels}, workspace{memory});
  if (!e) std::exit(1);
  return *e;
}
template <int L, int B, class Entry>
double fresh_error(std::vector<std::int16_t> levels, float sigma, std::size_t blocks) {
  auto const x = gaussian(blocks * block, 99);
  double power = 0;
  for (auto const v : x) power += static_cast<double>(v) * static_cast<double>(v);
  return train<L, B, Entry>(levels, sigma, x, 1) * static_cast<double>(x.size()) / power;
}

// The share of the levels' unit that rows are best scaled by.
template <int B>
void rate(std::vector<std::int16_t> const& levels) {
  double least = 1;
  int best = 0;
  for (int share = 100; share <= 156; share += 7) {
    auto const e = fresh_error<16, B, hybrid_entry>(levels, static_cast<float>(share) * unit / 100, 40);
    if (e < least) least = e, best = share;
  }
  std::printf("template <>\ninline constexpr float hybrid_sigma<%d> = %.2ff * 6400;  // %.5f\n", B, best / 100.0, least);
  std::fprintf(stderr, "hyb %d: share %d %.5f\n", B, best, least);
}

// B bits of two numbers.
template <int B>
std::vector<std::int16_t> hybrid(char const* name) {
  auto levels = points(512, unit);
  std::fprintf(stderr, "%s by k-means: %.5f\n", name, fresh_error<16, B, hybrid_entry>(levels, unit, 100));
  static_cast<void>(train<16, B, hybrid_entry>(levels, 1.3f * unit, gaussian(1000 * block, 2), 8));
  std::fprintf(stderr, "%s trained: %.5f\n", name, fresh_error<16, B, hybrid_entry>(levels, unit, 100));
  std::printf("inline constexpr std::int16_t %s[1024] = {", name);
  for (std::size_t i = 0; i < 1024; ++i) std::printf("%d%s", levels[i], i + 1 < 1024 ? ", " : "};\n");
  return levels;
}

template <int B>
void pairs(int starts) {
  constexpr int L = 8;
  auto const few = gaussian(120 * block, 3);
  auto const many = gaussian(3000 * block, 4);
  auto const start = points(256, pair_unit);
  std::vector<std::pair<double, std::vector<std::int16_t>>> all;
  for (int s = 0; s < starts; ++s) {
    auto levels = start;
    counter_random const random{static_cast<std::uint64_t>(s), 5};
    for (std::size_t i = 256; i > 1; --i) {
      auto const j = static_cast<std::size_t>(random.bits(i)) % i;
      for (std::size_t v = 0; v < 2; ++v) std::swap(levels[2 * i - 2 + v], levels[2 * j + v]);
    }
    auto const e = train<L, B, own_entry>(levels, pair_unit, few, 15);
    all.emplace_back(e, levels);
  }
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  all.resize(3);
  for (auto& [e, levels] : all) {
    static_cast<void>(train<L, B, own_entry>(levels, pair_unit, many, 25));
    e = fresh_error<L, B, own_entry>(levels, pair_unit, 1000);
    std::fprintf(stderr, "pairs of %d bits: %.5f\n", B, e);
  }
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  auto const& levels = all[0].second;
  int largest = 1;
  for (int const l : levels) largest = std::max(largest, std::abs(l));
  std::printf("template <>\nstruct pair_table<%d, %d> {  // %.5f\n  static constexpr float sigma = %.9gf;\n", B, L, all[0].first,
              static_cast<double>(pair_unit) * 127 / largest);
  std::printf("  static constexpr std::int8_t level[512] = {");
  for (std::size_t i = 0; i < 512; ++i)
    std::printf("%ld%s", std::lround(levels[i] * 127.0 / largest), i + 1 < 512 ? ", " : "};\n};\n");
}

}  // namespace

int main(int count, char**) {
  std::puts(R"(// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/hybrid_table.hpp - the tables of codebook/hybrid_code.hpp.
///
/// The comments: mean square errors on samples of N(0, 1) that they were not trained on, before levels of pairs became bytes.
///
/// Model of : -
/// Cost     : 2 KiB, and 512 bytes for each table of pairs.
/// Promise  : constants.
/// Source   : printed by bench/codebook/train_pairs.cpp.

#include <cstdint>

namespace skive::detail {
)");
  auto const low = hybrid<4>("hybrid_levels_low");    // 1 to 2.5 bits a number
  auto const high = hybrid<8>("hybrid_levels_high");  // 3 to 4
  std::puts(
      "\n/// B: bits of two numbers. The comment: mean square error on 10240 samples.\ntemplate <int B>\ninline constexpr float "
      "hybrid_sigma = 6400;");
  rate<2>(low);
  rate<3>(low);
  rate<4>(low);
  rate<5>(low);
  rate<6>(high);
  rate<7>(high);
  rate<8>(high);
  if (count > 1) return 0;
  std::puts(
      "\n/// B bits for two numbers, L bits of state: values 2 s and 2 s + 1 are those of state s.\ntemplate <int B, int "
      "L>\nstruct pair_table;\n");
  pairs<3>(60);
  pairs<5>(60);
  pairs<7>(30);
  std::puts("\n}  // namespace skive::detail");
}
