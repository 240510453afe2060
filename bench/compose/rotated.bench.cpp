// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotated codecs on rows of 4096 numbers, planes planar within a row. int4_g32 alone stands in bench/block.
#include "skive/compose/rotated.hpp"

#include "skive/block/absmax.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "support/measure.hpp"

#include <memory>

namespace skive::bench {
namespace {

template <class Codec, class Arch>
struct rows {
  Codec codec;
  std::shared_ptr<std::vector<std::byte>> scratch;

  explicit rows(Codec const& c) : codec{c}, scratch{std::make_shared<std::vector<std::byte>>(c.scratch_bytes(row_floats))} {}
  std::size_t row_bytes() const { return total_bytes(codec.plane_bytes(row_floats)); }
  std::size_t bytes(std::size_t floats) const { return floats / row_floats * row_bytes(); }
  bool encode(std::span<float const> values, std::byte* out) const {
    auto const each = row_bytes();
    for (std::size_t i = 0; i < values.size(); i += row_floats, out += each) {
      planes<std::byte, Codec::plane_count> to;
      if (!planar(codec, row_floats, std::span{out, each}, to)) return false;
      if (!codec.template encode<Arch>(values.subspan(i, row_floats), to, workspace{*scratch})) return false;
    }
    return true;
  }
  bool decode(std::byte const* in, std::span<float> values) const {
    auto const each = row_bytes();
    for (std::size_t i = 0; i < values.size(); i += row_floats, in += each) {
      planes<std::byte const, Codec::plane_count> from;
      if (!planar(codec, row_floats, std::span{in, each}, from)) return false;
      if (!codec.template decode<Arch>(from, values.subspan(i, row_floats), workspace{*scratch})) return false;
    }
    return true;
  }
};

template <class Codec>
void add(char const* name, Codec const& codec) {
  measure(name, rows<Codec, native_arch>{codec}, 0.11);
  measure(std::string{name} + scalar_twin, rows<Codec, scalar_arch>{codec}, 0.11);
}

[[maybe_unused]] bool const registered = [] {
  add("had+int4_g32", rotated{*hadamard::make(row_floats), absmax<int4>{32}});
  add("rht+int4_g32", rotated{*random_hadamard::make(row_floats, 1), absmax<int4>{32}});
  return true;
}();

}  // namespace
}  // namespace skive::bench
