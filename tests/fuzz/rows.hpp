// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What every codec keeps, whatever the bytes: `any(codec, input)` decodes or encodes a row of up to 1023 numbers.
#include "input.hpp"

#include "skive/core/concepts.hpp"
#include "skive/simd/arch.hpp"

#include <bit>
#include <vector>

namespace skive::fuzz {

bool same(std::span<float const> a, std::span<float const> b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
  return true;
}

// Each plane in memory of its own, with the blocks of the codec next to each other.
template <class Codec>
struct rows_of_bytes {
  std::vector<exactly<std::byte>> memory;
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

// The scalar rule, or the only path of codecs that have no other.
template <class Codec>
status decode_plain(Codec const& codec, planes<std::byte const, Codec::plane_count> from, std::span<float> row, workspace w) {
  if constexpr (requires { codec.template decode<scalar_arch>(from, row, w); })
    return codec.template decode<scalar_arch>(from, row, w);
  else
    return codec.decode(from, row, w);
}

template <class Codec>
void decode_any(Codec const& codec, std::size_t n, input& in) {
  rows_of_bytes<Codec> bytes{codec, n};
  for (auto const& m : bytes.memory) in.fill(m.get().data(), m.get().size());
  exactly<float> fast{n};
  exactly<float> plain{n};
  exactly<std::byte> scratch{codec.scratch_bytes(n)};
  auto const a = codec.decode(bytes.from(), fast.get(), workspace{scratch.get()});
  auto const b = decode_plain(codec, bytes.from(), plain.get(), workspace{scratch.get()});
  require(a == b && (a || a.error() == errc::corrupt));
  require(!a || same(fast.get(), plain.get()));
  if constexpr (dot_codec<Codec>) {
    exactly<float> x{n};
    for (std::size_t i = 0; i < n; ++i) x.get()[i] = static_cast<float>(i % 7) - 3.0f;
    exactly<std::byte> query{codec.query_bytes(n)};
    auto const q = codec.prepare(x.get(), workspace{query.get()});
    require(q.has_value());
    auto const product = codec.dot(bytes.from(), *q);
    require(a ? product.has_value() : product || product.error() == errc::corrupt);
  }
  for (std::size_t i = 0; i < bytes.memory.size(); ++i) {
    auto cut = bytes.from();
    if (cut[i].size == 0) continue;
    --cut[i].size;
    require(codec.decode(cut, fast.get(), workspace{scratch.get()}).error() == errc::size_mismatch);
  }
}

template <class Codec>
void encode_any(Codec const& codec, std::size_t n, input& in) {
  exactly<float> row{n};
  in.fill(row.get().data(), n * sizeof(float));
  exactly<std::byte> scratch{codec.scratch_bytes(n)};
  rows_of_bytes<Codec> fast{codec, n};
  rows_of_bytes<Codec> plain{codec, n};
  auto const a = codec.encode(std::span<float const>{row.get()}, fast.to, workspace{scratch.get()});
  auto const b = codec.template encode<scalar_arch>(std::span<float const>{row.get()}, plain.to, workspace{scratch.get()});
  require(a == b && (a || a.error() == errc::not_finite));
  for (std::size_t i = 0; i < fast.memory.size(); ++i) require(std::ranges::equal(fast.memory[i].get(), plain.memory[i].get()));
}

template <class Codec>
void any(Codec const& codec, input in) {
  auto const n = in.number() % 1024 / codec.row_multiple() * codec.row_multiple();
  (in.byte() & 1) != 0 ? encode_any(codec, n, in) : decode_any(codec, n, in);
}

}  // namespace skive::fuzz
