// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/sign_codes.hpp: every bit is the sign of its entry.
#include "skive/transform/sign_codes.hpp"

#include "skive/simd/arch.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

using skive::hadamard_matrix;

TEST_CASE("sign codes: rows and columns have the entries of the matrix", "[transform]") {
  for (std::uint32_t m = 4; m <= 1024; m += 4) {
    if (!hadamard_matrix::has_core(m)) continue;
    if (m > 200 && m % 16 != 12) continue;
    CAPTURE(m);
    auto const h = *hadamard_matrix::make_core(m);
    std::vector<std::uint8_t> code(skive::detail::sign_code_bytes(m));
    for (bool const transposed : {false, true}) {
      auto const made = skive::detail::make_sign_codes<skive::scalar_arch>(h, transposed, code);
      REQUIRE(made.order == m);
      bool same = true;
      for (std::uint32_t i = 0; i < m; ++i)
        for (std::uint32_t j = 0; j < m; ++j)
          same = same && (code[i * (m / 4) + j / 4] >> (j % 4) & 1) == (transposed ? h.negative(j, i) : h.negative(i, j));
      REQUIRE(same);
    }
  }
}
