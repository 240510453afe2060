// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "convert/scalar.hpp"

#include "skive/block/format_name.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/power_of_two.hpp"

#include <cmath>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace skive;

TEST_CASE("scalar: every name stands once, and every code decodes to a number that encodes to it", "[convert]") {
  std::set<std::string> names;
  for (auto const& f : convert::scalar_formats()) {
    INFO(f.name);
    REQUIRE(names.insert(f.name).second);
    auto const codes = std::uint32_t{1} << (f.bits < 10 ? f.bits : 10);
    for (std::uint32_t code = 0; code < codes; ++code) {
      auto const x = f.decode(code);
      if (std::isnan(x) || std::isinf(x)) continue;  // what saturation leaves out
      auto const restricted = f.name.starts_with("int") || f.name.starts_with("mxint");
      if (restricted && !f.name.ends_with("full") && code == codes / 2) continue;  // -2^(b-1), which is decoded only
      auto const back = f.encode(x, {}, {});
      if (f.decode(back) != x) FAIL_CHECK("code " << code << " is " << x << ", which becomes " << f.decode(back));
    }
  }
}

TEST_CASE("scalar: powers of two and unsigned formats of every width are there", "[convert]") {
  for (int b = 2; b <= 8; ++b) {
    CHECK(convert::find_scalar("power_of_two" + std::to_string(b)) != nullptr);
    CHECK(convert::find_scalar("apot" + std::to_string(b)) != nullptr);
  }
  for (int b = 1; b <= 8; ++b) {
    auto const* const f = convert::find_scalar("apot_unsigned" + std::to_string(b));
    REQUIRE(f != nullptr);
    CHECK(f->bits == b);
  }
  auto const* const f = convert::find_scalar("binary8p4ue");
  REQUIRE(f != nullptr);
  using expected = p3109<8, 4, signedness::without_sign, domain::extended>;
  for (std::uint32_t code = 0; code < 254; ++code)
    REQUIRE(f->decode(code) == static_cast<double>(expected::decode(static_cast<std::uint8_t>(code))));
  CHECK(convert::find_scalar("apot9") == nullptr);
}
