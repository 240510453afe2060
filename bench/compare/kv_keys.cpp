// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Key quantizers of the table.
#include "kv_published.hpp"
#include "kv_through.hpp"

#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

template <int Bits>
void add_even(std::vector<cache_quantizer>& all) {
  using hadamard_keys = per_token_keys<Bits, random_hadamard>;
  auto const name = [](char const* rest) { return fmt::format("{}-bit {}", Bits, rest); };
  all.push_back(key_row(name("per token"), [](page_shape s, rows_view, constants&) { return per_token_keys<Bits>::make(s); }));
  all.push_back(
      key_row(name("per token, g32"), [](page_shape s, rows_view, constants&) { return per_token_keys<Bits>::make(s, 32); }));
  all.push_back(key_row(name("per token, mean"), [](page_shape s, rows_view r, constants& m) {
    return per_token_keys<Bits>::make(s, 0, frozen_mean(r, m));
  }));
  all.push_back(key_row(name("per token, Hadamard"), [](page_shape s, rows_view, constants&) {
    return hadamard_keys::make(s, 0, {}, *random_hadamard::make(s.head_size, 1));
  }));
  all.push_back(key_row(name("per token, mean + Hadamard"), [](page_shape s, rows_view r, constants& m) {
    return hadamard_keys::make(s, 0, frozen_mean(r, m), *random_hadamard::make(s.head_size, 1));
  }));
  for (std::size_t const group : {128U, 64U, 32U})
    all.push_back(key_row(name(fmt::format("per channel, G{}", group).c_str()),
                          [group](page_shape s, rows_view, constants&) { return per_channel_keys<Bits>::make(s, group); }));
  if constexpr (Bits <= 3)
    all.push_back(key_row(name("per channel, G128, searched"), [](page_shape s, rows_view, constants&) {
      return per_channel_keys<Bits>::make(s, 128, affine_fit::searched);
    }));
}

template <int Bits>
void add_normal(std::vector<cache_quantizer>& all) {
  using keys = normal_keys<Bits, random_hadamard>;
  all.push_back(key_row(fmt::format("{}-bit TurboQuant, for squared error", Bits), [](page_shape s, rows_view, constants&) {
    return keys::make(s, 0, {}, *random_hadamard::make(s.head_size, 1));
  }));
  all.push_back(key_row(fmt::format("{}-bit normal levels, mean + Hadamard", Bits), [](page_shape s, rows_view r, constants& m) {
    return keys::make(s, 0, frozen_mean(r, m), *random_hadamard::make(s.head_size, 1));
  }));
}

std::vector<cache_quantizer> make_all() {
  std::vector<cache_quantizer> all;
  all.push_back(key_row("float16", [](page_shape s, rows_view, constants&) { return float_keys<float16>::make(s); }));
  add_even<8>(all);
  add_codec_keys(all);
  add_even<4>(all);
  add_normal<4>(all);
  add_even<3>(all);
  add_normal<3>(all);
  add_even<2>(all);
  add_normal<2>(all);
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
