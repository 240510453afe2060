// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_tile.hpp: four vectors at once against decode-then-dot, for rows of a tile and rows past it.
#include "skive/block/lane_tile.hpp"

#include "laws/dot_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/nvfp4.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;

// Five rows, one past a tile. `random`: bytes instead of codes.
template <class Arch, class Codec>
void check(Codec const& codec, std::size_t n, bool random) {
  auto const bytes = skive::total_bytes(codec.plane_bytes(n));
  std::vector<std::byte> memory(5 * bytes);
  std::mt19937 engine{static_cast<unsigned>(n) + 1};
  std::vector<std::vector<float>> x;
  std::vector<skive::float_query> queries;
  for (unsigned t = 0; t < 4; ++t) x.push_back(test::gaussian_row(n, 50 + t));
  for (auto const& v : x) queries.push_back(*codec.prepare(v));
  skive::planes<std::byte const, Codec::plane_count> first;
  REQUIRE(skive::planar(codec, n, std::span<std::byte const>{memory}.first(bytes), first));
  for (std::size_t r = 0; r < 5; ++r) {
    skive::planes<std::byte, Codec::plane_count> to;
    REQUIRE(skive::planar(codec, n, std::span{memory}.subspan(r * bytes, bytes), to));
    REQUIRE(
        codec.template encode<skive::scalar_arch>(std::span<float const>{test::gaussian_row(n, static_cast<unsigned>(r))}, to));
  }
  if (random)
    for (auto& b : memory) b = static_cast<std::byte>(engine());
  skive::detail::row_products<Codec::plane_count> rows{first, {}, 5, nullptr, 5};
  rows.pitch.fill(bytes);
  std::vector<float> y(20, -77.0f);
  rows.out = y.data();
  codec.template multiply<Arch, 4>(rows, codec.layout(n), queries.data());
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t t = 0; t < 4; ++t) {
      auto const exact = test::decode_then_dot<skive::scalar_arch>(codec, rows.row(r), x[t]);
      auto const got = static_cast<double>(y[t * 5 + r]);
      CAPTURE(n, r, t, got, exact.sum);
      if (exact.nan)
        REQUIRE(!std::isfinite(got));
      else if (exact.finite && exact.magnitude < 0x1p120)
        REQUIRE(std::fabs(got - exact.sum) <= (static_cast<double>(n) / 16 + 12) * 0x1p-24 * exact.magnitude + 0x1p-110);
    }
}

}  // namespace

TEST_CASE("lane_tile: four vectors at once", "[block]") {
  test::for_each(test::arches<skive::scalar_arch, skive::native_arch>{}, []<class Arch>() {
    auto const all = [](auto const& codec) {
      for (std::size_t const n : {0U, 5U, 64U, 77U, 300U, 5000U})
        for (bool const random : {false, true}) check<Arch>(codec, n, random);
    };
    all(skive::absmax<skive::int4>{32});
    all(skive::absmax<skive::e4m3fn, skive::float16>{64});  // zero scales with codes of NaN among random bytes
    all(skive::affine_int<4>{16});
    all(skive::nvfp4{16, *skive::nvfp4_scheme::make(4.0f)});
    all(skive::absmax<skive::int8>{20});
  });
}
