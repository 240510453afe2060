// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vector codebooks by name: kmeans<bits>_d<numbers>, the Gaussian grids, a scale a row. The search for it pays where rows are not
// Gaussian.
#include "menu_entry.hpp"

#include "skive/codebook/gaussian_grid.hpp"

#include <string_view>

namespace skive::compare {
namespace {

struct code_word {
  std::string_view word;
  made (*make)(std::string const& name);
};

template <int Bits, int P>
made grid(std::string const& name) {
  return plain_format(name, kmeans_codec<Bits, P>{{}, vector_scale::search});
}

constexpr code_word words[]{
    {"kmeans1_d2", grid<1, 2>}, {"kmeans1_d3", grid<1, 3>}, {"kmeans1_d4", grid<1, 4>}, {"kmeans2_d2", grid<2, 2>},
    {"kmeans2_d3", grid<2, 3>}, {"kmeans2_d4", grid<2, 4>}, {"kmeans3_d2", grid<3, 2>}, {"kmeans3_d3", grid<3, 3>},
    {"kmeans4_d2", grid<4, 2>}, {"kmeans5_d2", grid<5, 2>},
};

}  // namespace

made vector_entry(std::string const& name) {
  for (auto const& w : words)
    if (w.word == name) return w.make(name);
  return nullptr;
}

}  // namespace skive::compare
