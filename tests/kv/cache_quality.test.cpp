// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What docs/kv_caches.md shows on real caches, on made-up keys before rotary embedding: channels with offsets and widths of their
// own. KL of attention probabilities by definition, in double, from decoded keys; bits are those of the pages.
#include "skive/kv/normal_levels.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "support/cache_rows.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
constexpr std::size_t n = 64;
constexpr std::size_t tokens = 512;
constexpr skive::page_shape shape{n, tokens};

struct head {
  test::number_rows keys{tokens, n};
  test::number_rows queries{tokens, n};

  explicit head(unsigned seed) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    std::vector<float> offset(n);
    std::vector<float> width(n);
    for (auto& x : offset) x = 2.0f * normal(random);
    for (auto& x : width) x = std::exp(0.4f * normal(random));
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t d = 0; d < n; ++d) {
        keys(t, d) = offset[d] + width[d] * normal(random);
        queries(t, d) = normal(random);
      }
  }
  std::vector<double> attention(test::number_rows const& k, std::size_t position) const {
    std::vector<double> p(position + 1);
    double largest = -1e300;
    for (std::size_t t = 0; t <= position; ++t) {
      for (std::size_t d = 0; d < n; ++d) p[t] += static_cast<double>(queries(position, d)) * static_cast<double>(k(t, d)) / 8;
      largest = std::max(largest, p[t]);
    }
    double sum = 0;
    for (auto& x : p) sum += x = std::exp(x - largest);
    for (auto& x : p) x /= sum;
    return p;
  }
  double divergence(test::number_rows const& k) const {
    double sum = 0;
    for (std::size_t position = 0; position < tokens; ++position) {
      auto const p = attention(keys, position);
      auto const q = attention(k, position);
      for (std::size_t t = 0; t <= position; ++t) sum += p[t] * std::log(p[t] / q[t]);
    }
    return sum / tokens;
  }
};

struct figures {
  double kl, bits;
};
// Means of three heads; make(mean of the first 64 tokens) is the quantizer.
template <class Make>
figures measure(Make make) {
  figures f{};
  for (unsigned seed = 1; seed <= 3; ++seed) {
    head const h{seed};
    test::number_rows first{64, n};
    std::copy_n(h.keys.values.begin(), first.values.size(), first.values.begin());
    auto const mean = test::mean_of(first);
    auto const quantizer = make(mean);
    test::guarded_page page{quantizer.page_bytes()};
    test::scratch_bytes_of scratch{quantizer.scratch_bytes(1)};
    REQUIRE(quantizer.append(h.keys.view(), 0, page.span(), scratch.get()));
    test::number_rows out{tokens, n};
    REQUIRE(quantizer.decode(page.span(), 0, out.view(), scratch.get()));
    f.kl += h.divergence(out) / 3;
    f.bits = 8.0 * static_cast<double>(quantizer.page_bytes()) / static_cast<double>(tokens * n);
  }
  return f;
}

template <int Bits>
figures per_channel(std::size_t group) {
  return measure([group](auto const&) { return *skive::per_channel_keys<Bits>::make(shape, group); });
}
using rotation = skive::random_hadamard;
auto const turn = *rotation::make(n, 7);

}  // namespace

TEST_CASE("cache quality: 2.25 bits of normal levels after mean and rotation beat 3 bits per channel", "[kv]") {
  auto const normal = measure([](auto const& mean) { return *skive::normal_keys<2, rotation>::make(shape, 0, mean, turn); });
  auto const token = measure([](auto const& mean) { return *skive::per_token_keys<2, rotation>::make(shape, 0, mean, turn); });
  auto const channel = per_channel<2>(32);
  INFO("normal levels " << normal.kl << " at " << normal.bits << ", per token " << token.kl << " at " << token.bits
                        << ", per channel " << channel.kl << " at " << channel.bits);
  CHECK(normal.bits <= 2.3);
  CHECK(token.bits == 2.5);
  CHECK(channel.bits == 3.0);
  CHECK(normal.kl < 0.95 * channel.kl);
  CHECK(normal.kl < 0.75 * token.kl);
}

TEST_CASE("cache quality: without the mean, keys per token lose several times as much", "[kv]") {
  auto const without = measure([](auto const&) { return *skive::per_token_keys<4>::make(shape); });
  auto const with = measure([](auto const& mean) { return *skive::per_token_keys<4>::make(shape, 0, mean); });
  INFO("without " << without.kl << ", with " << with.kl);
  CHECK(with.bits == 4.5);
  CHECK(with.kl < 0.5 * without.kl);
}

TEST_CASE("cache quality: a bit less costs about a factor of four, a longer group less than a half", "[kv]") {
  auto const four = per_channel<4>(128);
  auto const three = per_channel<3>(128);
  auto const two = per_channel<2>(128);
  auto const short_groups = per_channel<2>(32);
  INFO(four.kl << ' ' << three.kl << ' ' << two.kl << ' ' << short_groups.kl);
  CHECK((four.bits == 4.25 && two.bits == 2.25));
  CHECK((three.kl > 3 * four.kl && three.kl < 6 * four.kl));
  CHECK((two.kl > 3 * three.kl && two.kl < 8 * three.kl));
  CHECK((short_groups.kl < two.kl && two.kl < 2.5 * short_groups.kl));
}
