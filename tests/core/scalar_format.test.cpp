// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/scalar_format.hpp: a model and near misses, and that the header alone is enough for a format. Compiling it is the test.
#include "skive/core/scalar_format.hpp"

#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"

#include <cstdint>

#include <catch2/catch_test_macros.hpp>

namespace {

// Near misses differ from the model in one point.
struct format_model {
  using code_type = std::uint8_t;
  static constexpr int bits = 8;
  static constexpr float max_finite = 1;
  static float decode(code_type) noexcept { return 0; }
  static code_type encode(float) noexcept { return 0; }
};
struct format_signed : format_model {
  using code_type = std::int8_t;
  static code_type encode(float) noexcept { return 0; }
};
struct format_may_throw : format_model {
  static float decode(code_type) { return 0; }
};
struct format_of_int : format_model {
  static int encode(float) noexcept { return 0; }
};
struct format_owns : format_model {
  format_owns(format_owns const&) {}
};
struct format_without_max {
  using code_type = std::uint8_t;
  static constexpr int bits = 8;
  static float decode(code_type) noexcept { return 0; }
  static code_type encode(float) noexcept { return 0; }
};
static_assert(skive::scalar_format<format_model> && skive::scalar_format<skive::float16> && skive::scalar_format<skive::int4>);
static_assert(!skive::scalar_format<format_signed> && !skive::scalar_format<format_may_throw> &&
              !skive::scalar_format<format_of_int>);
static_assert(!skive::scalar_format<format_without_max> && !skive::scalar_format<format_owns> && !skive::scalar_format<float>);

}  // namespace

TEST_CASE("a scalar format has a code type, its width, its largest number, decode and encode", "[core]") {
  SUCCEED("by compilation");
}
