// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/joined_keys.hpp, kv/residual_pages.hpp: laws, rows in two terms, and a latent cache whose pages are read as keys and as values.
#include "skive/kv/joined_keys.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/integer.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/head_cache.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "skive/kv/residual_pages.hpp"
#include "skive/transform/random_hadamard.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::errc;
using skive::native_arch;
namespace test = skive::test;

using codec = skive::absmax<skive::int8>;
using latent_keys = skive::joined_keys<skive::codec_keys<codec>, skive::float_keys<skive::float16>>;
using latent_values = skive::codec_values<codec>;
constexpr std::size_t latent = 96;
constexpr std::size_t rotary = 16;

latent_keys make_keys(std::size_t tokens) {
  return *latent_keys::make(*skive::codec_keys<codec>::make(codec{32}, {latent, tokens}),
                            *skive::float_keys<skive::float16>::make({rotary, tokens}));
}

}  // namespace

TEST_CASE("joined_keys: laws", "[kv]") {
  test::check_key_quantizer<native_arch>(make_keys(64), 1e-5);
  using mixed = skive::joined_keys<skive::float_keys<float>, skive::per_token_keys<8>>;
  test::check_key_quantizer<native_arch>(
      *mixed::make(*skive::float_keys<float>::make({32, 160}), *skive::per_token_keys<8>::make({48, 160})), 1e-3);
  CHECK(mixed::make(*skive::float_keys<float>::make({32, 64}), *skive::per_token_keys<8>::make({48, 96})).error() ==
        errc::invalid_argument);
  auto const k = make_keys(32);
  test::number_rows const q{2, latent + rotary, 1};
  test::guarded_page page{k.page_bytes()};
  CHECK(k.append(q.view(), 0, page.span(), test::scratch_bytes_of{k.scratch_bytes(0)}.get()));
  CHECK(k.prepare(q.view(), {}).error() == errc::workspace_too_small);
  test::scratch_bytes_of memory{k.query_bytes(2)};
  auto const query = *k.prepare(q.view(), memory.get());
  test::number_rows logits{2, 2};
  CHECK(k.dot(page.span(), 0, query, logits.view(), {}).error() == errc::workspace_too_small);
  for (auto& b : page.span()) b = std::byte{0xFF};  // numbers that are NaN
  CHECK(k.dot(page.span(), 0, query, logits.view(), test::scratch_bytes_of{k.scratch_bytes(2)}.get()).error() == errc::corrupt);
}

TEST_CASE("joined_keys: a latent cache reads one page as keys and as values", "[kv]") {
  using cache_type = skive::head_cache<latent_keys, latent_values, float>;
  auto const keys = make_keys(32);
  auto const values = *latent_values::make(codec{32}, {latent, 32});
  auto const cache = *cache_type::make(keys, values, {3, 7, 0});
  constexpr std::size_t tokens = 150;
  std::vector<std::vector<std::byte>> pages(cache.pages_for(tokens), std::vector<std::byte>(keys.page_bytes()));
  std::vector<std::byte*> pointers;
  for (auto& p : pages) pointers.push_back(p.data());
  std::vector<std::byte> floats(cache.float_bytes());
  std::atomic<std::size_t> length{0};
  skive::head_memory const memory{floats, pointers, pointers, &length};
  test::number_rows const rows{tokens, latent + rotary, 4};
  test::scratch_bytes_of scratch{cache.append_scratch_bytes()};
  for (std::size_t t = 0; t < tokens; ++t)
    REQUIRE(cache.append(rows.part(t, 1), {&rows.values[t * rows.cols], 1, latent, rows.cols}, memory, scratch.get()));

  test::number_rows const q{5, latent + rotary, 8, 0.3f};
  std::vector<float> maximum(5), sum(5), accumulator(5 * latent), out(5 * latent);
  skive::attention_state const state{maximum, sum, {accumulator.data(), 5, latent}};
  REQUIRE(skive::reset(state));
  test::scratch_bytes_of w{cache.attend_scratch_bytes(5)};
  REQUIRE(cache.attend(q.view(), memory, tokens, 0, tokens, {tokens, 5}, {0.1f}, state, w.get()));
  REQUIRE(skive::finish(state, {out.data(), 5, latent}));
  // By definition, from the rows through the codec where they are packed.
  test::number_rows kept = rows;
  auto const packed = cache.packed_tokens(tokens);
  for (std::size_t t = 3; t < 3 + packed; ++t)
    REQUIRE(keys.decode(pages[(t - 3) / 32], (t - 3) % 32, {&kept(t, 0), 1, rows.cols}, w.get()));
  for (std::size_t h = 0; h < 5; ++h) {
    std::vector<double> expected(latent);
    double total = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      double logit = 0;
      for (std::size_t d = 0; d < rows.cols; ++d) logit += static_cast<double>(q(h, d)) * static_cast<double>(kept(t, d));
      auto const weight = std::exp(0.1 * logit);
      total += weight;
      for (std::size_t d = 0; d < latent; ++d) expected[d] += weight * static_cast<double>(kept(t, d));
    }
    for (std::size_t d = 0; d < latent; ++d)
      REQUIRE(std::fabs(static_cast<double>(out[h * latent + d]) - expected[d] / total) <= 1e-4);
  }
}

TEST_CASE("residual_pages: laws, and inner products that do not shrink (TurboQuant)", "[kv]") {
  using skive::random_hadamard;
  using first = skive::normal_keys<2, random_hadamard>;
  using second = skive::normal_keys<1, random_hadamard, skive::level_scale::unbiased>;
  using keys = skive::residual_keys<first, second>;
  auto const one = *first::make({64, 64}, 0, {}, *random_hadamard::make(64, 1));
  auto const two = *second::make({64, 64}, 0, {}, *random_hadamard::make(64, 2));
  auto const both = *keys::make(one, two);
  CHECK(both.page_bytes() == 64 * (64 * 3 / 8 + 4));
  test::check_key_quantizer<native_arch>(both, 1e-3);
  using values = skive::residual_values<skive::per_token_values<2>, skive::codec_values<codec>>;
  test::check_value_quantizer<native_arch>(
      *values::make(*skive::per_token_values<2>::make({64, 64}), *skive::codec_values<codec>::make(codec{0}, {64, 64})), 1e-3);
  CHECK(keys::make(*first::make({32, 64}, 0, {}, *random_hadamard::make(32, 1)), two).error() == errc::invalid_argument);
  CHECK(both.prepare(test::number_rows{1, 64}.view(), {}).error() == errc::workspace_too_small);

  // <x, x'> / <x, x>, mean over rows: 1 - .1175 with 2 bits alone, 1 with the sketch of the residual.
  test::number_rows rows{64, 64, 5};
  auto const along = [&](auto const& k) {
    test::guarded_page page{k.page_bytes()};
    test::scratch_bytes_of scratch{k.scratch_bytes(1)};
    test::number_rows out{64, 64};
    REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
    REQUIRE(k.decode(page.span(), 0, out.view(), scratch.get()));
    double mean = 0;
    for (std::size_t t = 0; t < 64; ++t) {
      double own = 0;
      double product = 0;
      for (std::size_t d = 0; d < 64; ++d) {
        own += static_cast<double>(rows(t, d)) * static_cast<double>(rows(t, d));
        product += static_cast<double>(rows(t, d)) * static_cast<double>(out(t, d));
      }
      mean += product / own / 64;
    }
    return mean;
  };
  CHECK(std::fabs(along(one) - (1 - 0.1175)) < 0.02);
  CHECK(std::fabs(along(both) - 1) < 0.01);
  rows(3, 3) = 22000.0f;
  test::guarded_page page{both.page_bytes()};
  test::scratch_bytes_of scratch{both.scratch_bytes(1)};
  CHECK(both.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  rows(3, 3) = 1.0f;
  for (auto& b : page.span()) b = std::byte{0xFF};  // scales that are NaN
  test::scratch_bytes_of memory{both.query_bytes(64)};
  test::scratch_bytes_of most{both.scratch_bytes(64)};
  test::number_rows logits{64, 3};
  auto const query = both.prepare(rows.view(), memory.get());
  REQUIRE(query);
  CHECK(both.dot(page.span(), 0, *query, logits.view(), most.get()).error() == errc::corrupt);
  CHECK(page.guarded());
}
