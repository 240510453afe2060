// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tables of report.hpp.
#include "report.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace skive::compare {
namespace {

std::string cell(std::optional<double> v, char const* spec, int width) {
  if (!v) return fmt::format("{:>{}}", "-", width);
  return fmt::format("{:>{}}", fmt::format(fmt::runtime(spec), *v), width);
}

std::optional<double> gigabytes_per_second(std::optional<double> ns) {
  return ns ? std::optional{sizeof(float) / *ns} : std::nullopt;
}

// No other row has both fewer (or equal) bits and a smaller (or equal) error, one of them truly.
bool on_front(row const& r, std::vector<row> const& rows) {
  return std::none_of(rows.begin(), rows.end(), [&](row const& o) {
    auto const& a = o.values;
    auto const& b = r.values;
    return a.bits_per_weight <= b.bits_per_weight && a.relative_mse <= b.relative_mse &&
        (a.bits_per_weight < b.bits_per_weight || a.relative_mse < b.relative_mse);
  });
}

void add_table(std::string& out, std::string const& title, std::vector<row> rows, bool with_front) {
  std::sort(rows.begin(), rows.end(), [](row const& a, row const& b) {
    if (a.values.bits_per_weight != b.values.bits_per_weight) return a.values.bits_per_weight < b.values.bits_per_weight;
    if (a.values.relative_mse != b.values.relative_mse) return a.values.relative_mse > b.values.relative_mse;
    return a.format < b.format;
  });
  std::size_t width = 6;
  for (auto const& r : rows) width = std::max(width, r.format.size());
  auto const to = std::back_inserter(out);
  fmt::format_to(to, "{}\n  {:<{}} {:>7} {:>10} {:>7} {:>10} {:>9} {:>9} {:>7} {:>9} {:>9} {:>8} {:>8}\n", printable(title),
                 "format", width, "bits/w", "rel. MSE", "SQNR dB", "max error", "cosine", "out. err", "R-D dB", "enc ns/el",
                 "dec ns/el", "enc GB/s", "dec GB/s");
  for (auto const& r : rows) {
    auto const& f = r.values;
    fmt::format_to(to, "{} {:<{}} {} {} {} {} {} {} {} {} {} {} {}\n", with_front && on_front(r, rows) ? '*' : ' ', r.format,
                   width, cell(f.bits_per_weight, "{:.3f}", 7), cell(f.relative_mse, "{:.3e}", 10), cell(f.sqnr_db, "{:.2f}", 7),
                   cell(f.max_error, "{:.3e}", 10), cell(f.cosine, "{:.6f}", 9), cell(f.output_error, "{:.5f}", 9),
                   cell(f.rd_gap_db, "{:+.2f}", 7), cell(f.encode_ns, "{:.2f}", 9), cell(f.decode_ns, "{:.2f}", 9),
                   cell(gigabytes_per_second(f.encode_ns), "{:.2f}", 8), cell(gigabytes_per_second(f.decode_ns), "{:.2f}", 8));
  }
  out += '\n';
}

void add_recipe(std::string& out, std::vector<recipe_entry> const& recipe) {
  double bits = 0;
  double stored = 0;
  std::size_t width = 6;
  for (auto const& e : recipe) {
    bits += e.bits;
    stored += e.stored_bits;
    width = std::max(width, e.format.size());
  }
  auto const to = std::back_inserter(out);
  fmt::format_to(to, "recipe: {:.3f} MiB instead of {:.3f} MiB as stored, vectors and integers included\n", bits / 8 / 1048576,
                 stored / 8 / 1048576);
  for (auto const& e : recipe)
    fmt::format_to(to, "  {:<{}} {:>12.0f} bytes  {}\n", e.format, width, e.bits / 8, printable(e.tensor));
  out += '\n';
}

}  // namespace

std::string table_text(comparison const& c, table_options const& o) {
  std::string out;
  for (auto begin = c.rows.begin(); !o.summary && begin != c.rows.end();) {
    auto const end = std::find_if(begin, c.rows.end(), [&](row const& r) { return r.tensor != begin->tensor; });
    add_table(out, begin->tensor, {begin, end}, false);
    begin = end;
  }
  if (!o.summary && !c.recipe.empty()) add_recipe(out, c.recipe);
  auto const to = std::back_inserter(out);
  if (!c.skipped.empty()) {
    fmt::format_to(to, "not compared ({}):\n", c.skipped.size());
    for (auto const& s : c.skipped) fmt::format_to(to, "  {}: {}\n", printable(s.tensor), s.reason);
    out += '\n';
  }
  if (c.overall.empty()) return out;
  add_table(out, "all tensors together", c.overall, true);
  out +=
      "* no other format is both as small and as exact. R-D dB: distance to the Gaussian rate-distortion bound at that rate.\n";
  if (o.copy_ns)
    fmt::format_to(
        to, "GB/s: float bytes in or out per second on one thread; copying memory runs here at {:.2f} GB/s ({:.2f} ns/el).\n",
        sizeof(float) / *o.copy_ns, *o.copy_ns);
  return out;
}

std::string advice_text(std::optional<recommendation> const& advice, double budget) {
  if (!advice) return fmt::format("No format is at or below {} bits per weight.\n", budget);
  auto const& best = advice->best;
  auto out = fmt::format("Best at or below {} bits per weight: {} ({:.3f} bits, {:.2f} dB)", budget, best.format,
                         best.values.bits_per_weight, best.values.sqnr_db);
  if (!advice->runner_up) return out + ", the only one.\n";
  auto const& next = *advice->runner_up;
  // Two lossless formats differ in size alone.
  double const lead = best.values.sqnr_db == next.values.sqnr_db ? 0 : best.values.sqnr_db - next.values.sqnr_db;
  return out +
      fmt::format(", {:.2f} dB better than the runner-up {} ({:.3f} bits).\n", lead, next.format, next.values.bits_per_weight);
}

}  // namespace skive::compare
