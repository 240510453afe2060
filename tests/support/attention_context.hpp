// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Pages of a context, attention on them, whole and in parts that are merged, and attention by definition in double.

#include "skive/kv/attention.hpp"
#include "support/cache_rows.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

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
  std::vector<guarded_page> k, v;
  number_rows k_rows, v_rows;

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
      scratch_bytes_of scratch{keys.scratch_bytes(1) + values.scratch_bytes(1)};
      REQUIRE(keys.append(number_rows{tokens, keys.head_size(), seed}.view(), 0, k[p].span(), scratch.get()));
      REQUIRE(values.append(number_rows{tokens, values.head_size(), seed + 99}.view(), 0, v[p].span(), scratch.get()));
      REQUIRE(keys.decode(k[p].span(), 0, {&k_rows(p * tokens, 0), tokens, keys.head_size()}, scratch.get()));
      REQUIRE(values.decode(v[p].span(), 0, {&v_rows(p * tokens, 0), tokens, values.head_size()}, scratch.get()));
    }
  }

  template <class Arch>
  skive::status attend(number_rows const& q, case_of const& c, std::size_t from, std::size_t to, state_memory& state) const {
    auto const tokens = keys.page_tokens();
    scratch_bytes_of scratch{skive::attention_scratch_bytes(keys, values, q.rows)};
    scratch_bytes_of prepared{keys.query_bytes(q.rows)};
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
  std::vector<double> exact(number_rows const& q, case_of const& c, std::size_t r) const {
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
    number_rows const q{c.heads * c.positions, keys.head_size(), 5, 0.4f};
    state_memory state{q.rows, values.head_size()};
    if (c.learned_sink) REQUIRE(skive::add_sink<Arch>(state.view(), std::vector<float>(q.rows, 0.5f)));
    REQUIRE(attend<Arch>(q, c, 0, k_rows.rows, state));
    number_rows out{q.rows, values.head_size()};
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
    number_rows merged{q.rows, values.head_size()};
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

}  // namespace skive::test
