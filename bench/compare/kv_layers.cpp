// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kv_layers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace skive::compare {
namespace {

enum class part : std::uint8_t { query, key, key_before, value };

struct ending {
  std::string_view text;
  part what;
};
constexpr ending endings[] = {
    {"queries", part::query}, {"query", part::query},   {"q_cache", part::query}, {"q", part::query}, {"k_pre", part::key_before},
    {"keys", part::key},      {"key", part::key},       {"k_cache", part::key},   {"k", part::key},   {"values", part::value},
    {"value", part::value},   {"v_cache", part::value}, {"v", part::value}};

// Layer and part of a tensor's name, if it has one.
std::optional<std::pair<std::string, part>> split_name(std::string_view name) {
  for (auto const& e : endings) {
    if (name == e.text) return std::pair{std::string{}, e.what};
    if (name.size() <= e.text.size() || !name.ends_with(e.text)) continue;
    auto const before = name.size() - e.text.size() - 1;
    if (std::string_view{"._/"}.find(name[before]) != std::string_view::npos)
      return std::pair{std::string{name.substr(0, before)}, e.what};
  }
  return std::nullopt;
}

std::string why_not(tensor const& t) {
  if (!facts(t.type).readable) return fmt::format("numbers of type {} are not read", facts(t.type).name);
  if (t.shape.size() != 3 && t.shape.size() != 4) return "a cache has the axes heads, tokens, head size";
  if (t.elements() == 0) return "empty";
  if (t.shape.back() < 8 || t.shape.back() > largest_head_size || t.shape.back() % 8 != 0)
    return fmt::format("head size {} is not a multiple of 8 from 8 to {}", t.shape.back(), largest_head_size);
  return {};
}

head_rows rows_of(tensor const& t) {
  auto const axes = t.shape.size();
  auto const size = static_cast<std::size_t>(t.shape[axes - 1]);
  auto const tokens = static_cast<std::size_t>(t.shape[axes - 2]);
  head_rows out{static_cast<std::size_t>(t.elements()) / size / tokens, tokens, size, {}};
  out.numbers.resize(static_cast<std::size_t>(t.elements()));
  to_float(t, 0, out.numbers);
  return out;
}

bool all_good(head_rows const& rows) {
  return std::all_of(rows.numbers.begin(), rows.numbers.end(), [](float x) { return std::fabs(x) <= 65000.0f; });
}

// The rotation that makes keys of what they were before.
std::optional<rope_rule> find_rope(head_rows const& before, head_rows const& after) {
  auto const positions = (after.tokens + tile_tokens - 1) / tile_tokens * tile_tokens;
  std::vector<float> memory(rope_table::floats(after.size, positions));
  std::vector<float> row(after.size);
  for (double const theta : {1e4, 5e5, 1e6})
    for (auto const pairing : {rope_pairing::neighbouring, rope_pairing::halved}) {
      auto const table = rope_table::make(after.size, positions, theta, pairing, memory);
      if (!table) return std::nullopt;
      double error = 0;
      double square = 0;
      for (std::size_t t = 0; t < after.tokens; ++t) {
        auto const from = before.head(0).row(t);
        std::copy(from.begin(), from.end(), row.begin());
        if (!table->rotate(row, t)) return std::nullopt;
        for (std::size_t d = 0; d < row.size(); ++d) {
          auto const y = static_cast<double>(after.head(0)(t, d));
          error += (static_cast<double>(row[d]) - y) * (static_cast<double>(row[d]) - y);
          square += y * y;
        }
      }
      if (error <= 1e-4 * square) return rope_rule{theta, pairing};
    }
  return std::nullopt;
}

bool same_shape(head_rows const& a, head_rows const& b) { return a.heads == b.heads && a.tokens == b.tokens && a.size == b.size; }

// Empties what does not fit the keys; false where no keys are left.
bool settle(cache_layer& layer, std::string const& file, problems& found) {
  auto const name = layer.name.empty() ? std::string{"(no name)"} : layer.name;
  if (layer.keys.empty()) {
    found.report(file, name, "has no keys (a tensor named k, key, keys or k_cache)");
    return false;
  }
  auto const& k = layer.keys;
  if (auto const& q = layer.queries; !q.empty() && (q.size != k.size || q.tokens != k.tokens || q.heads % k.heads != 0)) {
    found.report(file, name,
                 fmt::format("queries [{}, {}, {}] do not go with keys [{}, {}, {}]", q.heads, q.tokens, q.size, k.heads,
                             k.tokens, k.size));
    layer.queries = {};
  }
  if (auto const& v = layer.values; !v.empty() && (v.heads != k.heads || v.tokens != k.tokens)) {
    found.report(file, name,
                 fmt::format("values of {} heads, {} tokens do not go with keys of {} heads, {} tokens", v.heads, v.tokens,
                             k.heads, k.tokens));
    layer.values = {};
  }
  if (!layer.keys_before.empty()) {
    if (same_shape(layer.keys_before, k)) layer.rope = find_rope(layer.keys_before, k);
    if (!layer.rope) {
      found.report(file, name, "no known rotary embedding turns k_pre into k; k_pre is left out");
      layer.keys_before = {};
    }
  }
  return true;
}

}  // namespace

std::vector<cache_layer> find_layers(std::vector<tensor> const& tensors, problems& found) {
  std::vector<cache_layer> layers;
  std::vector<std::string> files;
  for (auto const& t : tensors) {
    auto const name = split_name(t.name);
    if (!name) continue;
    if (auto const reason = why_not(t); !reason.empty()) {
      found.report(t.file, t.name, reason);
      continue;
    }
    auto rows = rows_of(t);
    if (!all_good(rows)) {
      found.report(t.file, t.name, "holds NaN, infinity or numbers beyond 65000");
      continue;
    }
    auto at = std::find_if(layers.begin(), layers.end(), [&](cache_layer const& l) { return l.name == name->first; });
    if (at == layers.end()) {
      layers.push_back({name->first, {}, {}, {}, {}, {}});
      files.push_back(t.file);
      at = layers.end() - 1;
    }
    head_rows* const place[] = {&at->queries, &at->keys, &at->keys_before, &at->values};
    *place[static_cast<std::size_t>(name->second)] = std::move(rows);
  }
  std::vector<cache_layer> good;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (settle(layers[i], files[i], found)) good.push_back(std::move(layers[i]));
  return good;
}

}  // namespace skive::compare
