// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/workspace.hpp - scratch memory of the caller, handed down by value.
///
///   alignas(64) std::byte memory[N];   N >= codec.scratch_bytes(n);   codec.encode(row, planes, workspace{memory});
///
/// Because it is passed by value, whatever a callee takes is free again when the callee returns: nesting needs no
/// bookkeeping, and a `const` object stays thread-safe as long as each thread brings its own memory.
///
/// Model of : -
/// Cost     : two words; take() is a pointer adjustment.
/// Promise  : every array starts on a 64-byte boundary; bytes<T>(count) includes the slack for any start address.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace skive {

class workspace {
 public:
  static constexpr std::size_t alignment = 64;

  constexpr workspace() noexcept = default;
  constexpr explicit workspace(std::span<std::byte> memory) noexcept : data_{memory.data()}, size_{memory.size()} {}

  /// Bytes that one take<T>(count) may use up; saturates, so that a size that overflows is refused as too large.
  template <class T>
  static constexpr std::size_t bytes(std::size_t count) noexcept {
    constexpr auto limit = std::numeric_limits<std::size_t>::max();
    return count > (limit - 2 * alignment) / sizeof(T) ? limit
                                                       : (count * sizeof(T) + 2 * (alignment - 1)) / alignment * alignment;
  }

  constexpr std::size_t size() const noexcept { return size_; }

  /// `count` uninitialised elements, or an empty span when the memory is too small. Entry points compare size() with
  /// scratch_bytes() once, before the first write; after that take() cannot fail.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::span<T> take(std::size_t count) noexcept {
    auto const slack = (alignment - reinterpret_cast<std::uintptr_t>(data_) % alignment) % alignment;
    if (count == 0 || slack > size_ || count > (size_ - slack) / sizeof(T)) return {};
    auto* const start = reinterpret_cast<T*>(data_ + slack);
    data_ += slack + count * sizeof(T);
    size_ -= slack + count * sizeof(T);
    return {start, count};
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(std::is_trivially_copyable_v<workspace>);

}  // namespace skive
