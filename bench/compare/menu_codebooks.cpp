// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes for Gaussian sources, which are at their best behind a rotation: names that are whole words.
#include "menu_entry.hpp"

#include "skive/codebook/hybrid_code.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/row_levels.hpp"
#include "skive/codebook/trellis_trained.hpp"

#include <string_view>

namespace skive::compare {
namespace {

struct code_word {
  std::string_view word;
  made (*make)(std::string const& name);
};

template <class Codec>
made plain(std::string const& name) {
  return plain_format(name, Codec{});
}

// Lloyd-Max levels and trained trellises take a scale a row; the search for it pays where rows are not Gaussian.
template <class Codec>
made searched(std::string const& name) {
  return plain_format(name, Codec{{}, trellis_scale::search});
}

constexpr code_word words[]{
    {"lloyd1", plain<lloyd<1>>},
    {"lloyd2", plain<lloyd<2>>},
    {"lloyd3", plain<lloyd<3>>},
    {"lloyd4", plain<lloyd<4>>},
    {"levels2", plain<row_levels<2>>},
    {"levels3", plain<row_levels<3>>},
    {"levels4", plain<row_levels<4>>},
    {"tcq1_l8", searched<tcq<1, 8>>},
    {"tcq1_l12", searched<tcq<1, 12>>},
    {"tcq2_l4", searched<tcq<2, 4>>},
    {"tcq2_l6", searched<tcq<2, 6>>},
    {"tcq2_l8", searched<tcq<2, 8>>},
    {"tcq2_l10", searched<tcq<2, 10>>},
    {"tcq2_l12", searched<tcq<2, 12>>},
    {"tcq3_l8", searched<tcq<3, 8>>},
    {"tcq3_l12", searched<tcq<3, 12>>},
    {"tcq4_l8", searched<tcq<4, 8>>},
    {"tcq4_l12", searched<tcq<4, 12>>},
    {"tcq2_l16", searched<tcq<2, 16>>},
    {"mad2", searched<mad2>},
    {"inst2", searched<inst2>},
    {"hyb2", searched<hyb2>},
    {"tcq3pair_l8", searched<tcq_pair<3, 8>>},
    {"tcq5pair_l8", searched<tcq_pair<5, 8>>},
};

}  // namespace

made code_entry(std::string const& name) {
  for (auto const& w : words)
    if (w.word == name) return w.make(name);
  return nullptr;
}

}  // namespace skive::compare
