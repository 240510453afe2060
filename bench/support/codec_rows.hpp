// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/codec_rows.hpp - block codecs on rows of 4096 numbers, planes planar within a row: a Subject of measure().

#include "skive/core/planes.hpp"
#include "skive/core/workspace.hpp"
#include "support/measure.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace skive::bench {

template <class Codec, class Arch>
struct codec_rows {
  Codec codec;
  std::shared_ptr<std::vector<std::byte>> scratch;  // copies of a Subject share it

  explicit codec_rows(Codec const& c)
      : codec{c}, scratch{std::make_shared<std::vector<std::byte>>(c.scratch_bytes(row_floats))} {}
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

}  // namespace skive::bench
