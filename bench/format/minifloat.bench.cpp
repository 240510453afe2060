// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// float32 to and from the named small floats: scalar loops, a whole byte or two per code also where a code is narrower.
#include "skive/format/minifloat.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

template <class Format>
struct scalar_loop {
  using code_type = typename Format::code_type;
  static std::size_t bytes(std::size_t floats) { return floats * sizeof(code_type); }
  static bool encode(std::span<float const> values, std::byte* out) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      code_type const code = Format::encode(values[i]);
      std::memcpy(out + i * sizeof(code_type), &code, sizeof(code_type));
    }
    return true;
  }
  static bool decode(std::byte const* in, std::span<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      code_type code{};
      std::memcpy(&code, in + i * sizeof(code_type), sizeof(code_type));
      values[i] = Format::decode(code);
    }
    return true;
  }
};

// Half a step of every number: the stated bound holds where most of the data are normal in the format.
template <class Format>
void add(char const* name) {
  measure(name, scalar_loop<Format>{}, std::ldexp(0.5, -Format::fraction_bits));
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
  return true;
}();

}  // namespace
}  // namespace skive::bench
