// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/format.hpp - one entry of the menu of compare, type-erased: what the program asks of any codec.
///
///   format --fit(tensor)--> fitted --encode_rows, decode_rows--> bytes, numbers
///
/// What belongs to the whole tensor is found once by fit; pieces of rows are then coded in any order and by any number of
/// threads.
/// Unlike include/, this program may allocate and throw.

#include "skive/block/description.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/status.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skive::compare {

namespace detail {
inline void check(status s) {
  if (!s) throw std::runtime_error(s.message());
}
}  // namespace detail

struct tensor_shape {
  std::size_t rows = 0;
  std::size_t cols = 0;
};

/// A codec with the constants of one tensor. Its operations are const and safe to call from several threads at once.
class fitted {
 public:
  virtual ~fitted() = default;

  /// Bytes that these rows take in memory here, encoded together (whole-tensor constants excluded).
  virtual std::size_t bytes(tensor_shape rows) const = 0;

  /// Rows share metadata with others of their piece: every piece but the tensor's last has a multiple of this many rows.
  virtual std::size_t row_multiple() const { return 1; }

  /// Writes bytes(rows) bytes. The rows are a piece of the tensor that was fitted.
  virtual void encode_rows(matrix_view<float const> rows, std::byte* out) const = 0;
  virtual void decode_rows(std::byte const* in, matrix_view<float> rows) const = 0;

  /// One row of bytes({1, row.size()}) bytes, for a codec around this one; unsupported where rows share metadata.
  virtual status encode_row(std::span<float const>, std::byte*) const { return errc::unsupported; }
  virtual status decode_row(std::byte const*, std::span<float>) const { return errc::unsupported; }

  /// Numbers found by fit that decoding needs; they are stored once per tensor.
  virtual std::vector<float> constants() const { return {}; }

  /// The codec with its constants, where the library can describe it.
  virtual std::optional<codec_description> description() const { return std::nullopt; }
};

class format {
 public:
  virtual ~format() = default;

  virtual std::string name() const = 0;

  /// Bits of the whole encoded tensor, every kind of metadata counted.
  virtual double total_bits(tensor_shape shape) const = 0;

  /// Bytes of a row by itself, constants of the tensor excluded; nothing where rows share metadata.
  virtual std::optional<std::size_t> row_bytes(std::size_t) const { return std::nullopt; }

  /// Throws std::runtime_error with the reason where the format cannot take this tensor.
  virtual std::unique_ptr<fitted> fit(matrix_view<float const> tensor) const = 0;

  /// How many constants() a codec has that was fitted to a tensor of so many columns, and the codec that they describe. Throws
  /// std::runtime_error if they are invalid.
  virtual std::size_t constant_count(std::size_t) const { return 0; }
  virtual std::unique_ptr<fitted> restore(std::span<float const> constants, std::size_t cols) const = 0;
};

/// Every format that is compared by default, in reading order.
std::vector<std::unique_ptr<format>> const& menu();

/// One more entry of the menu, known to make_format too. Call before the first use of menu().
void add_to_menu(std::function<std::unique_ptr<format>()> make);

/// The format of that name in the grammar of skive/block/name.hpp. Throws std::invalid_argument naming the part that is unknown.
std::unique_ptr<format> make_format(std::string_view name);

}  // namespace skive::compare
