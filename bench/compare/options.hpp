// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/options.hpp - the command line of compare, checked as far as it can be without reading a file.

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace skive::compare {

struct feed {
  std::string activation;
  std::string weights;  // pattern
};

struct rule {
  std::string weights;  // pattern
  std::string format;
};

struct options {
  std::vector<std::string> inputs;  // none: the synthetic checkpoint
  std::string tensors = "*";
  std::string activations;
  std::vector<feed> feeds;
  std::vector<std::string> formats;  // none: the menu, unless there are rules
  std::vector<rule> rules;
  std::optional<double> budget;  // bits per weight
  unsigned threads = 1;
  std::optional<std::string> csv;   // file; "-": standard output
  std::optional<std::string> json;  // likewise
  std::string plot;
  std::vector<std::string> caches;  // files of keys and values: the table of caches instead
  bool list = false;
  bool summary = false;
  bool timing = true;

  bool prints_table() const noexcept { return csv != "-" && json != "-"; }
};

/// The options, or the exit code where the program ends here (help printed: 0; wrong usage, said on the error stream: 2).
std::variant<options, int> parse_command_line(int argc, char const* const* argv);

}  // namespace skive::compare
