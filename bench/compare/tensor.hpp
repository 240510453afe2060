// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/tensor.hpp - a tensor as it is stored (type, shape, bytes), and its numbers as a float matrix.

#include "skive/core/matrix_view.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skive::compare {

/// Stored number types, by their safetensors names. Only those with `readable` are compared; the others are listed.
enum class number_type : std::uint8_t {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  f6_e2m3,
  f6_e3m2,
  f4,
  i64,
  u64,
  i32,
  u32,
  i16,
  u16,
  i8,
  u8,
  boolean,
  c64
};

struct number_type_facts {
  std::string_view name;  // as in a safetensors header
  number_type type;
  int bits;
  bool readable;
};
number_type_facts const& facts(number_type type) noexcept;
std::optional<number_type> number_type_named(std::string_view name) noexcept;

/// rows * cols of an element count that fits 64 bits; more than two dimensions count as rows of the last axis.
struct tensor {
  std::string name;
  std::string file;
  number_type type = number_type::f32;
  std::vector<std::uint64_t> shape;
  std::span<std::byte const> bytes;    // little-endian, row-major, exactly elements() * bits / 8
  std::shared_ptr<void const> memory;  // keeps `bytes` alive
  bool mapped = false;                 // `bytes` lies in a file mapping, whose pages may be dropped

  std::uint64_t elements() const noexcept;
  std::size_t cols() const noexcept { return shape.empty() ? 1 : static_cast<std::size_t>(shape.back()); }
  std::size_t rows() const noexcept { return cols() == 0 ? 0 : static_cast<std::size_t>(elements()) / cols(); }
  double stored_bits() const noexcept { return static_cast<double>(elements()) * facts(type).bits; }
};

/// Why the tensor is not compared: not a matrix, no numbers, integers; empty where it is.
std::string reason_to_skip(tensor const& t);

/// elements(shape) * bits / 8, or nothing where that overflows 64 bits or is no whole number of bytes.
std::optional<std::uint64_t> byte_count(std::span<std::uint64_t const> shape, int bits) noexcept;

/// Converts `out.size()` numbers from `first` on to float (F64 rounds to nearest and may overflow to infinity).
void to_float(tensor const& t, std::size_t first, std::span<float> out);

/// The whole tensor in float: a view of the mapping itself where it is F32 and aligned, otherwise a converted copy (of this one
/// tensor; scratch_floats pages large ones to disk), because fitting a format needs all rows at once.
class float_matrix {
 public:
  explicit float_matrix(tensor const& t);
  matrix_view<float const> view() const noexcept { return {data_.get(), rows_, cols_, cols_}; }

 private:
  std::shared_ptr<float const> data_;
  std::size_t rows_;
  std::size_t cols_;
};

}  // namespace skive::compare
