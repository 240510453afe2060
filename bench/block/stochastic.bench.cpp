// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stochastic rounding beside rounding to nearest even: `format:stochastic8` draws 8 random bits a number, and so on. Of int8 there
// is a scale for each row. philox/words is the generator alone, an element is a word of 32 bits.
#include "skive/block/absmax.hpp"
#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp8.hpp"
#include "skive/simd/philox.hpp"
#include "support/codec_rows.hpp"
#include "support/measure.hpp"

#include <string>

namespace skive::bench {
namespace {

template <class Format, class Scale>
void add(std::string const& name, std::size_t group, double bound) {
  using nearest = absmax<Format, Scale>;
  using random = absmax<Format, Scale, stochastic_stream>;
  measure(name, codec_rows<nearest, native_arch>{nearest{group}}, bound);
  for (int const bits : {8, 16, 32}) {
    typename random::scheme_type const scheme{scale_choice::absmax, stochastic_stream{.seed = 1, .row = 0, .count = bits}};
    measure(name + ":stochastic" + std::to_string(bits), codec_rows<random, native_arch>{random{group, scheme}}, 2 * bound);
  }
}

void draw(benchmark::State& state) {
  if constexpr (simd::vector_arch<native_arch>) {
    alignas(64) std::array<std::uint32_t, 64> words;
    std::uint64_t block = 0;
    for (auto _ : state) {
      for (int i = 0; i < 64; ++i, block += 16) {
        simd::random_words<native_arch>(1, 0, block, words);
        benchmark::DoNotOptimize(words);
      }
    }
  }
  count(state, 4096, 4096 * sizeof(std::uint32_t));
}

[[maybe_unused]] bool const registered = [] {
  add<int8, float16>("int8_row", 0, 0.01);
  add<e4m3fn, float32>("e4m3fn_row", 0, 0.04);
  benchmark::RegisterBenchmark("philox/words/l1", draw)->MinTime(0.05);
  return true;
}();

}  // namespace
}  // namespace skive::bench
