// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A cache of one head under any sequence of operations, against a plain model: which tokens it holds and what a refusal leaves.
// Input: shape (sinks, recent, slack, page tokens, pages), then operations: 0-5 append some tokens (finite, or with a NaN), 6
// attend to a range, 7 attend to a range that is not there, 8 bytes of a page are overwritten.
#include "input.hpp"

#include "skive/kv/head_cache.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace skive;
using cache_type = head_cache<per_channel_keys<3>, per_token_values<2>>;
constexpr std::size_t size = 16;

float number_of(fuzz::input& in) { return static_cast<float>(static_cast<int>(in.number()) - 32768) / 512.0f; }

struct model {
  cache_type cache;
  std::vector<std::vector<std::byte>> pages;
  std::vector<std::byte*> key_pages, value_pages;
  std::vector<std::byte> floats;
  std::atomic<std::size_t> length{0};
  std::vector<float> keys, values;  // what was appended, a row of `size` numbers each
  bool spoiled = false;             // somebody wrote into a page

  model(cache_type const& c, std::size_t count) : cache{c}, floats(c.float_bytes()) {
    for (std::size_t i = 0; i < 2 * count; ++i) {
      auto const bytes = i % 2 == 0 ? c.keys().page_bytes() : c.values().page_bytes();
      pages.emplace_back(bytes + 64, std::byte{0xA5});
      (i % 2 == 0 ? key_pages : value_pages).push_back(pages.back().data() + 32);
    }
  }
  head_memory memory() { return {floats, key_pages, value_pages, &length}; }
  std::size_t tokens() const { return keys.size() / size; }
  bool guarded() const {
    for (auto const& p : pages)
      for (std::size_t i = 0; i < 32; ++i)
        if (p[i] != std::byte{0xA5} || p[p.size() - 1 - i] != std::byte{0xA5}) return false;
    return true;
  }
};

void append(model& m, fuzz::input& in) {
  auto const count = std::size_t{in.byte()} % 70;
  bool const bad = in.byte() % 16 == 0 && count != 0;
  std::vector<float> k(count * size);
  std::vector<float> v(count * size);
  for (auto& x : k) x = number_of(in);
  for (auto& x : v) x = number_of(in);
  if (bad) k[in.number() % k.size()] = std::numeric_limits<float>::quiet_NaN();
  fuzz::exactly<std::byte> const scratch{m.cache.append_scratch_bytes()};
  auto const pages = m.pages;
  auto const floats = m.floats;
  auto const done = m.cache.append({k.data(), count, size}, {v.data(), count, size}, m.memory(), workspace{scratch.get()});
  bool const fits = m.cache.pages_for(m.tokens() + count) <= m.key_pages.size();
  fuzz::require(static_cast<bool>(done) == (count == 0 || (fits && !bad)));
  if (!done) {  // nothing was written
    fuzz::require(done.error() == (fits ? errc::not_finite : errc::overflow));
    fuzz::require(pages == m.pages && floats == m.floats && m.length == m.tokens());
    return;
  }
  m.keys.insert(m.keys.end(), k.begin(), k.end());
  m.values.insert(m.values.end(), v.begin(), v.end());
  fuzz::require(m.length == m.tokens());
}

// The output lies between the smallest and the largest value of each channel, up to the step of 2 bits.
void attend(model& m, fuzz::input& in) {
  auto const to = m.tokens() == 0 ? 0 : in.number() % (m.tokens() + 1);
  auto const from = to == 0 ? 0 : in.number() % (to + 1);
  float q[2 * size];
  for (auto& x : q) x = number_of(in) / 64;
  float maximum[2], sum[2], accumulator[2 * size], out[2 * size];
  attention_state const state{maximum, sum, {accumulator, 2, size}};
  fuzz::require(static_cast<bool>(reset(state)));
  fuzz::exactly<std::byte> const scratch{m.cache.attend_scratch_bytes(2)};
  auto const done =
      m.cache.attend({q, 2, size}, m.memory(), m.tokens(), from, to, {m.tokens(), 2}, {0.25f}, state, workspace{scratch.get()});
  if (!done) return fuzz::require(m.spoiled && done.error() == errc::corrupt);
  fuzz::require(static_cast<bool>(finish(state, {out, 2, size})));
  if (m.spoiled) return;
  for (std::size_t d = 0; d < size; ++d) {
    float low = from == to ? 0.0f : std::numeric_limits<float>::max();
    float high = from == to ? 0.0f : std::numeric_limits<float>::lowest();
    for (std::size_t t = from; t < to; ++t) {
      low = std::min(low, m.values[t * size + d]);
      high = std::max(high, m.values[t * size + d]);
    }
    for (std::size_t h = 0; h < 2; ++h)  // 128: the largest range, a third of it the step, and rounding
      fuzz::require(out[h * size + d] >= low - 23.0f && out[h * size + d] <= high + 23.0f);
  }
}

void attend_nowhere(model& m, fuzz::input& in) {
  float q[size]{};
  float maximum[1], sum[1], accumulator[size];
  attention_state const state{maximum, sum, {accumulator, 1, size}};
  fuzz::exactly<std::byte> const scratch{m.cache.attend_scratch_bytes(1)};
  auto const to = m.tokens() + 1 + in.number();
  auto const done =
      m.cache.attend({q, 1, size}, m.memory(), m.tokens(), 0, to, {to, 1}, {0.25f}, state, workspace{scratch.get()});
  fuzz::require(done.error() == errc::size_mismatch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
  fuzz::input in{data, bytes};
  cache_shape const shape{in.byte() % 40U, in.byte() % 40U, in.byte() % 40U};
  std::size_t const page_tokens = 32 * (1 + in.byte() % 4U);
  auto const keys = per_channel_keys<3>::make({size, page_tokens}, 32);
  auto const values = per_token_values<2>::make({size, page_tokens});
  auto const cache = cache_type::make(*keys, *values, shape);
  fuzz::require(cache.has_value());
  model m{*cache, in.byte() % 6U};
  for (int operations = 0; operations < 64 && in.left() != 0; ++operations) {
    auto const what = in.byte() % 9;
    if (what < 6) append(m, in);
    if (what == 6) attend(m, in);
    if (what == 7) attend_nowhere(m, in);
    if (what == 8 && !m.pages.empty()) {
      auto& page = m.pages[in.byte() % m.pages.size()];
      page[32 + in.number() % (page.size() - 64)] = std::byte{in.byte()};
      m.spoiled = true;
    }
    fuzz::require(m.guarded());
  }
  return 0;
}
