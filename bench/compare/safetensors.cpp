// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "safetensors.hpp"

#include "json.hpp"
#include "mapped_file.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

namespace skive::compare {
namespace {

constexpr std::uint64_t longest_header = 100'000'000;  // the format's own limit

struct sections {
  std::string_view header;
  std::span<std::byte const> data;
};

sections split(std::span<std::byte const> bytes) {
  if (bytes.size() < 8) throw input_error{fmt::format("is truncated: {} bytes, a header length alone takes 8", bytes.size())};
  std::uint64_t length;
  std::memcpy(&length, bytes.data(), sizeof length);
  auto const rest = bytes.subspan(8);
  if (rest.empty() || (length > 0 && rest[0] != std::byte{'{'})) throw input_error{"is not a safetensors file: no JSON header"};
  if (length > longest_header) throw input_error{fmt::format("states a header of {} bytes, more than the format allows", length)};
  if (length > rest.size())
    throw input_error{
        fmt::format("is truncated: the header takes {} bytes, the file has {} after its length", length, rest.size())};
  auto const n = static_cast<std::size_t>(length);
  return {{reinterpret_cast<char const*>(rest.data()), n}, rest.subspan(n)};
}

// Why the entry cannot be a tensor of a file with `available` bytes of data; empty where it can.
std::string check(header_entry const& entry, std::uint64_t available, number_type& type) {
  if (!entry.reason.empty()) return entry.reason;
  auto const known = number_type_named(entry.type);
  if (!known) return fmt::format("unknown dtype '{}'", entry.type);
  type = *known;
  if (entry.begin > entry.end) return fmt::format("its data begin at {} and end before, at {}", entry.begin, entry.end);
  auto const needed = byte_count(entry.shape, facts(type).bits);
  if (!needed) return fmt::format("the byte count of shape [{}] overflows 64 bits or is not whole", fmt::join(entry.shape, ", "));
  if (*needed != entry.end - entry.begin)
    return fmt::format("shape [{}] of {} takes {} bytes, its data_offsets span {}", fmt::join(entry.shape, ", "), entry.type,
                       *needed, entry.end - entry.begin);
  if (entry.end > available) return fmt::format("its data end at byte {}, the file holds {} bytes of data", entry.end, available);
  return {};
}

// Two tensors that share bytes: at least one is wrong and nothing says which, so both are.
void mark_overlaps(std::vector<header_entry>& entries) {
  std::vector<header_entry*> order;
  for (auto& e : entries)
    if (e.reason.empty() && e.begin < e.end) order.push_back(&e);
  std::sort(order.begin(), order.end(), [](auto const* a, auto const* b) { return a->begin < b->begin; });
  header_entry* farthest = nullptr;
  for (auto* e : order) {
    if (farthest != nullptr && e->begin < farthest->end) {
      e->reason = fmt::format("its data overlap those of '{}'", farthest->name);
      if (farthest->reason.empty()) farthest->reason = fmt::format("its data overlap those of '{}'", e->name);
    }
    if (farthest == nullptr || e->end > farthest->end) farthest = e;
  }
}

std::string folder_of(std::string const& path) { return std::filesystem::path{path}.parent_path().string(); }

// A shard is named by the index, which is input: only a plain name in the same folder is followed.
bool plain_name(std::string const& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

}  // namespace

std::vector<tensor> read_safetensors(std::string const& path, problems& found) {
  auto const file = mapped_file::open(path);
  auto const [header, data] = split(file->bytes());
  std::vector<header_entry> entries;
  try {
    entries = parse_safetensors_header(header);
  } catch (input_error const& e) {
    throw input_error{fmt::format("the header {}", e.what())};
  }
  std::vector<number_type> types(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].reason = check(entries[i], data.size(), types[i]);
  mark_overlaps(entries);

  std::vector<tensor> tensors;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& e = entries[i];
    if (!e.reason.empty()) {
      found.report(path, e.name, e.reason);
      continue;
    }
    auto const bytes = data.subspan(static_cast<std::size_t>(e.begin), static_cast<std::size_t>(e.end - e.begin));
    tensors.push_back({std::move(e.name), path, types[i], std::move(e.shape), bytes, file, true});
  }
  return tensors;
}

std::vector<tensor> read_sharded(std::string const& path, problems& found) {
  auto const index = mapped_file::open(path);
  auto const entries = parse_shard_index({reinterpret_cast<char const*>(index->bytes().data()), index->bytes().size()});
  std::map<std::string, std::unordered_map<std::string, tensor>> shards;  // ordered: the same messages in each run
  std::vector<tensor> tensors;
  for (auto const& entry : entries) {
    if (!entry.reason.empty() || !plain_name(entry.shard)) {
      found.report(path, entry.name,
                   entry.reason.empty() ? "its shard '" + entry.shard + "' is not a plain file name" : entry.reason);
      continue;
    }
    auto shard = shards.find(entry.shard);
    if (shard == shards.end()) {
      shard = shards.try_emplace(entry.shard).first;
      auto const name = (std::filesystem::path{folder_of(path)} / entry.shard).string();
      try {
        for (auto& t : read_safetensors(name, found)) {
          auto key = t.name;
          shard->second.emplace(std::move(key), std::move(t));
        }
      } catch (input_error const& e) {
        found.report(name, "", e.what());
      }
    }
    auto const t = shard->second.find(entry.name);
    if (t == shard->second.end())
      found.report(path, entry.name, fmt::format("not usable from its shard '{}'", entry.shard));
    else
      tensors.push_back(std::move(t->second));
  }
  return tensors;
}

}  // namespace skive::compare
