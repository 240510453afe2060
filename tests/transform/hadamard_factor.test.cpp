// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hadamard_factor.hpp: the matrix applied across blocks, by definition in double and integers.
#include "skive/transform/hadamard_factor.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::hadamard_matrix;

}  // namespace

TEST_CASE("mix_blocks: every column of every block, exact where sums are integers", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::uint32_t const m : {12U, 20U, 92U, 260U}) {
      auto const h = *hadamard_matrix::make_core(m);
      std::vector<std::uint8_t> code(skive::detail::sign_code_bytes(m));
      auto const codes = skive::detail::make_sign_codes<Arch>(h, false, code);
      for (std::size_t const width : {1U, 4U, 7U, 12U, 16U, 33U}) {
        CAPTURE(m, width);
        std::size_t const count = width == 4 ? 5 : 3;  // narrow blocks of large matrices are gathered from four on
        std::vector<float> x(count * m * width);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(i * 7919 % 201) - 100);
        auto y = x;
        std::vector<float> room(skive::detail::mix_blocks_floats(m) + 16);
        auto const skip = (64 - reinterpret_cast<std::uintptr_t>(room.data()) % 64) % 64 / sizeof(float);
        float const half = 0.5f;
        skive::detail::mix_blocks<Arch>(y.data(), width, count, codes, &half, room.data() + skip);
        std::vector<double> wide(x.begin(), x.end());
        auto const whole = wide;
        std::vector<double> space(skive::detail::mix_blocks_floats(m));
        skive::detail::mix_blocks<Arch>(wide.data(), width, count, codes, nullptr, space.data());
        for (std::size_t b = 0; b < count; ++b)
          for (std::uint32_t i = 0; i < m; i += m / 12)
            for (std::size_t c = 0; c < width; ++c) {
              double sum = 0;
              for (std::uint32_t j = 0; j < m; ++j) {
                auto const v = whole[(b * m + j) * width + c];
                sum += h.negative(i, j) ? -v : v;
              }
              REQUIRE(static_cast<double>(y[(b * m + i) * width + c]) == sum / 2);
              REQUIRE(wide[(b * m + i) * width + c] == sum);
            }
      }
    }
  });
}
