// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/stochastic_stream.hpp - stochastic rounding of rows: each number of a matrix has random bits of its own, by
/// position.
///
///   number i of row r is rounded with the top `count` bits of word i of the stream (seed, r) of core/random.hpp
///
/// A codec whose rounding is a stochastic_stream gives the same bytes in whatever order and on however many threads its rows are
/// encoded: codec.at_row(r) is the codec of row r.
///
/// Model of : - (at(i) is a rounding_policy)
/// Cost     : one block of Philox a number, or a quarter where four neighbours share it.
/// Promise  : the same bits on every platform, for every split of the work.
/// Source   : -

#include "skive/core/random.hpp"
#include "skive/core/rounding.hpp"

namespace skive {

struct stochastic_stream {
  std::uint64_t seed = 0;
  std::uint64_t row = 0;
  int count = 32;  ///< random bits a number, 1..32
  stochastic_variant variant = stochastic_variant::c;

  constexpr stochastic at(std::uint64_t i) const noexcept {
    return {counter_random{seed, row}.bits(i) >> (32 - count), count, variant};
  }
  constexpr stochastic_stream at_row(std::uint64_t r) const noexcept { return {seed, r, count, variant}; }
};

static_assert(rounding_policy<stochastic> && std::is_trivially_copyable_v<stochastic_stream>);

}  // namespace skive
