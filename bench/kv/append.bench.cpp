// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One token appended to the caches of 8 heads of 128 numbers, keys and values: the time per token, groups quantized when they
// fill up included.
#include "skive/kv/head_cache.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "support/measure.hpp"

#include <deque>

namespace skive::bench {
namespace {

constexpr std::size_t head_size = 128;
constexpr std::size_t kv_heads = 8;
constexpr std::size_t tokens = 4096;
constexpr page_shape shape{head_size, 128};

template <class Cache>
struct head {
  explicit head(Cache const& c) : floats(c.float_bytes()), pages(c.pages_for(tokens)) {
    for (auto& p : pages) {
      p.resize(c.keys().page_bytes() + c.values().page_bytes());
      key_pages.push_back(p.data());
      value_pages.push_back(p.data() + c.keys().page_bytes());
    }
  }
  head_memory memory() { return {floats, key_pages, value_pages, &length}; }

  std::vector<std::byte> floats;
  std::vector<std::vector<std::byte>> pages;
  std::vector<std::byte*> key_pages, value_pages;
  std::atomic<std::size_t> length{0};
};

template <class Keys, class Values>
void add(char const* format, Keys const& keys, Values const& values) {
  auto const run = [=](benchmark::State& state) {
    auto const cache = head_cache<Keys, Values>::make(keys, values, {4, 32, 0});
    if (!cache) return state.SkipWithError("no such cache");
    std::deque<head<head_cache<Keys, Values>>> heads;
    for (std::size_t h = 0; h < kv_heads; ++h) heads.emplace_back(*cache);
    std::vector<std::byte> scratch(cache->append_scratch_bytes() + 64);
    auto const* const numbers = memory::shared().values.data();
    bool good = true;
    std::size_t t = 0;
    for (auto _ : state) {
      if (t == tokens) {
        t = 0;
        for (auto& h : heads) h.length = 0;
      }
      for (std::size_t h = 0; h < kv_heads; ++h) {
        matrix_view<float const> const row{numbers + (t % 64 * kv_heads + h) * head_size, 1, head_size};
        good &= static_cast<bool>(cache->append(row, row, heads[h].memory(), workspace{scratch}));
      }
      ++t;
    }
    benchmark::ClobberMemory();
    if (!good || heads[0].length != t) return state.SkipWithError("a token was lost");
    auto const appended = static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(2 * kv_heads * head_size);
    state.SetItemsProcessed(appended);
    state.SetBytesProcessed(4 * appended);
  };
  benchmark::RegisterBenchmark(("append/" + std::string{format} + "/token").c_str(), run)->MinTime(0.2);
}

[[maybe_unused]] bool const registered = [] {
  add("kivi4_g32", *per_channel_keys<4>::make(shape, 32), *per_token_values<4>::make(shape));
  add("kivi4_g128", *per_channel_keys<4>::make(shape, 128), *per_token_values<4>::make(shape));
  add("token4", *per_token_keys<4>::make(shape), *per_token_values<4>::make(shape));
  return true;
}();

}  // namespace
}  // namespace skive::bench
