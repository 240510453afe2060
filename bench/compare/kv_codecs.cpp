// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Block codecs of single tokens as keys and as values, and PolarQuant, QJL and TurboQuant, which are such codecs behind a rotation.
#include "kv_published.hpp"
#include "kv_steps.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/polar.hpp"
#include "skive/codebook/sign_sketch.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kv/channel_map.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/residual_pages.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <random>

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

// Calls add(name, codec) for all block codecs.
template <class Add>
void each_codec(Add add) {
  add("e4m3fn, per token", absmax<e4m3fn>{0});
  add("mxfp8_e4m3", mx<e4m3fn>{32});
  add("mxfp4", mx<e2m1>{32});
  add("nvfp4", nvfp4{16, *nvfp4_scheme::make(16.0f)});
}

using turned = rotation_map<random_hadamard>;

// The codec behind a rotation. Mapped: keys or values of any type.
template <class Mapped, class Inner>
result<Mapped> behind(result<Inner> const& codec, std::size_t head_size, constants& m) {
  auto const inner = kept(m, codec);
  auto const rotation = random_hadamard::make(head_size, 1);
  if (!inner) return inner.error();
  if (!rotation) return rotation.error();
  auto const map = turned::make(*rotation);
  if (!map) return map.error();
  return Mapped::make(*inner, *map);
}
using turned_keys = mapped_keys<any_keys<>, turned>;
using turned_values = mapped_values<any_values<>, turned>;

using orthogonal_signs = sign_sketch<orthogonal_projection<random_hadamard>>;
using gaussian_signs = sign_sketch<gaussian_projection>;

result<any_keys<>> sketch_keys(page_shape s, constants& m) {
  auto const rotation = random_hadamard::make(s.head_size, 2);
  if (!rotation) return rotation.error();
  return kept(m, codec_keys<orthogonal_signs>::make(orthogonal_signs{orthogonal_projection{*rotation}}, s));
}

void add_turboquant_keys(std::vector<cache_quantizer>& all, int bits) {
  all.push_back(key_row(fmt::format("{}-bit TurboQuant, for products", bits),
                        [bits](page_shape s, rows_view, constants& m) -> result<residual_keys<any_keys<>, any_keys<>>> {
                          auto const first = level_keys(bits - 1, s, {}, m);
                          auto const second = sketch_keys(s, m);
                          if (!first) return first.error();
                          if (!second) return second.error();
                          return residual_keys<any_keys<>, any_keys<>>::make(*first, *second);
                        }));
}

template <int Bits>
void add_turboquant_values(std::vector<cache_quantizer>& all) {
  all.push_back(value_row(fmt::format("{}-bit TurboQuant, for squared error", Bits), [](page_shape s, rows_view, constants& m) {
    return behind<turned_values>(codec_values<lloyd<Bits>>::make(lloyd<Bits>{0}, s), s.head_size, m);
  }));
}

}  // namespace

void add_codec_keys(std::vector<cache_quantizer>& all) {
  each_codec([&](char const* name, auto const& codec) {
    using codec_type = std::remove_cvref_t<decltype(codec)>;
    all.push_back(key_row(name, [codec](page_shape s, rows_view, constants&) { return codec_keys<codec_type>::make(codec, s); }));
  });
}
void add_codec_values(std::vector<cache_quantizer>& all) {
  each_codec([&](char const* name, auto const& codec) {
    using codec_type = std::remove_cvref_t<decltype(codec)>;
    all.push_back(
        value_row(name, [codec](page_shape s, rows_view, constants&) { return codec_values<codec_type>::make(codec, s); }));
  });
}

void add_rotated_keys(std::vector<cache_quantizer>& all) {
  all.push_back(key_row("PolarQuant: rotated, 4 2 2 2 bits an angle", [](page_shape s, rows_view, constants& m) {
    return behind<turned_keys>(codec_keys<polar>::make(polar{}, s), s.head_size, m);
  }));
  add_turboquant_keys(all, 4);
  add_turboquant_keys(all, 3);
  add_turboquant_keys(all, 2);
  all.push_back(erased_key_row("QJL, orthogonal rows, a sign a number",
                               [](page_shape s, rows_view, constants& m) { return sketch_keys(s, m); }));
  all.push_back(key_row("QJL, Gaussian rows, 3 signs a number", [](page_shape s, rows_view, constants& m) {
    auto& numbers = more(m, 3 * s.head_size * s.head_size);
    std::mt19937 random{1};
    std::normal_distribution<float> normal;
    for (auto& x : numbers) x = normal(random);
    gaussian_projection const projection{{numbers.data(), 3 * s.head_size, s.head_size}};
    return codec_keys<gaussian_signs>::make(gaussian_signs{projection}, s);
  }));
}
void add_rotated_values(std::vector<cache_quantizer>& all) {
  all.push_back(value_row("PolarQuant: rotated, 4 2 2 2 bits an angle", [](page_shape s, rows_view, constants& m) {
    return behind<turned_values>(codec_values<polar>::make(polar{}, s), s.head_size, m);
  }));
  add_turboquant_values<4>(all);
  add_turboquant_values<2>(all);
}

}  // namespace skive::compare
