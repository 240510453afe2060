// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/e8m0_lanes.hpp - powers of two, sixteen at a time.
///
///   decode: the code is the exponent field of a float; 0 stands for 2^-127, a subnormal, and FF for NaN
///
/// Model of : -
/// Cost     : decode 5 instructions per register; encode that of 16 scalar conversions.
/// Accuracy : exact.
/// Promise  : equal to e8m0's scalar rule on all floats and codes.
/// Source   : -

#include "skive/format/e8m0.hpp"
#include "skive/format/lanes.hpp"

namespace skive {

template <class Arch>
struct format_lanes<e8m0, Arch> {
  [[gnu::always_inline]] static simd::words<Arch> encode(simd::floats<Arch> const& x) noexcept {
    alignas(64) float lane[16];
    x.store(lane);
    return simd::generate<std::uint32_t, Arch>([&](std::size_t i) { return std::uint32_t{e8m0::encode(lane[i])}; });
  }
  [[gnu::always_inline]] static simd::floats<Arch> decode(simd::words<Arch> const& codes) noexcept {
    using words = simd::words<Arch>;
    auto const least = select(codes == words::broadcast(0), words::broadcast(0x0040'0000), codes << 23);
    return simd::as<float>(select(codes == words::broadcast(0xFF), words::broadcast(0x7FC0'0000), least));
  }
};

}  // namespace skive
