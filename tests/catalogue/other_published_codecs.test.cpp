// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// docs/catalogue.md, continued: learned levels, masks, lattices, unbiased codes; bits and errors as in published_codecs.test.cpp.
#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/sign.hpp"
#include "skive/codebook/cosine_codec.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/nested_e8.hpp"
#include "skive/codebook/pyramid_codec.hpp"
#include "skive/codebook/row_levels.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/compose/unbiased.hpp"
#include "skive/format/fp4.hpp"
#include "skive/sparse/olive.hpp"
#include "skive/transform/random_hadamard.hpp"

#include "support/published_rows.hpp"

namespace {

using namespace skive;
using test::holds;
constexpr auto cols = test::published_cols;

}  // namespace

TEST_CASE("catalogue: learned levels", "[catalogue]") {
  holds("CLAQ, LeanQuant", row_levels<3>{}, 3.25, 12.7);
  holds("SqueezeLLM", split_outliers{top_fraction{0.005f}, row_levels<3>{}}, 3.4375, 14.9);
}

TEST_CASE("catalogue: masks and outliers", "[catalogue]") {
  holds("PB-LLM", split_outliers{top_fraction{0.1f}, binary{128}}, 4.3125, 10.1);
  holds("Sparse-MARLIN, SLiM", sparse_codec{n_of_m<2, 4>{}, absmax<int4>{128}}, 2.8125, 8.6);
  holds("STBLLM", sparse_codec{n_of_m<4, 8>{}, binary{128}}, 1.4375, 3.0);
  holds("GPT-Zip, DeltaDQ", masked_codec{top_fraction{0.05f}, absmax<int4>{26}}, 1.234375, 4.0);
  holds("OliVe", *olive::make(128), 4.125, 17.7);
}

TEST_CASE("catalogue: other codes behind a rotation", "[catalogue]") {
  auto const rht = *random_hadamard::make(cols, 1);
  holds("MXFP4 with Hadamard", rotated{rht, mx<e2m1>{}}, 4.25, 18.8);
  holds("NestQuant", rotated{rht, lattice_codec<nest14>{}}, 4.15625, 22.0);
  holds("PVQ", rotated{rht, pvq_n32_k22{}}, 2.15625, 10.2);
  holds("RaBitQ", rotated{rht, unbiased{binary{cols}}}, 1.09375, 2.5);
  holds("extended RaBitQ", rotated{rht, cosine_codec<4>{}}, 4.0625, 19.8);
}
