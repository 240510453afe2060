// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_trained.hpp and trellis_training.hpp: the table of mean square errors on N(0, 1), and that training gets
// there.
#include "skive/codebook/trellis_trained.hpp"

#include "skive/codebook/trellis_training.hpp"
#include "support/packed_row.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::size_t length = 4096;

// Squared error over power, rows of 4096 numbers with a scale each.
template <class Codec>
double error_of(Codec const& codec, std::size_t rows) {
  test::packed_row<Codec> packed{codec, length};
  test::scratch_memory scratch{codec.scratch_bytes(length)};
  std::vector<float> x(length);
  std::vector<float> y(length);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    counter_random{77, r}.fill_gaussian(x);
    REQUIRE(codec.encode(std::span<float const>{x}, packed.to(), scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span{y}));
    for (std::size_t i = 0; i < length; ++i) {
      auto const d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
      error += d * d;
      power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
  }
  return error / power;
}

// `known`: of a plain trained table of 2^L entries, or the published code, with tail-biting in two runs. `share`: ours over it.
template <class Codec>
void check_error(Codec const& codec, std::size_t rows, double known, double share) {
  auto const error = error_of(codec, rows);
  CAPTURE(Codec::code_type::state_bits, Codec::code_type::step_bits, error, known, error / known);
  REQUIRE(std::fabs(error / known - share) <= 0.015);  // three standard errors of these samples, or more
}

TEST_CASE("Mean square errors of the trained codes", "[codebook]") {
  check_error(tcq<1, 4>{}, 12, 0.3196, 0.945);
  check_error(tcq<1, 6>{}, 12, 0.2936, 0.976);
  check_error(tcq<1, 8>{}, 12, 0.2829, 0.980);
  check_error(tcq<1, 12>{}, 4, 0.2709, 0.997);
  check_error(tcq2_l4{}, 12, 0.0947, 0.941);
  check_error(tcq2_l6{}, 12, 0.0846, 0.943);
  check_error(tcq2_l8{}, 12, 0.0777, 0.972);
  check_error(tcq2_l10{}, 8, 0.0742, 0.982);
  check_error(tcq2_l12{}, 5, 0.0718, 0.987);
  check_error(tcq<3, 4>{}, 12, 0.0293, 0.94);
  check_error(tcq<3, 6>{}, 12, 0.0262, 0.89);
  check_error(tcq<3, 8>{}, 12, 0.0215, 0.965);
  check_error(tcq<3, 12>{}, 4, 0.0190, 0.99);
  check_error(tcq<4, 6>{}, 6, 0.00772, 0.91);
  check_error(tcq<4, 8>{}, 12, 0.00602, 0.985);
  check_error(tcq<4, 12>{}, 4, 0.00510, 1.03);
}

TEST_CASE("Mean square errors of long memories", "[codebook]") {
  check_error(tcq2_l16{}, 1, 0.0690, 0.985);
  check_error(mad2{}, 1, 0.0695, 0.99);
  check_error(trellis_codec<mad1<12, 2>>{}, 5, 0.0749, 0.985);
  check_error(trellis_codec<inst3<12, 2>>{}, 5, 0.0732, 1.0);
}

// 2 bits with at most 2.1 bits a weight in all, below 0.075: the scale in 16 bits.
TEST_CASE("The goal at two bits", "[codebook]") {
  using codec = tcq<2, 10, float16>;
  auto const c = *codec::make(256);
  REQUIRE(static_cast<double>(8 * total_bytes(c.plane_bytes(length))) <= 2.1 * static_cast<double>(length));
  REQUIRE(error_of(c, 4) < 0.075);
  REQUIRE(error_of(tcq2_l12{}, 4) < 0.0725);
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
  auto const why = [&](std::size_t block, std::size_t bytes) {
    return train_trellis<8, 2, 4>(samples, block, 1, {}, std::span<std::int16_t, 16>{levels},
                                  workspace{std::span{memory}.first(bytes)})
        .error();
  };
  REQUIRE(why(256, memory.size()) == errc::ok);
  REQUIRE(why(0, memory.size()) == errc::invalid_argument);
  REQUIRE(why(1024, memory.size()) == errc::invalid_argument);
  REQUIRE(why(12, memory.size()) == errc::invalid_argument);
  REQUIRE(why(256, memory.size() - 1) == errc::workspace_too_small);
  samples[3] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(why(256, memory.size()) == errc::not_finite);
}

}  // namespace
}  // namespace skive
