// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/viterbi.hpp against all bit strings; codebook/trellis_encoder.hpp (integers, lanes) against the exact minimum.
#include "skive/codebook/viterbi.hpp"

#include "skive/codebook/trellis_code.hpp"
#include "skive/codebook/trellis_dot.hpp"
#include "skive/codebook/trellis_encoder.hpp"
#include "skive/core/random.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Code>
double cost_of(Code const& code, std::vector<std::uint32_t> const& states, std::vector<double> const& x,
               std::vector<double> const& w, double scale) {
  double sum = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    auto const v = n % static_cast<std::size_t>(Code::values);
    auto const d = x[n] - scale * code.level(states[n / static_cast<std::size_t>(Code::values)], static_cast<int>(v));
    sum += (w.empty() ? 1.0 : w[n]) * d * d;
  }
  return sum;
}

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
bool is_cyclic_path(std::span<std::uint32_t const> s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto const& next = s[(i + 1) % s.size()];
    auto const symbol = s[i] & ((1U << Code::step_bits) - 1);
    if (((next << Code::step_bits | symbol) & ((1U << Code::state_bits) - 1)) != s[i]) return false;
  }
  return true;
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
    best = std::min(best, cost_of(code, states_of(bits, steps, Code::state_bits, Code::step_bits), x, w, scale));
  test::scratch_memory scratch{viterbi_bytes<Code, double>(steps)};
  std::vector<std::uint32_t> states(steps);
  weighted_distance<Code, double> const distance{code, x, w, scale};
  auto const lent = scratch.get();
  auto const before = test::allocations();
  auto const total = viterbi<Code, double>(distance, tail_biting::exact, states, lent);
  REQUIRE(test::allocations() == before);
  REQUIRE(total);
  REQUIRE(std::fabs(*total - best) <= 1e-12 * best);
  REQUIRE(std::fabs(cost_of(code, states, x, w, scale) - best) <= 1e-12 * best);
  REQUIRE(is_cyclic_path<Code>(states));
  auto const near = viterbi<Code, double>(distance, tail_biting::windowed, states, lent);
  REQUIRE(*near >= *total - 1e-12);
  REQUIRE(is_cyclic_path<Code>(states));
}

constexpr std::int8_t pair_table[32] = {1,  -9, 30, -40, 5,   77, -60, 12, 8,  -3, 20,  -25, 90, 2,  -17, 33,
                                        -1, 50, -8, 19,  -70, 4,  28,  -5, 61, 13, -35, 47,  0,  66, -22, 11};

TEST_CASE("No bit string is better than the exact path", "[codebook]") {
  for (unsigned seed = 0; seed < 4; ++seed) {
    check_all_strings(mad1<4, 2>{}, 8, seed, seed % 2 != 0);
    check_all_strings(mad1<5, 1>{}, 16, seed, seed % 2 == 0);
    check_all_strings(inst3<7, 4>{}, 4, seed + 100, false);
    check_all_strings(table_code<4, 2, 2>{pair_table, 35.0f}, 8, seed, true);
  }
}

template <class Code>
std::vector<std::int16_t> source(Code const& code, std::size_t n, unsigned seed) {
  std::vector<std::int16_t> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = detail::source_level(counter_random{seed, 3}.gaussian(i), code.sigma());
  return x;
}

// The integer encoder's error against that of the exact path in double: both as measured by exact squares.
template <class Code>
void check_encoder(Code const& code, std::size_t steps, std::size_t blocks, double tolerance) {
  constexpr auto V = static_cast<std::size_t>(Code::values);
  test::scratch_memory of_encoder{detail::trellis_encoder<Code>::scratch_bytes(steps)};
  test::scratch_memory of_viterbi{viterbi_bytes<Code, double>(steps)};
  detail::trellis_encoder<Code> encoder{code, steps, of_encoder.get()};
  double exact = 0;
  double found = 0;
  for (unsigned b = 0; b < blocks; ++b) {
    auto const x = source(code, steps * V, b);
    std::vector<double> const y(x.begin(), x.end());
    std::vector<std::uint32_t> states(steps);
    weighted_distance<Code, double> const distance{code, y, {}, 1.0};
    exact += *viterbi<Code, double>(distance, tail_biting::exact, states, of_viterbi.get());
    auto const path = encoder.template encode<native_arch>(x, x.size());
    REQUIRE(is_cyclic_path<Code>(path));
    found += cost_of(code, {path.begin(), path.end()}, y, {}, 1.0);
  }
  CAPTURE(exact, found);
  REQUIRE(found >= exact);
  REQUIRE(found <= (1 + tolerance) * exact);
}

TEST_CASE("The integer encoder comes close to the exact minimum", "[codebook]") {
  check_encoder(mad1<4, 2>{}, 128, 20, 0.001);
  check_encoder(mad1<8, 2>{}, 256, 2, 0.002);
  check_encoder(mad1<7, 1>{}, 256, 2, 0.002);
  check_encoder(mad1<8, 3>{}, 128, 6, 0.002);
  check_encoder(mad1<8, 4>{}, 64, 12, 0.002);
  check_encoder(table_code<4, 2, 2>{pair_table, 35.0f}, 128, 20, 0.001);
}

TEST_CASE("Lanes find the path of the rule, and numbers past the row cost nothing", "[codebook]") {
  auto const check = []<class Code>(Code const& code, std::size_t steps) {
    test::scratch_memory scratch{detail::trellis_encoder<Code>::scratch_bytes(steps)};
    auto const x = source(code, steps * static_cast<std::size_t>(Code::values), 7);
    for (std::size_t const count : {x.size(), x.size() - 5}) {
      detail::trellis_encoder<Code> encoder{code, steps, scratch.get()};
      auto const rule = encoder.template encode<scalar_arch>(x, count);
      std::vector<std::uint32_t> const expected{rule.begin(), rule.end()};
      test::for_each(test::few_arches{}, [&]<class Arch>() {
        auto const path = encoder.template encode<Arch>(x, count);
        REQUIRE((std::vector<std::uint32_t>{path.begin(), path.end()} == expected));
      });
      auto y = x;
      for (std::size_t i = count; i < y.size(); ++i) y[i] = 32767;
      auto const path = encoder.template encode<native_arch>(y, count);
      REQUIRE((std::vector<std::uint32_t>{path.begin(), path.end()} == expected));
    }
  };
  check(mad1<8, 2>{}, 256);
  check(mad1<10, 1>{}, 128);
  check(mad1<10, 4>{}, 64);
  check(mad1<9, 3>{}, 64);
  check(table_code<4, 2, 2>{pair_table, 35.0f}, 32);
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
