// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decode attention of one position: 8 key/value heads of 128 numbers, 4 query heads each, contexts of 512 to 131072 tokens in
// pages of 128. An element is a number of the key or value cache; bytes are those of its pages, and the ceiling is what a loop
// reads in the same memory right after. append: a page of one head, keys and values, per element.
#include "skive/kv/attention.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "support/measure.hpp"
#include "support/read_ceiling.hpp"

namespace skive::bench {
namespace {

constexpr std::size_t head_size = 128;
constexpr std::size_t kv_heads = 8;
constexpr std::size_t group_heads = 4;
constexpr page_shape shape{head_size, 128};

template <class Keys, class Values>
class cache {
 public:
  cache(Keys const& keys, Values const& values, std::size_t tokens)
      : keys_{keys},
        values_{values},
        pages_{tokens / shape.tokens},
        memory_(kv_heads * pages_ * page_bytes() + 64),
        scratch_(attention_scratch_bytes(keys, values, group_heads)),
        query_scratch_(keys.query_bytes(group_heads)) {
    auto const& m = memory::shared();
    for (std::size_t p = 0; p < kv_heads * pages_; ++p) {  // 16 different pages, again and again
      if (p < 16) {
        matrix_view<float const> const rows{m.values.data() + p * shape.tokens * head_size, shape.tokens, head_size};
        good_ &= static_cast<bool>(keys_.append(rows, 0, key_page(p), workspace{scratch_}));
        good_ &= static_cast<bool>(values_.append(rows, 0, value_page(p), workspace{scratch_}));
      } else {
        std::memcpy(memory_.data() + p * page_bytes(), memory_.data() + p % 16 * page_bytes(), page_bytes());
      }
    }
  }
  std::size_t bytes() const { return kv_heads * pages_ * page_bytes(); }
  std::span<std::byte const> data() const { return std::span{memory_}.first(bytes()); }

  bool attend_all() {
    bool good = good_;
    for (std::size_t h = 0; h < kv_heads; ++h) {
      matrix_view<float const> const q{memory::shared().values.data() + h * group_heads * head_size, group_heads, head_size};
      attention_state const state{maximum_, sum_, {accumulator_.data(), group_heads, head_size}};
      auto const query = keys_.prepare(q, workspace{query_scratch_});
      good &= query.has_value() && reset(state);
      for (std::size_t p = 0; p < pages_; ++p)
        good &= static_cast<bool>(attend(keys_, *query, key_page(h * pages_ + p), values_, value_page(h * pages_ + p), 0,
                                         shape.tokens, p * shape.tokens, {pages_ * shape.tokens, group_heads}, {0.02f}, state,
                                         workspace{scratch_}));
      good &= static_cast<bool>(finish(state, {out_.data() + h * group_heads * head_size, group_heads, head_size}));
    }
    return good;
  }
  // The last head's first query, from decoded pages.
  bool right() {
    if (!attend_all()) return false;
    auto const* const q = memory::shared().values.data() + (kv_heads - 1) * group_heads * head_size;
    std::vector<float> k(shape.tokens * head_size);
    std::vector<float> v(shape.tokens * head_size);
    std::vector<double> sum(head_size);
    double weight = 0;
    for (std::size_t p = 0; p < pages_; ++p) {
      auto const page = (kv_heads - 1) * pages_ + p;
      if (!keys_.decode(key_page(page), 0, {k.data(), shape.tokens, head_size}, workspace{scratch_})) return false;
      if (!values_.decode(value_page(page), 0, {v.data(), shape.tokens, head_size}, workspace{scratch_})) return false;
      for (std::size_t t = 0; t < shape.tokens; ++t) {
        double logit = 0;
        for (std::size_t d = 0; d < head_size; ++d)
          logit += static_cast<double>(q[d]) * static_cast<double>(k[t * head_size + d]);
        auto const w = std::exp(0.02 * logit);
        weight += w;
        for (std::size_t d = 0; d < head_size; ++d) sum[d] += w * static_cast<double>(v[t * head_size + d]);
      }
    }
    double error = 0;
    double size = 0;
    for (std::size_t d = 0; d < head_size; ++d) {
      auto const x = sum[d] / weight;
      auto const y = static_cast<double>(out_[(kv_heads - 1) * group_heads * head_size + d]);
      error += (x - y) * (x - y);
      size += x * x;
    }
    return error <= 1e-6 * size;
  }
  bool append_page() {
    matrix_view<float const> const rows{memory::shared().values.data(), shape.tokens, head_size};
    return keys_.append(rows, 0, key_page(0), workspace{scratch_}) && values_.append(rows, 0, value_page(0), workspace{scratch_});
  }

 private:
  std::size_t page_bytes() const { return keys_.page_bytes() + values_.page_bytes(); }
  std::span<std::byte> key_page(std::size_t p) { return std::span{memory_}.subspan(p * page_bytes(), keys_.page_bytes()); }
  std::span<std::byte> value_page(std::size_t p) {
    return std::span{memory_}.subspan(p * page_bytes() + keys_.page_bytes(), values_.page_bytes());
  }

  Keys keys_;
  Values values_;
  std::size_t pages_;
  std::vector<std::byte> memory_;
  std::vector<std::byte> scratch_;
  std::vector<std::byte> query_scratch_;
  std::vector<float> maximum_ = std::vector<float>(group_heads);
  std::vector<float> sum_ = std::vector<float>(group_heads);
  std::vector<float> accumulator_ = std::vector<float>(group_heads * head_size);
  std::vector<float> out_ = std::vector<float>(kv_heads * group_heads * head_size);
  bool good_ = true;
};

template <class Keys, class Values>
void add(std::string const& format, Keys const& keys, Values const& values) {
  for (std::size_t const tokens : {512U, 8192U, 131072U}) {
    auto const run = [=](benchmark::State& state) {
      cache<Keys, Values> c{keys, values, tokens};
      if (!c.right()) return state.SkipWithError("wrong attention");
      bool good = true;
      for (auto _ : state) {
        good &= c.attend_all();
        benchmark::ClobberMemory();
      }
      if (!good) return state.SkipWithError("refused while timed");
      auto const times = static_cast<std::int64_t>(state.iterations());
      state.SetItemsProcessed(times * static_cast<std::int64_t>(2 * kv_heads * tokens * head_size));
      state.SetBytesProcessed(times * static_cast<std::int64_t>(c.bytes()));
      state.counters["fraction_of_ceiling"] =
          benchmark::Counter(static_cast<double>(times) * static_cast<double>(c.data().size()) / bytes_read_per_second(c.data()),
                             benchmark::Counter::kIsRate);
    };
    benchmark::RegisterBenchmark(("attention/" + format + '/' + std::to_string(tokens)).c_str(), run)->MinTime(0.1);
  }
  auto const append = [=](benchmark::State& state) {
    cache<Keys, Values> c{keys, values, shape.tokens};
    bool good = true;
    for (auto _ : state) {
      good &= c.append_page();
      benchmark::ClobberMemory();
    }
    if (!good) return state.SkipWithError("refused while timed");
    auto const numbers = state.iterations() * static_cast<std::int64_t>(2 * shape.tokens * head_size);
    state.SetItemsProcessed(numbers);
    state.SetBytesProcessed(4 * numbers);
  };
  benchmark::RegisterBenchmark(("append/" + format + "/page").c_str(), append)->MinTime(0.05);
}

template <int Bits>
void add_kivi(std::size_t group) {
  add("kivi" + std::to_string(Bits) + "_g" + std::to_string(group), *per_channel_keys<Bits>::make(shape, group),
      *per_token_values<Bits>::make(shape));
}

template <class Codec>
void add_codec(char const* name, Codec const& codec) {
  add(name, *codec_keys<Codec>::make(codec, shape), *codec_values<Codec>::make(codec, shape));
}

[[maybe_unused]] bool const registered = [] {
  add("f16", *float_keys<float16>::make(shape), *float_values<float16>::make(shape));
  add("bf16", *float_keys<bfloat16>::make(shape), *float_values<bfloat16>::make(shape));
  add_kivi<8>(128);
  add_kivi<4>(128);
  add_kivi<4>(32);
  add_kivi<3>(128);
  add_kivi<2>(128);
  add_kivi<2>(32);
  add("token4", *per_token_keys<4>::make(shape), *per_token_values<4>::make(shape));
  add("normal2", *normal_keys<2>::make(shape), *per_token_values<2>::make(shape));
  add_codec("mxfp4", mx<e2m1>{32});
  add_codec("mxfp8_e4m3", mx<e4m3fn>{32});
  add_codec("nvfp4", nvfp4{16, *nvfp4_scheme::make(4.0f)});
  add_codec("e4m3fn_row", absmax<e4m3fn>{0});
  return true;
}();

}  // namespace
}  // namespace skive::bench
