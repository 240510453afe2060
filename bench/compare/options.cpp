// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "options.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace skive::compare {
namespace {

// "A=B" at the last `=`; names of tensors may contain one, names of formats don't.
std::pair<std::string, std::string> halves(std::string const& text, char const* option) {
  auto const at = text.rfind('=');
  if (at == text.npos || at == 0 || at + 1 == text.size())
    throw CLI::ValidationError{option, fmt::format("'{}' is not of the form LEFT=RIGHT", text)};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::vector<std::string> list_of(std::string const& text, char const* option) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    auto const end = std::min(text.find(',', begin), text.size());
    if (end == begin) throw CLI::ValidationError{option, fmt::format("'{}' has an empty item", text)};
    items.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

// --csv and --json take their file's name or none: a tensor file behind them is a slip for --input, and would be gone.
void spare_tensors(options const& o, char const* option, std::string const& file) {
  auto const refuse = [&](char const* why) {
    throw CLI::ValidationError{option, fmt::format("'{}' {}: it would be overwritten", file, why)};
  };
  for (char const* const ending : {".safetensors", ".npy", ".safetensors.index.json"})
    if (file.ends_with(ending)) refuse("is a file of tensors by its name");
  std::error_code none;  // of a file that is not there yet
  for (auto const* const list : {&o.inputs, &o.caches})
    for (auto const& read : *list)
      if (std::filesystem::equivalent(file, read, none)) refuse("is read");
  if (!o.activations.empty() && std::filesystem::equivalent(file, o.activations, none)) refuse("is read");
}

struct raw_options {
  std::vector<std::string> feeds;
  std::string formats;
  std::string rules;
  double budget = 0;
  bool no_timing = false;
  std::string csv;
  std::string json;
};

void declare(CLI::App& app, options& o, raw_options& raw) {
  app.add_option("--input", o.inputs, "checkpoint: .safetensors, .safetensors.index.json or .npy; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("FILE");
  app.add_option("--tensor", o.tensors, "only tensors whose name matches")->type_name("GLOB");
  app.add_option("--activations", o.activations, "inputs of the weights, for the output error")->type_name("FILE");
  app.add_option("--feeds", raw.feeds, "this activation tensor is the input of those weights; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("ACTIVATION=GLOB");
  app.add_option("--format", raw.formats, "formats by name, separated by commas, or all (the default)")->type_name("LIST|all");
  app.add_option("--rules", raw.rules, "mixed recipe, the first match holds; other tensors stay as stored")
      ->type_name("GLOB=FORMAT,...");
  app.add_option("--budget", raw.budget, "recommend the best format at or below so many bits per weight")->type_name("BITS");
  app.add_option("--threads", o.threads, "threads; figures don't depend on them")->check(CLI::Range(1u, 1024u))->type_name("N");
  app.add_option("--csv", raw.csv, "comma-separated rows to FILE, or in place of the table")->expected(0, 1)->type_name("[FILE]");
  app.add_option("--json", raw.json, "everything as JSON to FILE, or in place of the table")->expected(0, 1)->type_name("[FILE]");
  app.add_option("--kv", o.caches,
                 "queries, keys and values ([heads, tokens, head size]; names ending in q, k, v, k_pre): the table of quantized "
                 "caches instead; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("FILE");
  app.add_option("--plot", o.plot, "rate-distortion picture, through gnuplot")->type_name("FILE.svg|png");
  app.add_flag("--summary", o.summary, "print the table over all tensors only");
  app.add_flag("--no-timing", raw.no_timing, "don't time: the output is then the same in every run");
  app.add_flag("--list", o.list, "names of the formats, with bits per weight of a 4096 x 4096 tensor");
}

void finish(CLI::App const& app, options& o, raw_options const& raw) {
  for (auto const& text : raw.feeds) {
    auto [activation, weights] = halves(text, "--feeds");
    o.feeds.push_back({std::move(activation), std::move(weights)});
  }
  if (app.count("--rules") > 0) {
    for (auto const& text : list_of(raw.rules, "--rules")) {
      auto [weights, name] = halves(text, "--rules");
      o.rules.push_back({std::move(weights), std::move(name)});
    }
  }
  if (app.count("--format") > 0) o.formats = list_of(raw.formats, "--format");
  if (app.count("--budget") > 0) {
    if (!std::isfinite(raw.budget) || raw.budget <= 0) throw CLI::ValidationError{"--budget", "must be a positive number"};
    o.budget = raw.budget;
  }
  if (app.count("--csv") > 0) o.csv = raw.csv.empty() ? "-" : raw.csv;
  if (app.count("--json") > 0) o.json = raw.json.empty() ? "-" : raw.json;
  if (o.csv == "-" && o.json == "-")
    throw CLI::ValidationError{"--json", "only one of --csv and --json can go to standard output"};
  if (o.csv && o.csv != "-") spare_tensors(o, "--csv", *o.csv);
  if (o.json && o.json != "-") spare_tensors(o, "--json", *o.json);
  if (!o.plot.empty() && !o.plot.ends_with(".svg") && !o.plot.ends_with(".png"))
    throw CLI::ValidationError{"--plot", fmt::format("'{}' ends neither in .svg nor in .png", o.plot)};
  if (!o.feeds.empty() && o.activations.empty()) throw CLI::ValidationError{"--feeds", "needs --activations"};
  for (char const* const other : {"--input", "--activations", "--format", "--rules", "--budget", "--json", "--plot", "--list"})
    if (!o.caches.empty() && app.count(other) > 0) throw CLI::ValidationError{"--kv", fmt::format("does not go with {}", other)};
  o.timing = !raw.no_timing;
}

}  // namespace

std::variant<options, int> parse_command_line(int argc, char const* const* argv) {
  CLI::App app{"Compares number formats on the tensors of a checkpoint (without --input: on a synthetic one).", "compare"};
  options o;
  o.threads = std::max(1u, std::thread::hardware_concurrency());
  raw_options raw;
  declare(app, o, raw);
  try {
    app.parse(argc, argv);
    finish(app, o, raw);
  } catch (CLI::Success const& e) {
    return app.exit(e);
  } catch (CLI::ParseError const& e) {
    fmt::print(stderr, "compare: {}\ncompare: --help lists the options\n", e.what());
    return 2;
  }
  return o;
}

}  // namespace skive::compare
