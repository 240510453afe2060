// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as positions, masks, gaps and sparse rows: a row that the scalar rule gives too, or errc::corrupt, and nothing is
// touched outside. Input: what, length, then planes.
#include "input.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/outliers_above.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/format/fp8.hpp"
#include "skive/sparse/block_sparse.hpp"
#include "skive/sparse/csr.hpp"
#include "skive/sparse/metadata_2_of_4.hpp"

#include <vector>

namespace {

using namespace skive;
using fuzz::require;

bool same_bits(std::span<float const> a, std::span<float const> b) {
  return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Positions alone: all paths agree on what is corrupt; good ones survive a round trip.
template <int N, int M, position_layout Layout>
void positions_of(std::size_t n, fuzz::input& in) {
  using packed = packed_n_of_m<N, M, Layout>;
  n = n / M * M;
  fuzz::exactly<std::byte> positions{packed::position_bytes(n)};
  in.fill(positions.get().data(), positions.get().size());
  std::span<std::byte const> const from = positions.get();
  fuzz::exactly<std::byte> mask{mask_bytes(n)};
  auto const good = packed::unpack_positions(from, n, mask.get());
  require(good || good.error() == errc::corrupt);
  auto const unpack = [&]<class T, class Arch>() {
    fuzz::exactly<T> values{packed::value_count(n)};
    fuzz::exactly<T> row{n};
    for (std::size_t i = 0; i < values.get().size(); ++i) std::memset(&values.get()[i], static_cast<int>(1 + i % 255), sizeof(T));
    require(packed::template unpack<Arch>(std::span<T const>{values.get()}, from, row.get()) == good);
    if (!good) return;
    std::size_t k = 0;
    T const zero{};
    for (std::size_t i = 0; i < n; ++i) {
      T const& expected = is_kept(mask.get(), i) ? values.get()[k++] : zero;
      require(std::memcmp(&row.get()[i], &expected, sizeof(T)) == 0);
    }
  };
  unpack.template operator()<float, native_arch>();
  unpack.template operator()<std::uint16_t, native_arch>();
  unpack.template operator()<std::uint8_t, native_arch>();
  unpack.template operator()<float, scalar_arch>();
  if (!good) return;
  require(count_kept(mask.get()) == packed::value_count(n));
  fuzz::exactly<std::byte> again{positions.get().size()};
  require(static_cast<bool>(packed::pack_positions(mask.get(), n, again.get())));
  fuzz::exactly<std::byte> back{mask_bytes(n)};
  require(static_cast<bool>(packed::unpack_positions(again.get(), n, back.get())));
  require(std::ranges::equal(mask.get(), back.get()));
}

// Rows of a codec: decode and products agree on what is corrupt.
template <class Codec>
void rows_of(Codec const& codec, std::size_t n, fuzz::input& in) {
  n = n / codec.row_multiple() * codec.row_multiple();
  std::vector<fuzz::exactly<std::byte>> memory;
  planes<std::byte, Codec::plane_count> to;
  auto const bytes = codec.plane_bytes(n);
  auto const each = codec.plane_bytes(codec.block_size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    memory.emplace_back(bytes[i]);
    auto const plane = memory.back().get();
    in.fill(plane.data(), plane.size());
    to[i] = {plane.data(), bytes[i], codec.block_size() == 0 ? bytes[i] : each[i]};
  }
  planes<std::byte const, Codec::plane_count> const from = to;
  fuzz::exactly<float> fast{n};
  fuzz::exactly<float> plain{n};
  fuzz::exactly<float> x{n};
  for (std::size_t i = 0; i < n; ++i) x.get()[i] = static_cast<float>(i % 7) - 3.0f;
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  auto const good = codec.decode(from, fast.get(), workspace{scratch.get()});
  require(good || good.error() == errc::corrupt);
  require(codec.template decode<scalar_arch>(from, plain.get(), workspace{scratch.get()}) == good);
  require(!good || same_bits(fast.get(), plain.get()));
  if constexpr (dot_codec<Codec>) {
    fuzz::exactly<std::byte> query{codec.query_bytes(n)};
    auto const q = codec.prepare(x.get(), workspace{query.get()});
    require(q.has_value());
    auto const y = codec.dot(from, *q);
    require(y.has_value() == static_cast<bool>(good) && (y || y.error() == errc::corrupt));
  }
  if constexpr (requires { codec.int8_query_bytes(n); }) {
    fuzz::exactly<std::byte> query{codec.int8_query_bytes(n)};
    auto const q = codec.prepare_int8(x.get(), activation_scale::per_block, workspace{query.get()});
    require(q.has_value());
    require(codec.dot(from, *q).has_value() == static_cast<bool>(good));
    require(codec.template dot<scalar_arch>(from, *q).has_value() == static_cast<bool>(good));
  }
}

void lists_of(std::size_t n, fuzz::input& in) {
  outliers_above const codec{2.0f, absmax<int4>{32}};
  fuzz::exactly<std::byte> bytes{in.left() % 600};
  in.fill(bytes.get().data(), bytes.get().size());
  fuzz::exactly<float> row{n};
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  (void)codec.decode(bytes.get(), row.get(), workspace{scratch.get()});
  fuzz::exactly<std::uint16_t> columns{n % 64};
  auto const used = unpack_gaps(std::span<std::byte const>{bytes.get()}, n, columns.get());
  require(used ? *used <= bytes.get().size() : used.error() == errc::corrupt);
  for (std::size_t k = 0; used && k < columns.get().size(); ++k)
    require(columns.get()[k] < n && (k == 0 || columns.get()[k - 1] < columns.get()[k]));
}

void csr_of(std::size_t n, fuzz::input& in) {
  fuzz::exactly<std::uint32_t> starts{1 + in.byte() % 16U};
  for (auto& s : starts.get()) s = in.byte();
  if (in.byte() % 4 != 0) starts.get().front() = 0;
  fuzz::exactly<std::uint16_t> columns{starts.get().back()};
  in.fill(columns.get().data(), columns.get().size_bytes());
  fuzz::exactly<float> values{columns.get().size()};
  for (auto& v : values.get()) v = 1.0f;
  auto const m = csr_matrix<std::uint16_t, float>::make(starts.get(), columns.get(), values.get(), n);
  if (!m) return require(m.error() == errc::corrupt);
  fuzz::exactly<float> x{n};
  fuzz::exactly<float> y{m->rows()};
  for (auto& v : x.get()) v = 1.0f;
  require(static_cast<bool>(m->multiply(x.get(), y.get())));
  for (std::size_t r = 0; r < y.get().size(); ++r)
    require(y.get()[r] == static_cast<float>(starts.get()[r + 1] - starts.get()[r]));
}

// Blocks of 4 x 8 and of 3 x 16 ones: a product is the row's sum.
void blocks_of(std::size_t n, fuzz::input& in) {
  auto const wide = in.byte() % 2 == 0;
  std::size_t const block_rows = wide ? 3 : 4;
  std::size_t const block_cols = wide ? 16 : 8;
  n = n / block_cols * block_cols;
  fuzz::exactly<std::uint32_t> starts{1 + in.byte() % 16U};
  for (auto& s : starts.get()) s = in.byte() % 64U;
  if (in.byte() % 4 != 0) starts.get().front() = 0;
  fuzz::exactly<std::uint32_t> columns{starts.get().back()};
  for (auto& c : columns.get()) c = in.byte() % 128U;
  fuzz::exactly<float> values{columns.get().size() * block_rows * block_cols};
  for (auto& v : values.get()) v = 1.0f;
  auto const m = block_sparse_matrix<float>::make(starts.get(), columns.get(), values.get(), block_rows, block_cols, n);
  if (!m) return require(m.error() == errc::corrupt);
  fuzz::exactly<float> x{n};
  for (auto& v : x.get()) v = 1.0f;
  fuzz::exactly<float> y{m->rows()};
  fuzz::exactly<float> plain{m->rows()};
  require(static_cast<bool>(m->multiply(x.get(), y.get())));
  require(static_cast<bool>(m->template multiply<scalar_arch>(x.get(), plain.get())));
  fuzz::exactly<float> dense{m->rows() * n};
  matrix_view<float> const rows{dense.get().data(), m->rows(), n};
  require(static_cast<bool>(m->to_dense(rows)));
  for (std::size_t r = 0; r < y.get().size(); ++r) {
    auto const b = r / block_rows;
    auto const kept = static_cast<float>((starts.get()[b + 1] - starts.get()[b]) * block_cols);
    float sum = 0.0f;
    for (auto const v : rows.row(r)) sum += v;
    require(y.get()[r] == kept && plain.get()[r] == kept && sum == kept);
  }
}

// A blob in the order of tensor cores: read and written again it is the same.
void metadata_of(fuzz::input& in) {
  auto const word = in.byte() % 2 == 0 ? metadata_word::of_2_bytes : metadata_word::of_4_bytes;
  fuzz::exactly<std::byte> blob{32 * 8};
  in.fill(blob.get().data(), blob.get().size());
  if (in.left() != 0)  // good nibbles, so that the round trip is met
    for (auto& b : blob.get()) {
      constexpr std::uint8_t nibbles[]{4, 8, 9, 12, 13, 14};
      auto const any = std::to_integer<unsigned>(b);
      b = static_cast<std::byte>(nibbles[any % 6] | nibbles[any / 6 % 6] << 4);
    }
  fuzz::exactly<std::byte> rows{32 * 8};
  auto const s = from_sm80_metadata(blob.get(), word, matrix_view<std::byte>{rows.get().data(), 32, 8});
  require(s || s.error() == errc::corrupt);
  if (!s) return;
  fuzz::exactly<std::byte> again{32 * 8};
  require(static_cast<bool>(to_sm80_metadata(matrix_view<std::byte const>{rows.get().data(), 32, 8}, word, again.get())));
  require(std::ranges::equal(blob.get(), again.get()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  auto const which = in.byte() % 14;
  auto const n = in.number() % 1400;
  using two_of_four = n_of_m<2, 4>;
  switch (which) {
    case 0: positions_of<2, 4, position_layout::combinadic>(n, in); break;
    case 1: positions_of<2, 4, position_layout::index_list>(n, in); break;
    case 2: positions_of<4, 8, position_layout::combinadic>(n, in); break;
    case 3: positions_of<8, 16, position_layout::combinadic>(n, in); break;
    case 4: positions_of<3, 5, position_layout::index_list>(n, in); break;
    case 5: rows_of(sparse_codec{two_of_four{}, absmax<int8>{32}}, n, in); break;
    case 6: rows_of(sparse_codec{two_of_four{}, absmax<int4>{32}}, n, in); break;
    case 7: rows_of(sparse_codec{n_of_m<4, 8>{}, absmax<e4m3fn>{16}}, n, in); break;
    case 8: rows_of(masked_codec{top_fraction{0.5f}, absmax<int4>{16}}, n, in); break;
    case 9: rows_of(split_outliers{top_fraction{0.05f}, absmax<int3>{64}}, n, in); break;
    case 10: lists_of(n, in); break;
    case 11: csr_of(n, in); break;
    case 12: metadata_of(in); break;
    default: blocks_of(n, in); break;
  }
  return 0;
}
