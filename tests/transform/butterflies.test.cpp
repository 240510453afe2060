// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/butterflies.hpp: the order of sums, that of textbooks, through registers, cache blocks and tiles; signs on the way.
#include "skive/transform/butterflies.hpp"

#include "laws/transform.hpp"
#include "skive/transform/walsh_hadamard.hpp"
#include "support/simd_arches.hpp"
#include "support/textbook_butterflies.hpp"

#include <utility>

namespace {

namespace test = skive::test;
using skive::plain_walsh_hadamard;
using skive::walsh_hadamard;

double bound(std::size_t n) { return (std::countr_zero(n) + 2) * 0x1p-24; }

std::vector<float> by_textbook(std::vector<float> x, float scale) {
  auto const n = x.size();
  return test::textbook_stages(std::move(x), 1, n, scale);
}

float root(std::size_t n) { return static_cast<float>(1 / std::sqrt(static_cast<double>(n))); }

}  // namespace

TEST_CASE("butterflies: the textbook's sums on every architecture", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t n = 1; n <= 16384; n *= 2) {
      CAPTURE(n);
      auto const x = test::gaussian_vector(n, 9);
      REQUIRE(test::same_bits(test::transformed<Arch>(*walsh_hadamard::make(n), x), by_textbook(x, root(n))));
      REQUIRE(test::same_bits(test::transformed<Arch>(*plain_walsh_hadamard::make(n), x), by_textbook(x, 1.0f)));
      for (std::size_t const count : {1U, 3U, 16U, 21U}) {  // narrow ones share registers
        if (count * n > 16384) continue;
        auto const rows = test::gaussian_vector(count * n, 4);
        auto got = rows;
        auto const scale = root(n);
        skive::detail::walsh_hadamard_blocks<Arch>(got.data(), count, n, &scale, nullptr);
        for (std::size_t r = 0; r < count; ++r) {
          auto const at = static_cast<std::ptrdiff_t>(r * n);
          auto const end = at + static_cast<std::ptrdiff_t>(n);
          REQUIRE(test::same_bits({got.begin() + at, got.begin() + end},
                                  by_textbook({rows.begin() + at, rows.begin() + end}, scale)));
        }
      }
    }
  });
}

TEST_CASE("butterflies: blocks of caches and tiles change no bit", "[transform]") {
  test::for_each(test::first_arch{}, []<class Arch>() {
    for (int k = 12; k <= 23; ++k) {
      CAPTURE(k);
      auto const n = std::size_t{1} << k;
      auto const t = *walsh_hadamard::make(n);
      auto const x = test::gaussian_vector(n, static_cast<unsigned>(k));
      auto const y = test::transformed<Arch>(t, x);
      REQUIRE(test::same_bits(y, by_textbook(x, static_cast<float>(1 / std::sqrt(static_cast<double>(n))))));
      REQUIRE(std::fabs(test::norm(y) - test::norm(x)) <= bound(n) * test::norm(x));
      REQUIRE((t.scratch_bytes() != 0) == (k > 19));
      if (k == 20) test::check_refusals<Arch>(t);
    }
  });
}
