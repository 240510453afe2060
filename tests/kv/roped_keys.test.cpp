// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/roped_keys.hpp: keys rotated in the score loop, a context that shifts without loss.
#include "skive/kv/roped_keys.hpp"

#include "skive/kv/head_cache.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "laws/key_quantizer.hpp"
#include "support/rope.hpp"
#include "support/simd_arches.hpp"

namespace {

using skive::errc;
using skive::rope_pairing;
namespace test = skive::test;

}  // namespace

TEST_CASE("roped_keys: what is refused", "[kv]") {
  test::rope_memory const t{64, 64, rope_pairing::halved};
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
  CHECK(roped.dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), {}).error() == errc::workspace_too_small);
  CHECK(roped.at(1).dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()).error() == errc::overflow);
  for (auto& b : page.span()) b = std::byte{0xFF};  // scales that are NaN
  CHECK(roped.dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()).error() == errc::corrupt);
  CHECK(roped.at(~std::size_t{0}).dot(page.span(), 0, *roped.prepare(q.view()), logits.view(), scratch.get()).error() ==
        errc::overflow);
}

TEST_CASE("roped_keys: laws, wherever the page stands", "[kv]") {
  test::rope_memory const near{72, 512, rope_pairing::neighbouring};
  test::rope_memory const half{64, 512, rope_pairing::halved};
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    using channel = skive::per_channel_keys<3>;
    test::check_key_quantizer<Arch>(skive::roped_keys<channel>::make(*channel::make({72, 64}, 64), near.table)->at(5), 1e-5);
    using token = skive::per_token_keys<4>;
    test::check_key_quantizer<Arch>(skive::roped_keys<token>::make(*token::make({64, 64}), half.table)->at(437), 1e-5);
  });
}

TEST_CASE("roped_keys: shifting a context moves the page and changes no logit", "[kv]") {
  test::rope_memory const t{64, 4096, rope_pairing::neighbouring};
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

TEST_CASE("head_cache: keys before rotary embedding, and pages that were dropped", "[kv]") {
  using channel = skive::per_channel_keys<8>;
  using cache_type = skive::head_cache<skive::roped_keys<channel>, skive::per_token_values<8>, float>;
  constexpr std::size_t n = 16;
  constexpr std::size_t tokens = 300;
  constexpr std::size_t dropped = 128;  // two pages
  test::rope_memory const t{n, 320, rope_pairing::halved};
  auto const keys = *skive::roped_keys<channel>::make(*channel::make({n, 64}, 32), t.table);
  auto const cache = *cache_type::make(keys, *skive::per_token_values<8>::make({n, 64}), {5, 40, 0});
  auto const pages = cache.pages_for(tokens);
  std::vector<std::vector<std::byte>> memory;
  std::vector<std::byte*> key_pages, value_pages;
  for (std::size_t p = 0; p < 2 * pages; ++p) {
    memory.emplace_back(p % 2 == 0 ? cache.keys().page_bytes() : cache.values().page_bytes());
    (p % 2 == 0 ? key_pages : value_pages).push_back(memory.back().data());
  }
  std::vector<std::byte> floats(cache.float_bytes());
  std::atomic<std::size_t> length{0};
  skive::head_memory const m{floats, key_pages, value_pages, &length};
  test::number_rows const k{tokens, n, 1};
  test::number_rows const v{tokens, n, 2};
  test::scratch_bytes_of scratch{cache.append_scratch_bytes()};
  REQUIRE(cache.append(k.view(), v.view(), m, scratch.get()));

  for (std::size_t const gone : {std::size_t{0}, dropped}) {
    if (gone != 0) key_pages[0] = key_pages[1] = value_pages[0] = value_pages[1] = nullptr;
    test::number_rows q{1, n, 9, 0.5f};
    std::vector<double> const plain(q.values.begin(), q.values.end());
    REQUIRE(t.table.rotate(q.values, tokens - 1 - gone));
    auto const turned = test::rotated(plain, static_cast<double>(tokens - 1 - gone), rope_pairing::halved);
    float maximum = 0, sum = 0;
    std::vector<float> accumulator(n), out(n);
    skive::attention_state const state{{&maximum, 1}, {&sum, 1}, {accumulator.data(), 1, n}};
    REQUIRE(skive::reset(state));
    test::scratch_bytes_of w{cache.attend_scratch_bytes(1)};
    skive::attention_mask const mask{tokens - 1 - gone, 1};
    REQUIRE(cache.attend(q.view(), m, tokens, 0, 5, mask, {0.25f}, state, w.get()));
    REQUIRE(cache.attend(q.view(), m, tokens, 5 + gone, tokens, mask, {0.25f}, state, w.get(), gone));
    REQUIRE(skive::finish(state, {out.data(), 1, n}));
    std::vector<double> expected(n);
    double total = 0;
    for (std::size_t i = 0; i < tokens; ++i) {
      if (i >= 5 && i < 5 + gone) continue;
      std::vector<double> const row(k.values.begin() + static_cast<std::ptrdiff_t>(i * n),
                                    k.values.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
      auto const key = test::rotated(row, static_cast<double>(i < 5 ? i : i - gone), rope_pairing::halved);
      double logit = 0;
      for (std::size_t d = 0; d < n; ++d) logit += turned[d] * key[d];
      auto const weight = std::exp(logit / 4);
      total += weight;
      for (std::size_t d = 0; d < n; ++d) expected[d] += weight * static_cast<double>(v(i, d));
    }
    for (std::size_t d = 0; d < n; ++d) CHECK(std::fabs(static_cast<double>(out[d]) - expected[d] / total) <= 0.02);
    CHECK(cache.attend(q.view(), m, tokens, 3, 5, mask, {}, state, w.get(), 4).error() == errc::size_mismatch);
  }
}
