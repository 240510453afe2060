// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/short_groups.hpp: the bytes of groups that are rows of their own, with zeros, NaN and infinities among them.
#include "skive/codebook/short_groups.hpp"

#include "skive/codebook/ball_code.hpp"
#include "skive/codebook/gaussian_grid.hpp"
#include "skive/codebook/lattice_codec.hpp"
#include "skive/codebook/vector_codec.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// Each group's planes as those of a row.
template <class Codec, class T>
std::vector<std::byte> one_by_one(std::span<T const> x, std::size_t group) {
  Codec const whole;
  std::vector<std::byte> codes;
  std::vector<std::byte> scales;
  for (std::size_t i = 0; i < x.size(); i += group) {
    auto const own = x.subspan(i, x.size() - i < group ? x.size() - i : group);
    auto const bytes = whole.plane_bytes(own.size());
    std::vector<std::byte> memory(total_bytes(bytes));
    planes<std::byte, 2> to;
    REQUIRE(planar(whole, own.size(), std::span{memory}, to));
    REQUIRE(whole.template encode<scalar_arch>(own, to));
    codes.insert(codes.end(), to[0].data, to[0].data + bytes[0]);
    scales.insert(scales.end(), to[1].data, to[1].data + bytes[1]);
  }
  codes.insert(codes.end(), scales.begin(), scales.end());
  return codes;
}

template <class Codec, class Arches, class T>
void check(Arches arches, std::size_t group, std::size_t size, T) {
  auto const codec = *Codec::make(group);
  for (int kind = 0; kind < 4; ++kind) {
    std::vector<float> drawn(size);
    counter_random{5, group}.fill_gaussian(drawn);
    if (kind == 1)  // groups of unlike sizes
      for (std::size_t i = 0; i < size; ++i) drawn[i] *= static_cast<float>(1 + i / group * 7 % 100);
    if (kind == 2)
      for (std::size_t i = 0; i < group; ++i) drawn[2 * group + i] = 0.0f;
    if (kind == 3) drawn[1] = std::numeric_limits<float>::quiet_NaN(), drawn[size - 1] = std::numeric_limits<float>::infinity();
    std::vector<T> x(size);
    for (std::size_t i = 0; i < size; ++i) x[i] = detail::narrow<T>(drawn[i]);
    auto const known = one_by_one<Codec>(std::span<T const>{x}, group);
    test::for_each(arches, [&]<class Arch>() {
      std::vector<std::byte> memory(total_bytes(codec.plane_bytes(size)));
      planes<std::byte, 2> to;
      REQUIRE(planar(codec, size, std::span{memory}, to));
      REQUIRE(codec.template encode<Arch>(std::span<T const>{x}, to));
      REQUIRE((memory == known));
    });
  }
}

TEST_CASE("Short groups share a search", "[codebook]") {
  for (std::size_t const group : {8U, 16U, 32U, 48U, 64U})
    check<lattice_codec<e8p>>(test::few_arches{}, group, 5 * 128 + 70, 0.0f);
  check<lattice_codec<e8p>>(test::first_arch{}, 32, 300, bfloat16{});
  check<lattice_codec<e8_ball<3>>>(test::first_arch{}, 32, 300, 0.0f);
  check<vector_codec<gaussian_grid<4, 8>>>(test::few_arches{}, 32, 330, 0.0f);
  check<vector_codec<gaussian_grid<4, 8>>>(test::first_arch{}, 32, 330, float16{});
  check<vector_codec<gaussian_grid<2, 4>>>(test::first_arch{}, 16, 330, 0.0f);
}

}  // namespace
}  // namespace skive
