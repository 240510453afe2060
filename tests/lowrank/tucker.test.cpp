// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/tucker.hpp: what it drops is the error; refusals.
#include "skive/lowrank/tucker.hpp"

#include "support/layer.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::matrix;

}  // namespace

TEST_CASE("tucker: what it drops is the error, full ranks drop nothing", "[lowrank]") {
  std::mt19937 random{2};
  constexpr std::size_t outputs = 12, inputs = 10, positions = 9;
  auto const x = skive::test::random_matrix<float>(outputs, inputs * positions, random);
  auto const size = skive::test::frobenius_norm<double>(x);
  for (auto const& [r1, r2] : {std::array<std::size_t, 2>{12, 10}, {5, 10}, {12, 3}, {4, 6}, {1, 1}}) {
    CAPTURE(r1, r2);
    matrix<float> first(outputs, r1), second(inputs, r2), core(r1, r2 * positions);
    std::vector<std::byte> memory(tucker_scratch_bytes(outputs, inputs, positions, r1));
    auto const dropped = tucker(x.view(), inputs, first.view(), second.view(), core.view(), workspace{memory});
    REQUIRE(dropped);
    double error = 0;
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t s = 0; s < positions; ++s) {
          auto d = static_cast<double>(x(o, i * positions + s));
          for (std::size_t p = 0; p < r1; ++p)
            for (std::size_t q = 0; q < r2; ++q)
              d -= static_cast<double>(first(o, p)) * static_cast<double>(second(i, q)) *
                  static_cast<double>(core(p, q * positions + s));
          error += d * d;
        }
    CHECK(std::abs(error - *dropped) <= 1e-5 * size * size);
    CHECK(skive::test::distance_from_orthonormal<double>(first, true) < 1e-5);
    CHECK(skive::test::distance_from_orthonormal<double>(second, true) < 1e-5);
  }
  matrix<float> first(outputs, 3), second(inputs, 3), core(3, 3 * positions);
  std::vector<std::byte> memory(tucker_scratch_bytes(outputs, inputs, positions, 3));
  auto broken = x;
  broken(11, 89) = std::numeric_limits<float>::infinity();
  auto const run = [&](matrix<float> const& from, std::size_t i, matrix_view<float> c, std::size_t bytes) {
    return tucker(from.view(), i, first.view(), second.view(), c, workspace{std::span{memory}.first(bytes)}).error();
  };
  CHECK(run(x, 7, core.view(), memory.size()) == errc::size_mismatch);
  CHECK(run(x, 10, submatrix(core.view(), 0, 0, 2, 27), memory.size()) == errc::size_mismatch);
  CHECK(run(x, 10, core.view(), 0) == errc::workspace_too_small);
  CHECK(run(x, 10, {core.view().data, 3, 27, 26}, memory.size()) == errc::invalid_argument);
  CHECK(run(broken, 10, core.view(), memory.size()) == errc::not_finite);
  CHECK(run(broken, 10, {broken.view().data, 3, 27}, memory.size()) == errc::overlap);
}
