// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/picked_floats.hpp: the bits of the codec's own product with the picked numbers, within its bound of sums in double; wrong
// codes; nothing past the ends of rows (sanitizers see it).
#include "skive/sparse/picked_floats.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/sparse/packed_n_of_m.hpp"

#include "support/packed_rows.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// A row of `kept` coded numbers, positions at random, and the vector.
template <class Codec>
struct row {
  std::vector<std::byte> memory;
  planes<std::byte const, Codec::plane_count> from;
  std::vector<std::byte> positions;
  std::vector<float> decoded, x, picked;

  row(Codec const& codec, std::size_t kept, std::mt19937& random)
      : memory(total_bytes(codec.plane_bytes(kept))),
        positions(packed_n_of_m<2, 4>::position_bytes(2 * kept)),
        decoded(kept),
        x(test::gaussian_numbers(2 * kept, random())) {
    auto values = test::gaussian_numbers(kept, random());
    for (std::size_t i = 0; i < kept / 5; ++i) values[kept / 2 + i] = 0;  // groups of zeros too
    planes<std::byte, Codec::plane_count> to;
    REQUIRE(planar(codec, kept, std::span{memory}, to));
    REQUIRE(codec.encode(std::span<float const>{values}, to, {}));
    from = to;
    REQUIRE(codec.decode(from, std::span{decoded}, {}));
    std::vector<std::byte> mask(mask_bytes(2 * kept));
    for (std::size_t g = 0; g < kept / 2; ++g) {
      auto const set = std::array{3U, 5U, 6U, 9U, 10U, 12U}[random() % 6];
      mask[g / 2] |= static_cast<std::byte>(set << (g % 2 * 4));
      for (std::size_t k = 0; k < 4; ++k)
        if ((set >> k & 1) != 0) picked.push_back(x[4 * g + k]);
    }
    REQUIRE(packed_n_of_m<2, 4>::pack_positions(mask, 2 * kept, positions));
  }
};

template <class Arch, class Codec>
void check(Codec const& codec, std::size_t kept, std::mt19937& random) {
  using floats = detail::picked_floats<typename Codec::scheme_type, Arch>;
  auto const l = codec.layout(kept);
  if (!floats::fits(l)) return;
  row<Codec> r{codec, kept, random};
  floats const product{codec.scheme(), l.order};
  auto const result = product(r.from, l, r.positions.data(), r.x.data());
  REQUIRE(result);
  auto const y = *result;
  CAPTURE(kept, l.group, y);
  auto const own = codec.template dot<Arch>(r.from, *codec.prepare(r.picked));
  REQUIRE(own);
  REQUIRE(std::bit_cast<std::uint32_t>(*own) == std::bit_cast<std::uint32_t>(y));
  test::double_product const exact{r.decoded, r.picked};
  auto const steps = static_cast<double>((l.group + 63) / 64 + l.groups + 10);
  REQUIRE(std::fabs(static_cast<double>(y) - exact.sum) <= steps * 0x1p-24 * exact.magnitude);
  auto const wrong = random() % (kept / 2);
  for (auto const bit : {3 * wrong + 1, 3 * wrong + 2}) r.positions[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
  REQUIRE(product(r.from, l, r.positions.data(), r.x.data()).error() == errc::corrupt);
}

template <class Arch>
void check_all(std::mt19937& random) {
  for (std::size_t const kept : {64U, 128U, 192U, 512U, 2048U, 4096U})
    for (std::size_t const group : {0U, 32U, 64U, 128U}) {
      check<Arch>(absmax<int8>{group}, kept, random);
      check<Arch>(absmax<int4>{group}, kept, random);
      check<Arch>(absmax<e4m3fn>{group}, kept, random);
      check<Arch>(affine_int<4>{group}, kept, random);
    }
  check<Arch>(absmax<int4>{32, {}, bit_order::high_first}, 640, random);
  check<Arch>(absmax<int3>{64, {}, bit_order::high_first}, 640, random);
  check<Arch>(absmax<int8>{32}, 16384, random);  // more groups than parameters are kept of at once
}

}  // namespace

TEST_CASE("rows of 2:4 meet floats: the bits of products with picked numbers", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    [[maybe_unused]] std::mt19937 random{5};
    if constexpr (simd::has_picker<Arch>) check_all<Arch>(random);
  });
  SUCCEED("machines without pickers have nothing to check");
}

TEST_CASE("rows of 2:4 meet floats: NaN of E4M3 reaches the product, other groups are left to others", "[sparse]") {
  if constexpr (simd::has_picker<native_arch>) {
    using floats = detail::picked_floats<absmax<e4m3fn>::scheme_type, native_arch>;
    for (std::size_t const group : {32U, 128U}) {
      std::mt19937 random{7};
      absmax<e4m3fn> const codec{group};
      row<absmax<e4m3fn>> r{codec, 256, random};
      auto const nan = static_cast<std::size_t>(r.from[0].data - r.memory.data()) + 33;
      r.memory[nan] = std::byte{0xFF};
      auto const l = codec.layout(256);
      CHECK(is_nan(*floats{codec.scheme(), l.order}(r.from, l, r.positions.data(), r.x.data())));
    }
    for (std::size_t const group : {32U, 64U, 128U}) {  // a scale of zero makes zeros of all codes, NaN too
      std::mt19937 random{8};
      absmax<e4m3fn> const codec{group};
      row<absmax<e4m3fn>> r{codec, 1024, random};
      auto const l = codec.layout(1024);
      floats const product{codec.scheme(), l.order};
      auto const before = product(r.from, l, r.positions.data(), r.x.data());
      r.memory[static_cast<std::size_t>(r.from[0].data - r.memory.data()) + 520] = std::byte{0xFF};
      auto const y = product(r.from, l, r.positions.data(), r.x.data());
      REQUIRE((before && y));
      CHECK(*y == *before);
      CHECK(*y == *codec.dot(r.from, *codec.prepare(r.picked)));
    }
    for (std::size_t const group : {16U, 20U, 48U, 96U}) CHECK(!floats::fits(absmax<e4m3fn>{group}.layout(960)));
    CHECK(!floats::fits(absmax<e4m3fn>{32}.layout(96)));
    CHECK(!floats::fits(absmax<e4m3fn>{32}.layout(0)));
  }
  SUCCEED("machines without pickers have nothing to check");
}
