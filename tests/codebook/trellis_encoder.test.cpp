// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_encoder.hpp (integers, lanes) against the exact minimum over all cyclic strings; lanes against the rule.
#include "skive/codebook/trellis_encoder.hpp"

#include "skive/codebook/hybrid_code.hpp"
#include "skive/codebook/viterbi.hpp"
#include "skive/core/random.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"
#include "support/trellis_paths.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

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
    REQUIRE(test::is_cyclic_path<Code>(path));
    found += test::path_cost(code, {path.begin(), path.end()}, y, {}, 1.0);
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
  check_encoder(table_code<4, 2, 2>{test::pair_levels, 35.0f}, 128, 20, 0.001);
  check_encoder(trained_pair<3, 8>{}, 128, 6, 0.002);
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
  check(table_code<4, 2, 2>{test::pair_levels, 35.0f}, 128);  // long enough for metrics to grow past 16 bits
  check(mad1<4, 2>{}, 64);
  check(mad1<4, 3>{}, 64);
  check(mad1<6, 4>{}, 64);  // four classes of 64 states
  check(mad1<3, 1>{}, 64);
}

}  // namespace
}  // namespace skive
