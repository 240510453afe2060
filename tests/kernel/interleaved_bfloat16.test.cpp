// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/interleaved_bfloat16.hpp, simd/bfloat16_dot.hpp: products with bfloat16 vectors against sums in double; refusals.
#include "skive/kernel/interleaved_bfloat16.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/interleaved_matrix.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::errc;

auto gaussian(std::size_t n, std::size_t seed) {
  return [=](std::size_t r) { return test::gaussian_numbers(n, seed + r); };
}

std::vector<float> rounded(std::vector<float> x) {
  for (auto& v : x) v = skive::bfloat16::decode(skive::bfloat16::encode(v));
  return x;
}

// `level_error`: relative error of levels as bfloat16.
template <class Arch, class Codec>
void check(Codec const& codec, std::size_t n, std::size_t count, std::size_t vectors, double level_error = 0) {
  test::packed_rows<Codec> const rows{codec, count, n, gaussian(n, 1)};
  test::interleaved_matrix<Codec> tiles{rows};
  std::vector<float> x;
  for (std::size_t t = 0; t < vectors; ++t)
    for (auto const v : test::gaussian_numbers(n, 70 + t)) x.push_back(v);
  test::scratch_memory memory{skive::bfloat16_vectors_bytes(vectors, n)};
  auto const q = skive::interleave_bfloat16<Arch>(codec, skive::matrix_view<float const>{x.data(), vectors, n}, memory.get());
  REQUIRE(q);
  std::vector<float> y(vectors * (count + 1), -77.0f);
  REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), *q, {y.data(), vectors, count, count + 1}));
  for (std::size_t t = 0; t < vectors; ++t) {
    auto const of_vector = rounded(test::gaussian_numbers(n, 70 + t));
    for (std::size_t r = 0; r < count; ++r) {
      test::double_product const exact{rows.numbers[r], of_vector};
      auto const bound = (static_cast<double>(n / 16 + 28) * 0x1p-24 + level_error) * exact.magnitude;
      CAPTURE(n, t, r);
      REQUIRE(std::fabs(static_cast<double>(y[t * (count + 1) + r]) - exact.sum) <= bound);
    }
    REQUIRE(y[t * (count + 1) + count] == -77.0f);
  }
  if (count <= 16) return;
  std::vector<float> some(vectors * (count - 16));  // a range has the bits that the whole has
  REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), *q, {some.data(), vectors, count - 16},
                                           {1, tiles.layout.tiles() - 1}));
  for (std::size_t t = 0; t < vectors; ++t)
    for (std::size_t r = 16; r < count; ++r) REQUIRE(some[t * (count - 16) + r - 16] == y[t * (count + 1) + r]);
}

// Every code of a format times one, in every place of a word.
template <class Arch, class Format>
void check_levels() {
  skive::static_scale<Format> const codec{0, *skive::static_scale_scheme<Format>::make(Format::max_finite)};
  std::size_t const n = 16;
  std::size_t const count = std::size_t{1} << Format::bits;
  test::packed_rows<skive::static_scale<Format>> rows{codec, count, n, gaussian(n, 1)};
  for (std::size_t c = 0; c < count; ++c) {
    std::vector<std::uint8_t> codes(n);
    codes[(c + c / n) % n] = static_cast<std::uint8_t>(c);
    skive::static_scale<Format>::scheme_type::packing::pack(codes, codec.order(), rows.memory.data() + c * rows.pitch);
  }
  test::interleaved_matrix<skive::static_scale<Format>> tiles{rows};
  std::vector<float> const x(n, 1.0f);
  test::scratch_memory memory{skive::bfloat16_vectors_bytes(1, n)};
  auto const q = skive::interleave_bfloat16<Arch>(codec, skive::matrix_view<float const>{x.data(), 1, n}, memory.get());
  std::vector<float> y(count);
  REQUIRE(skive::interleaved_product<Arch>(tiles.layout, tiles.from(), *q, {y.data(), 1, count}));
  for (std::size_t c = 0; c < count; ++c) {
    auto const level = Format::decode(static_cast<typename Format::code_type>(c));
    CAPTURE(c, level, y[c]);
    REQUIRE((std::isnan(level) ? std::isnan(y[c]) : y[c] == level));
  }
}

}  // namespace

TEST_CASE("interleaved_product: bfloat16 vectors within the bound", "[kernel]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    check<Arch>(skive::absmax<skive::e4m3fn>{128}, 300, 35, 3);
    check<Arch>(skive::absmax<skive::nf4>{64}, 200, 17, 2, 0x1p-8);
  });
  using native = skive::native_arch;
  check<native>(skive::absmax<skive::e4m3fn>{0}, 5, 1, 1);
  check<native>(skive::absmax<skive::e4m3fn>{16}, 4096, 33, 34);
  check<native>(skive::absmax<skive::int8>{32}, 96, 16, 2);
  check<native>(skive::absmax<skive::int4>{32, {}, skive::bit_order::high_first}, 96, 16, 2);
  check<native>(skive::nvfp4{16, *skive::nvfp4_scheme::make(5.0f)}, 250, 40, 5);
  check<native>(skive::absmax<skive::int2>{64}, 130, 3, 2);
  check<native>(skive::mx<skive::e3m2>{32}, 130, 18, 2);
  check<native>(skive::absmax<skive::int3>{32, {}, skive::bit_order::high_first}, 130, 18, 2);
}

TEST_CASE("interleaved_product: every code has its level in bfloat16", "[kernel]") {
  check_levels<skive::native_arch, skive::e4m3_ieee>();
  check_levels<skive::native_arch, skive::int8>();
  check_levels<skive::native_arch, skive::e2m1>();
  check_levels<skive::native_arch, skive::e3m2>();
}

TEST_CASE("interleaved_product: bfloat16 rows, special numbers, refusals", "[kernel]") {
  using codec_type = skive::absmax<skive::e4m3fn>;
  codec_type const codec{32};
  std::size_t const n = 64;
  test::packed_rows<codec_type> rows{codec, 20, n, gaussian(n, 1)};
  rows.memory[2 * rows.pitch] = std::byte{0x7F};  // a NaN in row 2; in row 3 one under a scale of 0
  rows.memory[3 * rows.pitch] = std::byte{0x7F};
  for (std::size_t i = 0; i < 4; ++i) rows.memory[3 * rows.pitch + n + i] = std::byte{0};
  test::interleaved_matrix<codec_type> tiles{rows};
  std::vector<skive::bfloat16> x;
  for (auto const v : test::gaussian_numbers(2 * n, 9)) x.push_back(skive::bfloat16{skive::bfloat16::encode(v)});
  test::scratch_memory memory{skive::bfloat16_vectors_bytes(2, n)};
  skive::matrix_view<skive::bfloat16 const> const view{x.data(), 2, n};
  auto const q = skive::interleave_bfloat16(codec, view, memory.get());
  REQUIRE(q);
  std::vector<float> y(40, -77.0f);
  auto const error = [&](auto const& vectors, std::size_t columns, skive::row_range range) {
    return skive::interleaved_product(tiles.layout, tiles.from(), vectors, {y.data(), 2, columns}, range).error();
  };
  CHECK(error(*q, 19, {0, 2}) == errc::size_mismatch);
  CHECK(error(*q, 20, {1, 2}) == errc::size_mismatch);
  auto other = *q;
  other.size = n - 1;
  CHECK(error(other, 20, {0, 2}) == errc::size_mismatch);
  other = *q;
  other.order ^= 1;
  CHECK(error(other, 20, {0, 2}) == errc::invalid_argument);
  auto cut = tiles.to();
  --cut[1].size;
  CHECK(skive::interleaved_product(tiles.layout, cut, *q, {y.data(), 2, 20}).error() == errc::size_mismatch);
  CHECK(y == std::vector<float>(40, -77.0f));
  test::scratch_memory little{skive::bfloat16_vectors_bytes(2, n) - 64};
  CHECK(skive::interleave_bfloat16(codec, view, little.get()).error() == errc::workspace_too_small);
  CHECK(skive::interleave_bfloat16(codec, skive::matrix_view<skive::bfloat16 const>{x.data(), 2, n, 3}, memory.get()).error() ==
        errc::overflow);
  REQUIRE(error(*q, 20, {0, 2}) == errc::ok);
  for (std::size_t r = 0; r < 20; ++r) CHECK(std::isnan(y[r]) == (r == 2));
}
