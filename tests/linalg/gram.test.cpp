// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/gram.hpp: sums against double, equal bits for chunks and ranges, shards, halves, tokens left out, dead channels.
#include "skive/linalg/gram.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::gram_accumulator;
using skive::matrix_view;
using skive::submatrix;
using skive::workspace;
using skive::test::matrix;

// An accumulator with its memory.
template <class Arch>
struct gram {
  std::vector<double> sums;
  std::vector<float> waiting;
  gram_accumulator g;
  std::vector<std::byte> scratch;

  explicit gram(std::size_t n) : gram(n, 0, n) {}
  gram(std::size_t n, std::size_t first, std::size_t count)
      : sums(gram_accumulator::sum_count(first, count), 5.0), waiting(gram_accumulator::waiting_count(n)) {
    auto const made = gram_accumulator::make(n, first, count, sums, waiting);
    REQUIRE(made);
    g = *made;
    scratch.resize(g.scratch_bytes<Arch>());
  }
  gram(gram const&) = delete;
  template <class Number>
  gram& add(matrix_view<Number> tokens) {
    REQUIRE(g.add<Arch>(tokens, workspace{scratch}));
    return *this;
  }
  gram& flush() {
    REQUIRE(g.flush<Arch>(workspace{scratch}));
    return *this;
  }
};

bool same_bits(std::vector<double> const& a, std::vector<double> const& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

template <class Arch>
void sums_are_right_and_chunks_do_not_count() {
  std::mt19937 random{71};
  for (std::size_t const n : {1U, 5U, 16U, 61U, 190U}) {
    std::size_t const tokens = n == 190 ? 530 : 1300;
    auto const x = skive::test::random_matrix<float>(tokens, n, random, random() % 3);
    gram<Arch> whole(n);
    whole.add(x.view()).flush();
    matrix<double> out(n, n);
    REQUIRE(whole.g.read(out.view(), 0.5));
    auto magnitudes = x;
    magnitudes.fill([&](std::size_t i, std::size_t j) { return std::fabs(x(i, j)); });
    auto const exact = skive::test::product_by_definition<double>(x.view(), true, x.view(), false);
    auto const size = skive::test::product_by_definition<double>(std::as_const(magnitudes).view(), true,
                                                                 std::as_const(magnitudes).view(), false);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        REQUIRE(std::fabs(2 * out(i, j) - exact(i, j)) <= 40 * 0x1p-24 * size(i, j));  // far below the bound
    REQUIRE(whole.g.counts().tokens == tokens);
    gram<Arch> parts(n);
    for (std::size_t t = 0; t < tokens;) {
      auto const some = std::min<std::size_t>(tokens - t, random() % 600);
      parts.add(submatrix(x.view(), t, 0, some, n));
      t += some;
    }
    parts.flush();
    REQUIRE(same_bits(parts.sums, whole.sums));
    // Ranges of rows, as threads would take them.
    std::vector<double> joined;
    for (std::size_t i = 0; i < n;) {
      auto const count = std::min<std::size_t>(n - i, 1 + random() % 60);
      gram<Arch> range(n, i, count);
      range.add(x.view()).flush();
      joined.insert(joined.end(), range.sums.begin(), range.sums.end());
      i += count;
    }
    REQUIRE(same_bits(joined, whole.sums));
  }
}

}  // namespace

TEST_CASE("Gram sums: within the bound, and no chunk or range of rows changes a bit", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() { sums_are_right_and_chunks_do_not_count<Arch>(); });
  sums_are_right_and_chunks_do_not_count<skive::scalar_arch>();
}

TEST_CASE("halves count as the floats that they are", "[linalg]") {
  std::mt19937 random{72};
  std::size_t const n = 37;
  matrix<float> x(300, n), y(300, n);
  std::vector<skive::bfloat16> b(300 * n);
  std::vector<skive::float16> h(300 * n);
  for (std::size_t i = 0; i < b.size(); ++i) {
    b[i].code = static_cast<std::uint16_t>(0x3F00 + random() % 256);
    h[i].code = static_cast<std::uint16_t>(0xB800 + random() % 2048);
    x(i / n, i % n) = skive::bfloat16::decode(b[i].code);
    y(i / n, i % n) = skive::float16::decode(h[i].code);
  }
  using arch = skive::native_arch;
  gram<arch> from_x(n), from_y(n), from_b(n), from_h(n);
  from_x.add(x.view()).flush();
  from_y.add(y.view()).flush();
  from_b.add(matrix_view<skive::bfloat16 const>{b.data(), 300, n}).flush();
  from_h.add(matrix_view<skive::float16>{h.data(), 300, n}).flush();
  REQUIRE(same_bits(from_b.sums, from_x.sums));
  REQUIRE(same_bits(from_h.sums, from_y.sums));
}

TEST_CASE("tokens that are not finite, or too large, are left out and counted", "[linalg]") {
  std::mt19937 random{73};
  std::size_t const n = 21;
  auto const good = skive::test::random_matrix<float>(400, n, random);
  std::vector<std::size_t> const bad{17, 18, 399, 300};
  float const values[]{std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 0x1.000002p59f,
                       std::numeric_limits<float>::max()};
  matrix<float> kept(396, n);
  auto x = good;
  for (std::size_t i = 0; i < 4; ++i) x(bad[i], (7 * i + 4) % n) = values[i];
  std::size_t next = 0;
  for (std::size_t t = 0; t < 400; ++t)
    if (std::find(bad.begin(), bad.end(), t) == bad.end()) {
      for (std::size_t j = 0; j < n; ++j) kept(next, j) = good(t, j);
      ++next;
    }
  using arch = skive::native_arch;
  gram<arch> with(n), without(n);
  with.add(x.view()).flush();
  without.add(kept.view()).flush();
  REQUIRE(same_bits(with.sums, without.sums));
  auto const counts = with.g.counts();
  REQUIRE((counts.tokens == 396 && counts.skipped == 4 && counts.first_skipped == 17));
  gram<arch> large(1);
  large.add(matrix<float>(512, 1, 0, 0, 0x1p59f).view());
  REQUIRE((large.g.waiting() == 0 && large.sums[0] == 0x1p127));
}

TEST_CASE("shards merge: exact counts, sums within rounding, in either order", "[linalg]") {
  std::mt19937 random{74};
  std::size_t const n = 12;
  auto x = skive::test::random_matrix<float>(1000, n, random);
  x(500, 3) = std::numeric_limits<float>::quiet_NaN();
  using arch = skive::native_arch;
  gram<arch> whole(n), first(n), second(n), swapped(n), again(n);
  whole.add(x.view()).flush();
  first.add(submatrix(x.view(), 0, 0, 300, n)).flush();
  second.add(submatrix(x.view(), 300, 0, 700, n)).flush();
  swapped.add(submatrix(x.view(), 300, 0, 700, n)).flush();
  again.add(submatrix(x.view(), 0, 0, 300, n)).flush();
  REQUIRE(first.g.merge(second.g));
  REQUIRE(swapped.g.merge(again.g));
  REQUIRE(same_bits(first.sums, swapped.sums));
  auto const counts = first.g.counts();
  REQUIRE((counts.tokens == 999 && counts.skipped == 1 && counts.first_skipped == 500));
  for (std::size_t i = 0; i < whole.sums.size(); ++i) REQUIRE(std::fabs(first.sums[i] - whole.sums[i]) <= 1e-3);
  // Shards of whole blocks differ by the order of additions in double alone.
  gram<arch> head(n), tail(n);
  head.add(submatrix(x.view(), 0, 0, 513, n));
  tail.add(submatrix(x.view(), 513, 0, 487, n)).flush();
  REQUIRE(head.g.merge(tail.g));
  for (std::size_t i = 0; i < whole.sums.size(); ++i) REQUIRE(std::fabs(head.sums[i] - whole.sums[i]) <= 0x1p-50 * 1000);
  REQUIRE(head.g.merge(head.g).error() == errc::invalid_argument);
  gram<arch> waits(n), other(n + 1);
  waits.add(submatrix(x.view(), 0, 0, 3, n));
  REQUIRE(head.g.merge(waits.g).error() == errc::invalid_argument);
  REQUIRE(head.g.merge(other.g).error() == errc::size_mismatch);
}

TEST_CASE("dead channels, and more tokens than a float can count", "[linalg]") {
  using arch = skive::native_arch;
  matrix<float> x(4096, 3);
  x.fill([](std::size_t, std::size_t j) { return j == 1 ? 0.0f : 1.0f; });
  x(9, 1) = 0x1p-80f;
  gram<arch> g(3);
  for (int i = 0; i < 4100; ++i) g.add(x.view());
  g.flush();
  matrix<float> out(3, 3);
  REQUIRE(g.g.read(out.view()));
  REQUIRE((g.sums[0] == 4096.0 * 4100 && out(2, 0) == 4096.0f * 4100.0f && out(0, 2) == out(2, 0) && out(1, 1) == 0.0f));
  REQUIRE((g.g.dead() == 1 && g.g.is_dead(1) && !g.g.is_dead(2)));
}

TEST_CASE("what the accumulator refuses changes nothing", "[linalg]") {
  std::vector<double> sums(6, 5.0);
  std::vector<float> waiting(gram_accumulator::waiting_count(3));
  REQUIRE(gram_accumulator::make(3, std::span{sums}.first(5), waiting).error() == errc::size_mismatch);
  REQUIRE(gram_accumulator::make(3, sums, std::span{waiting}.first(9)).error() == errc::size_mismatch);
  REQUIRE(gram_accumulator::make(3, 2, 2, sums, waiting).error() == errc::size_mismatch);
  REQUIRE(sums[0] == 5.0);
  auto g = *gram_accumulator::make(3, sums, waiting);
  std::vector<std::byte> scratch(g.scratch_bytes());
  matrix<float> x(2, 3, 0, 0, 1.0f), out(3, 3, 0, 0, 8.0f);
  REQUIRE(g.add(x.view(), workspace{}).error() == errc::workspace_too_small);
  REQUIRE(g.add(submatrix(x.view(), 0, 0, 2, 2), workspace{scratch}).error() == errc::size_mismatch);
  REQUIRE(g.counts().tokens == 0);
  REQUIRE(g.add(x.view(), workspace{scratch}));
  REQUIRE(g.read(out.view()).error() == errc::invalid_argument);
  REQUIRE(g.flush(workspace{}).error() == errc::workspace_too_small);
  REQUIRE(g.flush(workspace{scratch}));
  REQUIRE(g.read(submatrix(out.view(), 0, 0, 2, 3)).error() == errc::size_mismatch);
  REQUIRE(out(0, 0) == 8.0f);
  REQUIRE(g.read(out.view()));
  REQUIRE((out(0, 2) == 2.0f && out(2, 0) == 2.0f));
}
