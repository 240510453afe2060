// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// docs/catalogue.md: how published methods store a row, as types of this library. Each is a block_codec, has the bits that are stated
// here with all metadata counted, and leaves no more than the error seen when this was written, on rows with heavy tails and a few
// large columns.
#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/compose/mixed_columns.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/format/fp4.hpp"
#include "skive/transform/random_hadamard.hpp"

#include "support/published_rows.hpp"

namespace {

using namespace skive;
using test::column_order;
using test::holds;
constexpr auto cols = test::published_cols;

}  // namespace

TEST_CASE("catalogue: integers and tables in groups", "[catalogue]") {
  holds("GPTQ, RTN", affine_int<4>{128}, 4.15625, 14.7);
  holds("QLoRA", *double_quantized<nf4>::make(64, 0.05f), 4.1875, 17.3);
  holds("MoFQ", adaptive<float16, int4, e2m1>{32}, 4.53125, 19.2);
  holds("SF4", absmax<sf4>{128}, 4.25, 16.7);
  holds("NVFP4", nvfp4{16, *nvfp4_scheme::make(2.0f)}, 4.5, 20.7);
  holds("GPTQT, BCQ", residual{binary{128}, residual{binary{128}, binary{128}}}, 3.375, 4.8);
}

TEST_CASE("catalogue: columns and outliers apart", "[catalogue]") {
  column_order const by_range;
  holds("LLM.int8", rotated{by_range.order, *mixed_columns<stored_as<float16>, absmax<int8>>::make(16, {}, absmax<int8>{cols})},
        8.28125, 41.1);
  holds("Atom",
        rotated{by_range.order, *mixed_columns<absmax<int8>, absmax<int4>>::make(32, absmax<int8>{32}, absmax<int4>{128})},
        4.40625, 20.2);
  holds("SpQR", split_outliers{top_fraction{0.01f}, affine_int<3>{16}}, 4.5, 18.1);
  holds("SDQ", sparse_codec{n_of_m<6, 8>{}, split_outliers{top_fraction{0.02f}, absmax<int4>{32}}}, 4.5, 18.7);
  holds("ZeroQuant", affine_int<8>{cols}, 8.046875, 34.9);
}

TEST_CASE("catalogue: behind a rotation", "[catalogue]") {
  auto const rht = *random_hadamard::make(cols, 1);
  holds("QuaRot", rotated{rht, absmax<int4>{128}}, 4.125, 19.0);
  holds("QuIP#", rotated{rht, lattice_codec<e8p>{}}, 2.03125, 10.4);
  holds("QTIP", rotated{rht, tcq<2, 12>{}}, 2.0625, 11.5);
  holds("HIGGS", rotated{rht, kmeans_codec<2, 4>{}}, 2.03125, 10.2);
}
