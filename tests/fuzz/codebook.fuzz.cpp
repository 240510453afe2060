// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes of codebooks: any stream is refused or decodes, what was encoded comes back, an index that is no codeword's is told before
// the first write.
#include "rows.hpp"

#include "skive/codebook/additive_quantizer.hpp"
#include "skive/codebook/code_distances.hpp"
#include "skive/codebook/e8_sets.hpp"
#include "skive/codebook/entropy_coded.hpp"
#include "skive/codebook/fast_scan.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/lossless_bfloat16.hpp"
#include "skive/codebook/pyramid_codec.hpp"

#include <array>

using namespace skive;
using fuzz::any;
using fuzz::exactly;
using fuzz::require;

namespace {

std::array<std::uint64_t, 256> counts_of(fuzz::input& in) {
  std::array<std::uint64_t, 256> counts{};
  auto const shift = in.byte() % 50;
  for (auto used = in.byte() % 64; used > 0; --used) counts[in.byte()] += std::uint64_t{in.byte()} << shift;
  return counts;
}

exactly<std::byte> rest_of(fuzz::input& in) {
  exactly<std::byte> bytes{in.left()};
  in.fill(bytes.get().data(), bytes.get().size());
  return bytes;
}

// What encode() wrote, in memory of exactly its size.
exactly<std::byte> kept(std::span<std::byte const> bytes) {
  exactly<std::byte> own{bytes.size()};
  std::copy(bytes.begin(), bytes.end(), own.get().begin());
  return own;
}

void symbols(fuzz::input in) {
  auto const counts = counts_of(in);
  auto const table = rans_table::make(counts);
  if (!table) return;
  exactly<std::uint8_t> read{in.number() % 600};
  if ((in.byte() & 1) == 0) {
    auto const bytes = rest_of(in);
    auto const used = rans_decode(*table, bytes.get(), read.get());
    require(used ? *used <= bytes.get().size() : used.error() == errc::corrupt);
    return;
  }
  std::vector<std::uint8_t> written(read.get().size());
  in.fill(written.data(), written.size());
  std::vector<std::byte> memory(rans_bytes(written.size()));
  auto const size = rans_encode(*table, written, std::span{memory});
  require(size.has_value() == std::ranges::all_of(written, [&](std::uint8_t s) { return table->has(s); }));
  if (!size) return;
  auto const used = rans_decode(*table, kept(std::span{memory}.first(*size)).get(), read.get());
  require(used && *used == *size && std::ranges::equal(read.get(), written));
}

// A codec of rows of any number type whose size depends on the row.
template <class Number, class Codec, class Same>
void any_stream(Codec const& codec, fuzz::input in, Same same) {
  auto const n = in.number() % 700;
  exactly<std::byte> scratch{codec.scratch_bytes(n)};
  exactly<Number> read{n};
  if ((in.byte() & 1) == 0) {
    auto const bytes = rest_of(in);
    auto const used = codec.decode(bytes.get(), read.get(), workspace{scratch.get()});
    require(used ? *used <= bytes.get().size() : used.error() == errc::corrupt);
    return;
  }
  exactly<Number> row{n};
  in.fill(row.get().data(), n * sizeof(Number));
  std::vector<std::byte> memory(codec.max_bytes(n));
  auto const size = codec.encode(row.get(), std::span{memory}, workspace{scratch.get()});
  require(size.has_value() || size.error() == errc::not_finite);
  if (!size) return;
  auto const used = codec.decode(kept(std::span{memory}.first(*size)).get(), read.get(), workspace{scratch.get()});
  require(used && *used == *size && same(row.get(), read.get()));
}

void entropy(fuzz::input in) {
  auto const counts = counts_of(in);
  auto const table = rans_table::make(counts);
  if (!table) return;
  any_stream<float>(*entropy_coded::make(0.25f, 0.1f, *table), in, [](auto, auto) { return true; });
}

void lossless(fuzz::input in) {
  auto const counts = counts_of(in);
  auto const code = prefix_code::make(std::span<std::uint64_t const, 256>{counts});
  if (!code) return;
  double room = 0;  // Kraft: the code is complete
  for (std::size_t s = 0; s < 256; ++s)
    if (auto const l = code->length(static_cast<std::uint8_t>(s)); l != 0) room += std::ldexp(1.0, -l);
  require(room == 1.0);
  any_stream<bfloat16>(lossless_bfloat16{*code}, in, [](std::span<bfloat16 const> a, std::span<bfloat16 const> b) {
    return std::ranges::equal(a, b, {}, &bfloat16::code, &bfloat16::code);
  });
}

// Rows of indices, some of which may be no codeword's; untouched numbers where they are.
template <class Quantizer>
void indices(Quantizer const& q, std::size_t each, fuzz::input& in) {
  auto const rows = in.byte() % 9U;
  exactly<std::uint8_t> codes{rows * each};
  in.fill(codes.get().data(), codes.get().size());
  exactly<float> x{rows * q.dimension()};
  std::ranges::fill(x.get(), 7.0f);
  matrix_view<std::uint8_t const> const view{codes.get().data(), rows, each};
  bool const known = std::ranges::all_of(codes.get(), [&](std::uint8_t c) { return c < q.codewords(); });
  require(q.decode(view, {x.get().data(), rows, q.dimension()}).error() == (known ? errc::ok : errc::corrupt));
  if (!known) require(std::ranges::all_of(x.get(), [](float v) { return v == 7.0f; }));
}

void product_codes(fuzz::input in) {
  auto const k = 1 + in.byte() % 20U;
  exactly<float> codebooks{k * 12};
  for (std::size_t i = 0; i < k * 12; ++i) codebooks.get()[i] = static_cast<float>(i % 31) - 9.0f;
  auto const q = *product_quantizer::make(12, 3, k, codebooks.get());
  auto again = in;
  indices(q, 3, in);
  auto const rows = again.byte() % 9U;
  exactly<std::uint8_t> codes{rows * 3};
  again.fill(codes.get().data(), codes.get().size());
  exactly<float> tables{3 * k};
  std::array<float, 12> const x{1, 2, 3};
  require(bool{distance_tables(q, x, code_metric{}, tables.get())});
  exactly<float> distances{rows};
  auto const s = asymmetric_distances(q, tables.get(), {codes.get().data(), rows, 3}, distances.get());
  require(s.error() == q.check({codes.get().data(), rows, 3}).error());
}

void additive_codes(fuzz::input in) {
  auto const k = 1 + in.byte() % 20U;
  exactly<float> codebooks{k * 12};
  indices(*additive_quantizer::make(6, 2, k, codebooks.get()), 2, in);
}

// Sums of table bytes by the vectors against sums by definition.
void scanned(fuzz::input in) {
  auto const parts = 1 + in.byte() % 9U;
  auto const n = in.number() % 200;
  exactly<std::uint8_t> codes{n * parts};
  in.fill(codes.get().data(), codes.get().size());
  if ((in.byte() & 1) != 0)
    for (auto& c : codes.get()) c &= 15;
  bool const known = std::ranges::all_of(codes.get(), [](std::uint8_t c) { return c < 16; });
  exactly<std::uint8_t> packed{fast_scan_bytes(n, parts)};
  require(pack_fast_scan({codes.get().data(), n, parts}, packed.get()).error() == (known ? errc::ok : errc::corrupt));
  if (!known) in.fill(packed.get().data(), packed.get().size());  // any bytes are codes
  exactly<float> tables{16 * parts};
  for (std::size_t i = 0; i < 16 * parts; ++i) tables.get()[i] = static_cast<float>(i * 7 % 23);
  exactly<std::byte> scratch{fast_scan_query_bytes(parts)};
  auto const query = prepare_fast_scan(tables.get(), workspace{scratch.get()});
  require(query.has_value());
  exactly<std::uint16_t> fast{n};
  exactly<std::uint16_t> plain{n};
  require(bool{fast_scan(packed.get(), *query, fast.get())});
  require(bool{fast_scan<scalar_arch>(packed.get(), *query, plain.get())});
  require(std::ranges::equal(fast.get(), plain.get()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  switch (in.byte() % 10) {
    case 0: symbols(in); break;
    case 1: entropy(in); break;
    case 2: lossless(in); break;
    case 3: product_codes(in); break;
    case 4: additive_codes(in); break;
    case 5: scanned(in); break;
    case 6: any(pyramid_codec<16, 12>{}, in); break;
    case 7: any(lattice_codec<e8p>{}, in); break;
    case 8: any(lattice_codec<e8_3b>{}, in); break;
    default: any(kmeans2_d4{}, in); break;
  }
  return 0;
}
