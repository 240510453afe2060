// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Key quantizers of the table.
#include "kv_published.hpp"
#include "kv_steps.hpp"

#include "skive/kv/float_pages.hpp"

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

void add_even(std::vector<cache_quantizer>& all, int bits) {
  auto const add = [&](std::string const& rest, make_keys make) {
    all.push_back(erased_key_row(fmt::format("{}-bit {}", bits, rest), std::move(make)));
  };
  add("per token", [bits](page_shape s, rows_view, constants& m) { return token_keys(bits, s, {}, m); });
  add("per token, g32", [bits](page_shape s, rows_view, constants& m) { return token_keys(bits, s, {32}, m); });
  add("per token, mean",
      [bits](page_shape s, rows_view r, constants& m) { return token_keys(bits, s, {0, frozen_mean(r, m)}, m); });
  add("per token, Hadamard", [bits](page_shape s, rows_view, constants& m) { return token_keys(bits, s, {0, {}, true}, m); });
  add("per token, mean + Hadamard",
      [bits](page_shape s, rows_view r, constants& m) { return token_keys(bits, s, {0, frozen_mean(r, m), true}, m); });
  for (std::size_t const group : {128U, 64U, 32U})
    add(fmt::format("per channel, G{}", group),
        [bits, group](page_shape s, rows_view, constants& m) { return channel_keys(bits, s, group, affine_fit::min_max, m); });
  if (bits <= 3)
    add("per channel, G128, searched",
        [bits](page_shape s, rows_view, constants& m) { return channel_keys(bits, s, 128, affine_fit::searched, m); });
}

void add_normal(std::vector<cache_quantizer>& all, int bits) {
  all.push_back(erased_key_row(fmt::format("{}-bit TurboQuant, for squared error", bits),
                               [bits](page_shape s, rows_view, constants& m) { return level_keys(bits, s, {}, m); }));
  all.push_back(
      erased_key_row(fmt::format("{}-bit normal levels, mean + Hadamard", bits),
                     [bits](page_shape s, rows_view r, constants& m) { return level_keys(bits, s, frozen_mean(r, m), m); }));
}

std::vector<cache_quantizer> make_all() {
  std::vector<cache_quantizer> all;
  all.push_back(key_row("float16", [](page_shape s, rows_view, constants&) { return float_keys<float16>::make(s); }));
  add_even(all, 8);
  add_codec_keys(all);
  add_even(all, 4);
  add_normal(all, 4);
  add_even(all, 3);
  add_normal(all, 3);
  add_even(all, 2);
  add_normal(all, 2);
  add_published_keys(all);
  add_rotated_keys(all);
  add_trained_keys(all);
  return all;
}

}  // namespace

std::vector<cache_quantizer> const& key_quantizers() {
  static auto const all = make_all();
  return all;
}

}  // namespace skive::compare
