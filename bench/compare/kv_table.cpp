// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kv_table.hpp"

#include "kv_quality.hpp"
#include "kv_quantizers.hpp"
#include "parallel.hpp"
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace skive::compare {
namespace {

struct row_sums {
  double numbers = 0;
  double bits = 0;
  double error_squares = 0;
  double squares = 0;
  double nanoseconds = 0;
  bool timed = true;
  attention_sums attention;

  row_sums& operator+=(row_sums const& o) {
    numbers += o.numbers;
    bits += o.bits;
    error_squares += o.error_squares;
    squares += o.squares;
    nanoseconds += o.nanoseconds;
    timed = timed && o.timed;
    attention += o.attention;
    return *this;
  }
};

enum class part : std::uint8_t { keys, keys_before, values };
constexpr char const* part_name[] = {"keys", "keys before RoPE", "values"};

struct layer_rope {
  std::vector<float> memory;
  std::optional<rope_table> table;

  explicit layer_rope(cache_layer const& l) {
    if (!l.rope) return;
    auto const positions = (l.keys.tokens + kv_table_positions - 1) / kv_table_positions * kv_table_positions;
    memory.resize(rope_table::floats(l.keys.size, positions));
    if (auto const t = rope_table::make(l.keys.size, positions, l.rope->theta, l.rope->pairing, memory)) table = *t;
  }
  static constexpr std::size_t kv_table_positions = 128;
};

// Queries of the last position that read head h.
std::vector<float> last_queries(cache_layer const& l, std::size_t h) {
  std::vector<float> out;
  if (l.queries.empty()) return out;
  auto const share = l.queries.heads / l.keys.heads;
  for (std::size_t r = 0; r < share; ++r) {
    auto const q = l.queries.head(h * share + r).row(l.queries.tokens - 1);
    out.insert(out.end(), q.begin(), q.end());
  }
  return out;
}

std::optional<row_sums> measure_head(cache_layer const& l, std::size_t h, part what, layer_rope const& rope,
                                     cache_quantizer const& quantizer, bool timing) {
  auto const& source = what == part::keys ? l.keys : what == part::keys_before ? l.keys_before : l.values;
  auto const rows = source.head(h);
  auto const queries = last_queries(l, h);
  matrix_view<float const> q{queries.data(), queries.size() / l.keys.size, l.keys.size};
  if (what == part::values && q.rows != 0) q.cols = q.row_stride = source.size;  // only their number counts
  std::vector<float> memory(source.tokens * source.size);
  matrix_view<float> const decoded{memory.data(), source.tokens, source.size};
  auto const pairing = l.rope ? l.rope->pairing : rope_pairing::halved;
  auto const result = quantizer.run({rows, q, what == part::keys_before ? &*rope.table : nullptr, timing, pairing}, decoded);
  if (!result) return std::nullopt;
  row_sums out;
  out.numbers = static_cast<double>(memory.size());
  out.bits = result->bits;
  out.timed = result->nanoseconds.has_value();
  out.nanoseconds = result->nanoseconds.value_or(0);
  auto const right = what == part::values ? l.values.head(h) : l.keys.head(h);
  for (std::size_t i = 0; i < memory.size(); ++i) {
    auto const x = static_cast<double>(right.data[i]);
    auto const d = static_cast<double>(memory[i]) - x;
    out.error_squares += d * d;
    out.squares += x * x;
  }
  if (l.queries.empty()) return out;
  if (what == part::values)
    out.attention = measure_attention(l, h, l.keys.head(h), decoded);
  else
    out.attention = measure_attention(l, h, decoded, l.values.empty() ? matrix_view<float const>{} : l.values.head(h));
  return out;
}

cache_row row_of(std::string layer, part what, std::string quantizer, row_sums const& s) {
  cache_row r{std::move(layer),
              part_name[static_cast<std::size_t>(what)],
              std::move(quantizer),
              s.bits / s.numbers,
              s.squares > 0 ? std::sqrt(s.error_squares / s.squares) : 0,
              {},
              s.attention.output_error(),
              {}};
  if (what != part::values) r.kl = s.attention.mean_kl();
  if (s.timed) r.nanoseconds = s.nanoseconds / s.numbers;
  return r;
}

bool has(cache_layer const& l, part what) {
  return what == part::keys || (what == part::keys_before ? l.rope.has_value() : !l.values.empty());
}

std::string cell(std::optional<double> v, char const* spec, int width) {
  return fmt::format("{:>{}}", v ? fmt::format(fmt::runtime(spec), *v) : "-", width);
}

// Layer after layer, each in the order given. (std::stable_sort of libstdc++ 12 warns of itself in clang.)
std::vector<cache_row> by_layer(std::vector<cache_row> const& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[a].layer != rows[b].layer ? rows[a].layer < rows[b].layer : a < b; });
  std::vector<cache_row> out;
  for (auto const i : order) out.push_back(rows[i]);
  return out;
}

}  // namespace

std::vector<cache_row> compare_caches(std::vector<cache_layer> const& layers, bool timing, unsigned threads) {
  std::vector<cache_row> rows;
  std::vector<cache_row> together;
  for (auto const what : {part::keys, part::keys_before, part::values}) {
    auto const& all = what == part::values ? value_quantizers() : key_quantizers();
    std::map<std::size_t, std::vector<std::optional<row_sums>>> by_size;
    for (auto const& l : layers) {
      if (!has(l, what)) continue;
      layer_rope const rope{l};
      auto const heads = l.keys.heads;
      std::vector<std::optional<row_sums>> sums(all.size() * heads);
      for_each_index(sums.size(), timing ? 1 : threads,
                     [&](std::size_t i) { sums[i] = measure_head(l, i % heads, what, rope, all[i / heads], timing); });
      auto& total = by_size[what == part::values ? l.values.size : l.keys.size];
      if (total.empty()) total.assign(all.size(), row_sums{});
      for (std::size_t f = 0; f < all.size(); ++f) {
        std::optional<row_sums> sum{row_sums{}};
        for (std::size_t h = 0; h < heads; ++h) {
          auto const& one = sums[f * heads + h];
          if (one && sum)
            *sum += *one;
          else
            sum.reset();
        }
        if (sum) rows.push_back(row_of(l.name, what, all[f].name, *sum));
        if (sum && total[f])
          *total[f] += *sum;
        else
          total[f].reset();
      }
    }
    for (auto const& [size, total] : by_size)
      for (std::size_t f = 0; f < all.size(); ++f)
        if (total[f]) together.push_back(row_of(fmt::format("all (head size {})", size), what, all[f].name, *total[f]));
  }
  rows = by_layer(rows);
  together = by_layer(together);
  rows.insert(rows.end(), together.begin(), together.end());
  return rows;
}

std::string cache_table_text(std::vector<cache_row> const& rows, bool summary) {
  std::string out;
  std::size_t width = 10;
  for (auto const& r : rows) width = std::max(width, r.quantizer.size());
  std::string title;
  auto const to = std::back_inserter(out);
  for (auto const& r : rows) {
    if (summary && !r.layer.starts_with("all (")) continue;
    auto const now = fmt::format("{}: {}", printable(r.layer), r.part);
    if (now != title)
      fmt::format_to(to, "{}{}\n  {:<{}} {:>8} {:>10} {:>10} {:>10} {:>9}\n", title.empty() ? "" : "\n", now, "quantizer", width,
                     "bits/el", "rel. error", "KL, nats", "out. error", r.part == "values" ? "acc ns/el" : "dot ns/el");
    title = now;
    fmt::format_to(to, "  {:<{}} {:>8.3f} {:>10.5f} {} {} {}\n", r.quantizer, width, r.bits, r.relative_error,
                   cell(r.kl, "{:.5f}", 10), cell(r.output_error, "{:.5f}", 10), cell(r.nanoseconds, "{:.3f}", 9));
  }
  if (!out.empty())
    out +=
        "\nbits/el: codes and all metadata. KL: of causal attention probabilities, mean over queries, this quantizer on keys "
        "alone."
        "\nout. error: of the attention output. ns/el: time per cached number on one thread, for all query heads of the head.\n";
  return out;
}

std::string cache_csv_text(std::vector<cache_row> const& rows) {
  std::string out = "layer,part,quantizer,bits_per_number,relative_error,kl,output_error,ns\n";
  auto const number = [](std::optional<double> v) { return v ? fmt::format("{}", *v) : std::string{}; };
  for (auto const& r : rows)
    out += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(r.layer), r.part, csv_field(r.quantizer), r.bits, r.relative_error,
                       number(r.kl), number(r.output_error), number(r.nanoseconds));
  return out;
}

}  // namespace skive::compare
