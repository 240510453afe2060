// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace skive::compare {

void for_each_index(std::size_t count, unsigned threads, std::function<void(std::size_t)> const& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr first;
  std::mutex guard;
  auto const take = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        std::lock_guard const lock{guard};
        if (!first) first = std::current_exception();
        next = count;
      }
    }
  };
  auto const others = std::min<std::size_t>(threads, count);
  {
    std::vector<std::jthread> pool;
    for (std::size_t i = 1; i < others; ++i) pool.emplace_back(take);
    take();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace skive::compare
