// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Counts what a program takes from the heap: replaces the global operator new. For one translation unit of a program only.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace skive::test {
inline std::size_t allocation_total = 0;

/// Calls of operator new so far.
inline std::size_t allocations() noexcept { return *const_cast<std::size_t const volatile*>(&allocation_total); }

namespace detail {
inline void* counted(std::size_t size, std::size_t alignment) {
  ++allocation_total;
  auto const rounded = (size + alignment) / alignment * alignment;  // at least one byte
  if (void* p = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, rounded) : std::malloc(rounded)) return p;
  throw std::bad_alloc{};
}
}  // namespace detail
}  // namespace skive::test

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t n) { return skive::test::detail::counted(n, alignof(std::max_align_t)); }
void* operator new[](std::size_t n) { return skive::test::detail::counted(n, alignof(std::max_align_t)); }
void* operator new(std::size_t n, std::align_val_t a) { return skive::test::detail::counted(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return skive::test::detail::counted(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
