// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A fuzzer's bytes, taken from the front; after the last one come zeros.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

namespace skive::fuzz {

class input {
 public:
  input(std::uint8_t const* data, std::size_t size) : data_{data}, size_{size} {}

  std::size_t left() const { return size_; }
  std::uint8_t byte() {
    std::uint8_t b = 0;
    fill(&b, 1);
    return b;
  }
  /// 0 .. 65535.
  std::size_t number() {
    std::size_t const low = byte();
    return low | std::size_t{byte()} << 8;
  }
  void fill(void* to, std::size_t count) {
    if (count == 0) return;
    auto const given = std::min(count, size_);
    if (given != 0) std::memcpy(to, data_, given);
    std::memset(static_cast<std::uint8_t*>(to) + given, 0, count - given);
    data_ += given;
    size_ -= given;
  }

 private:
  std::uint8_t const* data_;
  std::size_t size_;
};

/// Memory of exactly `count` elements, so that the address sanitizer sees one byte too far.
template <class T>
class exactly {
 public:
  explicit exactly(std::size_t count) : memory_{new T[count]()}, count_{count} {}
  std::span<T> get() const { return {memory_.get(), count_}; }

 private:
  std::unique_ptr<T[]> memory_;
  std::size_t count_;
};

/// The fuzzer reports the input that led here.
inline void require(bool held) {
  if (!held) std::abort();
}

}  // namespace skive::fuzz
