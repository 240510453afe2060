// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/arithmetic.hpp: products that no flag contracts, quotients against IEEE division and against quotients that were built to
// lie as near to the middle of two floats as a quotient can.
#include "skive/simd/arithmetic.hpp"

#include "support/processor_modes.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using lanes = std::array<float, 16>;
using skive::simd::floats;

struct fraction {
  float x, s, quotient;
};

// Counts lanes that differ from the expected quotient; the first one stays for the message.
struct tally {
  std::uint64_t checked = 0;
  std::uint64_t wrong = 0;
  fraction first{};
  float got = 0;
};

template <int ScaleBits, class Arch>
void check(std::vector<fraction> const& all, tally& t) {
  for (std::size_t i = 0; i + 16 <= all.size(); i += 16) {
    lanes x, s, q;
    for (std::size_t j = 0; j < 16; ++j) {
      x[j] = all[i + j].x;
      s[j] = all[i + j].s;
    }
    auto const d = skive::simd::divisor<ScaleBits, Arch>::of(floats<Arch>::load(s.data()));
    skive::simd::quotient(floats<Arch>::load(x.data()), d).store(q.data());
    for (std::size_t j = 0; j < 16; ++j) {
      ++t.checked;
      if (std::bit_cast<std::uint32_t>(q[j]) == std::bit_cast<std::uint32_t>(all[i + j].quotient)) continue;
      if (t.wrong++ == 0) t.first = all[i + j], t.got = q[j];
    }
  }
}

template <int ScaleBits>
void check_all_arches(std::vector<fraction> const& all) {
  skive::test::for_each_arch([&]<class Arch>() {
    tally t;
    check<ScaleBits, Arch>(all, t);
    {
      skive::test::flush_subnormals const mode;
      check<ScaleBits, Arch>(all, t);
    }
    CAPTURE(ScaleBits, t.first.x, t.first.s, t.first.quotient, t.got);
    CHECK(t.checked == 2 * (all.size() / 16 * 16));
    CHECK(t.wrong == 0);
  });
}

int between(std::mt19937_64& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}

// x 2^k = s t + r with t odd, of 25 bits: the quotient is the midpoint t plus r / s of a unit. Exponents are chosen at random.
fraction place(std::mt19937_64& random, std::uint64_t x, std::uint64_t s, std::uint64_t above, int k) {
  int const width = static_cast<int>(std::bit_width(s));
  int const e = between(random, -60, 59) - (width - 1);                // s 2^e
  int const q = between(random, -40, std::min(99, 99 - (e + width)));  // the quotient is in [2^q, 2^(q+1))
  auto const sign = random() % 2 == 0 ? 1.0 : -1.0;
  return {static_cast<float>(sign * std::ldexp(static_cast<double>(x), k + (q - 24) + e)),
          static_cast<float>(std::ldexp(static_cast<double>(s), e)),
          static_cast<float>(sign * std::ldexp(static_cast<double>(above), q - 24))};
}

std::uint64_t inverse_of_power(int k, std::uint64_t s) {  // 2^-k modulo an odd s
  std::uint64_t r = 1;
  for (int i = 0; i < k; ++i) r = r % 2 == 0 ? r / 2 : (r + s) / 2;
  return r % s;
}

void add_hard_cases(std::mt19937_64& random, std::uint64_t s, std::vector<fraction>& out) {
  int const b = static_cast<int>(std::bit_width(s));
  for (int const k : {b, b + 1})
    for (int const r : {1, -1, 3, -3, 5, -7}) {
      auto const n = static_cast<std::int64_t>(s);
      auto const residue = static_cast<std::uint64_t>(((r % n) + n) % n);
      std::uint64_t x = inverse_of_power(k, s) * residue % s;
      std::uint64_t const turns = (std::uint64_t{1} << 24) / s;
      x += turns == 0 ? 0 : s * (random() % (turns + 1));
      if (x >> 23 != 1) continue;
      auto const t = (static_cast<std::int64_t>(x << k) - r) / n;
      if (t >> 24 != 1) continue;
      REQUIRE(t % 2 == 1);
      REQUIRE(t * n + r == static_cast<std::int64_t>(x << k));
      out.push_back(place(random, x, s, static_cast<std::uint64_t>(r > 0 ? t + 1 : t - 1), k));
    }
}

std::vector<fraction> hard_cases(int scale_bits) {
  std::mt19937_64 random{static_cast<std::uint64_t>(scale_bits)};
  std::vector<fraction> out;
  auto const top = std::uint64_t{1} << (scale_bits - 1);
  for (std::uint64_t i = 0; i < 4000; ++i) {
    add_hard_cases(random, 2 * top - 1 - 2 * (i % top / 2), out);  // all ones, then downwards
    add_hard_cases(random, top + 1 + 2 * (i % (top / 2)), out);    // just above a power of two
    add_hard_cases(random, (top + random() % top) | 1, out);
  }
  return out;
}

// Divisors of scale_bits bits, quotients of every size that is promised.
std::vector<fraction> random_cases(int scale_bits, int count) {
  std::mt19937_64 random{99};
  std::vector<fraction> out;
  auto const top = std::uint64_t{1} << (scale_bits - 1);
  for (int i = 0; i < count; ++i) {
    int const e = between(random, -60, 59);
    auto const s = static_cast<float>(std::ldexp(static_cast<double>(top + random() % top), e - scale_bits + 1));
    int const q = between(random, -40, std::min(99, 98 - e));
    auto const m = static_cast<double>((1U << 23) + random() % (1U << 23));
    auto const x = static_cast<float>(std::ldexp(random() % 2 == 0 ? m : -m, q + e - 22));
    float const volatile quotient = x / s;
    out.push_back({x, s, quotient});
  }
  return out;
}

}  // namespace

TEST_CASE("a product is not contracted into a sum", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937 random{5};
    int fused_would_differ = 0;
    for (int round = 0; round < 4000; ++round) {
      lanes a, b, c, plus, minus, from;
      for (std::size_t i = 0; i < 16; ++i) {
        a[i] = std::ldexp(static_cast<float>(random() >> 8), -24);
        b[i] = std::ldexp(static_cast<float>(random() >> 8), -24);
        c[i] = round % 2 == 0 ? -(a[i] * b[i]) : 0x1.8p23f;
      }
      auto const p = skive::simd::product<Arch>(floats<Arch>::load(a.data()), floats<Arch>::load(b.data()));
      (p + floats<Arch>::load(c.data())).store(plus.data());
      (p - floats<Arch>::load(c.data())).store(minus.data());
      (floats<Arch>::load(c.data()) - p).store(from.data());
      for (std::size_t i = 0; i < 16; ++i) {
        float const volatile once = a[i] * b[i];
        float const volatile sum = once + c[i];
        float const volatile difference = once - c[i];
        float const volatile reversed = c[i] - once;
        REQUIRE(plus[i] == sum);
        REQUIRE(minus[i] == difference);
        REQUIRE(from[i] == reversed);
        fused_would_differ += std::fma(a[i], b[i], c[i]) != plus[i];
      }
    }
    CHECK(fused_would_differ > 10000);
  });
}

TEST_CASE("quotients by numbers of few bits are those of IEEE 754", "[simd]") {
  check_all_arches<1>(random_cases(1, 20000));
  check_all_arches<4>(random_cases(4, 20000));
  check_all_arches<8>(random_cases(8, 20000));
  check_all_arches<11>(random_cases(11, 40000));
  check_all_arches<16>(random_cases(16, 40000));
}

TEST_CASE("quotients by floats are those of IEEE 754", "[simd]") {
  check_all_arches<24>(random_cases(24, 80000));
  check_all_arches<24>(random_cases(11, 20000));
}

TEST_CASE("quotients next to the middle of two floats are rounded to the right side", "[simd]") {
  for (int const bits : {8, 11, 16, 24}) {
    auto const all = hard_cases(bits);
    REQUIRE(all.size() > 10000);
    if (bits == 8) check_all_arches<8>(all);
    if (bits == 11) check_all_arches<11>(all);
    if (bits <= 16) check_all_arches<16>(all);
    check_all_arches<24>(all);
  }
}

// The construction is what makes these tests hard: one multiplication by the reciprocal misses most of them.
TEST_CASE("quotients next to the middle of two floats defeat a plain reciprocal", "[simd]") {
  auto const all = hard_cases(24);
  std::size_t wrong = 0;
  for (auto const& f : all) {
    float const volatile inverse = 1.0f / f.s;
    float const volatile q = f.x * inverse;
    float const volatile exact = f.x / f.s;
    CHECK(exact == f.quotient);
    wrong += q != f.quotient;
  }
  CHECK(wrong > all.size() / 4);
}

TEST_CASE("quotients below the promised range stay small", "[simd]") {
  skive::test::for_each_arch([]<class Arch>() {
    std::mt19937_64 random{3};
    for (int round = 0; round < 2000; ++round) {
      lanes x, s, q;
      for (std::size_t i = 0; i < 16; ++i) {
        int const e = between(random, -60, 59);
        s[i] = static_cast<float>(std::ldexp(1.0 + static_cast<double>(random() % 0x800000) * 0x1p-23, e));
        auto const m = 1.0 + static_cast<double>(random() % 0x800000) * 0x1p-23;
        x[i] = static_cast<float>(std::ldexp(random() % 2 == 0 ? m : -m, between(random, -149, e - 41)));
      }
      skive::simd::quotient(floats<Arch>::load(x.data()), skive::simd::divisor<24, Arch>::of(floats<Arch>::load(s.data())))
          .store(q.data());
      for (auto const v : q) REQUIRE(std::fabs(v) < 0x1p-39f);
    }
  });
}
