// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/matrix_view.hpp: addresses of elements, rows and columns; which extents are valid.
#include "skive/core/matrix_view.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::matrix_view;
constexpr auto largest = std::numeric_limits<std::size_t>::max();

static_assert(std::is_trivially_copyable_v<matrix_view<double>> && sizeof(matrix_view<char>) == 4 * sizeof(void*));
static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<float const>>);
static_assert(!std::is_convertible_v<matrix_view<float const>, matrix_view<float>>);
static_assert(matrix_view<float>{}.valid(), "nothing is valid");

constexpr bool at_compile_time() {
  std::array<int, 12> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  matrix_view<int> const dense{memory.data(), 3, 4};
  matrix_view<int> const part{memory.data() + 1, 3, 2, 4};
  part(2, 1) = -1;
  return dense(1, 3) == 7 && dense(2, 2) == -1 && part(1, 0) == 5 && part.row(1)[1] == 6 && part.row(1).size() == 2 &&
      part.col(1)[2] == -1 && part.col(1).size == 3 && dense.row_stride == 4;
}
static_assert(at_compile_time());

}  // namespace

TEST_CASE("elements, rows and columns of a view are those of the formula", "[core]") {
  std::array<float, 60> memory{};
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
  matrix_view<float> const view{memory.data() + 3, 5, 7, 11};
  REQUIRE(view.valid());
  for (std::size_t r = 0; r < view.rows; ++r) {
    for (std::size_t c = 0; c < view.cols; ++c) {
      CHECK(&view(r, c) == memory.data() + 3 + 11 * r + c);
      CHECK(&view.row(r)[c] == &view(r, c));
      CHECK(&view.col(c)[r] == &view(r, c));
    }
  }
  matrix_view<float const> const read = view;
  CHECK((read.data == view.data && read.rows == 5 && read.cols == 7 && read.row_stride == 11));
}

TEST_CASE("an extent that cannot be is not valid", "[core]") {
  float x = 0;
  CHECK(matrix_view<float>{&x, 1, 1}.valid());
  CHECK(matrix_view<float>{nullptr, 0, 5}.valid());
  CHECK(matrix_view<float>{nullptr, 5, 0}.valid());
  CHECK(matrix_view<float>{nullptr, 5, 3, 1}.valid() == false);
  CHECK(matrix_view<float>{nullptr, 1, 1}.valid() == false);
  CHECK(matrix_view<float>{&x, 2, 4, 3}.valid() == false);  // rows overlap
  CHECK(matrix_view<float>{&x, 1, 4, 3}.valid() == false);
  CHECK(matrix_view<float>{&x, 2, largest / 4, largest / 4}.valid() == false);  // twice the largest array
  CHECK(matrix_view<float>{&x, 1, largest / 4}.valid());
  CHECK(matrix_view<float>{&x, 1, largest / 4 + 1}.valid() == false);
  CHECK(matrix_view<float>{&x, largest, largest, largest}.valid() == false);
  CHECK(matrix_view<std::uint8_t>{reinterpret_cast<std::uint8_t*>(&x), largest / 2 + 1, 1, 2}.valid());
  CHECK(matrix_view<std::uint8_t>{reinterpret_cast<std::uint8_t*>(&x), largest / 2 + 2, 1, 2}.valid() == false);
}
