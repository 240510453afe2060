// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/operand.hpp: transposed and partial operands, and which views share elements.
#include "skive/linalg/operand.hpp"

#include <array>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::matrix_view;

}  // namespace

TEST_CASE("operand: a part of the transposed is the transposed part", "[linalg]") {
  std::array<int, 35> memory{};
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<int>(i);
  matrix_view<int const> const whole{memory.data(), 5, 6, 7};
  auto const turned = skive::transposed(whole);
  CHECK((turned.rows() == 6 && turned.cols() == 5 && turned(4, 2) == whole(2, 4)));
  CHECK_FALSE(skive::transposed(turned).is_transposed);
  auto const part = skive::submatrix(turned, 2, 1, 3, 4);
  CHECK((part.rows() == 3 && part.cols() == 4));
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 4; ++j) CHECK(part(i, j) == whole(j + 1, i + 2));
  CHECK(skive::submatrix(whole, 9, 9, 0, 3).data == whole.data);  // of nothing, no address is made
}

TEST_CASE("views share elements exactly when an element is in both", "[linalg]") {
  std::array<float, 96> memory{};
  std::mt19937 random{11};
  for (int round = 0; round < 20000; ++round) {
    auto const stride = 1 + random() % 8;
    auto const view = [&] {
      auto const cols = 1 + random() % stride;
      return matrix_view<float const>{memory.data() + random() % 40, 1 + random() % 4, cols, stride};
    };
    auto const a = view();
    auto const b = view();
    std::array<int, 96> seen{};
    bool shared = false;
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < a.cols; ++j) seen[static_cast<std::size_t>(&a(i, j) - memory.data())] = 1;
    for (std::size_t i = 0; i < b.rows; ++i)
      for (std::size_t j = 0; j < b.cols; ++j) shared |= seen[static_cast<std::size_t>(&b(i, j) - memory.data())] == 1;
    REQUIRE(skive::detail::shares_elements(a, b) == shared);
  }
}
