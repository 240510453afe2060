// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/ratio_reporter.hpp - Google Benchmark's console table, and under it what each twin took for one time of ours.
///
///   encode/float16:onednn/l2 ran beside encode/float16/l2   ->   encode float16 l2   ns/element 0.17   onednn 1.43
///
/// A twin is a format with a colon: `:scalar` is the scalar rule, others are peers or another way of ours. Below 1 the twin is faster.

#include <iomanip>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {

class ratio_reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(std::vector<Run> const& runs) override {
    benchmark::ConsoleReporter::ReportRuns(runs);
    for (Run const& run : runs) {
      auto const items = run.counters.find("items_per_second");
      if (run.error_occurred || run.run_type != Run::RT_Iteration || items == run.counters.end()) continue;
      nanoseconds_[run.run_name.function_name] = 1e9 / items->second.value;
    }
  }
  void Finalize() override {
    benchmark::ConsoleReporter::Finalize();
    std::map<std::string, std::string> lines;
    for (auto const& [name, time] : nanoseconds_) {
      auto const colon = name.find(':');
      auto const slash = name.find('/', colon);
      if (colon == std::string::npos || slash == std::string::npos) continue;
      auto const ours = name.substr(0, colon) + name.substr(slash);
      if (auto const found = nanoseconds_.find(ours); found != nanoseconds_.end())
        lines[ours] += "  " + name.substr(colon + 1, slash - colon - 1) + ' ' + rounded(time / found->second);
    }
    if (lines.empty()) return;
    auto& out = GetOutputStream();
    out << "\nns/element, and how many times as long its twins took:\n";
    for (auto const& [name, twins] : lines)
      out << std::left << std::setw(36) << name << std::right << std::setw(9) << rounded(nanoseconds_[name]) << twins << '\n';
  }

 private:
  static std::string rounded(double x) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << x;
    return text.str();
  }

  std::map<std::string, double> nanoseconds_;  // by name
};

}  // namespace skive::bench
