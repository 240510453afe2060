// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As codec.fuzz.cpp, for codes of codebooks, pairs and trellises, and for codecs made of codecs, whose bytes hold positions and masks.
#include "rows.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/outliers_above.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/format/fp4.hpp"
#include "skive/sparse/olive.hpp"
#include "skive/transform/random_hadamard.hpp"

using namespace skive;
using fuzz::any;
using fuzz::require;

namespace {

// A codec whose size depends on the row: any bytes are refused or decode, and what encode wrote decodes.
void any_outliers(fuzz::input in) {
  outliers_above const codec{3.0f, absmax<int4>{32}};
  auto const n = in.number() % 300;
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  fuzz::exactly<float> row{n};
  if ((in.byte() & 1) != 0) {
    in.fill(row.get().data(), n * sizeof(float));
    std::vector<std::byte> most(codec.max_bytes(n));
    auto const size = codec.encode(std::span<float const>{row.get()}, std::span{most}, workspace{scratch.get()});
    if (!size) return;
    fuzz::exactly<std::byte> bytes{*size};
    std::copy_n(most.begin(), *size, bytes.get().begin());
    require(codec.decode(bytes.get(), row.get(), workspace{scratch.get()}).has_value());
    return;
  }
  fuzz::exactly<std::byte> bytes{in.left()};
  in.fill(bytes.get().data(), bytes.get().size());
  (void)codec.decode(bytes.get(), row.get(), workspace{scratch.get()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  switch (in.byte() % 10) {
    case 0: any(lloyd<3>{64}, in); break;
    case 1: any(tcq<2, 6>{}, in); break;
    case 2: any(*olive::make(32), in); break;
    case 3: any(sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}}, in); break;
    case 4: any(sparse_codec{n_of_m<3, 8>{}, stored_as<float16>{}}, in); break;
    case 5: any(split_outliers{top_fraction{0.02f}, absmax<int4>{32}}, in); break;
    case 6: any(masked_codec{top_fraction{0.1f}, absmax<int4>{0}}, in); break;
    case 7: any(rotated{*random_hadamard::make(8, 7), absmax<int4>{32}}, in); break;
    case 8: any(stored_as<float16>{}, in); break;
    default: any_outliers(in); break;
  }
  return 0;
}
