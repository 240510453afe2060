// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/kept_bytes.hpp: bytes and scales of a vector against its numbers in double, records against the bytes at kept places,
// refusals, wrong codes.
#include "skive/sparse/kept_bytes.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"

#include "support/kept_groups.hpp"
#include "support/packed_row.hpp"
#include "support/packed_rows.hpp"
#include "support/simd_arches.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <int N, int M, class Codec>
using bytes_of = detail::kept_bytes<N, M, position_layout::combinadic, typename Codec::scheme_type>;

std::int8_t signed_byte(std::byte b) { return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(b)); }

std::uint32_t word_at(std::vector<std::byte> const& bytes, std::size_t at) {
  std::uint32_t x;
  std::memcpy(&x, bytes.data() + at, 4);
  return x;
}

// Each byte is the nearest to its number; 32 kept numbers share a scale, or all.
template <int N, int M, class Codec, class Arch>
void prepares(std::size_t n, activation_scale kind, unsigned seed) {
  using kept_bytes = bytes_of<N, M, Codec>;
  auto x = test::gaussian_numbers(n, seed);
  for (std::size_t i = 64; i < n && i < 128; ++i) x[i] = 0.0f;
  test::scratch_memory memory{kept_bytes::query_bytes(n)};
  auto const q = kept_bytes::template prepare<Arch>(x, bit_order::low_first, kind, memory.get());
  REQUIRE(q);
  REQUIRE((q->size == n && q->kind == kind && q->order == kept_bytes::order_of(bit_order::low_first)));
  constexpr auto unit = static_cast<double>(detail::integer_levels<typename Codec::scheme_type::element>::unit);
  for (std::size_t first = 0; first < n; first += 32 / N * M) {
    double largest = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (kind == activation_scale::per_token || i / (32 / N * M) == first / (32 / N * M))
        largest = std::fmax(largest, std::fabs(static_cast<double>(x[i])));
    auto const scale =
        static_cast<double>(kind == activation_scale::per_block ? q->scales[first / (32 / N * M)] : q->scale) / unit;
    REQUIRE(std::fabs(scale - largest / 127) <= 0x1p-22 * largest);
    for (std::size_t i = first; i < n && i < first + 32 / N * M; ++i)
      REQUIRE(std::fabs(static_cast<double>(x[i]) - scale * signed_byte(q->data[i])) <= 0.5001 * scale);
  }
  for (std::size_t i = n; i % 256 != 0; ++i) REQUIRE(q->data[i] == std::byte{0});
  if (kind == activation_scale::per_block) REQUIRE(q->scale == 1.0f);
}

// Records hold the bytes at kept places in turn, their scales and the terms of their lanes.
template <int N, int M, class Codec>
void fills(std::size_t groups, bit_order order, activation_scale kind, std::mt19937& random) {
  using kept_bytes = bytes_of<N, M, Codec>;
  using scheme = typename Codec::scheme_type;
  constexpr int width = scheme::packing::width;
  using steps = detail::code_steps<width>;
  test::kept_groups<N, M> row{groups, random};
  auto const n = row.size();
  auto const x = test::gaussian_numbers(n, random());
  test::scratch_memory memory{kept_bytes::query_bytes(n)};
  auto const q = *kept_bytes::template prepare<native_arch>(x, order, kind, memory.get());
  std::vector<std::byte> records(steps::count(groups * N) * detail::record_bytes(steps::fields, kind) + 1, std::byte{0x5A});
  REQUIRE(kept_bytes::template fill<native_arch>(q, 0, n, row.positions, order, records.data()));
  REQUIRE(records.back() == std::byte{0x5A});
  std::int64_t sum = 0;
  for (std::size_t i = 0, at = 0; i < n; ++i) {
    if (!row.kept(i)) continue;
    detail::query_place<width> const place{at, order, kind};
    REQUIRE(records[place.value] == q.data[i]);
    sum = (at % steps::lane_numbers == 0 ? 0 : sum) + signed_byte(q.data[i]);
    auto const term = word_at(records, place.term);
    if (++at % steps::lane_numbers == 0 || at == groups * N) {
      if constexpr (detail::has_zero_point<scheme>)
        REQUIRE(std::bit_cast<float>(term) == static_cast<float>(sum));
      else
        REQUIRE(static_cast<std::int32_t>(term) == -detail::integer_levels<typename scheme::element>::bias * sum);
    }
    if (kind == activation_scale::per_block)
      REQUIRE(std::bit_cast<float>(word_at(records, place.scale)) == q.scales[i / (32 / N * M)]);
  }
  row.spoil(static_cast<std::size_t>(random() % groups));
  REQUIRE(!kept_bytes::template fill<native_arch>(q, 0, n, row.positions, order, records.data()));
  REQUIRE(records.back() == std::byte{0x5A});
}

}  // namespace

TEST_CASE("kept_bytes: bytes and scales of a vector", "[sparse]") {
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token})
    for (std::size_t const n : {0U, 4U, 64U, 100U, 256U, 1000U}) {
      test::for_each(test::arches<native_arch, scalar_arch>{}, [&]<class Arch>() {
        prepares<2, 4, absmax<int8>, Arch>(n, kind, 1);
        prepares<2, 4, absmax<int4>, Arch>(n, kind, 2);
        prepares<1, 4, absmax<int4>, Arch>(n, kind, 3);
      });
    }
  using kept_bytes = bytes_of<2, 4, absmax<int4>>;
  auto x = test::gaussian_numbers(256, 4);
  auto const block = activation_scale::per_block;
  test::scratch_memory memory{kept_bytes::query_bytes(256)}, small{kept_bytes::query_bytes(256) - 1};
  auto const prepare = [&](workspace w) { return kept_bytes::prepare<native_arch>(x, bit_order::low_first, block, w).error(); };
  CHECK(prepare(small.get()) == errc::workspace_too_small);
  for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    x[200] = bad;
    CHECK(prepare(memory.get()) == errc::not_finite);
  }
  CHECK(kept_bytes::order_of(bit_order::low_first) != kept_bytes::order_of(bit_order::high_first));
  CHECK(kept_bytes::order_of(bit_order::low_first) != bytes_of<1, 4, absmax<int4>>::order_of(bit_order::low_first));
  CHECK(kept_bytes::order_of(bit_order::low_first) != bytes_of<2, 4, absmax<int8>>::order_of(bit_order::low_first));
}

TEST_CASE("kept_bytes: records of what a row keeps", "[sparse]") {
  std::mt19937 random{5};
  for (auto const order : {bit_order::low_first, bit_order::high_first})
    for (auto const kind : {activation_scale::per_block, activation_scale::per_token})
      for (std::size_t const groups : {1U, 32U, 100U, 512U}) {
        fills<2, 4, absmax<int8>>(groups, order, kind, random);
        fills<2, 4, absmax<int4>>(groups, order, kind, random);
        fills<4, 8, affine_int<4>>(groups, order, kind, random);
      }
}
