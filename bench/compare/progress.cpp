// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "progress.hpp"

#include "problems.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace skive::compare {

progress::progress(bool enabled, std::size_t total) : drawing_{enabled && ::isatty(STDERR_FILENO) == 1}, total_{total} {}

void progress::step(std::string_view what) {
  ++done_;
  if (!drawing_) return;
  constexpr std::size_t width = 30;
  auto const filled = std::min(width, width * done_ / std::max<std::size_t>(1, total_));
  fmt::print(stderr, "\r\033[K[{:#<{}}{:.<{}}] {}/{} {}", "", filled, "", width - filled, done_, total_,
             printable(what.substr(0, 40)));
  std::fflush(stderr);
  drawn_ = true;
}

void progress::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace skive::compare
