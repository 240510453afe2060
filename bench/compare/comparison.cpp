// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "comparison.hpp"

#include "activations.hpp"
#include "evaluate.hpp"
#include "glob.hpp"
#include "mapped_file.hpp"
#include "progress.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace skive::compare {
namespace {

struct asked_format {
  std::shared_ptr<format const> codec;
  std::string name;
  bool for_all = false;  // compared on every tensor, not only where a rule names it
  tally sums;
  std::size_t refused = 0;  // tensors that it could not take
  std::string refusal;      // the first of them, and why
};

std::string refusal_note(asked_format const& f) {
  auto const others = f.refused == 1 ? std::string{} : fmt::format(" and {} more", f.refused - 1);
  return fmt::format("format {} cannot take {}{}{}", f.name, f.refusal, others,
                     f.for_all ? "; it has no row for all tensors" : "; the recipe keeps them as stored");
}

class runner {
 public:
  runner(options const& o, problems& found, activation_store& inputs, std::size_t compared, std::size_t steps)
      : o_{o}, found_{found}, inputs_{inputs}, bar_{true, steps} {
    settings_.threads = o.threads;
    constexpr double whole_budget = 20e6;  // ns per format, shared by the tensors, but never below a millisecond for one
    if (o.timing)
      settings_.timing_budget_ns = std::max(1e6, whole_budget / static_cast<double>(std::max<std::size_t>(1, compared)));
  }

  std::vector<asked_format> formats;
  comparison result;
  std::size_t fed = 0;  // tensors whose inputs are known

  void compare(tensor const& t) {
    float_matrix const matrix{t};
    subject s{matrix.view(), sums_of(matrix.view(), o_.threads), std::nullopt, 0};
    if (s.sums.first_not_finite) {
      bar_.clear();
      bar_.skip(formats.size());
      found_.report(t.file, t.name, not_finite_reason(*s.sums.first_not_finite, t.cols()));
      result.skipped.push_back({t.name, t.file, "a value is not finite"});
      if (!o_.rules.empty()) keep(t, std::nullopt, false);
      return;
    }
    bar_.clear();
    s.inputs = inputs_.inputs_of(t);
    if (s.inputs) {
      s.output_squares = output_squares_of(s.weights, *s.inputs, o_.threads);
      ++fed;
    }
    auto const* const wanted = rule_for(t.name);
    bool coded = false;
    for (auto& f : formats) {
      bar_.step(f.name + " " + t.name);
      bool const by_rule = wanted != nullptr && wanted->format == f.name;
      if (!f.for_all && !by_rule) continue;
      coded = evaluate_one(t, s, f, by_rule) || coded;
    }
    if (!o_.rules.empty() && !coded) keep(t, s, true);
    if (t.mapped) mapped_file::release(t.bytes);
  }

  // A tensor outside the comparison: listed, and part of the recipe at its stored size.
  void skip(tensor const& t, std::string reason) {
    result.skipped.push_back({t.name, t.file, std::move(reason)});
    if (o_.rules.empty()) return;
    if (!facts(t.type).readable || t.elements() == 0) return keep(t, std::nullopt, false);
    float_matrix const matrix{t};
    subject const s{matrix.view(), sums_of(matrix.view(), o_.threads), std::nullopt, 0};
    keep(t, s, !s.sums.first_not_finite);
  }

  comparison finish() {
    bar_.clear();
    for (auto const& f : formats) {
      if (f.refused > 0) result.notes.push_back(refusal_note(f));
      if (f.for_all && f.refused == 0 && f.sums.elements > 0)
        result.overall.push_back({whole_checkpoint, f.name, figures_of(f.sums)});
    }
    if (!o_.rules.empty() && recipe_.elements > 0) result.overall.push_back({whole_checkpoint, recipe_name, figures_of(recipe_)});
    return std::move(result);
  }

 private:
  rule const* rule_for(std::string const& name) const {
    for (auto const& r : o_.rules)
      if (glob_match(r.weights, name)) return &r;
    return nullptr;
  }

  bool evaluate_one(tensor const& t, subject const& s, asked_format& f, bool by_rule) {
    try {
      auto const sums = evaluate(*f.codec, s, settings_);
      f.sums += sums;
      result.rows.push_back({t.name, f.name, figures_of(sums)});
      if (by_rule) {
        recipe_ += sums;
        result.recipe.push_back({t.name, f.name, sums.bits, t.stored_bits()});
      }
      return by_rule;
    } catch (std::exception const& e) {
      if (++f.refused == 1) f.refusal = fmt::format("tensor '{}' ({})", t.name, e.what());
      return false;
    }
  }

  void keep(tensor const& t, std::optional<subject> const& s, bool finite) {
    tally sums;
    sums.elements = static_cast<double>(t.elements());
    sums.bits = t.stored_bits();
    if (s && finite) {
      sums.squares = sums.decoded_squares = sums.products = s->sums.squares;
      sums.has_output = s->inputs.has_value();
      sums.output_squares = s->output_squares;
    }
    recipe_ += sums;
    result.recipe.push_back({t.name, std::string{facts(t.type).name}, sums.bits, sums.bits});
  }

  options const& o_;
  problems& found_;
  activation_store& inputs_;
  progress bar_;
  evaluation_options settings_;
  tally recipe_;
};

std::vector<asked_format> asked(format_list const& formats, std::vector<rule> const& rules) {
  std::vector<asked_format> out;
  auto const known = [&](std::string const& name) {
    return std::any_of(out.begin(), out.end(), [&](auto const& f) { return f.name == name; });
  };
  for (auto const& f : formats)
    if (!known(f->name())) out.push_back({f, f->name(), true, {}, 0, {}});
  for (auto const& r : rules)
    if (!known(r.format)) out.push_back({make_format(r.format), r.format, false, {}, 0, {}});
  return out;
}

// A pattern that selects nothing is a slip of the pen.
template <class Patterns>
void check_patterns(Patterns const& patterns, char const* option, std::span<tensor const> tensors, problems& found) {
  for (auto const& p : patterns)
    if (std::none_of(tensors.begin(), tensors.end(), [&](tensor const& t) { return glob_match(p.weights, t.name); }))
      found.report("", "", fmt::format("{}: no tensor matches '{}'", option, p.weights));
}

}  // namespace

comparison compare_tensors(std::span<tensor const> tensors, std::span<tensor const> activations, format_list const& formats,
                           options const& o, problems& found) {
  check_patterns(o.feeds, "--feeds", tensors, found);
  check_patterns(o.rules, "--rules", tensors, found);
  std::vector<tensor const*> selected;
  std::size_t compared = 0;
  for (auto const& t : tensors) {
    if (!glob_match(o.tensors, t.name)) continue;
    selected.push_back(&t);
    if (reason_to_skip(t).empty()) ++compared;
  }
  activation_store inputs{activations, o.feeds, found};
  auto entries = asked(formats, o.rules);
  runner r{o, found, inputs, compared, compared * entries.size()};
  r.formats = std::move(entries);
  for (auto const* t : selected) {
    auto reason = reason_to_skip(*t);
    if (reason.empty())
      r.compare(*t);
    else
      r.skip(*t, std::move(reason));
  }
  if (!activations.empty() && r.fed < compared)
    r.result.notes.push_back(fmt::format(
        "inputs are known of {} of {} tensors; --feeds ACTIVATION=GLOB says what an activation feeds", r.fed, compared));
  return r.finish();
}

std::optional<recommendation> recommend(std::span<row const> overall, double budget) {
  std::vector<row const*> fitting;
  for (auto const& r : overall)
    if (r.values.bits_per_weight <= budget + 1e-9 && r.values.sqnr_db == r.values.sqnr_db) fitting.push_back(&r);
  if (fitting.empty()) return std::nullopt;
  std::sort(fitting.begin(), fitting.end(), [](row const* a, row const* b) {
    if (a->values.sqnr_db != b->values.sqnr_db) return a->values.sqnr_db > b->values.sqnr_db;
    if (a->values.bits_per_weight != b->values.bits_per_weight) return a->values.bits_per_weight < b->values.bits_per_weight;
    return a < b;  // all point into `overall`
  });
  recommendation out{*fitting[0], std::nullopt};
  if (fitting.size() > 1) out.runner_up = *fitting[1];
  return out;
}

}  // namespace skive::compare
