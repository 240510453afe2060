// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/sparse_batch.hpp: products of some rows with some vectors against sums in double, whatever is multiplied beside them;
// rows it leaves to others; corrupt positions.
#include "skive/compose/sparse_batch.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/sparse_codec.hpp"

#include "laws/dot_codec.hpp"
#include "support/packed_rows.hpp"
#include "support/simd_arches.hpp"

namespace {

using namespace skive;

template <class Codec, class Arch>
void check(Codec const& codec, std::size_t rows, std::size_t n, std::size_t vectors) {
  CAPTURE(rows, n, vectors);
  test::packed_rows<Codec> packed{codec, rows, n, [n](std::size_t r) { return test::gaussian_numbers(n, r); }};
  std::vector<std::vector<float>> xs;
  std::vector<float_query> queries;
  for (std::size_t t = 0; t < vectors; ++t) xs.push_back(test::gaussian_numbers(n, 100 + t));
  for (auto const& x : xs) queries.push_back(*codec.prepare(x));
  auto const m = packed.matrix();
  detail::sparse_batch<Arch, Codec> const batch{codec, n, m.first};
  REQUIRE(batch.usable());
  auto const stride = rows + 1;
  std::vector<float> y(vectors * stride, -7.0f);
  REQUIRE(batch({m.first, m.pitch, rows, y.data(), stride}, std::span<float_query const>{queries}));
  auto const terms = static_cast<double>(n) / 16 + static_cast<double>(n) / 1024 + 13;
  for (std::size_t t = 0; t < vectors; ++t) {
    for (std::size_t r = 0; r < rows; ++r) {
      test::double_product const exact{packed.numbers[r], xs[t]};
      REQUIRE(std::fabs(static_cast<double>(y[t * stride + r]) - exact.sum) <= terms * 0x1p-24 * exact.magnitude);
      float alone = 0;  // the same bits by itself
      REQUIRE(batch({m.row(r), m.pitch, 1, &alone, 1}, std::span<float_query const>{&queries[t], 1}));
      REQUIRE(alone == y[t * stride + r]);
    }
    REQUIRE(y[t * stride + rows] == -7.0f);
  }
  auto const places = m.row(rows - 1)[Codec::plane_count - 1].data;
  packed.memory[static_cast<std::size_t>(places - packed.memory.data())] = std::byte{0xFF};
  REQUIRE(batch({m.first, m.pitch, rows, y.data(), stride}, std::span<float_query const>{queries}).error() == errc::corrupt);
}

}  // namespace

TEST_CASE("sparse_batch: rows and vectors of all numbers", "[compose]") {
  test::for_each(test::arches<native_arch, scalar_arch>{}, []<class Arch>() {
    sparse_codec const fours{n_of_m<2, 4>{}, absmax<int4>{32}};
    using codec = std::remove_const_t<decltype(fours)>;
    check<codec, Arch>(fours, 1, 4, 1);
    check<codec, Arch>(fours, 3, 100, 4);
    check<codec, Arch>(fours, 4, 64, 5);
    check<codec, Arch>(fours, 5, 1024, 9);
    check<codec, Arch>(fours, 9, 1092, 6);  // a piece of 1024 and a rest
    check<codec, Arch>(fours, 2, 9000, 4);
    sparse_codec const eights{n_of_m<4, 8>{}, absmax<int8>{16}};
    check<std::remove_const_t<decltype(eights)>, Arch>(eights, 6, 2080, 4);
  });
}

TEST_CASE("sparse_batch: which rows it takes", "[compose]") {
  using codec_type = sparse_codec<n_of_m<2, 4>, absmax<int4>>;
  auto const usable = [](codec_type const& codec, std::size_t n, test::layout l) {
    test::packed_row<codec_type> packed{codec, n, l};
    return detail::sparse_batch<native_arch, codec_type>{codec, n, packed.from()}.usable();
  };
  codec_type const codec{{}, absmax<int4>{32}};
  CHECK(usable(codec, 640, test::layout::planar));
  CHECK(!usable(codec, 640, test::layout::spread));  // positions with gaps
  CHECK(usable(codec, 64, test::layout::spread));    // of one block
  CHECK(!usable(codec, 0, test::layout::planar));
  codec_type const whole{{}, absmax<int4>{0}};  // a row is a block
  CHECK(usable(whole, 4096, test::layout::planar));
  CHECK(!usable(whole, 4100, test::layout::planar));
}

TEST_CASE("sparse products: long rows and blocks apart in a batch", "[compose]") {
  sparse_codec const codec{n_of_m<2, 4>{}, absmax<int4>{32}};
  for (auto const l : {test::layout::planar, test::layout::spread})
    for (std::size_t const n : {4U, 100U, 9000U}) {
      auto const row = test::gaussian_row(n, 5);
      test::packed_row<sparse_codec<n_of_m<2, 4>, absmax<int4>>> packed{codec, n, l};
      test::fill_codes(codec, packed, row);
      auto const x = test::gaussian_row(n, 6);
      auto const v = test::gaussian_row(n, 7);
      auto const q = *codec.prepare(x);
      std::vector<float_query> const queries{q, *codec.prepare(v), q, q, q};
      std::array<float, 5> y{};
      REQUIRE(codec.multiply_batch<native_arch>({packed.from(), {}, 1, y.data(), 1}, std::span<float_query const>{queries}));
      for (std::size_t t = 0; t < 5; ++t)
        CHECK(std::fabs(y[t] - *codec.dot(packed.from(), queries[t])) < 1e-5f * static_cast<float>(n));
      CHECK((y[2] == y[0] && y[4] == y[0]));
    }
}
