// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What units of different instruction sets say about themselves, for the tests of skive_add_dispatched.

#include <span>

struct unit_operations {
  char const* arch;                          // by a template on Arch
  char const* (*name_by_helper)() noexcept;  // by an inline function that all units have under one name

  template <class Arch>
  static unit_operations make() noexcept;
  static std::span<unit_operations const> available() noexcept;
};
