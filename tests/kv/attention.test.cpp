// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/attention.hpp and kv/online_softmax.hpp: attention of decoded pages in double; masks, soft cap, sinks, splits.
#include "skive/kv/attention.hpp"

#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;

struct state_memory {
  std::vector<float> maximum, sum, accumulator;
  std::size_t cols;
  state_memory(std::size_t rows, std::size_t n) : maximum(rows, 9.0f), sum(rows, 9.0f), accumulator(rows * n, 9.0f), cols{n} {
    REQUIRE(skive::reset(view()));
  }
  skive::attention_state view() { return {maximum, sum, {accumulator.data(), sum.size(), cols}}; }
};

struct case_of {
  std::size_t heads = 2;
  std::size_t positions = 1;
  std::size_t first_position = 0;
  std::size_t window = 0;
  std::size_t sinks = 0;
  float cap = 0;
  bool causal = true;
  bool learned_sink = false;
};

// A context of pages, and attention by definition.
template <class Keys, class Values>
struct context {
  Keys keys;
  Values values;
  std::size_t pages;
  std::vector<test::guarded_page> k, v;
  test::number_rows k_rows, v_rows;

  context(Keys const& key_codec, Values const& value_codec, std::size_t count)
      : keys{key_codec},
        values{value_codec},
        pages{count},
        k_rows{count * key_codec.page_tokens(), key_codec.head_size()},
        v_rows{count * key_codec.page_tokens(), value_codec.head_size()} {
    auto const tokens = keys.page_tokens();
    for (std::size_t p = 0; p < pages; ++p) {
      k.emplace_back(keys.page_bytes());
      v.emplace_back(values.page_bytes());
      auto const seed = static_cast<unsigned>(10 + p);
      test::scratch_bytes_of scratch{keys.scratch_bytes(1) + values.scratch_bytes(1)};
      REQUIRE(keys.append(test::number_rows{tokens, keys.head_size(), seed}.view(), 0, k[p].span(), scratch.get()));
      REQUIRE(values.append(test::number_rows{tokens, values.head_size(), seed + 99}.view(), 0, v[p].span(), scratch.get()));
      REQUIRE(keys.decode(k[p].span(), 0, {&k_rows(p * tokens, 0), tokens, keys.head_size()}, scratch.get()));
      REQUIRE(values.decode(v[p].span(), 0, {&v_rows(p * tokens, 0), tokens, values.head_size()}, scratch.get()));
    }
  }

  template <class Arch>
  skive::status attend(test::number_rows const& q, case_of const& c, std::size_t from, std::size_t to,
                       state_memory& state) const {
    auto const tokens = keys.page_tokens();
    test::scratch_bytes_of scratch{skive::attention_scratch_bytes(keys, values, q.rows)};
    test::scratch_bytes_of prepared{keys.query_bytes(q.rows)};
    auto const query = *keys.template prepare<Arch>(q.view(), prepared.get());
    skive::attention_mask const mask{c.first_position, c.heads, c.window, c.sinks, c.causal};
    for (std::size_t p = 0; p < pages; ++p) {
      auto const first = std::max(from, p * tokens);
      auto const last = std::min(to, (p + 1) * tokens);
      if (first >= last) continue;
      auto const s = skive::attend<Arch>(keys, query, k[p].span(), values, v[p].span(), first - p * tokens, last - first, first,
                                         mask, {0.125f, c.cap}, state.view(), scratch.get());
      if (!s) return s;
    }
    return errc::ok;
  }

  // Output of row r in double; its last entry is logsumexp.
  std::vector<double> exact(test::number_rows const& q, case_of const& c, std::size_t r) const {
    std::vector<double> out(values.head_size() + 1);
    std::vector<double> logits(k_rows.rows);
    auto const position = c.first_position + r / c.heads;
    auto largest = c.learned_sink ? 0.5 : -1e300;
    for (std::size_t t = 0; t < k_rows.rows; ++t) {
      bool seen = !c.causal || t <= position;
      if (c.window != 0 && t + c.window <= position && t >= c.sinks) seen = false;
      double sum = 0;
      for (std::size_t d = 0; d < keys.head_size(); ++d) sum += static_cast<double>(q(r, d)) * static_cast<double>(k_rows(t, d));
      sum *= 0.125;
      if (c.cap > 0) sum = static_cast<double>(c.cap) * std::tanh(sum / static_cast<double>(c.cap));
      logits[t] = seen ? sum : -1e300;
      largest = std::max(largest, logits[t]);
    }
    double total = c.learned_sink ? std::exp(0.5 - largest) : 0;
    for (std::size_t t = 0; t < k_rows.rows; ++t) {
      auto const w = logits[t] == -1e300 ? 0 : std::exp(logits[t] - largest);
      total += w;
      for (std::size_t d = 0; d < values.head_size(); ++d) out[d] += w * static_cast<double>(v_rows(t, d));
    }
    for (auto& x : out) x = total > 0 ? x / total : 0;
    out.back() = total > 0 ? largest + std::log(total) : -std::numeric_limits<double>::infinity();
    return out;
  }

  template <class Arch>
  void check(case_of const& c, double tolerance) const {
    test::number_rows const q{c.heads * c.positions, keys.head_size(), 5, 0.4f};
    state_memory state{q.rows, values.head_size()};
    if (c.learned_sink) REQUIRE(skive::add_sink<Arch>(state.view(), std::vector<float>(q.rows, 0.5f)));
    REQUIRE(attend<Arch>(q, c, 0, k_rows.rows, state));
    test::number_rows out{q.rows, values.head_size()};
    std::vector<float> logsumexp(q.rows);
    REQUIRE(skive::finish<Arch>(state.view(), out.view(), logsumexp));

    // Parts of any length, merged: the same within rounding.
    state_memory joined{q.rows, values.head_size()};
    if (c.learned_sink) REQUIRE(skive::add_sink<Arch>(joined.view(), std::vector<float>(q.rows, 0.5f)));
    std::size_t const cuts[] = {0, 1, 37, 64, 200, k_rows.rows};
    for (std::size_t i = 0; i + 1 < std::size(cuts); ++i) {
      state_memory part{q.rows, values.head_size()};
      REQUIRE(attend<Arch>(q, c, std::min(cuts[i], k_rows.rows), std::min(cuts[i + 1], k_rows.rows), part));
      REQUIRE(skive::merge<Arch>(joined.view(), part.view()));
    }
    test::number_rows merged{q.rows, values.head_size()};
    REQUIRE(skive::finish<Arch>(joined.view(), merged.view()));

    for (std::size_t r = 0; r < q.rows; ++r) {
      auto const e = exact(q, c, r);
      if (std::isinf(e.back())) {
        CHECK(std::isinf(logsumexp[r]));
      } else {
        INFO("row " << r << " logsumexp " << logsumexp[r] << " for " << e.back());
        CHECK(std::fabs(static_cast<double>(logsumexp[r]) - e.back()) <= tolerance * 5);
      }
      for (std::size_t d = 0; d < values.head_size(); ++d) {
        INFO("row " << r << " channel " << d << ": " << out(r, d) << " for " << e[d]);
        REQUIRE(std::fabs(static_cast<double>(out(r, d)) - e[d]) <= tolerance);
        REQUIRE(std::fabs(static_cast<double>(merged(r, d)) - e[d]) <= tolerance);
      }
    }
  }
};

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

TEST_CASE("attention: float pages, every mask", "[kv]") {
  context const c{*skive::float_keys<float>::make({64, 96}), *skive::float_values<skive::float16>::make({72, 96}), 3};
  check_all<skive::native_arch>(c, 2e-5);
}

TEST_CASE("attention: packed pages equal attention on what they decode to", "[kv]") {
  context const c{*skive::per_channel_keys<4>::make({64, 96}, 32), *skive::per_token_values<2>::make({72, 96}), 3};
  test::for_each(test::few_arches{}, [&]<class Arch>() { check_all<Arch>(c, 1e-3); });
}

TEST_CASE("attention: shared key/value heads give the bits of heads alone", "[kv]") {
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

TEST_CASE("attention: adding a vector to all keys changes nothing", "[kv]") {
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
