// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes include/skive/codebook/gaussian_grid_table.hpp:   train_grids > gaussian_grid_table.hpp
//
//   train_grids P BITS      only the grid of 2^BITS points in P dimensions, without the header's first and last lines
//   train_grids orthants    makes include/skive/codebook/orthant_grid_table.hpp: grids of 4096 points that changes of sign map to
//                           themselves, of magnitudes of samples
//
// k-means of samples of N(0, I_P) from several seeds, on few samples first, the best on many; levels are rounded to 1 / 1024. All
// samples come from counter_random; instruction sets that fuse products with sums print the same tables.

#include "skive/codebook/kmeans.hpp"
#include "skive/codebook/vector_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace skive;

std::vector<float> samples(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{11, stream}.fill_gaussian(x);
  return x;
}

double train(std::vector<float> const& x, std::size_t p, std::vector<float>& grid, kmeans_options const& o) {
  auto const n = x.size() / p;
  auto const k = grid.size() / p;
  std::vector<std::byte> memory(kmeans_bytes(n, p, k));
  auto const r = kmeans({x.data(), n, p}, {grid.data(), k, p}, {}, o, workspace{memory});
  if (!r) std::exit(1);
  return r->error / static_cast<double>(n * p);
}

// Mean square error of the rounded grid over the power of samples that it was not trained on.
double fresh_error(std::vector<float> const& grid, std::size_t p) {
  auto const x = samples(p << 21, 99);
  auto const n = x.size() / p;
  std::vector<std::uint32_t> index(n);
  auto const k = grid.size() / p;
  std::vector<std::byte> memory(nearest_codewords_bytes(k, p));
  if (!nearest_codewords({x.data(), n, p}, {grid.data(), k, p}, index, workspace{memory})) std::exit(1);
  double sum = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const d = static_cast<double>(x[i]) - static_cast<double>(grid[index[i / p] * p + i % p]);
    sum += d * d;
    power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return sum / power;
}

std::vector<float> trained(std::size_t p, std::size_t k, bool magnitudes) {
  auto const drawn = [&](std::size_t n, std::uint64_t stream) {
    auto x = samples(n, stream);
    for (auto& v : x) v = magnitudes ? std::fabs(v) : v;
    return x;
  };
  auto const few = drawn(p * std::max<std::size_t>(k * 300, 60000), 1);
  std::vector<float> best(k * p);
  double least = 1e9;
  for (std::uint64_t seed = 0; seed < (magnitudes ? 3U : 10U); ++seed) {
    std::vector<float> grid(k * p);
    auto const e = train(few, p, grid, {kmeans_seeding::greedy, magnitudes ? 40 : 80, seed});
    if (e < least) least = e, best = grid;
  }
  static_cast<void>(train(drawn(p * std::max<std::size_t>(k * (magnitudes ? 1000 : 4000), 400000), 2), p, best,
                          {kmeans_seeding::given, magnitudes ? 60 : 150}));
  for (auto& v : best) v = static_cast<float>(std::nearbyint(static_cast<double>(v) * 1024)) / 1024;
  return best;
}

void print_levels(std::vector<float> const& grid, std::size_t p) {
  auto const k = grid.size() / p;
  for (std::size_t i = 0; i < k; ++i) {
    std::printf("{");
    for (std::size_t j = 0; j < p; ++j) std::printf("%d%s", static_cast<int>(grid[i * p + j] * 1024), j + 1 < p ? ", " : "}");
    std::printf(i + 1 < k ? ", " : "};\n};\n");
  }
}

void print(std::size_t p, int bits) {
  auto const k = std::size_t{1} << bits;
  auto const best = trained(p, k, false);
  std::printf("template <>\nstruct gaussian_grid_levels<%zu, %d> {  // %.5g\n  static constexpr std::int16_t level[%zu][%zu] = {",
              p, bits, fresh_error(best, p), k, p);
  print_levels(best, p);
}

void print_orthant(std::size_t p) {
  auto const k = std::size_t{4096} >> p;
  auto const best = trained(p, k, true);
  std::vector<float> all;
  for (std::size_t signs = 0; signs < std::size_t{1} << p; ++signs)
    for (std::size_t i = 0; i < k * p; ++i) all.push_back((signs >> (i % p) & 1) != 0 ? -best[i] : best[i]);
  std::printf("template <>\nstruct orthant_levels<%zu> {  // %.5g\n  static constexpr std::int16_t level[%zu][%zu] = {", p,
              fresh_error(all, p), k, p);
  print_levels(best, p);
}

constexpr char const* orthants = R"(// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/orthant_grid_table.hpp - the levels of codebook/orthant_grid.hpp.
///
///   point k = level[k] / 1024, each number with either sign
///
/// The comment of each grid: its mean square error, relative to their power, on 2^21 vectors of N(0, I_P) that it was not trained
/// on.
///
/// Model of : -
/// Cost     : 2 P 2^(12 - P) bytes.
/// Accuracy : the comments' errors.
/// Promise  : constants.
/// Source   : printed by bench/codebook/train_grids.cpp.

#include <cstdint>

namespace skive::detail {

/// 4096 points of P numbers.
template <int P>
struct orthant_levels;

)";

constexpr char const* head = R"(// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/gaussian_grid_table.hpp - the levels of the Gaussian grids (codebook/gaussian_grid.hpp).
///
///   point k = level[k] / 1024 for N(0, I_P)
///
/// The comment of each grid: its mean square error, relative to their power, on 2^21 vectors of N(0, I_P) that it was not trained
/// on.
///
/// Model of : -
/// Cost     : 2 P 2^Bits bytes.
/// Accuracy : the comments' errors.
/// Promise  : constants.
/// Source   : printed by bench/codebook/train_grids.cpp.

#include <cstdint>

namespace skive::detail {

/// P numbers in an index of Bits bits.
template <int P, int Bits>
struct gaussian_grid_levels;

)";

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    std::printf("%s", orthants);
    for (std::size_t const p : {2U, 3U, 4U}) print_orthant(p);
    std::printf("\n}  // namespace skive::detail\n");
    return 0;
  }
  if (argc == 3) {
    print(static_cast<std::size_t>(std::atoi(argv[1])), std::atoi(argv[2]));
    return 0;
  }
  std::printf("%s", head);
  constexpr int grids[][2]{{1, 1}, {1, 2},  {1, 3}, {1, 4}, {2, 2}, {2, 4}, {2, 6},
                           {2, 8}, {2, 10}, {3, 3}, {3, 6}, {3, 9}, {4, 4}, {4, 8}};
  for (auto const& g : grids) print(static_cast<std::size_t>(g[0]), g[1]);
  std::printf("\n}  // namespace skive::detail\n");
}
