// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// float32 to and from the named small floats, a whole byte or two per code also where a code is narrower; `<format>:scalar` is
// the scalar rule in a loop.
#include "skive/format/minifloat.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/rows.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

template <class Format, class Arch>
struct rows {
  using code_type = typename Format::code_type;
  static std::size_t bytes(std::size_t floats) { return floats * sizeof(code_type); }
  static bool encode(std::span<float const> values, std::byte* out) {
    return encode_row<Format, Arch>(values, std::span{reinterpret_cast<code_type*>(out), values.size()}) == errc::ok;
  }
  static bool decode(std::byte const* in, std::span<float> values) {
    return decode_row<Format, Arch>(std::span{reinterpret_cast<code_type const*>(in), values.size()}, values) == errc::ok;
  }
};

// The same past the caches, which pays out of memory only.
template <class Format>
struct streamed_rows : rows<Format, native_arch> {
  static bool decode(std::byte const* in, std::span<float> values) {
    using code_type = typename Format::code_type;
    return decode_row<Format>(std::span{reinterpret_cast<code_type const*>(in), values.size()}, values, streamed) == errc::ok;
  }
};

// Half a step of every number: the stated bound holds where most of the data are normal in the format.
template <class Format>
void add(char const* name) {
  measure(name, rows<Format, native_arch>{}, std::ldexp(0.5, -Format::fraction_bits));
  measure(std::string{name} + scalar_twin, rows<Format, scalar_arch>{}, std::ldexp(0.5, -Format::fraction_bits));
}

[[maybe_unused]] bool const registered = [] {
  add<e2m1>("e2m1");
  add<e2m3>("e2m3");
  add<e3m2>("e3m2");
  add<e4m3fn>("e4m3fn");
  add<e5m2>("e5m2");
  add<e4m3fnuz>("e4m3fnuz");
  add<e5m2fnuz>("e5m2fnuz");
  add<float16>("float16");
  add<bfloat16>("bfloat16");
  measure("e4m3fn:streamed", streamed_rows<e4m3fn>{}, 0x1p-4);
  measure("float16:streamed", streamed_rows<float16>{}, 0x1p-11);
  return true;
}();

}  // namespace
}  // namespace skive::bench
