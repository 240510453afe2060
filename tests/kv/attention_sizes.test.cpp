// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/attention.hpp at the head sizes of models, for every kind of page: attention in double on what the pages decode to.
#include "skive/kv/attention.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kv/any_pages.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/float_pages.hpp"
#include "skive/kv/normal_levels.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "support/attention_context.hpp"

namespace {

namespace test = skive::test;
using skive::page_shape;

constexpr std::size_t head_sizes[] = {64, 80, 96, 112, 128, 192, 256, 8, 72, 1024};

// Through kv/any_pages.hpp, so that attention is compiled once. Four heads to a key/value head, one position; then three heads, two positions and a sliding window with kept tokens. Logits and
// their errors grow with the head size, since their scale stays.
template <class Keys, class Values>
void check(Keys const& keys, Values const& values, double tolerance_of_256) {
  CAPTURE(keys.head_size());
  auto const tolerance = keys.head_size() > 256 ? 4 * tolerance_of_256 : tolerance_of_256;
  test::context const c{skive::any_keys<>{keys}, skive::any_values<>{values}, 2};
  c.template check<skive::native_arch>({4, 1, 2 * keys.page_tokens() - 1}, tolerance);
  c.template check<skive::native_arch>({3, 2, 50, 20, 3}, tolerance);
}

template <class Codec>
auto codec_keys_of(Codec const& codec, page_shape shape) {
  return *skive::codec_keys<Codec>::make(codec, shape);
}
template <class Codec>
auto codec_values_of(Codec const& codec, page_shape shape) {
  return *skive::codec_values<Codec>::make(codec, shape);
}

}  // namespace

TEST_CASE("attention sizes: float16 and bfloat16 pages", "[kv]") {
  for (auto const n : head_sizes)
    check(*skive::float_keys<skive::float16>::make({n, 32}), *skive::float_values<skive::bfloat16>::make({n, 32}), 1e-4);
}

TEST_CASE("attention sizes: keys per channel, values per token", "[kv]") {
  for (auto const n : head_sizes)
    check(*skive::per_channel_keys<2>::make({n, 32}, 32), *skive::per_token_values<4>::make({n, 32}), 2e-3);
}

TEST_CASE("attention sizes: keys per token, normal levels, 8 bits", "[kv]") {
  for (auto const n : head_sizes) {
    check(*skive::per_token_keys<4>::make({n, 32}), *skive::per_token_values<3>::make({n, 32}), 2e-3);
    check(*skive::per_token_keys<8>::make({n, 32}), *skive::per_token_values<8>::make({n, 32}), 2e-3);
    if (n != 8) check(*skive::normal_keys<2>::make({n, 32}), *skive::per_token_values<2>::make({n, 32}), 2e-3);
  }
}

TEST_CASE("attention sizes: E4M3 with a scale for a token or for 16 numbers, NVFP4", "[kv]") {
  for (auto const n : head_sizes) {
    page_shape const shape{n, 32};
    check(codec_keys_of(skive::absmax<skive::e4m3fn>{0}, shape), codec_values_of(skive::absmax<skive::e4m3fn>{0}, shape), 1e-4);
    if (n % 16 != 0) continue;
    check(codec_keys_of(skive::absmax<skive::e4m3fn>{16}, shape), codec_values_of(skive::absmax<skive::e4m3fn>{16}, shape), 1e-4);
    skive::nvfp4 const four_bits{16, *skive::nvfp4_scheme::make(4.0f)};
    check(codec_keys_of(four_bits, shape), codec_values_of(four_bits, shape), 2e-3);
  }
}
