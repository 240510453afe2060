// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_through.hpp - rows of a head through the pages of any quantizer, and the time of its products.
///
/// Quantizers lose their type at once (kv/any_pages.hpp): what is compiled for each of them are its own functions only.

#include "kv_quantizers.hpp"

#include "skive/kv/any_pages.hpp"

#include <deque>
#include <memory>

namespace skive::compare {

inline constexpr std::size_t kv_page_tokens = 128;

/// Appends whole groups page by page and decodes them; the rest goes through float16. Nothing if something is refused.
std::optional<head_result> fill(any_page<native_arch> const& quantizer, matrix_view<float const> rows, matrix_view<float> decoded,
                                std::vector<std::vector<std::byte>>& pages);

std::optional<head_result> keys_through(any_keys<> keys, head_input const& in, matrix_view<float> decoded);
std::optional<head_result> values_through(any_values<> values, head_input const& in, matrix_view<float> decoded);

/// What a quantizer learns, and quantizers that others refer to, for as long as it is used.
struct constants {
  std::deque<std::vector<float>> numbers;
  std::vector<std::shared_ptr<void const>> objects;
};
inline std::vector<float>& more(constants& all, std::size_t count) { return all.numbers.emplace_back(count); }

/// Quantizers kept by the constants, without their types.
template <key_quantizer Keys>
result<any_keys<>> kept(constants& all, result<Keys> const& keys) {
  if (!keys) return keys.error();
  auto const object = std::make_shared<Keys const>(*keys);
  all.objects.push_back(object);
  return any_keys<>{*object};
}
template <value_quantizer Values>
result<any_values<>> kept(constants& all, result<Values> const& values) {
  if (!values) return values.error();
  auto const object = std::make_shared<Values const>(*values);
  all.objects.push_back(object);
  return any_values<>{*object};
}

/// The tokens that constants are learnt from.
inline matrix_view<float const> calibration(matrix_view<float const> rows) noexcept {
  return {rows.data, std::min<std::size_t>(64, rows.rows), rows.cols, rows.row_stride};
}
std::span<float const> frozen_mean(matrix_view<float const> rows, constants& memory);

/// A row of the table: make(shape, rows of the head, memory for constants).
using make_keys = std::function<result<any_keys<>>(page_shape, matrix_view<float const>, constants&)>;
using make_values = std::function<result<any_values<>>(page_shape, matrix_view<float const>, constants&)>;
cache_quantizer erased_key_row(std::string name, make_keys make);
cache_quantizer erased_value_row(std::string name, make_values make);

/// The same of functions that give quantizers of any type.
template <class Make>
cache_quantizer key_row(std::string name, Make make) {
  return erased_key_row(std::move(name),
                        [make](page_shape s, matrix_view<float const> r, constants& m) { return kept(m, make(s, r, m)); });
}
template <class Make>
cache_quantizer value_row(std::string name, Make make) {
  return erased_value_row(std::move(name),
                          [make](page_shape s, matrix_view<float const> r, constants& m) { return kept(m, make(s, r, m)); });
}

}  // namespace skive::compare
