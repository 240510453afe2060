// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/rope.hpp and kv/roped_keys.hpp: rotations by definition in double, keys rotated in the score loop, free context shift.
#include "skive/kv/roped_keys.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

namespace {

using skive::errc;
using skive::rope_pairing;
namespace test = skive::test;

std::vector<double> rotated(std::vector<double> x, double position, rope_pairing pairing) {
  auto const n = x.size();
  for (std::size_t i = 0; i < n / 2; ++i) {
    auto const a = pairing == rope_pairing::halved ? i : 2 * i;
    auto const b = pairing == rope_pairing::halved ? i + n / 2 : 2 * i + 1;
    auto const angle = position * std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(n));
    auto const u = x[a] * std::cos(angle) - x[b] * std::sin(angle);
    x[b] = x[a] * std::sin(angle) + x[b] * std::cos(angle);
    x[a] = u;
  }
  return x;
}

struct table_memory {
  std::vector<float> memory;
  skive::rope_table table;
  table_memory(std::size_t n, std::size_t positions, rope_pairing pairing)
      : memory(skive::rope_table::floats(n, positions)),
        table{*skive::rope_table::make(n, positions, 10000.0, pairing, memory)} {}
};

}  // namespace

TEST_CASE("rope: rows turn as defined, and back", "[kv]") {
  for (auto const pairing : {rope_pairing::neighbouring, rope_pairing::halved})
    for (std::size_t const n : {8U, 64U, 80U}) {
      table_memory const t{n, 4096, pairing};
      test::number_rows rows{1, n, 3};
      std::vector<double> const x(rows.values.begin(), rows.values.end());
      for (std::size_t const position : {0U, 1U, 31U, 32U, 1000U, 4095U}) {
        auto y = rows.values;
        REQUIRE(t.table.rotate(y, position));
        auto const e = rotated(x, static_cast<double>(position), pairing);
        for (std::size_t d = 0; d < n; ++d) CHECK(std::fabs(static_cast<double>(y[d]) - e[d]) <= 3e-6);
        REQUIRE(t.table.rotate(y, position, true));
        for (std::size_t d = 0; d < n; ++d) CHECK(std::fabs(y[d] - rows.values[d]) <= 3e-6f);
      }
    }
}

TEST_CASE("rope: what is refused", "[kv]") {
  std::vector<float> memory(skive::rope_table::floats(64, 64));
  auto const make = [&](std::size_t n, std::size_t positions, double theta, std::size_t floats) {
    return skive::rope_table::make(n, positions, theta, rope_pairing::halved, std::span{memory}.first(floats)).error();
  };
  CHECK(make(64, 64, 1e4, memory.size()) == errc::ok);
  CHECK(make(64, 64, 1e4, memory.size() - 1) == errc::size_mismatch);
  CHECK(make(64, 63, 1e4, memory.size()) == errc::invalid_argument);
  CHECK(make(63, 64, 1e4, memory.size()) == errc::invalid_argument);
  CHECK(make(64, 64, 1.0, memory.size()) == errc::invalid_argument);
  CHECK(make(64, 64, std::numeric_limits<double>::quiet_NaN(), memory.size()) == errc::invalid_argument);
  table_memory const t{64, 64, rope_pairing::halved};
  std::vector<float> x(64, 1.0f);
  CHECK(t.table.rotate(x, 64).error() == errc::overflow);
  CHECK(t.table.rotate(std::span{x}.first(62), 1).error() == errc::size_mismatch);
  CHECK(x == std::vector<float>(64, 1.0f));
  auto const keys = *skive::per_channel_keys<4>::make({64, 64}, 32);
  auto const roped = *skive::roped_keys<skive::per_channel_keys<4>>::make(keys, t.table);
  CHECK(skive::roped_keys<skive::per_channel_keys<4>>::make(*skive::per_channel_keys<4>::make({32, 64}, 32), t.table).error() ==
        errc::size_mismatch);
  test::guarded_page page{roped.page_bytes()};
  test::scratch_bytes_of scratch{roped.scratch_bytes(1)};
  test::number_rows const q{1, 64, 1};
  test::number_rows logits{1, 64};
  REQUIRE(roped.append(test::number_rows{64, 64, 4}.view(), 0, page.span(), scratch.get()));
  CHECK(roped.dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()));
  CHECK(roped.at(1).dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()).error() == errc::overflow);
  CHECK(roped.at(~std::size_t{0}).dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()).error() ==
        errc::overflow);
}

TEST_CASE("roped_keys: laws, wherever the page stands", "[kv]") {
  table_memory const near{72, 512, rope_pairing::neighbouring};
  table_memory const half{64, 512, rope_pairing::halved};
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    using channel = skive::per_channel_keys<3>;
    test::check_key_quantizer<Arch>(skive::roped_keys<channel>::make(*channel::make({72, 64}, 64), near.table)->at(5), 1e-5);
    using token = skive::per_token_keys<4>;
    test::check_key_quantizer<Arch>(skive::roped_keys<token>::make(*token::make({64, 64}), half.table)->at(437), 1e-5);
  });
}

TEST_CASE("roped_keys: shifting a context moves the page and changes no logit", "[kv]") {
  table_memory const t{64, 4096, rope_pairing::neighbouring};
  using channel = skive::per_channel_keys<2>;
  auto const keys = *skive::roped_keys<channel>::make(*channel::make({64, 64}, 32), t.table);
  test::guarded_page page{keys.page_bytes()};
  test::scratch_bytes_of scratch{keys.scratch_bytes(1)};
  REQUIRE(keys.append(test::number_rows{64, 64, 4}.view(), 0, page.span(), scratch.get()));
  auto const logits = [&](std::size_t shift) {
    test::number_rows q{1, 64, 9};
    REQUIRE(t.table.rotate(q.values, 300 + shift));
    test::number_rows out{1, 64};
    REQUIRE(keys.at(77 + shift).dot(page.span(), 0, *keys.prepare(q.view()), out.view(), scratch.get()));
    return out.values;
  };
  auto const before = logits(0);
  for (std::size_t const shift : {1U, 1000U, 3700U}) {
    auto const after = logits(shift);
    for (std::size_t j = 0; j < 64; ++j) CHECK(std::fabs(after[j] - before[j]) <= 2e-3f);
  }
}
