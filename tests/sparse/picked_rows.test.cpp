// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/picked_rows.hpp: rows of all sizes of groups, widths and orders against sums of exact products; wrong codes; ends of rows.
#include "skive/sparse/picked_rows.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/sparse/kept_bytes.hpp"
#include "skive/sparse/packed_n_of_m.hpp"

#include "support/simd_arches.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct vector_of_bytes {
  std::vector<std::byte> bytes;
  std::vector<float> scales;

  vector_of_bytes(std::size_t entries, std::mt19937& random) : bytes((entries + 255) / 256 * 256), scales(entries / 64 + 17) {
    for (std::size_t i = 0; i < entries; ++i) bytes[i] = static_cast<std::byte>(static_cast<std::uint8_t>(random() % 255 - 127));
    for (std::size_t i = 0; i * 64 < entries; ++i) scales[i] = static_cast<float>(1 + random() % 1000) / 64;
  }
  double at(std::size_t i, bool scaled) const {
    auto const byte = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(bytes[i]));
    return byte * (scaled ? static_cast<double>(scales[i / 64]) : 1.0);
  }
};

// `kept` numbers of a row, coded; positions at random.
template <class Arch, class Codec>
void check(Codec const& codec, std::size_t kept, std::mt19937& random) {
  using scheme = typename Codec::scheme_type;
  using rows = detail::picked_rows<scheme, Arch>;
  using packed = packed_n_of_m<2, 4>;
  auto const l = codec.layout(kept);
  REQUIRE(rows::fits(l));
  std::vector<float> values(kept), decoded(kept);
  for (auto& v : values) v = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 250;
  std::vector<std::byte> memory(total_bytes(codec.plane_bytes(kept))), positions(packed::position_bytes(2 * kept));
  planes<std::byte, Codec::plane_count> to;
  REQUIRE(planar(codec, kept, std::span{memory}, to));
  REQUIRE(codec.encode(std::span<float const>{values}, to, {}));
  planes<std::byte const, Codec::plane_count> const from(to);
  REQUIRE(codec.decode(from, std::span{decoded}, {}));
  std::vector<unsigned> masks(kept / 2);
  std::vector<std::byte> mask(mask_bytes(2 * kept));
  for (std::size_t g = 0; g < masks.size(); ++g) {
    masks[g] = std::array{3U, 5U, 6U, 9U, 10U, 12U}[random() % 6];
    mask[g / 2] |= static_cast<std::byte>(masks[g] << (g % 2 * 4));
  }
  REQUIRE(packed::pack_positions(mask, 2 * kept, positions));
  vector_of_bytes const x{2 * kept, random};
  for (bool const scaled : {true, false}) {
    double exact = 0;
    double magnitude = 0;
    for (std::size_t i = 0, k = 0; i < 2 * kept; ++i)
      if ((masks[i / 4] >> (i % 4) & 1) != 0) {  // decoded numbers have the unit of their levels
        auto const term = static_cast<double>(decoded[k++]) /
            static_cast<double>(detail::integer_levels<typename scheme::element>::unit) * x.at(i, scaled);
        exact += term;
        magnitude += std::fabs(term);
      }
    rows product{codec.scheme(), l.order};
    auto const y = product(from, l, positions, {x.bytes.data()}, {scaled ? x.scales.data() : nullptr})[0];
    CAPTURE(kept, l.group, scaled, y, exact);
    REQUIRE(std::fabs(static_cast<double>(y) - exact) <= (static_cast<double>(kept) / 64 + 14) * 0x1p-24 * magnitude);
    REQUIRE(product.good());
  }
  auto const wrong = random() % masks.size();
  for (auto const bit : {3 * wrong + 1, 3 * wrong + 2}) positions[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
  rows product{codec.scheme(), l.order};
  (void)product(from, l, positions, {x.bytes.data()}, {nullptr});
  REQUIRE(!product.good());
}

}  // namespace

TEST_CASE("rows of 2:4 meet bytes: every size of group, width and order", "[sparse]") {
  [[maybe_unused]] std::mt19937 random{3};
  if constexpr (simd::has_byte_picker<native_arch>) {
    for (std::size_t const kept : {2U, 30U, 62U, 64U, 66U, 96U, 160U, 480U, 512U, 1090U, 2048U, 4096U}) {
      for (std::size_t const group : {0U, 16U, 32U, 64U, 96U, 128U, 544U}) check<native_arch>(absmax<int8>{group}, kept, random);
      for (std::size_t const group : {0U, 16U, 32U, 128U}) check<native_arch>(absmax<int4>{group}, kept, random);
      for (std::size_t const group : {0U, 16U, 32U, 96U}) check<native_arch>(affine_int<4>{group}, kept, random);
      check<native_arch>(absmax<int3>{32}, kept, random);
      check<native_arch>(absmax<int4>{64, {}, bit_order::high_first}, kept, random);
    }
  }
  SUCCEED("machines without pickers of bytes have nothing to check");
}

TEST_CASE("rows of 2:4 meet bytes: groups that are no units are left to others", "[sparse]") {
  [[maybe_unused]] auto const fits = []<class Arch>() {  // a template: what has no picker is not compiled
    if constexpr (simd::has_byte_picker<Arch>) {
      using rows = detail::picked_rows<absmax<int8>::scheme_type, Arch>;
      for (std::size_t const group : {8U, 20U, 48U}) CHECK(!rows::fits(absmax<int8>{group}.layout(960)));
      CHECK(!rows::fits(absmax<int8>{32}.layout(0)));
      CHECK(rows::fits(absmax<int8>{20}.layout(20)));
    }
  };
  fits.operator()<native_arch>();
  SUCCEED("machines without pickers of bytes have nothing to check");
}
