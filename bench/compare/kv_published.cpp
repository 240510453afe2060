// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kv_published.hpp"

#include "kv_steps.hpp"

#include "skive/codebook/kmeans_1d.hpp"
#include "skive/kv/channel_fit.hpp"
#include "skive/kv/grouped_pages.hpp"
#include "skive/kv/level_group.hpp"
#include "skive/kv/low_rank_group.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "skive/kv/polar_pair_group.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

// Levels by k-means of the numbers in units of their ranges; empty ranges: of each token.
std::span<float const> trained_levels(rows_view first, channel_range ranges, std::size_t count, constants& memory) {
  std::vector<float> numbers;
  for (std::size_t t = 0; t < first.rows; ++t) {
    auto const row = first.row(t);
    auto const [low, high] = std::minmax_element(row.begin(), row.end());
    for (std::size_t d = 0; d < first.cols; ++d) {
      auto const a = ranges.low.empty() ? *low : ranges.low[d];
      auto const b = ranges.low.empty() ? *high : ranges.high[d];
      if (b > a) numbers.push_back(std::clamp((row[d] - (a + b) / 2) * 2 / (b - a), -1.0f, 1.0f));
    }
  }
  auto& levels = more(memory, count);
  std::vector<float> const weights(numbers.size(), 1.0f);
  std::vector<std::byte> scratch(kmeans_1d_bytes(numbers.size(), count, kmeans_memory::small) + 64);
  if (!kmeans_1d(numbers, weights, levels, kmeans_memory::small, workspace{scratch}))
    for (std::size_t i = 0; i < count; ++i) levels[i] = 2 * static_cast<float>(i) / static_cast<float>(count - 1) - 1;
  return levels;
}

using level_keys = grouped_keys<level_group>;
using level_values = grouped_values<level_group>;

// One number in a hundred of a group of 32 tokens.
std::size_t hundredth(std::size_t head_size) { return (32 * head_size + 99) / 100; }

result<level_keys> kvquant_keys(page_shape s, rows_view r, constants& m, std::size_t count) {
  auto const first = calibration(r);
  auto& low = more(m, r.cols);
  auto& high = more(m, r.cols);
  if (auto const done = channel_ranges(first, first.rows > 4 ? 1 : 0, low, high); !done) return done.error();
  auto const group =
      level_group::make(s.head_size, 32, trained_levels(first, {low, high}, count, m), {low, high}, hundredth(s.head_size));
  if (!group) return group.error();
  return level_keys::make(*group, s);
}
result<level_values> kvquant_values(page_shape s, rows_view r, constants& m, std::size_t count) {
  auto const group = level_group::make(s.head_size, 32, trained_levels(calibration(r), {}, count, m), {}, hundredth(s.head_size));
  if (!group) return group.error();
  return level_values::make(*group, s);
}

// Group, Pages: of keys or values of any type; rank 4, 2 % kept.
template <template <token_group> class Pages, class Inner>
result<Pages<low_rank_group<Inner>>> gear(result<Inner> const& inner, page_shape s, outlier_vector vector) {
  if (!inner) return inner.error();
  auto const group = low_rank_group<Inner>::make(*inner, 4, s.head_size * inner->page_tokens() / 50, vector);
  if (!group) return group.error();
  return Pages<low_rank_group<Inner>>::make(*group, s);
}

template <class Map>
result<mapped_keys<any_keys<>, Map>> mapped(result<any_keys<>> const& inner, result<Map> const& map) {
  if (!inner) return inner.error();
  if (!map) return map.error();
  return mapped_keys<any_keys<>, Map>::make(*inner, *map);
}

// Channels by range, in memory of the constants.
std::span<std::uint16_t const> ranged(rows_view r, constants& m) {
  auto& ranges = more(m, r.cols);
  auto& place = more(m, r.cols);  // twice the room
  std::span<std::uint16_t> const order{reinterpret_cast<std::uint16_t*>(place.data()), r.cols};
  return range_order(calibration(r), ranges, order) ? order : std::span<std::uint16_t>{};
}

template <int Bits>
void add_keys(std::vector<cache_quantizer>& all) {
  auto const name = [](char const* rest) { return fmt::format("{}-bit {}", Bits, rest); };
  all.push_back(key_row(name("KVQuant, 1 % kept"),
                        [](page_shape s, rows_view r, constants& m) { return kvquant_keys(s, r, m, std::size_t{1} << Bits); }));
  all.push_back(key_row(name("GEAR: per channel G128, rank 4, 2 % kept"), [](page_shape s, rows_view, constants& m) {
    return gear<grouped_keys>(channel_keys(Bits, s, 128, affine_fit::min_max, m), s, outlier_vector::channel);
  }));
  all.push_back(key_row(name("ZipCache: mean, channel scales"), [](page_shape s, rows_view r, constants& m) {
    auto const mean = frozen_mean(r, m);
    auto& scales = more(m, r.cols);
    auto const done = separable_scales(calibration(r), mean, scales);
    return mapped(done ? token_keys(Bits, s, {}, m) : done.error(), channel_map::make(r.cols, mean, scales));
  }));
  using skvq = per_token_keys<Bits, no_rotation, even_levels, e4m3_parameters>;
  all.push_back(key_row(name("SKVQ: reordered, searched, g32, E4M3 parameters"), [](page_shape s, rows_view r, constants& m) {
    return mapped(kept(m, skvq::make(s, 32, {}, affine_fit::searched)), channel_map::make(r.cols, {}, {}, ranged(r, m)));
  }));
  all.push_back(key_row(name("RotateKV: reordered, Hadamard of 32"),
                        [](page_shape s, rows_view r, constants& m) -> result<mapped_keys<any_keys<>, channel_map>> {
                          auto const turn = random_hadamard::make_blocked(r.cols, std::min<std::size_t>(32, r.cols), 1);
                          if (!turn) return turn.error();
                          auto const inner = mapped(token_keys(Bits, s, {32}, m), rotation_map<random_hadamard>::make(*turn));
                          return mapped(kept(m, inner), channel_map::make(r.cols, {}, {}, ranged(r, m)));
                        }));
}

template <int Bits>
void add_values(std::vector<cache_quantizer>& all) {
  all.push_back(value_row(fmt::format("{}-bit KVQuant, 1 % kept", Bits), [](page_shape s, rows_view r, constants& m) {
    return kvquant_values(s, r, m, std::size_t{1} << Bits);
  }));
  using skvq = per_token_values<Bits, e4m3_parameters>;
  all.push_back(value_row(fmt::format("{}-bit SKVQ: searched, g32, E4M3 parameters", Bits),
                          [](page_shape s, rows_view, constants&) { return skvq::make(s, 32, affine_fit::searched); }));
  all.push_back(
      value_row(fmt::format("{}-bit GEAR: per token, rank 4, 2 % kept", Bits), [](page_shape s, rows_view, constants& m) {
        return gear<grouped_values>(token_values(Bits, s, 0, affine_fit::min_max, m), s, outlier_vector::token);
      }));
}

}  // namespace

void add_published_keys(std::vector<cache_quantizer>& all) {
  add_keys<4>(all);
  all.push_back(key_row("4-bit, half the rank (Eigen Attention)", [](page_shape s, rows_view r, constants& m) {
    auto const rank = s.head_size / 16 * 8;
    auto const mean = frozen_mean(r, m);
    auto& basis = more(m, rank * r.cols);
    matrix_view<float> const rows{basis.data(), rank, r.cols};
    std::vector<std::byte> scratch(principal_rows_scratch_bytes(r.cols, rank) + 64);
    auto const done = rank == 0 ? status{errc::invalid_argument} : principal_rows(calibration(r), mean, rows, workspace{scratch});
    return mapped(done ? token_keys(4, {rank, s.tokens}, {}, m) : done.error(), projection_map::make(rows, mean));
  }));
  add_keys<2>(all);
  for (polar_bits const bits : {polar_bits{4, 4}, {4, 3}, {4, 2}, {3, 2}})
    all.push_back({fmt::format("PolarQuant: pairs of RoPE, G128, {} + {} bits", bits.angle, bits.radius),
                   [bits](head_input const& in, matrix_view<float> decoded) -> std::optional<head_result> {
                     auto const group = polar_pair_group::make(in.rows.cols, kv_page_tokens, bits, in.pairing);
                     if (!group) return std::nullopt;
                     auto const keys = grouped_keys<polar_pair_group>::make(*group, {in.rows.cols, kv_page_tokens});
                     return keys ? keys_through(any_keys<>{*keys}, in, decoded) : std::nullopt;
                   }});
}

void add_published_values(std::vector<cache_quantizer>& all) {
  add_values<4>(all);
  add_values<2>(all);
}

}  // namespace skive::compare
