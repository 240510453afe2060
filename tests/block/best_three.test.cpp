// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/best_three.hpp: what sorting finds, whatever the order, and what comes twice counts once.
#include "skive/block/best_three.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using three = skive::detail::best_three<skive::detail::walk_lanes<skive::scalar_arch>>;

}  // namespace

TEST_CASE("best three: the largest gains, each once", "[block]") {
  std::mt19937 random{5};
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<float> gains(random() % 9);
    for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = static_cast<float>(i + 1);
    std::ranges::shuffle(gains, random);
    three found;
    for (std::size_t i = 0; i < gains.size(); ++i) {
      found.consider({gains[i], 100 + gains[i], 1 / gains[i]});
      auto const again = gains[i - random() % std::min<std::size_t>(i + 1, 2)];  // this one, or the one before
      if (again == found.best[0].gain || again == found.best[1].gain || again == found.best[2].gain)
        found.consider({again, 100 + again, 7});
      found.consider({0, 50, 3});
    }
    gains.resize(std::max<std::size_t>(gains.size(), 4));
    std::ranges::sort(gains, std::greater{});
    CAPTURE(trial, gains);
    for (std::size_t k = 0; k < 3; ++k) {
      REQUIRE(found.best[k].gain == gains[k]);
      REQUIRE(found.best[k].squares == (gains[k] > 0 ? 100 + gains[k] : 0));
      REQUIRE(found.best[k].t == (gains[k] > 0 ? 1 / gains[k] : 0));
    }
    REQUIRE(found.fourth == gains[3]);
  }
}
