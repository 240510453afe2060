// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of codes whose search is long: trellises of all lengths, Voronoi cells, balls of lattices, directions; tensors as EXL3 stores them.
// Any bytes decode to the same numbers by the scalar rule and by the vectors, or are refused by both.
#include "rows.hpp"

#include "skive/codebook/ball_code.hpp"
#include "skive/codebook/cosine_codec.hpp"
#include "skive/codebook/exl3.hpp"
#include "skive/codebook/hybrid_code.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/nested_e8.hpp"
#include "skive/codebook/polar.hpp"
#include "skive/codebook/trellis_trained.hpp"

using namespace skive;
using fuzz::any;
using fuzz::exactly;
using fuzz::require;

namespace {

// Codes that take milliseconds a row to search for are only decoded.
template <class Codec>
void bytes_only(Codec const& codec, fuzz::input in) {
  auto const n = in.number() % 1024 / codec.row_multiple() * codec.row_multiple();
  fuzz::decode_any(codec, n, in);
}

// Stored tensors of one or two blocks each way: every state is below 2^16, every number of a tile finite, and a row is that of decode().
void exl3(fuzz::input in) {
  auto const kind = in.byte();
  std::size_t const bits = 1 + kind % 8U;
  std::size_t const rows = (kind & 8) != 0 ? 256 : 128;
  std::size_t const cols = (kind & 16) != 0 ? 256 : 128;
  exactly<std::byte> trellis{rows * cols / 8 * bits - ((kind & 32) != 0 ? 1U : 0U)};
  exactly<std::byte> suh{2 * rows};
  exactly<std::byte> svh{2 * cols};
  auto const book = static_cast<exl3_codebook>(in.byte() % 3);
  for (auto const part : {trellis.get(), suh.get(), svh.get()}) in.fill(part.data(), part.size());
  auto const t = exl3_tensor::make(rows, cols, trellis.get(), suh.get(), svh.get(), book);
  require(t.has_value() == ((kind & 32) == 0));
  if (!t) return;
  exactly<float> numbers{256};
  t->decode_tile(rows / 16 - 1, cols / 16 - 1, std::span<float, 256>{numbers.get()});
  for (auto const x : numbers.get()) require(is_finite(x));
  exactly<float> w{rows * cols};
  require(static_cast<bool>(t->decode({w.get().data(), cols, rows})));
  require(!t->decode({w.get().data(), cols - 1, rows}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  switch (in.byte() % 12) {
    case 0: any(tcq<2, 4>{}, in); break;
    case 1: any(tcq2_l8{}, in); break;
    case 2: bytes_only(tcq2_l12{}, in); break;
    case 3: any(tcq_pair<3, 8>{}, in); break;
    case 4: bytes_only(mad2{}, in); break;
    case 5: bytes_only(hyb2{}, in); break;
    case 6: any(*lattice_codec<nest14>::make(32), in); break;
    case 7: bytes_only(lattice_codec<bw16_ball<3>>{}, in); break;
    case 8: bytes_only(lattice_codec<leech_ball>{}, in); break;
    case 9: bytes_only(*cosine_codec<4>::make(64), in); break;
    case 10: bytes_only(polar{}, in); break;
    default: exl3(in); break;
  }
  return 0;
}
