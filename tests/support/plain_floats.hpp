// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/plain_floats.hpp - codecs of a caller's own, without a path for instruction sets: every number itself.
///
///   plain_floats       a block of one number; no products
///   plain_floats_dot   the same with products, summed in double; a weight of 1000 counts as corrupt

#include "skive/block/float_query.hpp"
#include "skive/core/concepts.hpp"

#include <array>
#include <cstring>
#include <span>

namespace skive::test {

struct plain_floats {
  static constexpr std::size_t plane_count = 1;
  constexpr std::size_t block_size() const noexcept { return 1; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::array<std::size_t, 1> plane_bytes(std::size_t n) const noexcept { return {saturating_multiply(n, 4)}; }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  status encode(std::span<float const> row, planes<std::byte, 1> to, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < row.size(); ++i) std::memcpy(to[0].data + i * to[0].block_stride, &row[i], 4);
    return errc::ok;
  }
  status decode(planes<std::byte const, 1> from, std::span<float> row, workspace = {}) const noexcept {
    for (std::size_t i = 0; i < row.size(); ++i) std::memcpy(&row[i], from[0].data + i * from[0].block_stride, 4);
    return errc::ok;
  }
};

struct plain_floats_dot : plain_floats {
  using query = float_query;
  std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  result<query> prepare(std::span<float const> x, workspace = {}) const noexcept { return query{x.data(), x.size()}; }
  result<float> dot(planes<std::byte const, 1> from, query const& q) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < q.size; ++i) {
      float w = 0;
      std::memcpy(&w, from[0].data + i * from[0].block_stride, 4);
      if (w == 1000.0f) return errc::corrupt;
      sum += static_cast<double>(w) * static_cast<double>(q.data[i]);
    }
    return static_cast<float>(sum);
  }
};

static_assert(block_codec<plain_floats> && !dot_codec<plain_floats> && dot_codec<plain_floats_dot>);

}  // namespace skive::test
