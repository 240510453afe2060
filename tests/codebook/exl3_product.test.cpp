// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/exl3_product.hpp: products of tensors of any bytes against the decoded weights, by parts, on every instruction set; refusals.
#include "skive/codebook/exl3_product.hpp"

#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::size_t in = 384;
constexpr std::size_t out = 256;

struct tensor {
  std::vector<std::byte> trellis, suh, svh;
  std::vector<float> x = std::vector<float>(in);
  exl3_tensor view;

  tensor(std::size_t bits, exl3_codebook book) : trellis(in / 16 * (out / 16) * 32 * bits) {
    counter_random const random{bits, 9};
    std::uint64_t drawn = 0;
    for (auto& b : trellis) b = static_cast<std::byte>(random.bits(drawn++) & 255);
    for (auto* to : {&suh, &svh})
      for (std::size_t i = 0; i < (to == &suh ? in : out); ++i) {
        auto const h = float16::encode((random.bits(drawn++) % 2 != 0 ? -1.0f : 1.0f) * (0.25f + static_cast<float>(i % 5)));
        to->push_back(static_cast<std::byte>(h & 255));
        to->push_back(static_cast<std::byte>(h >> 8));
      }
    random.fill_gaussian(x);
    auto const t = exl3_tensor::make(in, out, trellis, suh, svh, book);
    REQUIRE(t);
    view = *t;
  }
};

TEST_CASE("Vectors times tensors of exllamav3", "[codebook]") {
  for (std::size_t const bits : {1U, 2U, 3U, 5U, 8U})
    for (auto const book : {exl3_codebook::inst3, exl3_codebook::mcg, exl3_codebook::mul1}) {
      tensor const t{bits, book};
      std::vector<float> w(in * out);
      REQUIRE(t.view.decode({w.data(), out, in}));
      std::vector<std::byte> memory(exl3_query_bytes(in));
      auto const q = prepare(t.view, t.x, workspace{memory});
      REQUIRE(q);
      std::vector<float> y(out);
      REQUIRE(multiply(t.view, *q, 0, std::span{y}));
      for (std::size_t o = 0; o < out; ++o) {
        double sum = 0;
        double size = 0;
        for (std::size_t i = 0; i < in; ++i) {
          auto const p = static_cast<double>(w[o * in + i]) * static_cast<double>(t.x[i]);
          sum += p;
          size += std::fabs(p);
        }
        REQUIRE(std::fabs(static_cast<double>(y[o]) - sum) <= 2e-5 * size);
      }
      std::vector<float> half(out / 2);  // the second part alone
      REQUIRE(multiply(t.view, *q, out / 2, std::span{half}));
      REQUIRE((std::vector<float>(y.begin() + out / 2, y.end()) == half));
      auto const check = [&]<class Arch>() {
        std::vector<std::byte> other(exl3_query_bytes(in));
        std::vector<float> again(out);
        auto const r = prepare<Arch>(t.view, t.x, workspace{other});
        REQUIRE(r);
        REQUIRE(multiply<Arch>(t.view, *r, 0, std::span{again}));
        REQUIRE(again == y);
      };
      check.template operator()<scalar_arch>();
      if (bits == 3) test::for_each(test::few_arches{}, check);
    }
}

TEST_CASE("Products that do not fit a tensor of exllamav3 are refused", "[codebook]") {
  tensor const t{2, exl3_codebook::mcg};
  std::vector<std::byte> memory(exl3_query_bytes(in));
  auto const why = [&](std::vector<float> const& x, std::size_t bytes) {
    return prepare(t.view, x, workspace{std::span{memory}.first(bytes)}).error();
  };
  REQUIRE(why(t.x, memory.size()) == errc::ok);
  REQUIRE(why(t.x, memory.size() - 1) == errc::workspace_too_small);
  REQUIRE(why(std::vector<float>(in + 1), memory.size()) == errc::size_mismatch);
  auto x = t.x;
  x[200] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(why(x, memory.size()) == errc::not_finite);
  x[200] = 0x1p90f;
  REQUIRE(why(x, memory.size()) == errc::overflow);
  auto const q = *prepare(t.view, t.x, workspace{memory});
  std::vector<float> y(out + 128, 7.0f);
  auto const why_not = [&](exl3_query const& query, std::size_t first, std::size_t size) {
    return multiply(t.view, query, first, std::span{y}.first(size)).error();
  };
  REQUIRE(why_not({q.data, in - 128}, 0, out) == errc::size_mismatch);
  REQUIRE(why_not(q, 0, out + 128) == errc::size_mismatch);
  REQUIRE(why_not(q, out + 128, 0) == errc::size_mismatch);
  REQUIRE(why_not(q, 64, 128) == errc::invalid_argument);
  REQUIRE(why_not(q, 0, 100) == errc::invalid_argument);
  REQUIRE(y[0] == 7.0f);
}

}  // namespace
}  // namespace skive
