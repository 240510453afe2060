// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run.hpp"

#include "comparison.hpp"
#include "evaluate.hpp"
#include "glob.hpp"
#include "input.hpp"
#include "kv_table.hpp"
#include "plot.hpp"
#include "report.hpp"
#include "synthetic.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

#include <fmt/format.h>

namespace skive::compare {
namespace {

void list_formats() {
  constexpr tensor_shape shape{4096, 4096};
  std::size_t width = 0;
  for (auto const& f : menu()) width = std::max(width, f->name().size());
  for (auto const& f : menu())
    fmt::print("{:<{}} {:8.4f}\n", f->name(), width, f->total_bits(shape) / (static_cast<double>(shape.rows) * shape.cols));
}

// The menu's objects belong to the menu: shared without a deleter.
std::shared_ptr<format const> borrowed(format const& f) { return {std::shared_ptr<void>{}, &f}; }

// Throws std::invalid_argument for an unknown name, before any file is read.
format_list formats_of(options const& o) {
  format_list out;
  auto const whole_menu = [&] {
    for (auto const& f : menu()) out.push_back(borrowed(*f));
  };
  for (auto const& name : o.formats) {
    if (name == "all")
      whole_menu();
    else
      out.push_back(make_format(name));
  }
  if (o.formats.empty() && o.rules.empty()) whole_menu();
  for (auto const& r : o.rules) make_format(r.format);
  return out;
}

void write(std::string const& target, std::string const& text, problems& found) {
  if (target == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::FILE* const file = std::fopen(target.c_str(), "wb");
  bool good = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  int const error = errno;
  if (file != nullptr) good = std::fclose(file) == 0 && good;
  if (!good) found.report(target, "", fmt::format("cannot be written: {}", std::strerror(error)));
}

void report(comparison const& c, options const& o, problems& found) {
  auto const copy_ns = o.timing && !c.rows.empty() ? std::optional{copy_ns_per_element()} : std::nullopt;
  auto const advice = o.budget ? recommend(c.overall, *o.budget) : std::nullopt;
  std::FILE* const talk = o.prints_table() ? stdout : stderr;  // machine output keeps standard output to itself
  if (o.prints_table()) {
    auto const text = table_text(c, {o.summary, copy_ns});
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  for (auto const& note : c.notes) fmt::print(stderr, "compare: {}\n", printable(note));
  if (o.budget) fmt::print(talk, "{}", advice_text(advice, *o.budget));
  if (o.csv) write(*o.csv, csv_text(c), found);
  if (o.json) write(*o.json, json_text(c, found.lines(), advice, copy_ns), found);
  if (o.plot.empty()) return;
  try {
    plot(c.overall, o.inputs.empty() ? "synthetic checkpoint" : o.inputs.front(), o.plot);
  } catch (std::exception const& e) {
    found.report("", "", e.what());
  }
}

int run_caches(options const& o) {
  problems found{stderr};
  auto tensors = read_files(o.caches, found);
  std::erase_if(tensors, [&](tensor const& t) { return !glob_match(o.tensors, t.name); });
  auto const layers = find_layers(tensors, found);
  if (layers.empty())
    found.report("", "", "no cache: no tensor [heads, tokens, head size] whose name ends in k, key, keys or k_cache is left");
  auto const rows = compare_caches(layers, o.timing, o.threads);
  if (o.prints_table()) {
    auto const text = cache_table_text(rows, o.summary);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  if (o.csv) write(*o.csv, cache_csv_text(rows), found);
  if (std::fflush(stdout) != 0) found.report("standard output", "", "cannot be written");
  return found.none() ? 0 : 2;
}

int run_checked(int argc, char const* const* argv) {
  auto const parsed = parse_command_line(argc, argv);
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const& o = std::get<options>(parsed);
  if (o.list) {
    list_formats();
    return 0;
  }
  if (!o.caches.empty()) return run_caches(o);
  auto const formats = formats_of(o);
  problems found{stderr};
  auto const tensors = o.inputs.empty() ? synthetic_checkpoint() : read_files(o.inputs, found);
  std::vector<std::string> const activation_files(o.activations.empty() ? 0 : 1, o.activations);
  auto const activations = read_files(activation_files, found);
  if (o.inputs.empty() && o.prints_table()) fmt::print("No --input: a synthetic checkpoint of five 512 x 1024 tensors.\n\n");
  auto const c = compare_tensors(tensors, activations, formats, o, found);
  if (c.rows.empty())
    found.report("", "", "nothing to compare: no tensor of at least two dimensions with floating-point numbers is left");
  report(c, o, found);
  if (std::fflush(stdout) != 0) found.report("standard output", "", "cannot be written");
  return found.none() ? 0 : 2;
}

}  // namespace

int run(int argc, char const* const* argv) noexcept {
  try {
    return run_checked(argc, argv);
  } catch (std::invalid_argument const& e) {
    std::fprintf(stderr, "compare: %s\n", printable(e.what()).c_str());
  } catch (std::bad_alloc const&) {
    std::fputs("compare: out of memory\n", stderr);
  } catch (std::exception const& e) {
    std::fprintf(stderr, "compare: %s\n", printable(e.what()).c_str());
  }
  return 2;
}

}  // namespace skive::compare
