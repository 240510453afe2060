// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/picked_vector.hpp - the numbers of a vector that positions of 2:4 name, 64 at a time, in registers.
///
///   picked_vector<Arch> picked{positions, kept, x};     picked.next(out) kept / 64 times
///
/// Model of : -
/// Cost     : 15 instructions for 64 numbers with VBMI (simd/pick.hpp).
/// Promise  : reads the positions of `kept` numbers, a multiple of 64, and 2 kept numbers of x. Codes that are no set are found.
/// Source   : -

#include "skive/simd/bytes.hpp"
#include "skive/simd/pick.hpp"

#include <cstring>

namespace skive::detail {

template <class Arch>
  requires simd::has_picker<Arch>
class picked_vector {
  static constexpr std::size_t step_bytes = 12;    // of positions
  static constexpr std::size_t read_ahead = 1024;  // bytes; codes are read three to eleven times as fast

 public:
  [[gnu::always_inline]] picked_vector(std::byte const* positions, std::size_t kept, float const* x) noexcept
      : positions_{positions}, last_{positions + kept / 64 * step_bytes - step_bytes}, x_{x} {
    std::memcpy(copy_, last_, step_bytes);
  }
  [[gnu::always_inline]] void next(simd::floats<Arch> (&out)[4]) noexcept {
    simd::prefetch<Arch>(positions_, read_ahead);
    picker_.pick_128(x_, positions_ == last_ ? copy_ : positions_, out);
    positions_ += step_bytes;
    x_ += 128;
  }
  /// Did all codes so far stand for sets?
  [[gnu::always_inline]] bool good() const noexcept { return !picker_.met_wrong_code(); }

 private:
  std::byte const* positions_;
  std::byte const* last_;  // pickers read past their positions: the last ones are read from a copy
  float const* x_;
  std::byte copy_[16] = {};
  simd::picker_2_of_4<Arch> picker_;
};

}  // namespace skive::detail
