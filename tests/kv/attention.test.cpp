// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/attention.hpp and kv/online_softmax.hpp: attention of decoded pages in double; masks, soft cap, sinks, splits.
#include "skive/kv/attention.hpp"

#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "support/attention_context.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
using test::context;
using test::state_memory;

template <class Arch, class Keys, class Values>
void check_all(context<Keys, Values> const& c, double tolerance) {
  auto const last = c.k_rows.rows - 1;
  c.template check<Arch>({4, 1, last}, tolerance);
  c.template check<Arch>({3, 4, 50}, tolerance);                               // a block of queries, causal
  c.template check<Arch>({2, 3, 0}, tolerance);                                // from the first token on
  c.template check<Arch>({2, 3, 100, 40}, tolerance);                          // sliding window
  c.template check<Arch>({1, 3, last - 4, 33, 4}, tolerance);                  // with the first tokens kept
  c.template check<Arch>({2, 2, 60, 0, 0, 3.0f}, tolerance);                   // soft cap
  c.template check<Arch>({2, 2, 20, 0, 0, 0, false}, tolerance);               // not causal
  c.template check<Arch>({2, 2, 30, 8, 0, 0, true, true}, tolerance);          // a learned sink
  c.template check<Arch>({2, 2, last + 500, 8}, tolerance);                    // a window that saw nothing: zeros
  c.template check<Arch>({2, 1, last + 500, 8, 0, 0, true, true}, tolerance);  // a sink alone
}

}  // namespace

TEST_CASE("attention: P20: float pages, every mask, split and merged; rows that see nothing are zeros", "[kv]") {
  context const c{*skive::float_keys<float>::make({64, 96}), *skive::float_values<skive::float16>::make({72, 96}), 3};
  check_all<skive::native_arch>(c, 2e-5);
}

TEST_CASE("attention: P19: packed pages equal attention on what they decode to", "[kv]") {
  context const c{*skive::per_channel_keys<4>::make({64, 96}, 32), *skive::per_token_values<2>::make({72, 96}), 3};
  test::for_each(test::few_arches{}, [&]<class Arch>() { check_all<Arch>(c, 1e-3); });
}

TEST_CASE("attention: P17: shared key/value heads give the bits of heads alone", "[kv]") {
  context const c{*skive::per_channel_keys<4>::make({64, 64}, 32), *skive::per_token_values<4>::make({64, 64}), 2};
  test::number_rows const q{7, 64, 3};
  auto const output = [&](test::number_rows const& queries) {
    state_memory state{queries.rows, 64};
    REQUIRE(c.attend<skive::native_arch>(queries, {queries.rows, 1, 100}, 0, 128, state));
    test::number_rows out{queries.rows, 64};
    REQUIRE(skive::finish(state.view(), out.view()));
    return out.values;
  };
  auto const all = output(q);
  for (std::size_t h = 0; h < 7; ++h) {
    test::number_rows one{1, 64};
    for (std::size_t d = 0; d < 64; ++d) one(0, d) = q(h, d);
    auto const alone = output(one);
    for (std::size_t d = 0; d < 64; ++d) REQUIRE(alone[d] == all[h * 64 + d]);
  }
}

TEST_CASE("attention: P18: adding a vector to all keys changes nothing", "[kv]") {
  auto const keys = *skive::float_keys<float>::make({64, 64});
  auto const values = *skive::float_values<float>::make({64, 64});
  context c{keys, values, 1};
  test::number_rows const q{2, 64, 3, 0.3f};
  auto const output = [&] {
    state_memory state{2, 64};
    REQUIRE(c.template attend<skive::native_arch>(q, {2, 1, 63}, 0, 64, state));
    test::number_rows out{2, 64};
    REQUIRE(skive::finish(state.view(), out.view()));
    return out.values;
  };
  auto const before = output();
  auto shifted = c.k_rows;
  for (std::size_t t = 0; t < 64; ++t)
    for (std::size_t d = 0; d < 64; ++d) shifted(t, d) += 0.5f * static_cast<float>(d % 5);
  REQUIRE(keys.append(shifted.view(), 0, c.k[0].span()));
  auto const after = output();
  for (std::size_t i = 0; i < before.size(); ++i) REQUIRE(std::fabs(before[i] - after[i]) <= 2e-5f);
}

TEST_CASE("attention: what is refused, and nothing is written", "[kv]") {
  auto const keys = *skive::float_keys<float>::make({64, 64});
  auto const values = *skive::float_values<float>::make({64, 64});
  context const c{keys, values, 1};
  test::number_rows const q{2, 64, 3};
  auto const query = *keys.prepare(q.view());
  test::scratch_bytes_of scratch{skive::attention_scratch_bytes(keys, values, 2)};
  state_memory state{2, 64};
  auto const error = [&](std::size_t first, std::size_t count, std::size_t position, skive::attention_mask const& mask,
                         skive::logit_rule const& rule, std::size_t short_by = 0, std::size_t no_scratch = 0) {
    auto const key_page = c.k[0].span();
    auto const s = skive::attend(keys, query, key_page.first(key_page.size() - short_by), values, c.v[0].span(), first, count,
                                 position, mask, rule, state.view(), no_scratch != 0 ? skive::workspace{} : scratch.get());
    for (auto const x : state.accumulator) REQUIRE(x == 0.0f);
    return s.error();
  };
  skive::attention_mask const mask{63, 2};
  CHECK(error(0, 65, 0, mask, {}) == errc::size_mismatch);
  CHECK(error(65, 0, 0, mask, {}) == errc::size_mismatch);
  CHECK(error(0, 64, 0, mask, {}, 1) == errc::size_mismatch);
  CHECK(error(0, 64, 0, mask, {}, 0, 1) == errc::workspace_too_small);
  CHECK(error(0, 64, ~std::size_t{0}, mask, {}) == errc::overflow);
  CHECK(error(0, 64, 0, {~std::size_t{0}, 1}, {}) == errc::overflow);
  CHECK(error(0, 64, 0, {63, 0}, {}) == errc::invalid_argument);
  CHECK(error(0, 64, 0, mask, {std::numeric_limits<float>::infinity()}) == errc::invalid_argument);
  CHECK(error(0, 64, 0, mask, {1.0f, -1.0f}) == errc::invalid_argument);
  state_memory three{3, 64};
  CHECK(skive::merge(state.view(), three.view()).error() == errc::size_mismatch);
  CHECK(skive::add_sink(state.view(), std::vector<float>(3)).error() == errc::size_mismatch);
  CHECK(skive::finish(state.view(), test::number_rows{3, 64}.view()).error() == errc::size_mismatch);
}
