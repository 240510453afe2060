// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What the rest of a program sees of code that is compiled for several instruction sets: plain functions, by pointer.

#include <cstddef>
#include <span>

struct row_operations {
  char const* arch;
  bool (*encode)(std::span<float const> row, std::span<std::byte> packed) noexcept;
  bool (*decode)(std::span<std::byte const> packed, std::span<float> row) noexcept;

  template <class Arch>
  static row_operations make() noexcept;
  static std::span<row_operations const> available() noexcept;  // what this machine can run, the best first
};
