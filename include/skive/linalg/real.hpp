// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/real.hpp - the numbers of linear algebra: float, double and types that behave like them.
///
///   real<T>              +, -, *, /, comparisons, numeric_limits, and sqrt and abs found by argument-dependent lookup
///   vector_real<T, A>    float or double with registers on A: the vector path; every other real takes the plain one
///
/// Model of : -
/// Cost     : declarations; take_reals() starts the lifetime of `count` numbers in the caller's memory.
/// Promise  : nothing here allocates: the only `new` under include/ returns the address that it is given, to start the lifetime of
///            types which storage alone does not start (std::construct_at would drag in <memory>, placement new <new>);
///            boost::multiprecision::number of a fixed-precision back end is a real.
/// Source   : -

#include "skive/core/ieee.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/arch.hpp"

#include <cmath>
#include <concepts>
#include <limits>

namespace skive {

template <class T>
concept real =
    std::is_nothrow_copy_constructible_v<T> && std::is_trivially_destructible_v<T> && std::numeric_limits<T>::is_specialized &&
    !std::numeric_limits<T>::is_integer && std::constructible_from<T, int> && requires(T const a, T const b) {
      { a + b } -> std::convertible_to<T>;
      { a - b } -> std::convertible_to<T>;
      { a* b } -> std::convertible_to<T>;
      { a / b } -> std::convertible_to<T>;
      { a < b } -> std::convertible_to<bool>;
      { a == b } -> std::convertible_to<bool>;
    };

template <class T, class Arch>
concept vector_real = (std::same_as<T, float> || std::same_as<T, double>) && simd::vector_arch<Arch> &&
    requires { typename xsimd::batch<T, Arch>::register_type; };

namespace detail {

template <real T>
[[gnu::always_inline]] inline T square_root(T const& x) noexcept {
  using std::sqrt;
  return sqrt(x);
}
template <real T>
[[gnu::always_inline]] inline T absolute(T const& x) noexcept {
  return x < T(0) ? T(-x) : x;
}
/// Neither infinite nor NaN; of floats core/ieee.hpp knows it.
using skive::is_finite;
template <real T>
[[gnu::always_inline]] inline bool finite(T const& x) noexcept {
  return T(x - x) == T(0);
}

// A number that can be made where it stands, without <new>.
template <class T>
struct placed {
  T value;
  static void* operator new(std::size_t, void* at) noexcept { return at; }
};

}  // namespace detail

/// `count` numbers out of the workspace, uninitialised if T is trivial, else made by T's default constructor. Takes
/// workspace::bytes<T>(count) at most.
template <real T>
[[gnu::always_inline]] inline std::span<T> take_reals(workspace& scratch, std::size_t count) noexcept {
  if constexpr (std::is_trivially_copyable_v<T>) {
    return scratch.take<T>(count);
  } else {
    static_assert(sizeof(detail::placed<T>) == sizeof(T) && alignof(T) <= workspace::alignment);
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) return {};
    auto const memory = scratch.take<std::byte>(count * sizeof(T));
    if (memory.empty()) return {};
    for (std::size_t i = 0; i < count; ++i) new (memory.data() + i * sizeof(T)) detail::placed<T>{};
    return {reinterpret_cast<T*>(memory.data()), count};
  }
}

static_assert(real<float> && real<double> && !real<int>);

}  // namespace skive
