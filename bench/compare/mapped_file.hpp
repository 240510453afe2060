// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/mapped_file.hpp - a file's bytes without reading it, and large scratch memory that the kernel can write out.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace skive::compare {

/// A regular file mapped read-only. The mapping lives as long as the object.
class mapped_file {
 public:
  /// Throws input_error: missing, a directory, no regular file, not readable, empty.
  static std::shared_ptr<mapped_file const> open(std::string const& path);

  mapped_file(mapped_file const&) = delete;
  mapped_file& operator=(mapped_file const&) = delete;
  ~mapped_file();

  std::span<std::byte const> bytes() const noexcept { return {data_, size_}; }

  /// Tells the kernel that the pages of `part` are not needed for now; they are read again from the file when touched.
  static void release(std::span<std::byte const> part) noexcept;

 private:
  mapped_file(std::byte const* data, std::size_t size) noexcept : data_{data}, size_{size} {}

  std::byte const* data_;
  std::size_t size_;
};

/// Room for `count` floats. Above 256 MiB it lies in an unlinked temporary file, so that the conversion of a tensor larger than
/// the memory is paged to disk; where no such file can be made, and below that size, it is ordinary memory.
std::shared_ptr<float> scratch_floats(std::size_t count);

}  // namespace skive::compare
