// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every block codec: the same bytes and the same decoded bits with subnormals flushed to zero, at every scale of the numbers.
#include "support/processor_modes.hpp"
#include "laws/block_codec.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"

#include <cmath>
#include <random>

namespace {

namespace test = skive::test;

// Numbers of exponent about `e`, some far smaller: their quotient by the scale is subnormal, of either sign.
std::vector<float> row_at(int e, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<float> row(96);
  for (auto& x : row) {
    int const down = random() % 4 == 0 ? static_cast<int>(random() % 150) : static_cast<int>(random() % 4);
    auto const m = static_cast<double>(random() % 0x1000001) / 0x1p24;
    x = static_cast<float>(std::ldexp(random() % 2 == 0 ? m : -m, e - down));
  }
  return row;
}

template <class Codec>
void same_in_both_modes(Codec const& codec) {
  for (int e = -149; e <= 127; e += 3) {
    auto const row = row_at(e, static_cast<unsigned>(e + 200));
    CAPTURE(e);
    auto const run = [&](test::byte_rows& bytes) {
      test::packed_row<Codec> packed{codec, row.size()};
      test::scratch_memory scratch{codec.scratch_bytes(row.size())};
      std::vector<float> out(row.size());
      auto const s = codec.encode(std::span<float const>{row}, packed.to(), scratch.get());
      auto const d = codec.decode(packed.from(), std::span<float>{out}, scratch.get());
      bytes = packed.gathered();
      return s && d ? test::bits_of(out) : std::vector<std::uint32_t>{};
    };
    test::byte_rows plain, flushed;
    auto const expected = run(plain);
    auto const mine = [&] {
      test::flush_subnormals const on;
      return run(flushed);
    }();
    REQUIRE(!expected.empty());
    REQUIRE((plain == flushed));
    REQUIRE((expected == mine));
  }
}

}  // namespace

TEST_CASE("block codecs do not depend on flush-to-zero", "[block]") {
  if (!test::flush_subnormals::effective()) SKIP("subnormals cannot be flushed here");
  using skive::scale_choice;
  same_in_both_modes(skive::absmax<skive::int4>{32});
  same_in_both_modes(skive::absmax<skive::int4>{32, {scale_choice::mse}});
  same_in_both_modes(skive::absmax<skive::e2m1>{32, {scale_choice::mse}});
  same_in_both_modes(skive::absmax<skive::int8, skive::float32>{16, {scale_choice::mse}});
  same_in_both_modes(skive::absmax<skive::nf4>{32, {scale_choice::mse}});
  same_in_both_modes(skive::absmax<skive::e4m3fn>{32});
  same_in_both_modes(skive::absmax<skive::e5m2>{0});
  same_in_both_modes(skive::absmax<skive::e2m1, skive::bfloat16>{16});
  same_in_both_modes(skive::absmax<skive::dynamic8>{32});
  same_in_both_modes(skive::absmax<skive::iq4_nl>{32});
  same_in_both_modes(skive::affine_int<4>{32});
  same_in_both_modes(skive::affine_int<8, skive::float32>{32});
  same_in_both_modes(skive::affine_int<3, skive::bfloat16>{10});
  for (auto const rule : {skive::mx_rule::floor, skive::mx_rule::ceil, skive::mx_rule::round_up, skive::mx_rule::even,
                          skive::mx_rule::floor_plus_1, skive::mx_rule::search}) {
    same_in_both_modes(skive::mx<skive::e2m1>{32, {rule}});
    same_in_both_modes(skive::mx<skive::e5m2>{32, {rule}});
    same_in_both_modes(skive::mx<skive::mxint8>{32, {rule}});
  }
  for (auto const dialect :
       {skive::nvfp4_dialect::ideal, skive::nvfp4_dialect::transformer_engine, skive::nvfp4_dialect::torchao,
        skive::nvfp4_dialect::compressed_tensors, skive::nvfp4_dialect::model_opt, skive::nvfp4_dialect::four_over_six})
    for (float const amax : {1.0f, 0x1p-100f, 0x1p-130f, 0x1p120f})
      same_in_both_modes(skive::nvfp4{16, *skive::nvfp4_scheme::make(amax, dialect)});
  same_in_both_modes(skive::binary{32});
  same_in_both_modes(skive::ternary{32});
  same_in_both_modes(skive::adaptive<skive::float32, skive::int4, skive::e2m1>{16});
  same_in_both_modes(*skive::double_quantized<skive::nf4>::make(32, 0x1p-130f));
  same_in_both_modes(*skive::double_quantized<skive::nf4>::make(32, 0.5f, skive::nested_dialect::linear_int8));
}
