// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/float_query.hpp - the other side of a product with a packed row: a view of floats.
///
///   auto const q = codec.prepare(x);   auto const y = codec.dot(planes, *q);      x has to outlive q
///   takes_floats: the half of a dot_codec that makes it, for codecs whose rows are multiplied by floats as they are
///
/// Model of : primitive
/// Cost     : two words; preparing copies nothing and needs no memory.
/// Promise  : never writes.
/// Source   : -

#include "skive/core/primitive.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/arch.hpp"

#include <cstddef>
#include <span>

namespace skive {

struct float_query {
  float const* data = nullptr;
  std::size_t size = 0;  ///< numbers, the length of the rows
};

/// Base of a codec; its dot() takes the query.
struct takes_floats {
  using query = float_query;
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace = {}) const noexcept {
    return query{x.data(), x.size()};
  }
};

static_assert(primitive<float_query>);

}  // namespace skive
