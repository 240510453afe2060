// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes include/skive/codebook/trellis_trained_table.hpp:   train_trellis > trellis_trained_table.hpp
//
//   train_trellis B      only the tables of B bits a number, without the header's first and last lines
//   train_trellis L B    only that one
//
// Of each pair (L, B) many random starts are trained briefly, a few of the best for long; the one of least error on fresh samples
// stays. Where a plan has tries, finalists climb first: what a bit of a map stands for is drawn anew or changed in a bit, or levels
// change places, and what is better after a little training stays. At 4 bits, where random maps are far from the best, that is
// worth 10 %. All numbers come from counter_random and integers: every machine prints the same tables. About 20 minutes for those
// without tries; of those with them, L = 12 takes 30.

#include "skive/codebook/trellis_training.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace skive;
constexpr std::size_t block = 256;

struct plan {
  int starts, blocks, iterations;  // of each start
  int finalists, final_blocks, final_iterations;
  int most = 127;  // largest entry
  int tries = 0;   // of each finalist
};

template <int L, int B, int E>
class trainer {
  static constexpr std::size_t entries = std::size_t{1} << E;
  using table_type = typename folded_code<L, B, E>::table_type;
  struct candidate {
    double error;
    table_type maps;
    std::vector<std::int16_t> levels;
  };

 public:
  explicit trainer(plan const& p)
      : plan_{p},
        samples_(block * (static_cast<std::size_t>(plan_.final_blocks) + fresh)),
        memory_(trellis_training_bytes<L, B, E>(block)) {
    counter_random{5, 6}.fill_gaussian(samples_);
  }

  void run() {
    std::vector<candidate> all;
    double best = 1;
    for (int start = 0; start < plan_.starts; ++start) {
      counter_random const random{static_cast<std::uint64_t>(start), 3};
      candidate c{1, scatter_maps<L, B, E>(random, 32.0f), std::vector<std::int16_t>(entries)};
      scatter_levels<E>(random, 32.0f, std::span<std::int16_t, entries>{c.levels});
      auto const third = plan_.iterations / 3;
      train(c, plan_.blocks, third);
      if (c.error > 1.12 * best) continue;  // hopeless
      train(c, plan_.blocks, plan_.iterations - third);
      best = std::min(best, c.error);
      all.push_back(c);
    }
    std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.error < b.error; });
    all.resize(std::min(all.size(), static_cast<std::size_t>(plan_.finalists)));
    candidate winner{1, {}, {}};
    for (std::size_t k = 0; k < all.size(); ++k) climb(all[k], counter_random{k, 7});
    for (auto& c : all) {
      train(c, plan_.final_blocks, plan_.final_iterations);
      round_levels<E>(std::span<std::int16_t const, entries>{c.levels}, plan_.most, c.maps);
      c.error = fresh_error(c.maps);
      std::fprintf(stderr, "L %d B %d: %.5f\n", L, B, c.error);
      if (c.error < winner.error) winner = c;
    }
    print(winner);
  }

 private:
  static constexpr std::size_t fresh = L == 16 ? 600 : 2000;

  void train(candidate& c, int blocks, int iterations) {
    auto const n = block * static_cast<std::size_t>(blocks);
    auto const e = train_trellis<L, B, E>(std::span{samples_}.first(n), block, iterations, c.maps,
                                          std::span<std::int16_t, entries>{c.levels}, workspace{memory_});
    c.error = *e;
  }
  // Changes at random, of which those stay that are better after a little training.
  void climb(candidate& c, counter_random const& random) {
    std::uint64_t draws = 0;
    auto const below = [&](std::size_t n) { return static_cast<std::size_t>(random.bits(draws++)) % n; };
    if (plan_.tries > 0) train(c, plan_.blocks, 10);
    for (int t = 0; t < plan_.tries; ++t) {
      auto next = c;
      auto const kind = L > E ? below(3) : 2;
      if (kind == 2) {
        for (auto swaps = 1 + below(3); swaps > 0; --swaps) {
          auto const i = below(entries);
          std::swap(next.levels[i], next.levels[below(entries)]);
        }
      } else {
        auto const bit = below(static_cast<std::size_t>(L - E));
        auto& map = next.maps.map[bit / E];
        auto const now = static_cast<std::size_t>(map[std::size_t{1} << bit % E]);
        auto const change = kind == 0 ? now ^ below(entries) : std::size_t{1} << below(E);
        for (std::size_t i = 0; i < entries; ++i)
          if ((i >> bit % E & 1) != 0) map[i] = static_cast<std::uint8_t>(map[i] ^ change);
      }
      train(next, plan_.blocks * 2 / 5, 3);  // error before the last step
      if (next.error > 1.02 * c.error) continue;
      train(next, plan_.blocks, 7);
      if (next.error < c.error) {
        c = next;
        std::fprintf(stderr, "L %d B %d: try %d: %.6f\n", L, B, t, c.error);
      }
    }
  }
  // One encoding of samples that were not trained on, relative to their power. At 128 levels an entry no sample is cut.
  double fresh_error(table_type t) {
    std::vector<std::int16_t> levels(entries);
    for (std::size_t i = 0; i < entries; ++i) levels[i] = static_cast<std::int16_t>(128 * t.level[i]);
    t.sigma /= 2;
    auto const samples = std::span{samples_}.last(block * fresh);
    double power = 0;
    for (auto const x : samples) power += static_cast<double>(x) * static_cast<double>(x);
    auto const e = train_trellis<L, B, E>(samples, block, 1, t, std::span<std::int16_t, entries>{levels}, workspace{memory_});
    return *e * static_cast<double>(samples.size()) / power;
  }
  static void print(candidate const& c) {
    std::printf("template <>\nstruct trained_table<%d, %d> {  // %.5f\n  static constexpr int index_bits = %d;\n", L, B, c.error,
                E);
    std::printf("  static constexpr folded_table<%d, %d> table{{", E, static_cast<int>(c.maps.map.size()));
    for (std::size_t i = 0; i < entries; ++i) std::printf("%s%d", i == 0 ? "" : ", ", c.maps.level[i]);
    std::printf("}, {%s", c.maps.map.empty() ? "" : "{");
    for (std::size_t k = 0; k < c.maps.map.size(); ++k) {
      std::printf("%s{", k == 0 ? "" : ", ");
      for (std::size_t i = 0; i < entries; ++i) std::printf("%s%d", i == 0 ? "" : ", ", c.maps.map[k][i]);
      std::printf("}");
    }
    std::printf("%s}, %.9gf};\n};\n", c.maps.map.empty() ? "" : "}", static_cast<double>(c.maps.sigma));
    std::fflush(stdout);
  }

  plan plan_;
  std::vector<float> samples_;
  std::vector<std::byte> memory_;
};

int wanted_l = 0;
int wanted_b = 0;

template <int L, int B, int E>
void make(plan const& p) {
  if ((wanted_l == 0 || wanted_l == L) && (wanted_b == 0 || wanted_b == B)) trainer<L, B, E>{p}.run();
}

constexpr char const* header = R"(// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_trained_table.hpp - the tables of the trained trellis codes (codebook/trellis_trained.hpp).
///
///   level of a state = level[s0 ^ map_0[s1] ^ map_1[s2]];   s0, s1, s2: its pieces of `index_bits` bits, the lowest first
///
/// The comment of each table: its mean square error on samples of N(0, 1) that it was not trained on.
///
/// Model of : -
/// Cost     : 16 or 64 bytes of levels and as many of each map.
/// Accuracy : the comments' errors.
/// Promise  : constants.
/// Source   : printed by bench/codebook/train_trellis.cpp.

#include "skive/codebook/trellis_code.hpp"

namespace skive::detail {

/// L bits of state, B bits a step.
template <int L, int B>
struct trained_table;

)";

}  // namespace

int main(int count, char** arguments) {
  if (count > 3) return 2;
  if (count > 1) wanted_b = std::atoi(arguments[count - 1]);
  if (count > 2) wanted_l = std::atoi(arguments[1]);
  if (count == 1) std::fputs(header, stdout);
  make<4, 1, 4>({400, 60, 12, 3, 1500, 20, 63});
  make<6, 1, 4>({400, 60, 12, 3, 1500, 20, 63});
  make<8, 1, 4>({400, 80, 10, 3, 1500, 20, 63});
  make<10, 1, 6>({40, 150, 9, 3, 1200, 20, 63});
  make<12, 1, 6>({12, 150, 8, 2, 1200, 20, 63});
  make<16, 1, 6>({3, 60, 6, 1, 200, 12, 63});
  make<4, 2, 4>({800, 60, 12, 4, 1500, 20, 63});
  make<6, 2, 4>({800, 60, 12, 4, 1500, 20, 63});
  make<8, 2, 4>({1500, 80, 12, 4, 2000, 20, 63});
  make<10, 2, 6>({150, 150, 9, 3, 1500, 20, 63});
  make<12, 2, 6>({20, 150, 8, 3, 1500, 20, 63});
  make<16, 2, 6>({4, 60, 6, 1, 300, 14, 63});
  make<4, 3, 4>({200, 60, 12, 3, 1000, 30});
  make<6, 3, 6>({100, 60, 12, 3, 800, 30});
  make<8, 3, 6>({200, 80, 12, 3, 1000, 30});
  make<10, 3, 6>({50, 100, 9, 2, 800, 30, 127, 500});
  make<12, 3, 6>({12, 100, 9, 2, 1000, 30, 127, 400});
  make<6, 4, 6>({40, 60, 12, 3, 400, 50, 127, 500});
  make<8, 4, 6>({80, 80, 12, 2, 500, 50, 127, 1000});
  make<10, 4, 6>({40, 100, 10, 2, 800, 50, 127, 600});
  make<12, 4, 6>({20, 100, 10, 2, 800, 50, 127, 500});
  if (count == 1) std::puts("\n}  // namespace skive::detail");
  return 0;
}
