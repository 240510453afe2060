// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/safe_range.hpp: which rows are refused, lifted or let through as they are, on every arch; what comes back.
#include "skive/transform/safe_range.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::detail::guarded;

}  // namespace

TEST_CASE("guarded: the limit that growth leaves, and nothing called for a refused row", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 15U, 16U, 32U, 37U, 64U})
      for (int const growth : {0, 5, 63, 100, 127}) {
        CAPTURE(n, growth);
        auto const limit = std::ldexp(1.0f, 127 - growth);
        for (std::size_t at = 0; at < n; at += 3) {
          auto x = test::gaussian_vector(n, 2);
          for (auto& v : x) v = std::ldexp(v, growth > 90 ? -growth : 0);
          auto const check = [&](float value, bool refused) {
            x[at] = value;
            auto row = x;
            bool called = false;
            auto const s = guarded<Arch>(std::span{row}, growth, [&]() noexcept { called = true; });
            REQUIRE(s.error() == (refused ? errc::not_finite : errc::ok));
            REQUIRE(called == !refused);
            if (refused) REQUIRE(test::same_bits(row, x));
          };
          check(-limit, true);
          if (growth != 127) check(std::nextafter(limit, 0.0f), false);
          check(INFINITY, true);
          check(NAN, true);
        }
      }
  });
}

TEST_CASE("guarded: small rows are lifted and lowered, small numbers beside large ones are zero", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {5U, 16U, 48U}) {
      std::vector<float> x(n, 0x1p-60f);
      x[3] = 0x1.8p-149f;
      auto const before = x;
      REQUIRE(guarded<Arch>(std::span{x}, 4, [&]() noexcept {
        CHECK(x[0] == 0x1p20f);
        CHECK(x[3] == 0x1p-68f);  // 2 2^-149 2^80
      }));
      REQUIRE(test::same_bits(x, before));
      x[0] = 1.0f;
      x[4] = 0x1p-80f;
      REQUIRE(guarded<Arch>(std::span{x}, 4, [&]() noexcept {
        CHECK(x[0] == 1.0f);
        CHECK(x[3] == 0.0f);
        CHECK(x[4] == 0x1p-80f);
      }));
    }
    std::vector<double> y{1.0, 0x1p-901, 0x1p-900, 0.0};
    auto const limit = 0x1p1019;
    REQUIRE(guarded<Arch>(std::span{y}, 4, []() noexcept {}));
    CHECK(y == std::vector<double>{1.0, 0.0, 0x1p-900, 0.0});
    for (double const bad : {limit, -limit, static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
      y[1] = bad;
      CHECK(guarded<Arch>(std::span{y}, 4, []() noexcept { FAIL("called"); }).error() == errc::not_finite);
    }
    y[1] = std::nextafter(limit, 0.0);
    CHECK(guarded<Arch>(std::span{y}, 4, []() noexcept {}));
  });
}

TEST_CASE("guarded: what one stretch of a long row holds decides with what the others hold", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {512U, 2048U, 2500U})
      for (std::size_t at = 1; at < n; at += 173) {
        CAPTURE(n, at);
        for (float const bad : {INFINITY, NAN, 0x1p117f}) {
          std::vector<float> x(n, 1.0f);
          x[0] = 0.0f;
          x[at] = bad;
          auto const before = x;
          REQUIRE(guarded<Arch>(std::span{x}, 10, []() noexcept { FAIL("called"); }).error() == errc::not_finite);
          REQUIRE(test::same_bits(x, before));
        }
      }
    for (float const most : {1.0f, 0x1p-50f}) {  // in the other stretches: 2^-100 is zero beside 1, but lifted with 2^-50
      std::vector<float> x(4096, most);
      std::fill_n(x.begin() + 1024, 1024, 0x1p-100f);
      bool const lifts = most != 1.0f;
      REQUIRE(guarded<Arch>(std::span{x}, 10, [&]() noexcept {
        CHECK(x[1300] == (lifts ? 0x1p-20f : 0.0f));
        CHECK(x[4095] == (lifts ? 0x1p30f : 1.0f));
      }));
      CHECK(x[1300] == (lifts ? 0x1p-100f : 0.0f));
      CHECK(x[4095] == most);
    }
  });
}

TEST_CASE("plainly_safe: what the quick check lets through is safe", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {16U, 48U, 160U})
      for (std::size_t at = 0; at < n; ++at) {
        std::vector<float> x(n, 1.0f);
        for (auto const& [value, safe] : {std::pair{0x1p-63f, true},
                                          {-0x1.fffffep64f, true},
                                          {0x1.fffffep-64f, false},
                                          {0x1p65f, false},
                                          {0.0f, false},
                                          {-INFINITY, false}}) {
          x[at] = value;
          REQUIRE(skive::detail::plainly_safe<Arch>(std::span<float const>{x}, 20) == (safe && skive::simd::vector_arch<Arch>));
        }
      }
  });
}
