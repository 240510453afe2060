// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/progress.hpp - one line on a terminal that says how far the work is; nothing at all in a pipe or a file.

#include <cstddef>
#include <string_view>

namespace skive::compare {

class progress {
 public:
  /// `total`: steps to come; `enabled` false draws nothing anywhere.
  explicit progress(bool enabled, std::size_t total = 0);
  progress(progress const&) = delete;
  progress& operator=(progress const&) = delete;
  ~progress() { clear(); }

  void step(std::string_view what);
  void skip(std::size_t steps) noexcept { done_ += steps; }
  void clear();  // before anything else is written

 private:
  bool drawing_;
  bool drawn_ = false;
  std::size_t done_ = 0;
  std::size_t total_;
};

}  // namespace skive::compare
