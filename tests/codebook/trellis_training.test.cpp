// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_training.hpp: training gets to the errors of the tables that are kept, for folded codes and for pairs; refusals.
#include "skive/codebook/trellis_training.hpp"

#include "skive/codebook/hybrid_code.hpp"
#include "skive/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// why(numbers of a block, bytes of scratch), of which `enough` are needed for blocks of 256.
template <class Why>
void check_refusals(std::vector<float>& samples, std::size_t enough, Why why) {
  REQUIRE(why(256, enough) == errc::ok);
  REQUIRE(why(0, enough) == errc::invalid_argument);
  REQUIRE(why(12, enough) == errc::invalid_argument);
  REQUIRE(why(1 << 20, enough) == errc::invalid_argument);
  REQUIRE(why(256, enough - 1) == errc::workspace_too_small);
  samples[3] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(why(256, enough) == errc::not_finite);
}

TEST_CASE("Training comes close to the tables that are kept", "[codebook]") {
  constexpr int L = 8;
  constexpr int E = 4;
  std::vector<float> samples(std::size_t{256} * 60);
  counter_random{5, 6}.fill_gaussian(samples);
  std::vector<std::byte> memory(trellis_training_bytes<L, 2, E>(256));
  double best = 1;
  for (std::uint64_t start = 0; start < 12; ++start) {
    auto const maps = scatter_maps<L, 2, E>(counter_random{start, 3}, 32.0f);
    std::array<std::int16_t, 16> levels{};
    scatter_levels<E>(counter_random{start, 3}, 32.0f, std::span<std::int16_t, 16>{levels});
    auto const first = train_trellis<L, 2, E>(samples, 256, 1, maps, std::span<std::int16_t, 16>{levels}, workspace{memory});
    auto const last = train_trellis<L, 2, E>(samples, 256, 9, maps, std::span<std::int16_t, 16>{levels}, workspace{memory});
    REQUIRE(first);
    REQUIRE(last);
    REQUIRE(*last < *first);
    auto rule = levels;  // the same on every instruction set
    static_cast<void>(train_trellis<L, 2, E, scalar_arch>(std::span{samples}.first(1024), 256, 1, maps,
                                                          std::span<std::int16_t, 16>{rule}, workspace{memory}));
    auto lanes = levels;
    static_cast<void>(train_trellis<L, 2, E>(std::span{samples}.first(1024), 256, 1, maps, std::span<std::int16_t, 16>{lanes},
                                             workspace{memory}));
    REQUIRE((rule == lanes));
    best = std::min(best, *last);
    auto table = maps;
    round_levels<E>(std::span<std::int16_t const, 16>{levels}, 63, table);
    REQUIRE(table.largest() == 63);
    for (std::size_t i = 0; i < 16; ++i)  // the same number, to half an entry
      REQUIRE(std::fabs(static_cast<double>(levels[i]) / 8192 - table.level[i] / static_cast<double>(table.sigma)) <=
              0.501 / static_cast<double>(table.sigma));
  }
  REQUIRE(best < 0.08);
}

TEST_CASE("Training refuses bad input", "[codebook]") {
  std::vector<float> samples(512);
  std::vector<std::byte> memory(trellis_training_bytes<8, 2, 4>(256));
  std::array<std::int16_t, 16> levels{};
  check_refusals(samples, memory.size(), [&](std::size_t block, std::size_t bytes) {
    return train_trellis<8, 2, 4>(samples, block, 1, {}, std::span<std::int16_t, 16>{levels},
                                  workspace{std::span{memory}.first(bytes)})
        .error();
  });
}

TEST_CASE("Levels of a code of pairs are trained", "[codebook]") {
  std::vector<float> samples(256 * 40);
  counter_random{5, 6}.fill_gaussian(samples);
  std::vector<std::int16_t> levels(1024);
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<std::int16_t>(8192 * samples[i]);
  using code = hybrid_code<10, 4>;
  code const moving{levels.data(), 8192.0f};
  auto const place = [](std::uint32_t s, int v) noexcept {
    return detail::level_place{2 * std::size_t{code::entry(s)} + static_cast<std::size_t>(v), v == 0 && code::turned(s)};
  };
  std::vector<std::byte> memory(trellis_training_bytes<code>(256, levels.size()));
  auto const first = train_trellis_levels(moving, place, samples, 256, 1, levels, workspace{memory});
  auto const last = train_trellis_levels(moving, place, samples, 256, 5, levels, workspace{memory});
  REQUIRE(first);
  REQUIRE(last);
  REQUIRE(*last < 0.9 * *first);
  auto const why = [&](std::size_t block, std::size_t bytes) {
    return train_trellis_levels(moving, place, samples, block, 1, levels, workspace{std::span{memory}.first(bytes)}).error();
  };
  REQUIRE(why(264, memory.size()) == errc::invalid_argument);  // not whole bytes of pairs
  check_refusals(samples, memory.size(), why);
}

}  // namespace
}  // namespace skive
