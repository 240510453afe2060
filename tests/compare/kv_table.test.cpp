// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare --kv: layers by name, what attention loses, bits with all metadata, refusals.
#include "compare/kv_table.hpp"

#include "compare/input.hpp"
#include "compare/kv_quality.hpp"
#include "compare/options.hpp"
#include "files.hpp"

#include <cmath>
#include <random>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::compare;
using Catch::Approx;
using skive::test::bytes_of_all;
using skive::test::folder;
using skive::test::says;

struct named {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<float> numbers;
};

std::string file_of(std::vector<named> const& tensors) {
  std::string header = "{";
  std::string data;
  for (auto const& t : tensors) {
    std::string shape;
    for (auto const n : t.shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
    auto const begin = data.size();
    data += bytes_of_all(t.numbers);
    header += (header.size() > 1 ? ",\"" : "\"") + t.name + R"(":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" +
        std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  return skive::test::safetensors(header + "}", data);
}

named random_tensor(std::string name, std::vector<std::uint64_t> shape, unsigned seed) {
  std::size_t count = 1;
  for (auto const n : shape) count *= static_cast<std::size_t>(n);
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  named out{std::move(name), std::move(shape), std::vector<float>(count)};
  for (std::size_t i = 0; i < count; ++i) out.numbers[i] = normal(random) + static_cast<float>(i % 16) / 8;
  return out;
}

// Keys of heads x tokens x 16, rotated by halves, theta 10000, by the definition.
named rotated(named const& before) {
  auto out = before;
  out.name = before.name.substr(0, before.name.size() - 4);
  auto const tokens = static_cast<std::size_t>(before.shape[1]);
  for (std::size_t row = 0; row < out.numbers.size() / 16; ++row)
    for (std::size_t i = 0; i < 8; ++i) {
      auto const angle = static_cast<double>(row % tokens) * std::pow(10000.0, -static_cast<double>(i) / 8);
      auto const a = static_cast<double>(before.numbers[16 * row + i]);
      auto const b = static_cast<double>(before.numbers[16 * row + i + 8]);
      out.numbers[16 * row + i] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
      out.numbers[16 * row + i + 8] = static_cast<float>(a * std::sin(angle) + b * std::cos(angle));
    }
  return out;
}

std::vector<cache_layer> layers_of(std::vector<named> const& tensors, problems& found) {
  folder const f;
  std::vector<std::string> const paths{f.write("kv.safetensors", file_of(tensors))};
  return find_layers(read_files(paths, found), found);
}

cache_row const* find(std::vector<cache_row> const& rows, std::string_view layer, std::string_view part, std::string_view name) {
  for (auto const& r : rows)
    if (r.layer == layer && r.part == part && r.quantizer == name) return &r;
  return nullptr;
}

}  // namespace

TEST_CASE("compare --kv: the divergence and the output of two tokens by hand", "[compare]") {
  cache_layer l;
  l.keys = {1, 2, 8, std::vector<float>(16)};
  l.queries = {1, 2, 8, std::vector<float>(16)};
  l.values = {1, 2, 8, std::vector<float>(16)};
  auto const root = std::sqrt(8.0);
  l.queries.numbers[8] = static_cast<float>(root);  // the second query reads channel 0
  l.keys.numbers[0] = 1;                            // its logits 1 and 0
  l.values.numbers[0] = 1;                          // its output p
  auto changed = l.keys.numbers;
  changed[8] = 0.5f;  // logits 1 and 0.5
  auto const s = measure_attention(l, 0, {changed.data(), 2, 8}, l.values.head(0));
  auto const p = 1 / (1 + std::exp(-1.0));
  auto const q = 1 / (1 + std::exp(-0.5));
  CHECK(s.queries == 2);
  CHECK(s.mean_kl().value() == Approx((p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q))) / 2));
  CHECK(s.output_error().value() == Approx((p - q) / std::sqrt(1 + p * p)));
}

TEST_CASE("compare --kv: rows of a small cache", "[compare]") {
  auto const before = random_tensor("m.0.k_pre", {2, 160, 16}, 1);
  problems found;
  auto const layers =
      layers_of({random_tensor("m.0.q", {4, 160, 16}, 2), before, rotated(before), random_tensor("m.0.v", {2, 160, 16}, 3),
                 random_tensor("lone/keys", {1, 2, 33, 24}, 4), random_tensor("m.0.weight", {7, 5}, 5)},
                found);
  REQUIRE(found.none());
  REQUIRE(layers.size() == 2);
  auto const& l = layers[0].name == "m.0" ? layers[0] : layers[1];
  REQUIRE(l.rope);
  CHECK(l.rope->pairing == skive::rope_pairing::halved);
  CHECK(l.rope->theta == 10000);

  auto const rows = compare_caches(layers, false, 2);
  auto const* const plain = find(rows, "m.0", "keys", "float16");
  REQUIRE(plain != nullptr);
  CHECK(plain->bits == 16);
  CHECK(plain->relative_error < 3e-4);
  CHECK(plain->kl.value() < 1e-5);
  CHECK_FALSE(plain->nanoseconds);
  auto const* const small = find(rows, "m.0", "keys", "2-bit per channel, G32");
  REQUIRE(small != nullptr);
  CHECK(small->bits == Approx(3));
  CHECK(small->kl.value() > 100 * plain->kl.value());
  auto const* const tail = find(rows, "m.0", "keys", "2-bit per channel, G128");  // 32 of 160 tokens stay float16
  REQUIRE(tail != nullptr);
  CHECK(tail->bits == Approx((128 * 2.25 + 32 * 16) / 160));
  auto const* const roped = find(rows, "m.0", "keys before RoPE", "float16");
  REQUIRE(roped != nullptr);
  CHECK(roped->relative_error < 3e-4);
  auto const* const value = find(rows, "m.0", "values", "4-bit per token");
  REQUIRE(value != nullptr);
  CHECK_FALSE(value->kl);
  CHECK(value->output_error.value() > 0);
  CHECK(find(rows, "all (head size 16)", "keys", "float16") != nullptr);
  auto const* const lone = find(rows, "lone", "keys", "8-bit per token");  // no queries: errors of the rows alone
  REQUIRE(lone != nullptr);
  CHECK_FALSE(lone->kl);
  CHECK_FALSE(lone->output_error);
  CHECK(lone->relative_error < 0.01);

  auto const text = cache_table_text(rows, false);
  CHECK(text.find("m.0: keys before RoPE") != text.npos);
  CHECK(cache_table_text(rows, true).find("m.0") == std::string::npos);
  auto const csv = cache_csv_text(rows);
  CHECK(csv.starts_with("layer,part,quantizer,bits_per_number,relative_error,kl,output_error,ns\n"));
  CHECK(csv.find("\nm.0,keys,\"2-bit per channel, G32\",3,") != csv.npos);
}

TEST_CASE("compare --kv: products are timed", "[compare]") {
  problems found;
  auto const layers =
      layers_of({random_tensor("q", {1, 64, 8}, 1), random_tensor("k", {1, 64, 8}, 2), random_tensor("v", {1, 64, 8}, 3)}, found);
  REQUIRE(layers.size() == 1);
  auto const rows = compare_caches({layers[0]}, true, 1);
  for (auto const& r : rows) {
    INFO(r.part << ' ' << r.quantizer);
    // 64 tokens fill no group of 128: nothing is packed, nothing to time
    CHECK(r.nanoseconds.has_value() ==
          ((r.quantizer.find("G128") == r.quantizer.npos && r.quantizer.find("GEAR") == r.quantizer.npos)));
  }
}

TEST_CASE("compare --kv: what cannot be used is said", "[compare][errors]") {
  auto spoiled = random_tensor("nan.k", {1, 4, 8}, 1);
  spoiled.numbers[3] = NAN;
  problems found;
  auto const layers =
      layers_of({random_tensor("flat.k", {4, 8}, 1), random_tensor("odd.k", {1, 4, 12}, 1), spoiled,
                 random_tensor("x.q", {3, 4, 8}, 1), random_tensor("x.k", {2, 4, 8}, 2), random_tensor("x.v", {2, 5, 8}, 3),
                 random_tensor("x.k_pre", {2, 4, 8}, 4), random_tensor("alone.v", {1, 4, 8}, 5)},
                found);
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].queries.empty());
  CHECK(layers[0].values.empty());
  CHECK(layers[0].keys_before.empty());
  CHECK(says(found.lines(), {"flat.k", "axes heads, tokens, head size"}));
  CHECK(says(found.lines(), {"odd.k", "multiple of 8"}));
  CHECK(says(found.lines(), {"nan.k", "NaN"}));
  CHECK(says(found.lines(), {"queries [3, 4, 8] do not go with keys [2, 4, 8]"}));
  CHECK(says(found.lines(), {"values of 2 heads, 5 tokens"}));
  CHECK(says(found.lines(), {"no known rotary embedding"}));
  CHECK(says(found.lines(), {"alone", "has no keys"}));

  auto const code = [](std::vector<char const*> arguments) {
    auto const parsed = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    return std::holds_alternative<int>(parsed) ? std::get<int>(parsed) : 0;
  };
  CHECK(code({"compare", "--kv", "a.safetensors", "--kv", "b.npy"}) == 0);
  CHECK(code({"compare", "--kv", "a.safetensors", "--input", "b.npy"}) == 2);
  CHECK(code({"compare", "--kv", "a.safetensors", "--format", "int8_g32"}) == 2);
  CHECK(code({"compare", "--kv"}) == 2);
}
