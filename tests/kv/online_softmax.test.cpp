// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/online_softmax.hpp by itself: any parts of a context give the whole, and nothing seen is zeros.
#include "skive/kv/online_softmax.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
constexpr std::size_t tokens = 257;
constexpr std::size_t n = 24;
constexpr float masked = skive::detail::masked;

struct memory {
  std::vector<float> maximum{std::vector<float>(1)}, sum{std::vector<float>(1)};
  test::number_rows accumulator{1, n};
  skive::attention_state view() { return {maximum, sum, accumulator.view()}; }
};

struct context {
  std::vector<float> logits;
  test::number_rows values{tokens, n, 3};

  context() : logits(tokens) {
    test::number_rows const x{1, tokens, 8};
    for (std::size_t t = 0; t < tokens; ++t) logits[t] = t % 11 == 3 ? masked : 8 * x(0, t);
  }
  template <class Arch>
  void take(memory& m, std::size_t from, std::size_t to) const {
    std::vector<float> w(logits.begin() + static_cast<std::ptrdiff_t>(from), logits.begin() + static_cast<std::ptrdiff_t>(to));
    skive::detail::weigh<Arch>(m.view(), 0, w);
    for (std::size_t t = from; t < to; ++t)
      for (std::size_t d = 0; d < n; ++d) m.accumulator(0, d) += w[t - from] * values(t, d);
  }
  // The last number is logsumexp.
  std::vector<double> exact() const {
    std::vector<double> out(n + 1);
    double const top = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
    double total = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      auto const w = std::exp(static_cast<double>(logits[t]) - top);
      total += w;
      for (std::size_t d = 0; d < n; ++d) out[d] += w * static_cast<double>(values(t, d));
    }
    for (auto& x : out) x /= total;
    out[n] = top + std::log(total);
    return out;
  }
};

}  // namespace

TEST_CASE("online_softmax: P20: any parts, merged in any grouping, are the whole within 1e-6", "[kv]") {
  context const c;
  auto const e = c.exact();
  double largest = 0;
  for (auto const x : c.values.values) largest = std::max(largest, std::fabs(static_cast<double>(x)));
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (std::vector<std::size_t> const& cuts :
         {std::vector<std::size_t>{0, 257}, {0, 1, 257}, {0, 100, 128, 257}, {0, 3, 4, 4, 19, 256, 257}}) {
      for (bool const from_the_left : {true, false}) {
        std::vector<memory> parts(cuts.size() - 1);
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
          REQUIRE(skive::reset<Arch>(parts[i].view()));
          if (cuts[i] != cuts[i + 1]) c.take<Arch>(parts[i], cuts[i], cuts[i + 1]);
        }
        auto& into = from_the_left ? parts.front() : parts.back();
        for (std::size_t i = 1; i < parts.size(); ++i)
          REQUIRE(skive::merge<Arch>(into.view(), parts[from_the_left ? i : parts.size() - 1 - i].view()));
        test::number_rows out{1, n};
        std::vector<float> logsumexp(1);
        REQUIRE(skive::finish<Arch>(into.view(), out.view(), logsumexp));
        for (std::size_t d = 0; d < n; ++d) REQUIRE(std::fabs(static_cast<double>(out(0, d)) - e[d]) <= 1e-6 * largest);
        REQUIRE(std::fabs(static_cast<double>(logsumexp[0]) - e[n]) <= 1e-6 * std::fabs(e[n]));
      }
    }
  });
}

TEST_CASE("online_softmax: P20: nothing seen is zeros, and merges as nothing", "[kv]") {
  context const c;
  memory m;
  memory none;
  REQUIRE(skive::reset(m.view()));
  REQUIRE(skive::reset(none.view()));
  float hidden[20];
  std::fill_n(hidden, 20, masked);
  skive::detail::weigh<skive::native_arch>(none.view(), 0, hidden);
  for (auto const w : hidden) CHECK(w == 0.0f);
  test::number_rows out{1, n, 7};
  std::vector<float> logsumexp(1);
  REQUIRE(skive::finish(none.view(), out.view(), logsumexp));
  CHECK(std::all_of(out.values.begin(), out.values.end(), [](float x) { return x == 0.0f; }));
  CHECK(logsumexp[0] == masked);
  c.take<skive::native_arch>(m, 0, 50);
  auto const before = m.accumulator.values;
  REQUIRE(skive::merge(m.view(), none.view()));
  CHECK(m.accumulator.values == before);
  REQUIRE(skive::merge(none.view(), m.view()));
  CHECK(none.accumulator.values == before);
}

TEST_CASE("online_softmax: a learned sink takes its share; what is refused", "[kv]") {
  memory m;
  REQUIRE(skive::reset(m.view()));
  REQUIRE(skive::add_sink(m.view(), std::vector<float>{2.0f}));
  float one[1] = {2.0f};
  skive::detail::weigh<skive::native_arch>(m.view(), 0, one);
  CHECK(m.sum[0] == 2.0f);
  CHECK(skive::add_sink(m.view(), std::vector<float>{std::nanf("")}).error() == errc::not_finite);
  CHECK(skive::add_sink(m.view(), std::vector<float>(2)).error() == errc::size_mismatch);
  memory other;
  other.sum.resize(2);
  test::number_rows out{1, n};
  CHECK(skive::reset(other.view()).error() == errc::size_mismatch);
  CHECK(skive::merge(m.view(), other.view()).error() == errc::size_mismatch);
  CHECK(skive::finish(other.view(), out.view()).error() == errc::size_mismatch);
  std::vector<float> two(2);
  CHECK(skive::finish(m.view(), out.view(), two).error() == errc::size_mismatch);
}
