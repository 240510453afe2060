// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// format:avx2: block codecs and rows of small floats with registers of 256 bits, on machines that have wider ones.
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/rows.hpp"
#include "support/codec_rows.hpp"
#include "support/measure.hpp"

#include <string>

namespace skive::bench {
namespace {

#if XSIMD_WITH_FMA3_AVX2
using narrower = xsimd::fma3<xsimd::avx2>;
#else
using narrower = native_arch;
#endif

template <class Codec>
void add(std::string const& name, Codec const& codec, double bound) {
  if constexpr (!std::is_same_v<narrower, native_arch>) measure(name + ":avx2", codec_rows<Codec, narrower>{codec}, bound);
}

template <class Format>
struct byte_rows {
  static std::size_t bytes(std::size_t floats) { return floats; }
  static bool encode(std::span<float const> values, std::byte* out) {
    return encode_row<Format, narrower>(values, std::span{reinterpret_cast<std::uint8_t*>(out), values.size()}) == errc::ok;
  }
  static bool decode(std::byte const* in, std::span<float> values) {
    return decode_row<Format, narrower>(std::span{reinterpret_cast<std::uint8_t const*>(in), values.size()}, values) == errc::ok;
  }
};
template <class Format>
void add_rows(std::string const& name) {
  if constexpr (!std::is_same_v<narrower, native_arch>)
    measure(name + ":avx2", byte_rows<Format>{}, std::ldexp(0.5, -Format::fraction_bits));
}

[[maybe_unused]] bool const registered = [] {
  add("int4_g32", absmax<int4>{32}, 0.11);
  add("int8_g32", absmax<int8>{32}, 0.006);
  add("nf4_g64", absmax<nf4>{64}, 0.11);
  add("uint4_g32", affine_int<4>{32}, 0.11);
  add("uint8_row", affine_int<8>{0}, 0.01);
  add("mxfp4", mx<e2m1>{32}, 0.15);
  add("nvfp4", nvfp4{16, *nvfp4_scheme::make(largest_value)}, 0.11);
  add_rows<e2m1>("e2m1");
  add_rows<e4m3fn>("e4m3fn");
  add_rows<e5m2>("e5m2");
  return true;
}();

}  // namespace
}  // namespace skive::bench
