// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/float_query.hpp - the other side of a product with a packed row: a view of floats.
///
///   auto const q = codec.prepare(x);   auto const y = codec.dot(planes, *q);      x has to outlive q
///
/// Model of : primitive
/// Cost     : two words; preparing copies nothing.
/// Promise  : never writes.
/// Source   : -

#include "skive/core/primitive.hpp"

#include <cstddef>

namespace skive {

struct float_query {
  float const* data = nullptr;
  std::size_t size = 0;  ///< numbers, the length of the rows
};

static_assert(primitive<float_query>);

}  // namespace skive
