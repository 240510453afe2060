// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/problems.hpp - what is wrong with the input: one line each, on the error stream, and a count for the exit code.

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skive::compare {

/// Input that cannot be used; what() is the reason alone, without file and tensor.
class input_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Input names are data: control characters are replaced so that a file cannot write to the terminal.
std::string printable(std::string_view text);

class problems {
 public:
  /// `stream`: where each line goes at once; none: they are only kept.
  explicit problems(std::FILE* stream = nullptr) : stream_{stream} {}

  /// `tensor` may be empty: the reason then concerns the whole file.
  void report(std::string_view file, std::string_view tensor, std::string_view reason);

  std::vector<std::string> const& lines() const noexcept { return lines_; }
  bool none() const noexcept { return lines_.empty(); }

 private:
  std::FILE* stream_;
  std::vector<std::string> lines_;
};

}  // namespace skive::compare
