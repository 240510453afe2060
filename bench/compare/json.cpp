// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "json.hpp"

#include "problems.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace skive::compare {
namespace {

using nlohmann::json;

struct document {
  json root;
  // Paths of keys that occur twice ("a" or "a/b" by length): JSON leaves open which one holds, so neither does.
  std::set<std::pair<std::string, std::string>> duplicates;
};

document parse_object(std::string_view text) {
  document d;
  std::set<std::string> outer;
  std::set<std::string> inner;
  std::string at;
  auto const watch = [&](int depth, json::parse_event_t event, json& value) {
    if (event != json::parse_event_t::key) return true;
    auto const& key = value.get_ref<std::string const&>();
    if (depth == 1) {
      at = key;
      inner.clear();
      if (!outer.insert(key).second) d.duplicates.insert({key, ""});
    } else if (depth == 2 && !inner.insert(key).second) {
      d.duplicates.insert({at, key});
    }
    return true;
  };
  try {
    d.root = json::parse(text.begin(), text.end(), watch);
  } catch (json::exception const& e) {
    // The library's text has its own prefix "[json.exception.parse_error.101] "; what follows says where.
    std::string_view what = e.what();
    if (auto const bracket = what.find("] "); bracket != what.npos) what.remove_prefix(bracket + 2);
    throw input_error{fmt::format("is not valid JSON: {}", what)};
  }
  if (!d.root.is_object()) throw input_error{"is not a JSON object"};
  return d;
}

// An array of integers in [0, 2^64): negative, fractional and too large numbers are other JSON types here.
bool read_integers(json const& value, std::vector<std::uint64_t>& out) {
  if (!value.is_array()) return false;
  for (auto const& item : value) {
    if (!item.is_number_unsigned()) return false;
    out.push_back(item.get<std::uint64_t>());
  }
  return true;
}

std::string read_entry(json const& value, header_entry& entry) {
  if (!value.is_object()) return "the entry is not an object";
  auto const type = value.find("dtype");
  auto const shape = value.find("shape");
  auto const offsets = value.find("data_offsets");
  if (type == value.end() || !type->is_string()) return "the entry has no dtype";
  if (shape == value.end()) return "the entry has no shape";
  if (offsets == value.end()) return "the entry has no data_offsets";
  entry.type = type->get<std::string>();
  if (!read_integers(*shape, entry.shape)) return "the shape is not a list of non-negative integers below 2^64";
  std::vector<std::uint64_t> range;
  if (!read_integers(*offsets, range) || range.size() != 2)
    return "the data_offsets are not two non-negative integers below 2^64";
  entry.begin = range[0];
  entry.end = range[1];
  return {};
}

std::string duplicate_reason(document const& d, std::string const& name) {
  auto const found = d.duplicates.lower_bound({name, ""});
  if (found == d.duplicates.end() || found->first != name) return {};
  return found->second.empty() ? "the name occurs twice in the header" : fmt::format("the key '{}' occurs twice", found->second);
}

}  // namespace

std::vector<header_entry> parse_safetensors_header(std::string_view text) {
  auto const d = parse_object(text);
  std::vector<header_entry> entries;
  for (auto const& [name, value] : d.root.items()) {
    if (name == "__metadata__") continue;
    header_entry entry;
    entry.name = name;
    entry.reason = duplicate_reason(d, name);
    if (entry.reason.empty()) entry.reason = read_entry(value, entry);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<shard_entry> parse_shard_index(std::string_view text) {
  auto const d = parse_object(text);
  auto const map = d.root.find("weight_map");
  if (map == d.root.end() || !map->is_object()) throw input_error{"has no weight_map object"};
  std::vector<shard_entry> entries;
  for (auto const& [name, value] : map->items()) {
    shard_entry entry{name, {}, {}};
    if (value.is_string())
      entry.shard = value.get<std::string>();
    else
      entry.reason = "its shard is not a file name";
    if (d.duplicates.count({"weight_map", name}) != 0) entry.reason = "the name occurs twice in the index";
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string json_quoted(std::string_view text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace skive::compare
