// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/rotated.hpp: the codec of the rotated row, laws of block_codec, products, refusals, outliers.
#include "skive/compose/rotated.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "laws/transform.hpp"
#include "skive/block/absmax.hpp"
#include "skive/transform/algebra.hpp"
#include "skive/transform/random_hadamard.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::random_hadamard;
using int4_rows = skive::absmax<skive::int4>;
using codec_type = skive::rotated<random_hadamard, int4_rows>;

static_assert(skive::block_codec<codec_type> && skive::dot_codec<codec_type>);
static_assert(!skive::stepwise_codec<codec_type>);  // solvers work in the codec's own basis
static_assert(skive::block_codec<skive::rotated<random_hadamard, codec_type>>);

codec_type made(std::size_t n, std::size_t group) { return {*random_hadamard::make(n, 7), int4_rows{group}}; }

// The laws but the one about groups with NaN, which are refused.
void keeps_the_laws(codec_type const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    CAPTURE(n, codec.basis().size(), codec.codec().group_size());
    auto const row = test::mixed_row(n, 1 + static_cast<unsigned>(n));
    test::detail::check_sizes(codec, n);
    test::detail::check_layouts(codec, row);
    test::detail::check_refusals(codec, row);
    test::detail::check_half<skive::bfloat16>(codec, row);
    test::detail::check_half<skive::float16>(codec, row);
    test::detail::check_random_bytes(codec, n, 1);
    test::detail::check_concatenation(codec, row);
  }
}

double squared_error(std::vector<float> const& x, std::vector<float> const& y) {
  auto const d = test::distance(x, y) / test::norm(x);
  return d * d;
}

}  // namespace

TEST_CASE("rotated: the laws of block_codec", "[compose]") {
  keeps_the_laws(made(64, 32), {0, 64, 128, 320});
  keeps_the_laws(made(80, 32), {0, 80, 160, 400});  // blocks of 160: five groups of 32
  keeps_the_laws(made(12, 8), {0, 12, 24, 60});
  keeps_the_laws(made(64, 0), {0, 64, 192});
  CHECK(made(80, 32).block_size() == 160);
  CHECK(made(80, 32).row_multiple() == 80);
  CHECK(made(64, 0).block_size() == 0);
}

TEST_CASE("rotated: the codec's bytes of the rotated row, and back", "[compose]") {
  for (std::size_t const n : {std::size_t{64}, std::size_t{80}, std::size_t{768}, std::size_t{4096}}) {
    auto const codec = made(n, 32);
    auto x = test::gaussian_vector(n, 3);
    auto const turned = test::transformed<skive::native_arch>(codec.basis(), x);
    CHECK((test::encoded(codec, x) == test::encoded(codec.codec(), turned)));
    auto const back = test::transformed<skive::native_arch>(codec.basis(), test::through(codec.codec(), turned), true);
    CHECK(test::same_bits(test::through(codec, x), back));
    auto const states = test::detail::settled(codec.codec(), turned);
    auto const numbers = test::detail::rounded(codec.codec(), std::span{states}, turned);
    test::packed_row<codec_type> packed{codec, n};
    using state = int4_rows::block_state;
    REQUIRE(codec.write_rotated(std::span<state const>{states}, numbers, packed.to(), {}));
    CHECK((packed.gathered() == test::encoded(codec, x)));
  }
}

TEST_CASE("rotated: products with rotated queries", "[compose]") {
  for (std::size_t const n : {std::size_t{64}, std::size_t{80}, std::size_t{768}}) {
    auto const codec = made(n, 32);
    test::detail::check_products<skive::native_arch>(codec, n, static_cast<double>(n) + 8 * codec.basis().roundings(), 1);
  }
  auto const codec = made(64, 32);
  auto const x = test::gaussian_vector(192, 4);
  auto const row = test::gaussian_vector(192, 5);
  test::packed_row<codec_type> packed{codec, 192};
  test::fill_codes(codec, packed, row);
  test::scratch_memory scratch{codec.query_bytes(192)};
  auto const q = codec.prepare(x, scratch.get());
  REQUIRE(q);
  auto joined = packed.to();
  std::vector<std::byte> codes(96);
  std::vector<std::byte> scales(12);
  joined[0] = {codes.data(), 96, 32};
  joined[1] = {scales.data(), 12, 4};
  test::scratch_memory room{codec.scratch_bytes(192)};
  REQUIRE(codec.encode(std::span<float const>{row}, joined, room.get()));
  auto const exact = test::decode_then_dot(codec, joined, x);
  CHECK(std::fabs(static_cast<double>(*codec.dot(joined, *q)) - exact.sum) < 1e-4);
  joined[0].block_stride = 33;  // a gap between blocks
  codes.resize(100);
  joined[0].data = codes.data();
  joined[0].size = 100;
  CHECK(codec.dot(joined, *q).error() == errc::unsupported);
  CHECK(codec.prepare(std::span{x}.first(65), scratch.get()).error() == errc::size_mismatch);
  test::scratch_memory small{codec.query_bytes(192) - 1};
  CHECK(codec.prepare(x, small.get()).error() == errc::workspace_too_small);
}

TEST_CASE("rotated: entries that would spread are refused before the first write", "[compose]") {
  auto const codec = made(64, 32);
  for (float const bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 0x1p114f}) {
    auto row = test::gaussian_vector(128, 1);
    row[100] = bad;
    test::packed_row<codec_type> packed{codec, 128};
    test::scratch_memory scratch{codec.scratch_bytes(128)};
    CHECK(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()).error() == errc::not_finite);
    CHECK(packed.untouched());
    test::scratch_memory room{codec.query_bytes(128)};
    CHECK(codec.prepare(row, room.get()).error() == errc::not_finite);
  }
  auto row = test::gaussian_vector(64, 1);
  row[5] = 0x1.fp112f;  // still comes back
  skive::rotated const wide{*random_hadamard::make(64, 7), skive::absmax<skive::int4, skive::float32>{32}};
  CHECK(std::fabs(test::through(wide, row)[5]) > 0x1p112f);
  test::packed_row<codec_type> packed{codec, 64};
  for (auto& b : packed.memory()) b = std::byte{0xFF};  // NaN for a scale
  std::vector<float> out(64);
  test::scratch_memory scratch{codec.scratch_bytes(64)};
  CHECK(codec.decode(packed.from(), std::span<float>{out}, scratch.get()).error() == errc::corrupt);
}

TEST_CASE("rotated: outliers cost a row less", "[compose]") {
  auto x = test::gaussian_vector(4096, 9);
  for (std::size_t i = 0; i < x.size(); i += 61) x[i] *= 20.0f;
  auto const plain = squared_error(x, test::through(int4_rows{128}, x));
  auto const turned = squared_error(x, test::through(codec_type{*random_hadamard::make(4096, 1), int4_rows{128}}, x));
  CHECK(turned < 0.02);  // what Gaussian numbers have
  CHECK(plain > 2 * turned);
  skive::chain const twice{*random_hadamard::make(4096, 1), *random_hadamard::make(4096, 2)};
  auto const nested = squared_error(x, test::through(skive::rotated{twice, int4_rows{128}}, x));
  CHECK(std::fabs(nested - turned) < 0.2 * turned);
}
