// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/codec_lists.hpp - which of the library's codecs the programs compare and convert are built with.
///
///   codec_list<Codec...>; each list is compiled in one file of compare (menu_*.cpp) and one of convert (rounded_*.cpp)
///
/// A name is understood by skive/block/name.hpp whether or not its type stands here; to add one is to add a line.

#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/block/tiles.hpp"
#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/power_of_two.hpp"
#include "skive/format/scale_float.hpp"

#include <utility>

namespace skive::compare {

template <class... Codecs>
struct codec_list {};

template <class... Lists>
struct joined;
template <class... A>
struct joined<codec_list<A...>> {
  using type = codec_list<A...>;
};
template <class... A, class... B, class... More>
struct joined<codec_list<A...>, codec_list<B...>, More...> : joined<codec_list<A..., B...>, More...> {};
template <class... Lists>
using join = typename joined<Lists...>::type;

/// absmax groups of the elements, with scales as each element has them by itself.
template <class... Elements>
using groups_of = codec_list<absmax<Elements>...>;
template <class Scale, class... Elements>
using groups_with = codec_list<absmax<Elements, Scale>...>;
template <class... Elements>
using tensors_of = codec_list<static_scale<Elements>...>;
template <class... Elements>
using tiles_of = codec_list<tiles<absmax_scheme<Elements>>...>;
template <int... Bits>
using affine_of = codec_list<affine_int<Bits>...>;
template <class Scale, int... Bits>
using affine_with = codec_list<affine_int<Bits, Scale>...>;

using integer_codecs =
    join<groups_of<int2, int3, int4, int5, int6, int7, int8>, tensors_of<int2, int3, int4, int5, int6, int7, int8>,
         groups_of<int2_full, int3_full, int4_full, int5_full, int6_full, int7_full, int8_full>,
         tiles_of<int2, int3, int4, int5, int6, int7, int8>>;

using affine_and_scaled_integer_codecs =
    join<affine_of<1, 2, 3, 4, 5, 6, 7, 8>, affine_with<float32, 4, 8>, affine_with<bfloat16, 4, 8>,
         codec_list<tiles<affine_scheme<8>>>, groups_with<float32, int3, int4, int8>, groups_with<bfloat16, int3, int4, int8>,
         groups_with<e8m0, int4, int8>, groups_with<e4m3fn, int4, int8>>;

using float_codecs =
    join<groups_of<e4m3fn, e5m2, e4m3fnuz, e5m2fnuz, e4m3b11fnuz, e4m3_ieee, e3m4_ieee, e3m4fn, e2m1, e2m3, e3m2>,
         tensors_of<e4m3fn, e5m2, e4m3fnuz, e5m2fnuz, e4m3b11fnuz, e4m3_ieee, e3m4_ieee, e3m4fn, e2m1, e2m3, e3m2>,
         groups_with<float16, e4m3fn, e2m1>, groups_with<bfloat16, e4m3fn, e2m1>, groups_with<e8m0, e4m3fn, e2m1>,
         groups_with<e4m3fn, e2m1>, groups_with<ue4m3, e2m1>, tiles_of<e4m3fn, e5m2, e2m1>,
         codec_list<tiles<absmax_scheme<e4m3fn, bfloat16>>, tiles<absmax_scheme<e4m3fn, e8m0>>>>;

using table_codecs =
    join<groups_of<nf4, nf3, nf2, fp4_bnb, dynamic8, af4, sf4, iq4_nl>,
         tensors_of<nf4, nf3, nf2, fp4_bnb, dynamic8, af4, sf4, iq4_nl>,
         groups_of<power_of_two<2>, power_of_two<3>, power_of_two<4>, power_of_two<5>, power_of_two<6>>,
         groups_of<apot<2>, apot<3>, apot<4>, apot<5>, apot<6>, apot<7>, apot<8>>, groups_with<float16, nf4, nf3, iq4_nl>,
         groups_with<bfloat16, nf4>, groups_with<e4m3fn, nf4>, tiles_of<nf4>,
         codec_list<double_quantized<nf4>, double_quantized<nf3>, double_quantized<nf2>, double_quantized<fp4_bnb>,
                    double_quantized<dynamic8>, double_quantized<af4>, double_quantized<sf4>, double_quantized<iq4_nl>,
                    double_quantized<int4>, double_quantized<e2m1>>>;

using shared_exponent_codecs =
    join<codec_list<mx<e2m1>, mx<e2m3>, mx<e3m2>, mx<e4m3fn>, mx<e5m2>, mx<mxint8>, mx<e3m4fn>, mx<int4>>,
         codec_list<block_float<2>, block_float<3>, block_float<4>, block_float<5>, block_float<6>, block_float<7>>,
         codec_list<tiles<mx_scheme<e2m1>>, tiles<mx_scheme<e4m3fn>>, nvfp4, tiles<nvfp4_scheme>>>;

template <class Scale>
using means_with =
    codec_list<grouped<mean_scheme<sign_format, bit_fields<1>, Scale>>,
               grouped<mean_scheme<ternary_format, bit_fields<2>, Scale>>, grouped<mean_scheme<ternary_format, trits, Scale>>>;
using mean_and_adaptive_codecs =
    join<means_with<float16>, means_with<bfloat16>, means_with<float32>, codec_list<tiles<binary::scheme_type>>,
         codec_list<adaptive<float16, int4, e2m1>, adaptive<float16, int4, nf4>, adaptive<float16, e2m1, nf4>,
                    adaptive<float16, int4, e2m1, nf4>, adaptive<float16, int4, int4_full>, adaptive<float16, int3, nf3>,
                    adaptive<float16, int8, e4m3fn>, adaptive<float16, e4m3fn, e5m2>, adaptive<float16, e2m3, e3m2>,
                    adaptive<float32, int4, e2m1>, adaptive<e4m3fn, int4, e2m1>>>;

/// P3109 of 3 to 8 bits with a sign, every precision, finite and extended. By the scalar path, for the sake of compile time.
template <int K, int... P>
using p3109_of_width = codec_list<absmax<p3109<K, P, signedness::with_sign, domain::finite>>...,
                                  absmax<p3109<K, P, signedness::with_sign, domain::extended>>...>;
using p3109_codecs =
    join<p3109_of_width<3, 1, 2>, p3109_of_width<4, 1, 2, 3>, p3109_of_width<5, 1, 2, 3, 4>, p3109_of_width<6, 1, 2, 3, 4, 5>,
         p3109_of_width<7, 1, 2, 3, 4, 5, 6>, p3109_of_width<8, 1, 2, 3, 4, 5, 6, 7>>;

}  // namespace skive::compare
