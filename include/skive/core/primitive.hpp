// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/primitive.hpp - what every value that algorithms hand around has in common.
///
/// Model of : -
/// Cost     : a declaration.
/// Promise  : copies are copies of bytes, so that models may be passed by value and kept in the caller's memory.

#include "skive/version.hpp"

#include <type_traits>

namespace skive {

/// A value handed around by every algorithm: small, copyable, without hidden state.
template <class T>
concept primitive = std::is_trivially_copyable_v<T> && std::is_nothrow_move_constructible_v<T>;

}  // namespace skive
