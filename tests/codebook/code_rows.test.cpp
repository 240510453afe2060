// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/code_rows.hpp: which rows of codes fit, which indices are a codeword's; padding between rows is not looked at.
#include "skive/codebook/code_rows.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("Codes stand beside rows of the dimension", "[codebook]") {
  std::vector<float> x(12);
  std::vector<std::uint8_t> codes(8);
  auto const why = [&](std::size_t rows, std::size_t cols, std::size_t code_rows, std::size_t code_cols) {
    return detail::check_code_rows(matrix_view<float const>{x.data(), rows, cols},
                                   matrix_view<std::uint8_t const>{codes.data(), code_rows, code_cols}, 3, 2)
        .error();
  };
  REQUIRE(why(4, 3, 4, 2) == errc::ok);
  REQUIRE(why(0, 3, 0, 2) == errc::ok);
  REQUIRE(why(3, 4, 3, 2) == errc::size_mismatch);
  REQUIRE(why(4, 3, 3, 2) == errc::size_mismatch);
  REQUIRE(why(4, 3, 4, 1) == errc::size_mismatch);
  matrix_view<float const> const no_memory{nullptr, 4, 3};
  matrix_view<float const> const overlapping{x.data(), 4, 3, 2};
  matrix_view<std::uint8_t const> const beside{codes.data(), 4, 2};
  REQUIRE(detail::check_code_rows(no_memory, beside, 3, 2).error() == errc::invalid_argument);
  REQUIRE(detail::check_code_rows(overlapping, beside, 3, 2).error() == errc::invalid_argument);
}

TEST_CASE("Indices are a codeword's", "[codebook]") {
  std::vector<std::uint8_t> codes{0, 4, 255, 3, 2, 255};  // the third column is padding
  matrix_view<std::uint8_t const> const view{codes.data(), 2, 2, 3};
  REQUIRE(detail::check_code_indices(view, 5).error() == errc::ok);
  REQUIRE(detail::check_code_indices(view, 4).error() == errc::corrupt);
  REQUIRE(detail::check_code_indices({codes.data(), 2, 3}, 255).error() == errc::corrupt);
  REQUIRE(detail::check_code_indices({codes.data(), 2, 3}, 256).error() == errc::ok);
  REQUIRE(detail::check_code_indices({codes.data(), 0, 2}, 0).error() == errc::ok);
  REQUIRE(detail::check_code_indices({codes.data(), 1, 1}, 0).error() == errc::corrupt);
}

}  // namespace
}  // namespace skive
