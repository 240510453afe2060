// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/strided_view.hpp: element i lies i strides away, and constness follows the element type.
#include "skive/core/strided_view.hpp"

#include <array>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::strided_view;

static_assert(std::is_trivially_copyable_v<strided_view<double>> && sizeof(strided_view<char>) == 3 * sizeof(void*));
static_assert(std::is_convertible_v<strided_view<float>, strided_view<float const>>);
static_assert(!std::is_convertible_v<strided_view<float const>, strided_view<float>>);
static_assert(strided_view<int>{}.data == nullptr && strided_view<int>{}.size == 0 && strided_view<int>{}.stride == 1);

constexpr int at_compile_time() {
  std::array<int, 9> memory{0, 1, 2, 3, 4, 5, 6, 7, 8};
  strided_view<int> const view{memory.data() + 1, 3, 3};
  view[2] = 70;
  return view[0] * 100 + view[1] * 10 + memory[7];
}
static_assert(at_compile_time() == 1 * 100 + 4 * 10 + 70);

}  // namespace

TEST_CASE("a strided view touches its own elements only", "[core]") {
  std::array<float, 20> memory{};
  strided_view<float> const view{memory.data() + 2, 4, 5};
  for (std::size_t i = 0; i < view.size; ++i) view[i] = static_cast<float>(i + 1);
  for (std::size_t i = 0; i < memory.size(); ++i) CHECK(memory[i] == (i % 5 == 2 ? static_cast<float>(i / 5 + 1) : 0.0f));
  strided_view<float const> const read = view;
  CHECK((read.data == view.data && read.size == 4 && read.stride == 5 && read[3] == 4.0f));
}
