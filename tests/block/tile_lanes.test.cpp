// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/tile_lanes.hpp, block/tile_settle_lanes.hpp: tiles of every width and shape, cut by the matrix, with rows apart and numbers
// that are hard for the vector path: the bytes of the scalar rule, and what it reads, from noise too.
#include "skive/block/tiles.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "support/lane_rows.hpp"

namespace {

using namespace skive;
constexpr std::size_t guard = 19;

// Planes one after another at an odd address, with guards.
template <class Codec>
struct packed_tiles {
  std::vector<std::byte> memory;
  planes<std::byte, Codec::plane_count> to;
  packed_tiles(Codec const& codec, std::size_t rows, std::size_t cols, std::mt19937* noise = nullptr) {
    auto const bytes = codec.plane_bytes(rows, cols);
    memory.assign(total_bytes(bytes) + (bytes.size() + 1) * guard, std::byte{0xA5});
    if (noise != nullptr)
      for (auto& b : memory) b = static_cast<std::byte>((*noise)() >> 7);
    std::size_t at = guard;
    for (std::size_t i = 0; i < bytes.size(); at += bytes[i++] + guard) to[i] = {memory.data() + at, bytes[i], 0};
  }
  packed_tiles(packed_tiles const&) = delete;
};

template <class Arch, class Codec>
void encode(Codec const& codec, matrix_view<float const> m, packed_tiles<Codec>& p, bool flush) {
  test::scratch_memory scratch{codec.scratch_bytes(m.rows, m.cols)};
  std::optional<test::flush_subnormals> mode;
  if (flush) mode.emplace();
  auto const s = codec.template encode<Arch>(m, p.to, scratch.get());
  mode.reset();
  REQUIRE(s);
}
template <class Arch, class Codec>
std::vector<float> decode(Codec const& codec, packed_tiles<Codec>& p, std::size_t rows, std::size_t cols, std::size_t stride) {
  std::vector<float> out(rows * stride + 1, -77.0f);
  test::scratch_memory scratch{codec.scratch_bytes(rows, cols)};
  REQUIRE(codec.template decode<Arch>(p.to, matrix_view<float>{out.data(), rows, cols, stride}, scratch.get()));
  return out;
}
bool same(std::vector<float> const& a, std::vector<float> const& b) {
  return std::memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
}

template <class Scheme, class Arches>
void check(Scheme scheme, Arches arches, int trials, float tensor_limit = std::numeric_limits<float>::infinity()) {
  static_assert(detail::lane_scheme<Scheme, native_arch>);
  constexpr std::size_t heights[] = {1, 2, 5, 16, 128};
  constexpr std::size_t widths[] = {1, 2, 3, 7, 8, 16, 17, 32, 48, 100, 128, 129, 300, 512, 528, 600, 1024, 4096};
  std::mt19937 random{7};
  for (int trial = 0; trial < trials; ++trial) {
    auto const tile_rows = heights[random() % 5];
    auto const tile_cols = widths[static_cast<std::size_t>(trial) % 18];
    auto const codec = *tiles<Scheme>::make(tile_rows, tile_cols, scheme);
    std::size_t const rows = 1 + random() % (trial % 4 == 0 ? 20 : 6);
    std::size_t const cols = 1 + random() % (trial % 2 == 0 ? 1300 : 90);
    std::size_t const stride = cols + random() % 3;
    // A run of hard numbers is about as long as a tile is wide, so that neighbours differ.
    auto numbers = test::hard_row(random, rows * stride + 1, tile_cols < 4 ? 4 : tile_cols, tensor_limit);
    matrix_view<float const> const m{numbers.data() + random() % 2, rows, cols, stride};
    packed_tiles good{codec, rows, cols};
    encode<scalar_arch>(codec, m, good, false);
    packed_tiles noise{codec, rows, cols, &random};
    auto const decoded = decode<scalar_arch>(codec, good, rows, cols, stride);
    auto const from_noise = decode<scalar_arch>(codec, noise, rows, cols, stride);
    test::for_each(arches, [&]<class Arch>() {
      CAPTURE(Arch::name(), rows, cols, stride, tile_rows, tile_cols, trial);
      packed_tiles mine{codec, rows, cols};
      encode<Arch>(codec, m, mine, trial % 3 == 0);
      REQUIRE((mine.memory == good.memory));
      REQUIRE(same(decode<Arch>(codec, good, rows, cols, stride), decoded));
      REQUIRE(same(decode<Arch>(codec, noise, rows, cols, stride), from_noise));
    });
  }
}

}  // namespace

TEST_CASE("tiles in lanes: the largest magnitude decides", "[block]") {
  check(absmax_scheme<e4m3fn>{}, test::few_arches{}, 180);
  check(absmax_scheme<int4>{}, test::few_arches{}, 180);
  check(absmax_scheme<nf4>{}, test::first_arch{}, 90);
}

TEST_CASE("tiles in lanes: ranges, searches and constants of the tensor", "[block]") {
  check(affine_scheme<8>{}, test::first_arch{}, 90);
  check(mx_scheme<e2m1>{mx_rule::search}, test::first_arch{}, 90);
  check(nvfp4_scheme{}, test::first_arch{}, 90);
}

TEST_CASE("tiles in lanes: random bits by row and column", "[block]") {
  using scheme = absmax_scheme<int8, float16, stochastic_stream>;
  check(scheme{scale_choice::absmax, stochastic_stream{3, 0, 8}}, test::first_arch{}, 90);
}
