// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes decode safely, to the numbers of the scalar rule; any numbers encode to the bytes of the scalar rule.
// Input: codec, length, layout, then planes and numbers.
#include "input.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/compose/residual.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"

#include <bit>
#include <vector>

namespace {

using namespace skive;
using fuzz::require;

bool same(std::span<float const> a, std::span<float const> b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
  return true;
}

// Each plane in memory of its own, with the blocks of the codec next to each other.
template <class Codec>
struct rows_of_bytes {
  std::vector<fuzz::exactly<std::byte>> memory;
  planes<std::byte, Codec::plane_count> to;
  rows_of_bytes(Codec const& codec, std::size_t n) {
    auto const bytes = codec.plane_bytes(n);
    auto const each = codec.plane_bytes(codec.block_size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      memory.emplace_back(bytes[i]);
      to[i] = {memory.back().get().data(), bytes[i], codec.block_size() == 0 ? bytes[i] : each[i]};
    }
  }
  planes<std::byte const, Codec::plane_count> from() const { return to; }
};

template <class Codec>
void decode_any(Codec const& codec, std::size_t n, fuzz::input& in) {
  rows_of_bytes<Codec> bytes{codec, n};
  for (auto const& m : bytes.memory) in.fill(m.get().data(), m.get().size());
  fuzz::exactly<float> fast{n};
  fuzz::exactly<float> plain{n};
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  auto const a = codec.decode(bytes.from(), fast.get(), workspace{scratch.get()});
  auto const b = codec.template decode<scalar_arch>(bytes.from(), plain.get(), workspace{scratch.get()});
  require(a == b && (a || a.error() == errc::corrupt));
  require(!a || same(fast.get(), plain.get()));
  if constexpr (dot_codec<Codec>) {
    fuzz::exactly<float> x{n};
    for (std::size_t i = 0; i < n; ++i) x.get()[i] = static_cast<float>(i % 7) - 3.0f;
    fuzz::exactly<std::byte> query{codec.query_bytes(n)};
    auto const q = codec.prepare(x.get(), workspace{query.get()});
    require(q && codec.dot(bytes.from(), *q));
  }
  for (std::size_t i = 0; i < bytes.memory.size(); ++i) {
    auto cut = bytes.from();
    if (cut[i].size == 0) continue;
    --cut[i].size;
    require(codec.decode(cut, fast.get(), workspace{scratch.get()}).error() == errc::size_mismatch);
  }
}

template <class Codec>
void encode_any(Codec const& codec, std::size_t n, fuzz::input& in) {
  fuzz::exactly<float> row{n};
  in.fill(row.get().data(), n * sizeof(float));
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  rows_of_bytes<Codec> fast{codec, n};
  rows_of_bytes<Codec> plain{codec, n};
  auto const a = codec.encode(std::span<float const>{row.get()}, fast.to, workspace{scratch.get()});
  auto const b = codec.template encode<scalar_arch>(std::span<float const>{row.get()}, plain.to, workspace{scratch.get()});
  require(a == b && (a || a.error() == errc::not_finite));
  for (std::size_t i = 0; i < fast.memory.size(); ++i) require(std::ranges::equal(fast.memory[i].get(), plain.memory[i].get()));
}

template <class Codec>
void any(Codec const& codec, fuzz::input in) {
  auto const n = in.number() % 1024 / codec.row_multiple() * codec.row_multiple();
  (in.byte() & 1) != 0 ? encode_any(codec, n, in) : decode_any(codec, n, in);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  auto const which = in.byte() % 15;
  std::size_t const groups[]{16, 32, 48, 128, 0, 20};
  auto const group = groups[in.byte() % 6];
  switch (which) {
    case 0: any(absmax<int4>{group}, in); break;
    case 1: any(absmax<int8>{group}, in); break;
    case 2: any(absmax<int3>{group}, in); break;
    case 3: any(absmax<e4m3fn>{group}, in); break;
    case 4: any(absmax<nf4>{group}, in); break;
    case 5: any(affine_int<4>{group}, in); break;
    case 6: any(affine_int<2, float32>{group}, in); break;
    case 7: any(mx<e2m1>{32}, in); break;
    case 8: any(mx<e5m2>{32}, in); break;
    case 9: any(nvfp4{16, *nvfp4_scheme::make(6.0f)}, in); break;
    case 10: any(binary{group}, in); break;
    case 11: any(ternary_dense{group}, in); break;
    case 12: any(adaptive<float16, int4, e2m1>{16}, in); break;
    case 13: any(*double_quantized<nf4>::make(64, 0.25f), in); break;
    default: any(residual{absmax<int4>{32}, mx<e2m1>{32}}, in); break;
  }
  return 0;
}
