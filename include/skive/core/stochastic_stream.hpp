// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/stochastic_stream.hpp - stochastic rounding of rows: each number of a matrix has random bits of its own, by
/// position.
///
///   number i of row r is rounded with the top `count` bits of field i of the stream (seed, r) of core/random.hpp, whose words
///   hold four fields of 8 bits for count <= 8, two of 16 for count <= 16, else one; the lowest field comes first
///
/// A codec whose rounding is a stochastic_stream gives the same bytes in whatever order and on however many threads its rows are
/// encoded: codec.at_row(r) is the codec of row r.
///
/// Model of : - (at(i) is a rounding_policy)
/// Cost     : a block of Philox a number; few bits leave room for a vector path that shares a block among 16.
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
    auto const width = count <= 8 ? 8U : count <= 16 ? 16U : 32U;
    auto const per_word = 32 / width;
    auto const word = std::uint64_t{counter_random{seed, row}.bits(i / per_word)};
    auto const field = (word >> (i % per_word * width)) & ((std::uint64_t{1} << width) - 1);
    return {static_cast<std::uint32_t>(field >> (width - static_cast<unsigned>(count))), count, variant};
  }
  constexpr stochastic_stream at_row(std::uint64_t r) const noexcept { return {seed, r, count, variant}; }
};

static_assert(rounding_policy<stochastic> && std::is_trivially_copyable_v<stochastic_stream>);

}  // namespace skive
