// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of 4-bit integers. skive_add_dispatched compiles this file once for each instruction set.
#include "rows.hpp"

#include "skive/block/absmax.hpp"

namespace {

constexpr skive::absmax<skive::int4> codec{32};

template <class Arch>
bool pack_row(std::span<float const> row, std::span<std::byte> packed) noexcept {
  skive::planes<std::byte, 2> to;
  return skive::planar(codec, row.size(), packed, to) && codec.encode<Arch>(row, to);
}
template <class Arch>
bool unpack_row(std::span<std::byte const> packed, std::span<float> row) noexcept {
  skive::planes<std::byte const, 2> from;
  return skive::planar(codec, row.size(), packed, from) && codec.decode<Arch>(from, row);
}

}  // namespace

template <class Arch>
row_operations row_operations::make() noexcept {
  return {Arch::name(), &pack_row<Arch>, &unpack_row<Arch>};
}
