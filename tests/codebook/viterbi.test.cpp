// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/viterbi.hpp against all bit strings; refusals.
#include "skive/codebook/viterbi.hpp"

#include "skive/codebook/trellis_code.hpp"
#include "skive/core/random.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"
#include "support/trellis_paths.hpp"

#include <array>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

// States of the cyclic string `bits`, bit by bit.
std::vector<std::uint32_t> states_of(std::uint64_t bits, std::size_t steps, int L, int B) {
  std::vector<std::uint32_t> out(steps);
  auto const total = steps * static_cast<std::size_t>(B);
  for (std::size_t i = 0; i < steps; ++i)
    for (std::size_t b = 0; b < static_cast<std::size_t>(L); ++b)
      if ((bits >> ((i * static_cast<std::size_t>(B) + b) % total) & 1) != 0) out[i] |= 1U << b;
  return out;
}

template <class Code>
void check_all_strings(Code const& code, std::size_t steps, unsigned seed, bool weighted) {
  std::vector<double> x(steps * static_cast<std::size_t>(Code::values));
  std::vector<double> w;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(counter_random{seed, 1}.gaussian(i));
  for (std::size_t i = 0; weighted && i < x.size(); ++i) w.push_back(static_cast<double>(counter_random{seed, 2}.uniform(i)));
  double const scale = 1.0 / static_cast<double>(code.sigma());
  double best = 1e300;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << (steps * static_cast<std::size_t>(Code::step_bits)); ++bits)
    best = std::min(best, test::path_cost(code, states_of(bits, steps, Code::state_bits, Code::step_bits), x, w, scale));
  test::scratch_memory scratch{viterbi_bytes<Code, double>(steps)};
  std::vector<std::uint32_t> states(steps);
  weighted_distance<Code, double> const distance{code, x, w, scale};
  auto const lent = scratch.get();
  auto const before = test::allocations();
  auto const total = viterbi<Code, double>(distance, tail_biting::exact, states, lent);
  REQUIRE(test::allocations() == before);
  REQUIRE(total);
  REQUIRE(std::fabs(*total - best) <= 1e-12 * best);
  REQUIRE(std::fabs(test::path_cost(code, states, x, w, scale) - best) <= 1e-12 * best);
  REQUIRE(test::is_cyclic_path<Code>(states));
  auto const near = viterbi<Code, double>(distance, tail_biting::windowed, states, lent);
  REQUIRE(*near >= *total - 1e-12);
  REQUIRE(test::is_cyclic_path<Code>(states));
}

TEST_CASE("No bit string is better than the exact path", "[codebook]") {
  for (unsigned seed = 0; seed < 4; ++seed) {
    check_all_strings(mad1<4, 2>{}, 8, seed, seed % 2 != 0);
    check_all_strings(mad1<5, 1>{}, 16, seed, seed % 2 == 0);
    check_all_strings(inst3<7, 4>{}, 4, seed + 100, false);
    check_all_strings(table_code<4, 2, 2>{test::pair_levels, 35.0f}, 8, seed, true);
  }
}

TEST_CASE("viterbi refuses bad arguments", "[codebook]") {
  std::vector<double> const x(16);
  weighted_distance<mad1<12, 2>, double> const distance{{}, x, {}, 1.0};
  std::vector<std::uint32_t> states(16);
  test::scratch_memory scratch{viterbi_bytes<mad1<12, 2>, double>(16)};
  auto const why = [&](std::size_t steps, workspace w) {
    return viterbi<mad1<12, 2>, double>(distance, tail_biting::windowed, std::span{states}.first(steps), w).error();
  };
  REQUIRE(why(16, scratch.get()) == errc::ok);
  REQUIRE(why(0, scratch.get()) == errc::invalid_argument);
  REQUIRE(why(7, scratch.get()) == errc::invalid_argument);
  REQUIRE(why(4, scratch.get()) == errc::invalid_argument);
  REQUIRE(why(16, workspace{}) == errc::workspace_too_small);
}

}  // namespace
}  // namespace skive
