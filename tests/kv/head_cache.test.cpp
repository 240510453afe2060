// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/head_cache.hpp: any chunks leave the same bytes, readers run beside a writer, refusals write nothing.
#include "skive/kv/head_cache.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <thread>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;
using cache_type = skive::head_cache<skive::per_channel_keys<4>, skive::per_token_values<2>>;
constexpr std::size_t size = 64;

cache_type make(std::size_t page_tokens, std::size_t group, skive::cache_shape shape) {
  return *cache_type::make(*skive::per_channel_keys<4>::make({size, page_tokens}, group),
                           *skive::per_token_values<2>::make({size, page_tokens}), shape);
}

// Memory of a head, every byte 0xA5 at first.
struct head {
  cache_type cache;
  std::vector<std::byte> floats;
  std::vector<std::vector<std::byte>> pages;
  std::vector<std::byte*> key_pages, value_pages;
  std::atomic<std::size_t> length{0};
  test::scratch_bytes_of scratch;

  head(cache_type const& c, std::size_t count)
      : cache{c}, floats(c.float_bytes(), std::byte{0xA5}), scratch{c.append_scratch_bytes()} {
    for (std::size_t i = 0; i < count; ++i) {
      pages.emplace_back(c.keys().page_bytes(), std::byte{0xA5});
      key_pages.push_back(pages.back().data());
      pages.emplace_back(c.values().page_bytes(), std::byte{0xA5});
      value_pages.push_back(pages.back().data());
    }
  }
  skive::head_memory memory() { return {floats, key_pages, value_pages, &length}; }
  skive::status append(test::number_rows const& k, test::number_rows const& v, std::size_t first, std::size_t count) {
    return cache.append(k.part(first, count), v.part(first, count), memory(), scratch.get());
  }
  // Attention of two queries to tokens [from, to) of a snapshot.
  std::vector<float> attend(std::size_t snapshot, std::size_t from, std::size_t to, std::size_t parts = 1) {
    test::number_rows const q{2, size, 5, 0.4f};
    test::scratch_bytes_of w{cache.attend_scratch_bytes(2)};
    std::vector<float> maximum[2] = {std::vector<float>(2), std::vector<float>(2)};
    std::vector<float> sum[2] = {std::vector<float>(2), std::vector<float>(2)};
    test::number_rows accumulator[2] = {{2, size}, {2, size}};
    skive::attention_state const state[2] = {{maximum[0], sum[0], accumulator[0].view()},
                                             {maximum[1], sum[1], accumulator[1].view()}};
    bool good = static_cast<bool>(skive::reset(state[0]));
    for (std::size_t p = 0; p < parts; ++p) {
      good &= static_cast<bool>(skive::reset(state[1]));
      good &= static_cast<bool>(cache.attend(q.view(), memory(), snapshot, from + (to - from) * p / parts,
                                             from + (to - from) * (p + 1) / parts, {snapshot, 2}, {0.125f}, state[1], w.get()));
      good &= static_cast<bool>(skive::merge(state[0], state[1]));
    }
    std::vector<float> out(2 * size);
    good &= static_cast<bool>(skive::finish(state[0], {out.data(), 2, size}));
    if (!good) out.clear();
    return out;
  }
};

}  // namespace

TEST_CASE("head_cache: P17: any chunks leave the bytes of one shot", "[kv]") {
  auto const cache = make(96, 32, {5, 40, 0});
  test::number_rows const k{500, size, 1};
  test::number_rows const v{500, size, 2};
  head whole{cache, 5};
  REQUIRE(whole.append(k, v, 0, 500));
  CHECK(whole.length == 500);
  CHECK(cache.packed_tokens(500) == (500 - 45) / 32 * 32);
  for (std::size_t const chunk : {1U, 7U, 32U, 333U}) {
    head pieces{cache, 5};
    for (std::size_t t = 0; t < 500; t += chunk) REQUIRE(pieces.append(k, v, t, std::min(chunk, 500 - t)));
    REQUIRE((pieces.pages == whole.pages));
    REQUIRE((pieces.floats == whole.floats));
  }
  // The first page holds what the quantizer makes of the tokens after the sinks, rounded to float16.
  auto rounded = k;
  for (auto& x : rounded.values) x = skive::float16::decode(skive::float16::encode(x));
  std::vector<std::byte> page(cache.keys().page_bytes(), std::byte{0xA5});
  REQUIRE(cache.keys().append(rounded.part(5, 96), 0, page));
  CHECK((page == whole.pages[0]));
}

TEST_CASE("head_cache: P17, P20: attention sees every token once, whatever the page and the split", "[kv]") {
  test::number_rows const k{700, size, 1};
  test::number_rows const v{700, size, 2};
  for (std::size_t const length : {1U, 5U, 6U, 60U, 77U, 78U, 300U, 700U}) {
    head one{make(96, 32, {5, 40, 0}), 8};
    head two{make(32, 32, {5, 40, 64}), 24};
    REQUIRE(one.append(k, v, 0, length));
    REQUIRE(two.append(k, v, 0, length));
    auto const a = one.attend(length, 0, length);
    REQUIRE(a.size() == 2 * size);
    auto const split = one.attend(length, 0, length, 3);
    auto const b = two.attend(length, 0, length);
    // By definition, from what the cache holds: sinks and tail as float16, the rest through the codecs.
    auto const packed = one.cache.packed_tokens(length);
    test::number_rows kd{length, size};
    test::number_rows vd{length, size};
    for (std::size_t t = 0; t < length; ++t) {
      for (std::size_t d = 0; d < size; ++d) {
        kd(t, d) = skive::float16::decode(skive::float16::encode(k(t, d)));
        vd(t, d) = skive::float16::decode(skive::float16::encode(v(t, d)));
      }
      if (t >= 5 && t < 5 + packed) {
        auto const r = t - 5;
        REQUIRE(one.cache.keys().decode(one.pages[r / 96 * 2], r % 96, {&kd(t, 0), 1, size}));
        REQUIRE(one.cache.values().decode(one.pages[r / 96 * 2 + 1], r % 96, {&vd(t, 0), 1, size}));
      }
    }
    test::number_rows const q{2, size, 5, 0.4f};
    for (std::size_t h = 0; h < 2; ++h) {
      std::vector<double> logits(length);
      double top = -1e300;
      for (std::size_t t = 0; t < length; ++t) {
        for (std::size_t d = 0; d < size; ++d) logits[t] += 0.125 * static_cast<double>(q(h, d)) * static_cast<double>(kd(t, d));
        top = std::max(top, logits[t]);
      }
      double total = 0;
      std::vector<double> sum(size);
      for (std::size_t t = 0; t < length; ++t) {
        auto const w = std::exp(logits[t] - top);
        total += w;
        for (std::size_t d = 0; d < size; ++d) sum[d] += w * static_cast<double>(vd(t, d));
      }
      for (std::size_t d = 0; d < size; ++d) {
        INFO("length " << length << " head " << h << " channel " << d);
        REQUIRE(std::fabs(static_cast<double>(a[h * size + d]) - sum[d] / total) <= 1e-3);
        REQUIRE(std::fabs(static_cast<double>(split[h * size + d]) - sum[d] / total) <= 1e-3);
        REQUIRE(std::fabs(static_cast<double>(b[h * size + d]) - sum[d] / total) <= 1e-3);
      }
    }
  }
}

TEST_CASE("head_cache: a sequence forks and shares full pages; saved pages come back byte for byte", "[kv]") {
  auto const cache = make(64, 32, {4, 32, 0});
  test::number_rows const k{500, size, 1};
  test::number_rows const v{500, size, 2};
  auto other = k;
  test::number_rows const late{500, size, 9};
  std::copy(late.values.begin() + 400 * size, late.values.end(), other.values.begin() + 400 * size);
  head trunk{cache, 8};
  REQUIRE(trunk.append(k, v, 0, 400));
  head fork{cache, 8};
  fork.floats = trunk.floats;
  fork.length = 400;
  auto const full = cache.packed_tokens(400) / 64;
  REQUIRE(full == 5);  // and half a page, which the fork copies
  for (std::size_t p = 0; p < full; ++p) {
    fork.key_pages[p] = trunk.key_pages[p];
    fork.value_pages[p] = trunk.value_pages[p];
  }
  fork.pages[2 * full] = trunk.pages[2 * full];
  fork.pages[2 * full + 1] = trunk.pages[2 * full + 1];
  fork.key_pages[full] = fork.pages[2 * full].data();
  fork.value_pages[full] = fork.pages[2 * full + 1].data();
  auto const saved = trunk.pages;
  REQUIRE(fork.append(other, v, 400, 100));
  REQUIRE(trunk.append(k, v, 400, 100));
  head alone{cache, 8};
  REQUIRE(alone.append(other, v, 0, 500));
  CHECK(fork.attend(500, 0, 500) == alone.attend(500, 0, 500));
  for (std::size_t p = 0; p < 2 * full; ++p) CHECK((trunk.pages[p] == saved[p]));
  auto const before = trunk.attend(500, 0, 500);
  auto const stored = trunk.pages;
  for (auto& page : trunk.pages) std::fill(page.begin(), page.end(), std::byte{0});
  CHECK(trunk.attend(500, 0, 500) != before);
  for (std::size_t p = 0; p < stored.size(); ++p) std::copy(stored[p].begin(), stored[p].end(), trunk.pages[p].begin());
  CHECK(trunk.attend(500, 0, 500) == before);
}

TEST_CASE("head_cache: readers beside the writer see what the writer had published", "[kv]") {
  constexpr std::size_t tokens = 600;
  test::number_rows const k{tokens, size, 1};
  test::number_rows const v{tokens, size, 2};
  auto const cache = make(64, 32, {4, 32, tokens});
  head alone{cache, 10};
  std::vector<std::vector<float>> expected(tokens + 1);
  for (std::size_t t = 0; t < tokens; ++t) {
    REQUIRE(alone.append(k, v, t, 1));
    expected[t + 1] = alone.attend(t + 1, 0, t + 1);
  }
  head shared{cache, 10};
  std::atomic<int> wrong{0};
  std::atomic<int> reads{0};
  auto const read = [&] {
    for (std::size_t length = 0; length < tokens;) {
      length = cache_type::snapshot(shared.memory());
      if (length == 0) continue;
      if (shared.attend(length, 0, length) != expected[length]) ++wrong;
      ++reads;
    }
  };
  std::thread first{read};
  std::thread second{read};
  bool good = true;
  for (std::size_t t = 0; t < tokens; t += 3) good &= static_cast<bool>(shared.append(k, v, t, 3));
  first.join();
  second.join();
  CHECK(good);
  CHECK(wrong == 0);
  CHECK(reads >= 2);
}

TEST_CASE("head_cache: what is refused, and nothing is written", "[kv]") {
  auto const keys = *skive::per_channel_keys<4>::make({size, 96}, 96);
  auto const values = *skive::per_token_values<2>::make({size, 96});
  CHECK(cache_type::make(keys, *skive::per_token_values<2>::make({size, 64}), {}).error() == errc::invalid_argument);
  CHECK(cache_type::make(keys, values, {std::size_t{1} << 40, 0, 0}).error() == errc::invalid_argument);
  head h{*cache_type::make(keys, values, {4, 8, 0}), 1};
  auto k = test::number_rows{300, size, 1};
  auto const v = test::number_rows{300, size, 2};
  auto const floats = h.floats;
  auto const pages = h.pages;
  auto const untouched = [&] { return h.floats == floats && h.pages == pages && h.length == 0; };
  CHECK(h.append(k, v, 0, 300).error() == errc::overflow);  // one page: 4 + 8 + 96 + 95 tokens at most
  CHECK(untouched());
  k(40, 63) = std::numeric_limits<float>::quiet_NaN();
  CHECK(h.append(k, v, 0, 50).error() == errc::not_finite);
  k(40, 63) = 7e4f;
  CHECK(h.append(k, v, 0, 50).error() == errc::not_finite);
  CHECK(untouched());
  k(40, 63) = 0;
  auto m = h.memory();
  CHECK(h.cache.append(k.part(0, 4), v.part(0, 3), m, h.scratch.get()).error() == errc::size_mismatch);
  CHECK(h.cache.append(k.part(0, 4), v.part(0, 4), m, {}).error() == errc::workspace_too_small);
  m.floats = m.floats.first(m.floats.size() - 1);
  CHECK(h.cache.append(k.part(0, 4), v.part(0, 4), m, h.scratch.get()).error() == errc::size_mismatch);
  CHECK(untouched());
  REQUIRE(h.append(k, v, 0, 203));
  CHECK(h.append(k, v, 0, 1).error() == errc::overflow);
  CHECK(h.length == 203);
  test::number_rows const q{1, size, 1};
  float one[2] = {};
  test::number_rows sum{1, size};
  skive::attention_state const state{{one, 1}, {one + 1, 1}, sum.view()};
  test::scratch_bytes_of w{h.cache.attend_scratch_bytes(1)};
  CHECK(h.cache.attend(q.view(), h.memory(), 203, 0, 204, {203, 1}, {}, state, w.get()).error() == errc::size_mismatch);
  CHECK(h.cache.attend(q.view(), h.memory(), 203, 9, 8, {203, 1}, {}, state, w.get()).error() == errc::size_mismatch);
  CHECK(h.cache.attend(q.view(), h.memory(), 500, 0, 8, {203, 1}, {}, state, w.get()).error() == errc::size_mismatch);
}
