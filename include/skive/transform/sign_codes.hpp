// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/sign_codes.hpp - the signs of a Hadamard core, four neighbours of a row to a byte: indices of a table of 16 sums.
///
///   make_sign_codes<Arch>(h, transposed, code)     byte i m / 4 + q of code, bit b: whether entry (i, 4 q + b) of h (or of h
///                                                  transposed) is -1; m = h.core()
///
/// Model of : -
/// Cost     : a few nanoseconds for 64 entries; m^2 / 4 bytes of the caller's.
/// Accuracy : exact.
/// Promise  : constexpr. The codes live in the caller's memory.
/// Source   : -

#include "skive/transform/sign_rows.hpp"

#include <cstring>

namespace skive::detail {

struct sign_codes {
  std::uint32_t order = 0;
  std::uint8_t const* code = nullptr;  // [i][q]: bit b is the sign of entry (i, 4 q + b)
};

constexpr std::size_t sign_code_bytes(std::uint32_t m) noexcept { return std::size_t{m} * (m / 4); }

// The codes of four columns of the transposed matrix from those of four rows: 16 bits turned about their diagonal.
constexpr void turn_four(std::uint8_t* a, std::uint8_t* b, std::size_t stride) noexcept {
  unsigned from[2]{};
  for (std::size_t r = 0; r < 4; ++r) {
    from[0] |= static_cast<unsigned>(a[r * stride]) << (4 * r);
    from[1] |= static_cast<unsigned>(b[r * stride]) << (4 * r);
  }
  for (unsigned& x : from) {
    auto t = (x ^ (x >> 3)) & 0x0A0AU;
    x ^= t ^ (t << 3);
    t = (x ^ (x >> 6)) & 0x00CCU;
    x ^= t ^ (t << 6);
  }
  for (std::size_t r = 0; r < 4; ++r) {
    a[r * stride] = static_cast<std::uint8_t>(from[1] >> (4 * r) & 15);
    b[r * stride] = static_cast<std::uint8_t>(from[0] >> (4 * r) & 15);
  }
}

template <class Arch>
constexpr sign_codes make_sign_codes(hadamard_matrix const& h, bool transposed, std::span<std::uint8_t> code) noexcept {
  auto const m = h.core();
  std::size_t const quads = m / 4;
  sign_rows<Arch> const rows{h};
  for (std::uint32_t i = 0; i < m; ++i) {
    auto const row = rows.row(i);
    auto* const out = code.data() + i * quads;
    for (std::size_t q = 0; q < quads; q += 8) {
      auto eight = row.window(4 * q, 32);  // four bits to a byte each
      eight = (eight | eight << 16) & 0x0000'FFFF'0000'FFFF;
      eight = (eight | eight << 8) & 0x00FF'00FF'00FF'00FF;
      eight = (eight | eight << 4) & 0x0F0F'0F0F'0F0F'0F0F;
      if (!std::is_constant_evaluated() && std::endian::native == std::endian::little && i * quads + q + 8 <= code.size())
        std::memcpy(out + q, &eight, 8);  // past the row's end is what comes next
      else
        for (std::size_t k = q; k < q + 8 && k < quads; ++k, eight >>= 8) out[k] = static_cast<std::uint8_t>(eight & 15);
    }
  }
  if (transposed && !h.symmetric())
    for (std::size_t i = 0; i < quads; ++i)
      for (std::size_t j = 0; j <= i; ++j) turn_four(code.data() + 4 * i * quads + j, code.data() + 4 * j * quads + i, quads);
  return {m, code.data()};
}

}  // namespace skive::detail
