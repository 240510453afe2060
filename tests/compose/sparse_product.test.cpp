// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/sparse_product.hpp: products of sparse rows with vectors of bytes against sums in double, in every layout; corrupt
// positions; refusals; rows of a matrix.
#include "skive/compose/sparse_product.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/kernel/expert_products.hpp"
#include "skive/kernel/matrix_matrix.hpp"
#include "skive/sparse/kept_bytes.hpp"

#include "laws/dot_codec.hpp"
#include "support/simd_arches.hpp"

#include <limits>

namespace {

using namespace skive;
using two_of_four = n_of_m<2, 4>;

// What bytes and scales of the query say the vector is.
std::vector<double> restored(sparse_int8_query const& q, std::size_t per_scale) {
  std::vector<double> x(q.size);
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const byte = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(q.data[i]));
    auto const scale = q.kind == activation_scale::per_block ? q.scales[i / per_scale] : q.scale;
    x[i] = byte * static_cast<double>(scale);
  }
  return x;
}

template <class Arch, class Codec>
void check_products(Codec const& codec, std::size_t n, std::size_t per_scale, unsigned seed) {
  auto const row = test::gaussian_row(n, seed);
  auto const x = test::gaussian_row(n, seed + 1000);
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
    test::scratch_memory memory{codec.int8_query_bytes(n, kind)};
    auto const q = codec.template prepare_int8<Arch>(x, kind, memory.get());
    REQUIRE(q);
    auto const bytes = restored(*q, per_scale);
    std::vector<float> seen;
    for (auto const l : test::layouts)
      for (std::size_t const shift : {0U, 1U}) {
        test::packed_row<Codec> packed{codec, n, l, shift};
        test::fill_codes(codec, packed, row);
        std::vector<float> w(n);
        test::scratch_memory scratch{codec.scratch_bytes(n)};
        REQUIRE(codec.decode(packed.from(), std::span<float>{w}, scratch.get()));
        double exact = 0;
        double magnitude = 0;
        for (std::size_t i = 0; i < n; ++i) {
          exact += static_cast<double>(w[i]) * bytes[i];
          magnitude += std::fabs(static_cast<double>(w[i]) * bytes[i]);
        }
        auto const y = codec.template dot<Arch>(packed.from(), *q);
        REQUIRE(y);
        CAPTURE(n, *y, exact, magnitude);
        REQUIRE(std::fabs(static_cast<double>(*y) - exact) <= (static_cast<double>(n) / 64 + 20) * 0x1p-24 * magnitude);
        seen.push_back(*y);
        REQUIRE(*y == seen[0]);
      }
  }
}

// A code that no set has, in every group in turn: each is found; bits past the last group mean nothing.
template <class Arch, class Codec>
void check_corrupt(Codec const& codec, std::size_t n) {
  auto const row = test::gaussian_row(n, 4);
  test::packed_row<Codec> packed{codec, n};
  test::fill_codes(codec, packed, row);
  test::scratch_memory memory{codec.int8_query_bytes(n)};
  auto const q = codec.template prepare_int8<Arch>(row, activation_scale::per_block, memory.get());
  REQUIRE(q);
  auto const places = packed.to()[Codec::plane_count - 1];
  auto const good = codec.template dot<Arch>(packed.from(), *q);
  REQUIRE(good);
  for (std::size_t bit = 3 * (n / 4); bit < 8 * places.size; ++bit)
    places.data[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
  REQUIRE(*codec.template dot<Arch>(packed.from(), *q) == *good);
  for (std::size_t g = 0; g < n / 4; ++g) {
    std::vector<std::byte> const before(places.data, places.data + places.size);
    for (auto const bit : {3 * g + 1, 3 * g + 2}) places.data[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
    REQUIRE(codec.template dot<Arch>(packed.from(), *q).error() == errc::corrupt);
    std::copy(before.begin(), before.end(), places.data);
  }
}

}  // namespace

TEST_CASE("sparse products with bytes: equal to sums in double", "[compose]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {4U, 64U, 124U, 128U, 256U, 380U, 1000U, 9000U})
      check_products<Arch>(sparse_codec{two_of_four{}, absmax<int8>{32}}, n, 64, static_cast<unsigned>(n));
    for (std::size_t const n : {8U, 128U, 252U, 256U, 384U, 388U, 1024U, 20000U})
      check_products<Arch>(sparse_codec{two_of_four{}, absmax<int4>{32}}, n, 64, static_cast<unsigned>(n));
  });
  using scheme = absmax<int4>::scheme_type;
  check_products<native_arch>(sparse_codec{two_of_four{}, absmax<int4>{32, scheme{}, bit_order::high_first}}, 700, 64, 1);
  check_products<native_arch>(sparse_codec{two_of_four{}, affine_int<4>{32}}, 1284, 64, 2);
  check_products<native_arch>(sparse_codec{two_of_four{}, absmax<int4>{20}}, 1200, 64, 3);  // groups end inside of lanes
  check_products<native_arch>(sparse_codec{n_of_m<4, 8>{}, absmax<int8>{16}}, 9000, 64, 4);
  check_products<native_arch>(sparse_codec{n_of_m<1, 4>{}, absmax<int4>{0}}, 1600, 128, 5);
  check_products<scalar_arch>(sparse_codec{two_of_four{}, absmax<int4>{32}}, 700, 64, 6);
}

TEST_CASE("sparse products with bytes: corrupt positions are found wherever they are", "[compose]") {
  test::for_each(test::arches<native_arch, scalar_arch>{}, []<class Arch>() {
    for (std::size_t const n : {4U, 128U, 132U, 380U, 516U, 1000U}) {
      check_corrupt<Arch>(sparse_codec{two_of_four{}, absmax<int8>{32}}, n);
      check_corrupt<Arch>(sparse_codec{two_of_four{}, absmax<int4>{32}}, n);
    }
  });
}

TEST_CASE("sparse products with bytes: refusals", "[compose]") {
  sparse_codec const codec{two_of_four{}, absmax<int4>{32}};
  auto x = test::gaussian_row(256, 1);
  test::scratch_memory memory{codec.int8_query_bytes(256)};
  auto const per_block = activation_scale::per_block;
  auto const q = codec.prepare_int8(x, per_block, memory.get());
  REQUIRE(q);
  test::packed_row<sparse_codec<two_of_four, absmax<int4>>> packed{codec, 256};
  test::fill_codes(codec, packed, x);
  for (std::size_t i = 0; i < 3; ++i) {
    auto from = packed.from();
    --from[i].size;
    CHECK(codec.dot(from, *q).error() == errc::size_mismatch);
  }
  auto foreign = *q;
  foreign.order ^= 1;
  CHECK(codec.dot(packed.from(), foreign).error() == errc::invalid_argument);
  CHECK(sparse_codec{n_of_m<4, 8>{}, absmax<int4>{32}}.accepts(*q) == false);
  CHECK(sparse_codec{two_of_four{}, absmax<int8>{32}}.accepts(*q) == false);
  CHECK(codec.prepare_int8(std::span{x}.first(255), per_block, memory.get()).error() == errc::size_mismatch);
  test::scratch_memory small{codec.int8_query_bytes(256) - 1};
  CHECK(codec.prepare_int8(x, per_block, small.get()).error() == errc::workspace_too_small);
  std::vector<float> const many(16384);
  test::scratch_memory large{codec.int8_query_bytes(16384)};
  CHECK(sparse_codec{two_of_four{}, absmax<int4>{0}}.prepare_int8(many, per_block, large.get()).error() == errc::unsupported);
  x[77] = std::numeric_limits<float>::quiet_NaN();
  CHECK(codec.prepare_int8(x, per_block, memory.get()).error() == errc::not_finite);
}

TEST_CASE("sparse experts: a token for other codes is refused before the first product", "[compose]") {
  using codec_type = sparse_codec<two_of_four, absmax<int8>>;
  codec_type const codec{two_of_four{}, absmax<int8>{32}};
  auto const x = test::gaussian_row(64, 1);
  test::packed_row<codec_type> packed{codec, 64};
  test::fill_codes(codec, packed, x);
  packed_matrix<3> one;
  one.rows = 1;
  one.first = packed.from();
  std::vector<expert<codec_type>> const experts{{codec, one}, {codec, one}};
  test::scratch_memory memory{codec.int8_query_bytes(64)};
  std::vector tokens(2, *codec.prepare_int8(x, activation_scale::per_block, memory.get()));
  std::vector<float> y{-7.0f, -7.0f};
  std::vector<std::size_t> const offsets{0, 1, 2};
  auto const multiply = [&] {
    return expert_products(std::span<expert<codec_type> const>{experts}, std::span<std::size_t const>{offsets},
                           std::span<sparse_int8_query const>{tokens}, matrix_view<float>{y.data(), 2, 1});
  };
  tokens[1].order ^= 1;
  CHECK(multiply().error() == errc::invalid_argument);
  CHECK(y == std::vector<float>{-7.0f, -7.0f});
  tokens[1].order ^= 1;
  REQUIRE(multiply());
  CHECK(y == std::vector<float>(2, *codec.dot(packed.from(), tokens[0])));
}

TEST_CASE("sparse products: rows of a matrix are single rows, up to the first that is corrupt", "[compose]") {
  sparse_codec const codec{two_of_four{}, absmax<int8>{32}};
  constexpr std::size_t n = 640;
  constexpr std::size_t rows = 5;
  auto const each = total_bytes(codec.plane_bytes(n));
  std::vector<std::byte> memory(rows * each);
  test::scratch_memory scratch{codec.scratch_bytes(n)};
  packed_matrix<3> m;
  m.rows = rows;
  m.pitch.fill(each);
  for (std::size_t r = 0; r < rows; ++r) {
    planes<std::byte, 3> to;
    REQUIRE(planar(codec, n, std::span{memory}.subspan(r * each, each), to));
    auto const row = test::gaussian_row(n, static_cast<unsigned>(r));
    REQUIRE(codec.encode(std::span<float const>{row}, to, scratch.get()));
    if (r == 0) m.first = to;
  }
  for (auto& p : m.first.parts) p.size += (rows - 1) * each;
  auto const x = test::gaussian_row(n, 77);
  test::scratch_memory query_memory{codec.int8_query_bytes(n)};
  auto const bytes = codec.prepare_int8(x, activation_scale::per_block, query_memory.get());
  auto const floats = codec.prepare(x);
  REQUIRE((bytes && floats));
  std::vector<float> y(rows), z(rows);
  REQUIRE(matrix_vector(codec, m, *bytes, y));
  REQUIRE(matrix_vector(codec, m, *floats, z));
  for (std::size_t r = 0; r < rows; ++r) {
    CHECK(y[r] == *codec.dot(m.row(r), *bytes));
    CHECK(z[r] == *codec.dot(m.row(r), *floats));
    CHECK(std::fabs(y[r] - z[r]) < 1.0f);
  }
  auto foreign = *bytes;
  foreign.order ^= 1;
  CHECK(matrix_vector(codec, m, foreign, y).error() == errc::invalid_argument);
  for (std::size_t const count : {1U, 2U, 5U}) {  // batches: each query by itself, and a range of rows
    std::vector<std::vector<float>> xs;
    std::vector<float_query> queries;
    for (std::size_t t = 0; t < count; ++t) xs.push_back(test::gaussian_row(n, static_cast<unsigned>(100 + t)));
    for (auto const& v : xs) queries.push_back(*codec.prepare(v));
    std::vector<float> all(count * (rows + 1), -1.0f), part(count * 2);
    REQUIRE(
        matrix_matrix(codec, m, std::span<float_query const>{queries}, matrix_view<float>{all.data(), count, rows, rows + 1}));
    REQUIRE(matrix_matrix(codec, m, std::span<float_query const>{queries}, matrix_view<float>{part.data(), count, 2}, {2, 2}));
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t r = 0; r < rows; ++r) CHECK(std::fabs(all[t * (rows + 1) + r] - *codec.dot(m.row(r), queries[t])) < 2e-4f);
      CHECK(all[t * (rows + 1) + rows] == -1.0f);
      CHECK((part[2 * t] == all[t * (rows + 1) + 2] && part[2 * t + 1] == all[t * (rows + 1) + 3]));
    }
  }
  auto const other = test::gaussian_row(n, 78);
  test::scratch_memory other_memory{codec.int8_query_bytes(n)};
  std::vector<float> both(6 * rows);
  for (auto const kind : {activation_scale::per_block, activation_scale::per_token}) {
    test::scratch_memory own_memory{codec.int8_query_bytes(n)};
    auto const own = codec.prepare_int8(x, kind, own_memory.get());
    auto const others = codec.prepare_int8(other, kind, other_memory.get());
    REQUIRE((own && others));
    std::vector<sparse_int8_query> const six{*own, *others, *own, *others, *others, *own};  // four and two at once
    REQUIRE(matrix_matrix(codec, m, std::span<sparse_int8_query const>{six}, matrix_view<float>{both.data(), 6, rows}));
    for (std::size_t t = 0; t < 6; ++t)
      for (std::size_t r = 0; r < rows; ++r) CHECK(both[t * rows + r] == *codec.dot(m.row(r), six[t]));
  }
  auto const places = m.row(3)[2];
  memory[static_cast<std::size_t>(places.data - memory.data())] = std::byte{0xFF};
  y.assign(rows, -1.0f);
  CHECK(matrix_vector(codec, m, *bytes, y).error() == errc::corrupt);
  CHECK(y[2] == *codec.dot(m.row(2), *bytes));
  CHECK(y[4] == -1.0f);
  CHECK(matrix_vector(codec, m, *floats, z).error() == errc::corrupt);
  for (std::size_t const count : {2U, 5U}) {
    std::vector<float_query> const many(count, *floats);
    std::vector<sparse_int8_query> const many_bytes(count, *bytes);
    matrix_view<float> const to{both.data(), count, rows};
    CHECK(matrix_matrix(codec, m, std::span<float_query const>{many}, to).error() == errc::corrupt);
    CHECK(matrix_matrix(codec, m, std::span<sparse_int8_query const>{many_bytes}, to).error() == errc::corrupt);
  }
}
