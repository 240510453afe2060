// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/lane_batch.hpp: batches of sixteen groups settle one ahead of coding. Rows that end before, at and after the end of a
// batch, with one group that takes the scalar rule in any of them, have the bytes of the scalar rule.
#include "skive/block/lane_batch.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "support/packed_row.hpp"
#include "support/simd_arches.hpp"

#include <cstddef>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

template <class Codec>
void check(std::size_t group) {
  std::mt19937 random{7};
  Codec const codec{group};
  for (std::size_t const groups : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 48U, 50U})
    for (std::size_t odd = 0; odd <= groups; odd += groups < 20 ? 1 : 5) {  // the last time no group is odd
      std::vector<float> row(groups * group);
      for (auto& x : row) x = static_cast<float>(random() >> 8) * 0x1p-20f - 8.0f;
      constexpr float what[] = {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::quiet_NaN(), 0x1p120f};
      if (odd < groups) row[odd * group + random() % group] = what[random() % 3];
      test::packed_row<Codec> good{codec, row.size(), test::layouts[odd % 4], 0};
      REQUIRE(codec.template encode<scalar_arch>(std::span<float const>{row}, good.to()));
      std::vector<float> expected(row.size());
      REQUIRE(codec.template decode<scalar_arch>(good.from(), std::span{expected}));
      test::for_each(test::few_arches{}, [&]<class Arch>() {
        test::packed_row<Codec> mine{codec, row.size(), test::layouts[odd % 4], 0};
        std::vector<float> back(row.size());
        bool const done = static_cast<bool>(codec.template encode<Arch>(std::span<float const>{row}, mine.to())) &&
            static_cast<bool>(codec.template decode<Arch>(good.from(), std::span{back}));
        CAPTURE(Arch::name(), groups, odd);
        CHECK((done && mine.memory() == good.memory() &&
               std::memcmp(back.data(), expected.data(), sizeof(float) * back.size()) == 0));
      });
    }
}

}  // namespace

TEST_CASE("batches: scales by the largest magnitude", "[block]") {
  check<absmax<int4>>(16);
  check<absmax<int4>>(48);
}

TEST_CASE("batches: scales by the range", "[block]") { check<affine_int<4>>(32); }
