// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One writer and two readers of a head_cache, built with -fsanitize=thread, which ends the program with 66 at the first race.
// With the argument `unpublished` readers take all tokens at once and ask for no snapshot: the sanitizer has to see that.
#include "skive/kv/head_cache.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include <array>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t size = 32;
constexpr std::size_t tokens = 300;
constexpr std::size_t pages = 5;

using cache_type = skive::head_cache<skive::per_channel_keys<4>, skive::per_token_values<4>>;

struct head {
  cache_type cache;
  std::vector<std::byte> floats = std::vector<std::byte>(cache.float_bytes());
  std::vector<std::byte> memory = std::vector<std::byte>(pages * (cache.keys().page_bytes() + cache.values().page_bytes()));
  std::array<std::byte*, pages> key_pages{}, value_pages{};
  std::atomic<std::size_t> length{0};

  explicit head(cache_type const& c) : cache{c} {
    for (std::size_t p = 0; p < pages; ++p) {
      key_pages[p] = memory.data() + p * (c.keys().page_bytes() + c.values().page_bytes());
      value_pages[p] = key_pages[p] + c.keys().page_bytes();
    }
  }
  skive::head_memory view() { return {floats, key_pages, value_pages, &length}; }

  bool write() {
    std::vector<float> row(size);
    std::vector<std::byte> scratch(cache.append_scratch_bytes() + 64);
    bool good = true;
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t d = 0; d < size; ++d) row[d] = static_cast<float>((t * 7 + d * 5) % 19) - 9.0f;
      good &= static_cast<bool>(cache.append({row.data(), 1, size}, {row.data(), 1, size}, view(), skive::workspace{scratch}));
    }
    return good;
  }
  bool read(bool unpublished) {
    std::vector<float> numbers(2 * size + 2, 0.125f);
    std::vector<std::byte> scratch(cache.attend_scratch_bytes(1) + 64);
    skive::attention_state const state{{&numbers[2 * size], 1}, {&numbers[2 * size + 1], 1}, {&numbers[size], 1, size}};
    bool good = true;
    for (std::size_t seen = 0; seen < tokens;) {
      seen = unpublished ? tokens : cache_type::snapshot(view());
      good &= skive::reset(state) &&
          cache.attend({numbers.data(), 1, size}, view(), seen, 0, seen, {seen, 1}, {}, state, skive::workspace{scratch});
    }
    return good;
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool const unpublished = argc > 1 && std::string_view{argv[1]} == "unpublished";
  skive::page_shape const shape{size, 64};
  head one{
      *cache_type::make(*skive::per_channel_keys<4>::make(shape, 32), *skive::per_token_values<4>::make(shape), {4, 32, tokens})};
  std::array<bool, 2> good{};
  std::array<std::thread, 2> readers;
  for (std::size_t i = 0; i < 2; ++i)
    readers[i] = std::thread{[&one, &good, i, unpublished] { good[i] = one.read(unpublished); }};
  bool const written = one.write();
  for (auto& r : readers) r.join();
  bool const all = written && good[0] && good[1];
  std::puts(all ? "every snapshot was read" : "something was refused");
  return all ? 0 : 1;
}
