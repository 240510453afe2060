// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/erased_codec.hpp - any fitted codec as a block_codec of one plane, so that the library's composers take it.
///
///   residual{erased_codec{&a}, erased_codec{&b}}    one type for every pair: composers are compiled once, not once a codec

#include "format.hpp"

#include "skive/core/concepts.hpp"

#include <cstddef>
#include <span>

namespace skive::compare {

/// Rows to bytes and back; const and safe to call from several threads, but where a class says otherwise.
class row_coder {
 public:
  virtual ~row_coder() = default;
  virtual std::size_t bytes(std::size_t n) const = 0;
  virtual status encode(std::span<float const> row, std::byte* out) const = 0;
  virtual status decode(std::byte const* in, std::span<float> row) const = 0;
};

/// The coder's owner outlives the codec.
class erased_codec {
 public:
  static constexpr std::size_t plane_count = 1;

  erased_codec() noexcept = default;
  explicit erased_codec(row_coder const* coder) noexcept : coder_{coder} {}

  std::size_t block_size() const noexcept { return 0; }
  std::size_t row_multiple() const noexcept { return 1; }
  std::array<std::size_t, 1> plane_bytes(std::size_t n) const noexcept { return {n == 0 ? 0 : coder_->bytes(n)}; }
  std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  status encode(std::span<float const> row, planes<std::byte, 1> to, workspace) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    return coder_->encode(row, to[0].data);
  }
  status decode(planes<std::byte const, 1> from, std::span<float> row, workspace) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    return coder_->decode(from[0].data, row);
  }

 private:
  row_coder const* coder_ = nullptr;
};

static_assert(block_codec<erased_codec>);

}  // namespace skive::compare
