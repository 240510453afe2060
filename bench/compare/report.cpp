// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.hpp"

#include "json.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace skive::compare {
namespace {

struct column {
  char const* name;
  std::optional<double> (*value)(figures const&);
};
constexpr column columns[] = {
    {"bits_per_weight", [](figures const& f) { return std::optional{f.bits_per_weight}; }},
    {"relative_mse", [](figures const& f) { return std::optional{f.relative_mse}; }},
    {"sqnr_db", [](figures const& f) { return std::optional{f.sqnr_db}; }},
    {"max_error", [](figures const& f) { return std::optional{f.max_error}; }},
    {"cosine", [](figures const& f) { return std::optional{f.cosine}; }},
    {"output_error", [](figures const& f) { return f.output_error; }},
    {"rd_gap_db", [](figures const& f) { return f.rd_gap_db; }},
    {"encode_ns", [](figures const& f) { return f.encode_ns; }},
    {"decode_ns", [](figures const& f) { return f.decode_ns; }},
};

void csv_row(std::string& out, row const& r) {
  out += csv_field(r.tensor) + "," + csv_field(r.format);
  for (auto const& c : columns) {
    out += ',';
    if (auto const v = c.value(r.values)) fmt::format_to(std::back_inserter(out), "{}", *v);
  }
  out += '\n';
}

std::string json_number(std::optional<double> v) { return v && std::isfinite(*v) ? fmt::format("{}", *v) : "null"; }

std::string json_row(row const& r) {
  std::string out = fmt::format("{{\"tensor\": {}, \"format\": {}", json_quoted(r.tensor), json_quoted(r.format));
  for (auto const& c : columns) out += fmt::format(", \"{}\": {}", c.name, json_number(c.value(r.values)));
  return out + "}";
}

template <class Items, class Text>
std::string json_array(Items const& items, Text text) {
  std::string out = "[";
  char const* separator = "\n    ";
  for (auto const& item : items) {
    out += separator + text(item);
    separator = ",\n    ";
  }
  return out + (std::size(items) == 0 ? "]" : "\n  ]");
}

}  // namespace

std::string csv_field(std::string const& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string csv_text(comparison const& c) {
  std::string out = std::string{csv_header} + "\n";
  for (auto const& r : c.rows) csv_row(out, r);
  for (auto const& r : c.overall) csv_row(out, r);
  return out;
}

std::string json_text(comparison const& c, std::vector<std::string> const& problem_lines,
                      std::optional<recommendation> const& advice, std::optional<double> copy_ns) {
  std::string out = "{\n  \"rows\": " + json_array(c.rows, json_row);
  out += ",\n  \"overall\": " + json_array(c.overall, json_row);
  out += ",\n  \"recipe\": " + json_array(c.recipe, [](recipe_entry const& e) {
           return fmt::format("{{\"tensor\": {}, \"format\": {}, \"bits\": {}, \"stored_bits\": {}}}", json_quoted(e.tensor),
                              json_quoted(e.format), json_number(e.bits), json_number(e.stored_bits));
         });
  out += ",\n  \"skipped\": " + json_array(c.skipped, [](skipped_tensor const& s) {
           return fmt::format("{{\"tensor\": {}, \"file\": {}, \"reason\": {}}}", json_quoted(s.tensor), json_quoted(s.file),
                              json_quoted(s.reason));
         });
  out += ",\n  \"notes\": " + json_array(c.notes, [](std::string const& s) { return json_quoted(s); });
  out += ",\n  \"problems\": " + json_array(problem_lines, [](std::string const& s) { return json_quoted(s); });
  out += fmt::format(",\n  \"copy_ns\": {}", json_number(copy_ns));
  out += ",\n  \"recommended\": " + (advice ? json_row(advice->best) : std::string{"null"});
  out += ",\n  \"runner_up\": " + (advice && advice->runner_up ? json_row(*advice->runner_up) : std::string{"null"});
  return out + "\n}\n";
}

}  // namespace skive::compare
