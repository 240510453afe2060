// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/masked_codec.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/stored_as.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/mask_pattern.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace skive;

constexpr masked_codec half{top_fraction{0.5f}, stored_as<float16>{}};
using half_type = std::remove_const_t<decltype(half)>;
static_assert(block_codec<half_type> && dot_codec<half_type> && std::is_trivially_copyable_v<half_type>);
static_assert(total_bytes(half.plane_bytes(4096)) == 4096 * 9 / 8);

template <class Codec>
void decodes_what_it_keeps(Codec const& codec, std::vector<float> const& row, std::size_t count) {
  auto magnitudes = row;
  for (auto& x : magnitudes) x = std::fabs(x);
  auto const mask = test::expected_mask(magnitudes, 0, [count](std::size_t) { return count; });
  std::vector<float> kept;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (is_kept(mask, i)) kept.push_back(row[i]);
  auto const values = test::through(codec.codec(), kept);
  auto const got = test::through(codec, row);
  for (std::size_t i = 0, k = 0; i < row.size(); ++i) REQUIRE(got[i] == (is_kept(mask, i) ? values[k++] : 0.0f));
}

template <class Codec>
void products_keep_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    auto const terms = static_cast<double>(n) / 16 + 20;
    test::detail::check_products<native_arch>(codec, n, terms, 5);
    test::detail::check_products<scalar_arch>(codec, n, terms, 6);
    test::detail::check_product_refusals<native_arch>(codec, n);
    test::detail::check_product_of_nan<native_arch>(codec, n);
  }
}

}  // namespace

TEST_CASE("masked_codec: laws of block_codec", "[compose]") {
  test::check_block_codec(half, {0, 1, 7, 64, 333});
  test::check_block_codec(masked_codec{top_k{5}, absmax<int4>{32}}, {0, 5, 100});
}

TEST_CASE("masked_codec: decodes what the codec makes of the largest", "[compose]") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    auto const row = test::mixed_row(1001, seed);
    decodes_what_it_keeps(half, row, 501);
    decodes_what_it_keeps(masked_codec{top_fraction{0.1f}, absmax<int8>{16}}, row, 100);
  }
}

TEST_CASE("masked_codec: products", "[compose]") {
  products_keep_the_laws(half, {0, 1, 63, 64, 65, 1000, 9000, 20000});
  products_keep_the_laws(masked_codec{top_fraction{0.25f}, absmax<int4>{32}}, {7, 4096, 40000});
  products_keep_the_laws(masked_codec{top_fraction{1.0f}, absmax<int4>{0}}, {100});
  std::vector<float> const x(20000);
  CHECK(masked_codec{top_fraction{0.5f}, absmax<int4>{0}}.prepare(x).error() == errc::unsupported);
}

TEST_CASE("masked_codec: masks of the caller's, and masks that lie", "[compose]") {
  masked_codec const codec{top_k{3}, stored_as<float16>{}};
  std::vector<float> const row{1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<std::byte> mask{std::byte{0b0000'0110}, std::byte{1}};
  test::packed_row<std::remove_const_t<decltype(codec)>> packed{codec, 9};
  test::scratch_memory scratch{codec.scratch_bytes(9)};
  REQUIRE(codec.encode_masked(row, mask, packed.to(), scratch.get()));
  std::vector<float> out(9);
  REQUIRE(codec.decode(packed.from(), std::span<float>{out}, scratch.get()));
  CHECK((out == std::vector<float>{0, 2, 3, 0, 0, 0, 0, 0, 9}));
  auto const q = codec.prepare(row);
  for (auto const& bad : {std::array{0b0111, 1}, std::array{0b0010, 1}, std::array{0b0110, 2}, std::array{0b0110, 3}}) {
    for (std::size_t i = 0; i < 2; ++i) mask[i] = static_cast<std::byte>(bad[i]);
    CHECK(codec.encode_masked(row, mask, packed.to(), scratch.get()).error() == errc::invalid_argument);
    for (std::size_t i = 0; i < 2; ++i) packed.to()[1].data[i] = mask[i];
    CHECK(codec.decode(packed.from(), std::span<float>{out}, scratch.get()).error() == errc::corrupt);
    CHECK(codec.dot(packed.from(), *q).error() == errc::corrupt);
  }
  CHECK(codec.encode_masked(row, {}, packed.to(), scratch.get()).error() == errc::size_mismatch);
}

// A bit too many or too few in any word of the mask, one behind the last number, all of them set: found, and no code past the
// last is read (the sanitizers see to that).
TEST_CASE("masked_codec: products find masks that lie, wherever they do", "[compose]") {
  for (std::size_t const n : {std::size_t{61}, std::size_t{192}, std::size_t{1000}, std::size_t{1024}}) {
    std::vector<float> row(n);
    for (std::size_t i = 0; i < n; ++i) row[i] = static_cast<float>((i * 37 % 101) + 1);
    test::packed_row<half_type> packed{half, n};
    test::scratch_memory scratch{half.scratch_bytes(n)};
    REQUIRE(half.encode(std::span<float const>{row}, packed.to(), scratch.get()));
    auto const q = half.prepare(row);
    REQUIRE(half.dot(packed.from(), *q));
    auto* const mask = packed.to()[1].data;
    auto const bytes = (n + 7) / 8;
    std::vector<std::byte> const kept(mask, mask + bytes);
    for (std::size_t i = 0; i < 8 * bytes; i += i < n ? 13 : 1) {
      mask[i / 8] ^= static_cast<std::byte>(1 << (i % 8));
      CAPTURE(n, i);
      CHECK(half.dot(packed.from(), *q).error() == errc::corrupt);
      mask[i / 8] = kept[i / 8];
    }
    std::fill(mask, mask + bytes, std::byte{0xFF});
    CHECK(half.dot(packed.from(), *q).error() == errc::corrupt);
    std::fill(mask, mask + bytes, std::byte{0});
    CHECK(half.dot(packed.from(), *q).error() == errc::corrupt);
    std::copy(kept.begin(), kept.end(), mask);
    std::swap(mask[0], mask[bytes - 1]);  // as many, elsewhere
    if (n % 8 == 0) CHECK(half.dot(packed.from(), *q));
  }
}
