// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/packed_matrix.hpp, matrix_vector.hpp, matrix_matrix.hpp: rows of products, in ranges, blocks and batches; refusals.
#include "skive/kernel/matrix_vector.hpp"

#include "skive/kernel/matrix_matrix.hpp"

#include "laws/dot_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/sign.hpp"
#include "support/plain_floats.hpp"

#include <algorithm>

namespace {

namespace test = skive::test;

// Rows in one piece of memory, each row planar, `gap` bytes apart.
template <class Codec>
struct rows_of {
  static constexpr std::size_t count = Codec::plane_count;
  Codec codec;
  std::size_t rows;
  std::size_t n;
  std::size_t pitch;
  std::vector<std::byte> memory;

  rows_of(Codec const& c, std::size_t r, std::size_t size, std::size_t gap)
      : codec{c}, rows{r}, n{size}, pitch{skive::total_bytes(c.plane_bytes(size)) + gap}, memory(r * pitch + 1) {
    for (std::size_t i = 0; i < rows; ++i) {
      skive::planes<std::byte, count> to;
      REQUIRE(skive::planar(codec, n, std::span{memory}.subspan(i * pitch), to));
      REQUIRE(codec.encode(std::span<float const>{test::gaussian_row(n, static_cast<unsigned>(i))}, to));
    }
  }
  skive::packed_matrix<count> matrix() const {
    skive::packed_matrix<count> m;
    m.rows = rows;
    m.pitch.fill(pitch);
    REQUIRE(skive::planar(codec, n, std::span<std::byte const>{memory}, m.first));
    for (auto& p : m.first.parts) p.size += (rows - 1) * pitch;
    return m;
  }
  template <class Query>
  float product(std::size_t r, Query const& q) const {
    skive::planes<std::byte const, count> from;
    REQUIRE(skive::planar(codec, n, std::span{memory}.subspan(r * pitch), from));
    return *codec.dot(from, q);
  }
};

// Every row, a range, and every cell of a batch: the products of single rows.
template <class Codec, class Query>
void check(rows_of<Codec> const& rows, std::vector<Query> const& queries, double tolerance) {
  auto const m = rows.matrix();
  std::vector<float> y(rows.rows, -77.0f);
  REQUIRE(skive::matrix_vector(rows.codec, m, queries[0], std::span<float>{y}));
  for (std::size_t r = 0; r < rows.rows; ++r) REQUIRE(y[r] == rows.product(r, queries[0]));
  std::vector<float> part(3, -77.0f);
  REQUIRE(skive::matrix_vector(rows.codec, m, queries[0], std::span<float>{part}, {4, 3}));
  REQUIRE(std::equal(part.begin(), part.end(), y.begin() + 4));

  for (std::size_t batch = 1; batch <= queries.size(); ++batch) {
    std::vector<float> all(batch * (rows.rows + 2), -77.0f);
    skive::matrix_view<float> const out{all.data(), batch, rows.rows, rows.rows + 2};
    REQUIRE(skive::matrix_matrix(rows.codec, m, std::span<Query const>{queries}.first(batch), out));
    for (std::size_t t = 0; t < batch; ++t) {
      for (std::size_t r = 0; r < rows.rows; ++r)
        REQUIRE(std::fabs(out(t, r) - rows.product(r, queries[t])) <= static_cast<float>(tolerance));
      REQUIRE(all[t * (rows.rows + 2) + rows.rows] == -77.0f);
    }
    std::vector<float> few(batch * 3, -77.0f);  // a range has the bits that the whole has
    skive::matrix_view<float> const range{few.data(), batch, 3};
    REQUIRE(skive::matrix_matrix(rows.codec, m, std::span<Query const>{queries}.first(batch), range, {3, 3}));
    for (std::size_t t = 0; t < batch; ++t)
      for (std::size_t r = 0; r < 3; ++r) REQUIRE(range(t, r) == out(t, 3 + r));
  }
}

template <class Codec>
void check_codec(Codec const& codec, std::size_t n, std::size_t count) {
  rows_of const rows{codec, count, n, 5};
  std::vector<std::vector<float>> x;
  for (unsigned t = 0; t < 7; ++t) x.push_back(test::gaussian_row(n, 100 + t));
  std::vector<skive::float_query> floats;
  for (auto const& v : x) floats.push_back(*codec.prepare(v));
  check(rows, floats, 1e-4);
  if constexpr (requires { codec.int8_query_bytes(n); })
    for (auto const kind : {skive::activation_scale::per_block, skive::activation_scale::per_token}) {
      std::vector<test::scratch_memory> memory(7, test::scratch_memory{codec.int8_query_bytes(n, kind)});
      std::vector<skive::int8_query> bytes;
      for (std::size_t t = 0; t < 7; ++t) bytes.push_back(*codec.prepare_int8(x[t], kind, memory[t].get()));
      check(rows, bytes, 0);
    }
}

}  // namespace

TEST_CASE("matrix_vector: rows, ranges and batches have the products of single rows", "[kernel]") {
  check_codec(skive::absmax<skive::int4>{32}, 300, 9);
  check_codec(skive::affine_int<4>{32}, 256, 8);
  check_codec(skive::ternary{128}, 70, 7);
  check_codec(skive::ternary{48}, 120, 7);  // groups whose lanes are no power of two
  check_codec(test::plain_floats_dot{}, 40, 7);
  check_codec(skive::absmax<skive::int8>{32}, 4096, 70);  // more rows than a block has
}

TEST_CASE("matrix_vector: what is refused, and nothing is written", "[kernel]") {
  skive::absmax<skive::int4> const codec{32};
  rows_of const rows{codec, 6, 100, 3};
  auto const x = test::gaussian_row(100, 1);
  std::vector<skive::float_query> const q(2, *codec.prepare(x));
  std::vector<float> y(12, -77.0f);
  auto const vector_error = [&](auto const& m, std::size_t size, skive::row_range range) {
    return skive::matrix_vector(codec, m, q[0], std::span{y}.first(size), range).error();
  };
  auto const matrix_error = [&](auto const& m, std::size_t columns, skive::row_range range) {
    return skive::matrix_matrix(codec, m, std::span<skive::float_query const>{q}, skive::matrix_view<float>{y.data(), 2, columns},
                                range)
        .error();
  };
  auto const refused = [&](auto const& m, std::size_t size, skive::row_range range) {
    CHECK(vector_error(m, size, range) == skive::errc::size_mismatch);
    CHECK(matrix_error(m, size, range) == skive::errc::size_mismatch);
  };
  auto const good = rows.matrix();
  refused(good, 5, {0, 6});
  refused(good, 6, {1, 6});
  refused(good, 1, {7, 1});
  refused(good, 6, {~std::size_t{0}, 6});
  for (std::size_t i = 0; i < 2; ++i) {
    auto m = good;
    --m.first[i].size;
    refused(m, 6, {0, 6});
    m = good;
    m.pitch[i] = ~std::size_t{0} / 4;
    refused(m, 6, {0, 6});
    m = good;
    m.first[i].size = 0;
    refused(m, 6, {0, 6});
  }
  for (auto const v : y) CHECK(v == -77.0f);
  CHECK(vector_error(good, 0, {6, 0}) == skive::errc::ok);
  CHECK(skive::matrix_vector(codec, skive::packed_matrix<2>{}, q[0], std::span<float>{}) == skive::status{});

  auto different = q;
  different[1].size = 99;
  CHECK(
      skive::matrix_matrix(codec, good, std::span<skive::float_query const>{different}, skive::matrix_view<float>{y.data(), 2, 6})
          .error() == skive::errc::size_mismatch);
  skive::absmax<skive::int8> const other{32};
  test::scratch_memory memory{other.int8_query_bytes(100)};
  auto const foreign = *other.prepare_int8(x, skive::activation_scale::per_block, memory.get());
  CHECK(skive::matrix_vector(codec, good, foreign, std::span{y}.first(6)).error() == skive::errc::invalid_argument);
}

TEST_CASE("matrix_vector: a codec that finds a row corrupt stops there", "[kernel]") {
  rows_of rows{test::plain_floats_dot{}, 3, 4, 0};
  float const bad = 1000.0f;
  std::memcpy(rows.memory.data() + rows.pitch, &bad, 4);
  std::vector<float> const x(4, 1.0f);
  std::vector<float> y(3, -77.0f);
  CHECK(skive::matrix_vector(rows.codec, rows.matrix(), *rows.codec.prepare(x), std::span<float>{y}).error() ==
        skive::errc::corrupt);
  CHECK(y[2] == -77.0f);
}
