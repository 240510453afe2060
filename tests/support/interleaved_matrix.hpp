// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Packed rows, interleaved in memory of their own.

#include "skive/kernel/interleaved_rows.hpp"
#include "support/packed_rows.hpp"

#include <array>
#include <vector>

namespace skive::test {

template <class Codec>
struct interleaved_matrix {
  interleaved_rows<Codec> layout;
  std::array<std::vector<std::byte>, Codec::plane_count> memory;

  explicit interleaved_matrix(packed_rows<Codec> const& rows)
      : layout{*interleaved_rows<Codec>::make(rows.codec, rows.rows, rows.n)} {
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i].assign(layout.plane_bytes()[i], std::byte{0xA5});
    REQUIRE(layout.pack(rows.matrix(), to()));
  }
  planes<std::byte, Codec::plane_count> to() {
    planes<std::byte, Codec::plane_count> p;
    for (std::size_t i = 0; i < memory.size(); ++i) p[i] = {memory[i].data(), memory[i].size(), 0};
    return p;
  }
  planes<std::byte const, Codec::plane_count> from() { return to(); }
};

}  // namespace skive::test
