// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotated codecs on rows of 4096 numbers, planes planar within a row. int4_g32 alone stands in bench/block.
#include "skive/compose/rotated.hpp"

#include "skive/block/absmax.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "support/codec_rows.hpp"

namespace skive::bench {
namespace {

template <class Codec>
void add(char const* name, Codec const& codec) {
  measure(name, codec_rows<Codec, native_arch>{codec}, 0.11);
  measure(std::string{name} + scalar_twin, codec_rows<Codec, scalar_arch>{codec}, 0.11);
}

[[maybe_unused]] bool const registered = [] {
  add("had+int4_g32", rotated{*hadamard::make(row_floats), absmax<int4>{32}});
  add("rht+int4_g32", rotated{*random_hadamard::make(row_floats, 1), absmax<int4>{32}});
  return true;
}();

}  // namespace
}  // namespace skive::bench
