// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_dot.hpp, trellis_lanes.hpp and trellis_linear_lanes.hpp: products with bytes against exact sums, levels in
// registers against level(); what queries of trellis_codec.hpp refuse.
#include "skive/codebook/trellis_dot.hpp"

#include "laws/dot_codec.hpp"
#include "skive/codebook/trellis_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/core/random.hpp"
#include "skive/kernel/matrix_matrix.hpp"
#include "support/simd_arches.hpp"

#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Code>
typename Code::table_type random_table(unsigned seed) {
  typename Code::table_type t{};
  counter_random const random{seed, 4};
  for (std::size_t i = 0; i < t.entries; ++i) t.level[i] = static_cast<std::int8_t>(static_cast<int>(random.bits(i) % 255) - 127);
  for (std::size_t k = 0; k < t.map.size(); ++k)
    for (std::size_t i = 0; i < t.entries; ++i)
      t.map[k][i] = static_cast<std::uint8_t>(random.bits(100 * k + i + 300) % t.entries);
  return t;
}

std::vector<std::byte> random_bytes(std::size_t n, unsigned seed) {
  std::vector<std::byte> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(counter_random{seed, 9}.bits(i));
  return out;
}

template <class Arch, class Code>
void check_levels(Code const& code) {
  using lanes = detail::trellis_lanes<Code, Arch>;
  constexpr auto bytes = static_cast<std::size_t>(32 * Code::step_bits);  // of a block
  auto const memory = random_bytes(4 * lanes::group + 1, 7);
  auto const* const codes = memory.data() + 1;  // misaligned
  for (int const bias : {0, 64, 128}) {
    lanes const levels{code.table(), bias};
    for (std::size_t chunk = 0; chunk < 4 * lanes::block_chunks; ++chunk) {
      auto const half = chunk % lanes::block_chunks;
      levels(codes + 64 * (chunk - half), half, [&](std::size_t r, simd::words<Arch> const& w) {
        alignas(64) std::array<std::uint8_t, 64> got{};
        w.store(reinterpret_cast<std::uint32_t*>(got.data()));
        for (std::size_t j = 0; j < 64; ++j) {
          auto const n = chunk * lanes::numbers + lanes::fields * j + r;
          auto const state = trellis_state<Code>(codes + n / 256 * bytes, 256, n % 256);
          auto const entry = code.level(state, 0) / Code::entry_levels;
          REQUIRE(got[j] == static_cast<std::uint8_t>(entry + bias));
        }
      });
    }
  }
}

template <class Code, class Arch>
void check_levels() {
  auto const table = random_table<Code>(3);
  check_levels<Arch>(Code{table});
}

TEST_CASE("Levels in registers are those of the code", "[codebook]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check_levels<folded_code<4, 2, 4>, Arch>();
    check_levels<folded_code<8, 2, 4>, Arch>();
    check_levels<folded_code<10, 2, 6>, Arch>();
    check_levels<folded_code<16, 2, 6>, Arch>();
    check_levels<folded_code<8, 1, 4>, Arch>();
    check_levels<folded_code<16, 1, 6>, Arch>();
    check_levels<folded_code<12, 4, 6>, Arch>();
  });
}

// Tables whose maps are linear: bit matrices where processors have them, else look-ups.
template <int... L, class F>
void each_state(F f) {
  (f.template operator()<L>(), ...);
}

TEST_CASE("Levels of linear codes are those of the code", "[codebook]") {
  each_state<4, 6, 8, 10, 12, 16>([]<int L>() {
    static_assert(linear_trellis_code<trained_code<L, 2>>);
    check_levels<native_arch>(trained_code<L, 1>{});
    check_levels<native_arch>(trained_code<L, 2>{});
    if constexpr (L >= 6 && L <= 12) check_levels<native_arch>(trained_code<L, 4>{});
  });
  // Where processors shuffle sixteen entries, linear maps of six bits are two look-ups.
  test::for_each(test::few_arches{}, []<class Arch>() { check_levels<Arch>(trained_code<16, 2>{}); });
  static_assert(!linear_trellis_code<folded_code<8, 2, 4>>);
  folded_table<4, 1> t = trained_code<8, 2>{}.table();
  CHECK(t.linear());
  t.map[0][5] ^= 1;
  CHECK_FALSE(t.linear());
  t = {};
  t.map[0].fill(3);  // of 0 too
  CHECK_FALSE(t.linear());
}

// What the record of a query stands for, number by number.
template <int Width>
std::vector<double> numbers_of(int8_query const& q) {
  std::vector<double> out;
  for (std::size_t i = 0; i < q.size; ++i) {
    detail::query_place<Width> const at{i, bit_order::low_first, q.kind};
    float scale = 1.0f;
    if (q.kind == activation_scale::per_block) std::memcpy(&scale, q.data + at.scale, 4);
    out.push_back(static_cast<double>(static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q.data[at.value]))) *
                  static_cast<double>(scale) * static_cast<double>(q.scale));
  }
  return out;
}

template <class Codec, class Arch>
void check_byte_products(Codec const& codec, std::size_t n) {
  auto const row = test::gaussian_row(n, 11);
  auto const x = test::gaussian_row(n, 12);
  test::packed_row<Codec> packed{codec, n, test::layout::spread, 1};
  test::fill_codes(codec, packed, row);
  std::vector<float> w(n);
  REQUIRE(codec.template decode<Arch>(packed.from(), std::span<float>{w}));
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
    test::scratch_memory scratch{codec.int8_query_bytes(n, kind)};
    auto const q = codec.template prepare_int8<Arch>(x, kind, scratch.get());
    REQUIRE(q);
    auto const rounded = numbers_of<Codec::code_type::step_bits>(*q);
    double sum = 0;
    double size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(std::fabs(rounded[i] - static_cast<double>(x[i])) <= 0.02);
      sum += static_cast<double>(w[i]) * rounded[i];
      size += std::fabs(static_cast<double>(w[i]) * rounded[i]);
    }
    auto const y = codec.template dot<Arch>(packed.from(), *q);
    REQUIRE(y);
    CAPTURE(n, static_cast<int>(kind), *y, sum);
    REQUIRE(std::fabs(static_cast<double>(*y) - sum) <= (static_cast<double>(n / 128) + 20) * 0x1p-24 * size);
  }
}

TEST_CASE("Products with bytes are exact sums", "[codebook]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {0U, 5U, 256U, 512U, 1000U, 1536U}) {
      check_byte_products<tcq<2, 8>, Arch>({}, n);
      check_byte_products<tcq<2, 8>, Arch>(*tcq<2, 8>::make(256), n);
      check_byte_products<tcq<1, 6>, Arch>({}, n);
      check_byte_products<tcq<1, 6>, Arch>(*tcq<1, 6>::make(256), n);
      check_byte_products<tcq<4, 6>, Arch>({}, n);
    }
    check_byte_products<tcq<2, 12, float16>, Arch>(*tcq<2, 12, float16>::make(256), 600);
  });
  check_byte_products<tcq<3, 6>, native_arch>({}, 300);
  check_byte_products<tcq<2, 8>, scalar_arch>({}, 600);
}

// The largest bytes everywhere, for longer than 32-bit sums would hold.
TEST_CASE("Long rows do not overflow", "[codebook]") {
  using code = folded_code<8, 2, 4>;
  code::table_type table{};
  table.level.fill(127);
  trellis_codec<code> const codec{code{table}};
  std::size_t const n = std::size_t{1} << 21;
  std::vector<float> x(n, 1.0f);
  auto const codes = random_bytes(n / 4, 1);
  float const scale = table.sigma;
  planes<std::byte const, 2> const from{{plane<std::byte const>{codes.data(), codes.size(), codes.size()},
                                         plane<std::byte const>{reinterpret_cast<std::byte const*>(&scale), 4, 4}}};
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
    test::scratch_memory scratch{codec.int8_query_bytes(n, kind)};
    auto const q = codec.prepare_int8(x, kind, scratch.get());
    REQUIRE(q);
    auto const y = codec.dot(from, *q);
    REQUIRE(std::fabs(static_cast<double>(*y) - 127.0 * static_cast<double>(n)) <= 1e-5 * 127.0 * static_cast<double>(n));
  }
  x[n - 1] = std::numeric_limits<float>::infinity();
  test::scratch_memory scratch{codec.int8_query_bytes(n)};
  REQUIRE(codec.prepare_int8(x, activation_scale::per_block, scratch.get()).error() == errc::not_finite);
  REQUIRE(codec.prepare_int8(x, activation_scale::per_block, workspace{}).error() == errc::workspace_too_small);
}

TEST_CASE("Matrices of trellis rows", "[codebook]") {
  tcq2_l8 const codec;
  std::size_t const n = 768;
  std::size_t const rows = 5;
  auto const each = total_bytes(codec.plane_bytes(n));
  std::vector<std::byte> memory(rows * each);
  packed_matrix<2> m;
  m.rows = rows;
  m.pitch.fill(each);
  REQUIRE(planar(codec, n, std::span<std::byte const>{memory}.first(each), m.first));
  for (auto& p : m.first.parts) p.size += (rows - 1) * each;
  std::vector<float> expected;
  test::scratch_memory scratch{codec.scratch_bytes(n)};
  std::vector<int8_query> queries;
  std::vector<test::scratch_memory> kept;
  for (unsigned t = 0; t < 5; ++t) {
    kept.emplace_back(codec.int8_query_bytes(n));
    queries.push_back(*codec.prepare_int8(test::gaussian_row(n, 50 + t), activation_scale::per_block, kept.back().get()));
  }
  for (unsigned r = 0; r < rows; ++r) {
    planes<std::byte, 2> to;
    REQUIRE(planar(codec, n, std::span{memory}.subspan(r * each, each), to));
    REQUIRE(codec.encode(std::span<float const>{test::gaussian_row(n, r)}, to, scratch.get()));
  }
  std::vector<float> y(rows);
  REQUIRE(matrix_vector(codec, m, queries[0], std::span{y}));
  std::vector<float> all(5 * rows);
  REQUIRE(matrix_matrix(codec, m, std::span<int8_query const>{queries}, {all.data(), 5, rows}));
  for (std::size_t r = 0; r < rows; ++r) {
    REQUIRE(y[r] == *codec.dot(m.row(r), queries[0]));
    for (std::size_t t = 0; t < 5; ++t) REQUIRE(all[t * rows + r] == *codec.dot(m.row(r), queries[t]));
  }
  auto other = queries[0];
  other.order ^= 1;
  REQUIRE(codec.dot(m.row(0), other).error() == errc::invalid_argument);
}

}  // namespace
}  // namespace skive
