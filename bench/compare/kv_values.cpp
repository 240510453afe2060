// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Value quantizers of the table.
#include "kv_published.hpp"
#include "kv_steps.hpp"

#include "skive/kv/float_pages.hpp"

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

void add_even(std::vector<cache_quantizer>& all, int bits) {
  auto const add = [&](char const* rest, std::size_t group, affine_fit fit) {
    all.push_back(erased_value_row(
        fmt::format("{}-bit {}", bits, rest),
        [bits, group, fit](page_shape s, rows_view, constants& m) { return token_values(bits, s, group, fit, m); }));
  };
  add("per token", 0, affine_fit::min_max);
  add("per token, g32", 32, affine_fit::min_max);
  if (bits <= 3) add("per token, searched", 0, affine_fit::searched);
}

std::vector<cache_quantizer> make_all() {
  std::vector<cache_quantizer> all;
  all.push_back(value_row("float16", [](page_shape s, rows_view, constants&) { return float_values<float16>::make(s); }));
  add_even(all, 8);
  add_codec_values(all);
  add_even(all, 4);
  add_even(all, 3);
  add_even(all, 2);
  add_published_values(all);
  add_rotated_values(all);
  add_trained_values(all);
  return all;
}

}  // namespace

std::vector<cache_quantizer> const& value_quantizers() {
  static auto const all = make_all();
  return all;
}

}  // namespace skive::compare
