// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The benchmark program: Google Benchmark's own arguments and output, with ratios to scalar twins and peers under its table, or
// `--summary [FILTER]`, a tab-separated table.
//
// A benchmark that belongs in the table is named op/format/size (encode/mxfp4/l2), sets items processed (elements) and
// bytes processed, and may set the counter fraction_of_ceiling.

#include "support/ratio_reporter.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

class summary_reporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(Context const&) override {
    GetOutputStream() << "op\tformat\tsize\tns_per_element\tgb_per_s\tfraction_of_ceiling\n";
    return true;
  }
  void ReportRuns(std::vector<Run> const& runs) override {
    for (Run const& run : runs) {
      if (run.error_occurred) {
        GetErrorStream() << run.benchmark_name() << ": " << run.error_message << '\n';
        failed_ = true;
      }
      if (run.error_occurred || run.run_type != Run::RT_Iteration) continue;
      auto name = run.run_name.function_name;
      for (char& c : name)
        if (c == '/') c = '\t';
      auto const items = counter(run, "items_per_second");
      GetOutputStream() << name << '\t' << (items > 0 ? 1e9 / items : 0) << '\t' << counter(run, "bytes_per_second") / 1e9 << '\t'
                        << counter(run, "fraction_of_ceiling") << '\n';
    }
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;

  static double counter(Run const& run, std::string const& name) {
    auto const found = run.counters.find(name);
    return found == run.counters.end() ? 0.0 : found->second.value;
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  bool const summary = argc > 1 && arguments[1] == "--summary";
  if (summary) {
    arguments.erase(arguments.begin() + 1);
    if (arguments.size() > 1 && arguments[1][0] != '-') arguments[1] = "--benchmark_filter=" + arguments[1];
  }
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  int count = static_cast<int>(raw.size());
  benchmark::Initialize(&count, raw.data());
  if (benchmark::ReportUnrecognizedArguments(count, raw.data())) return 2;
  summary_reporter reporter;
  reporter.SetOutputStream(&std::cout);
  reporter.SetErrorStream(&std::cerr);
  skive::bench::ratio_reporter with_ratios;
  bool const own_format = std::ranges::any_of(arguments, [](auto const& a) { return a.starts_with("--benchmark_format"); });
  auto const ran = summary ? benchmark::RunSpecifiedBenchmarks(&reporter)
      : own_format         ? benchmark::RunSpecifiedBenchmarks()
                           : benchmark::RunSpecifiedBenchmarks(&with_ratios);
  benchmark::Shutdown();
  if (reporter.failed()) return 1;
  return ran > 0 ? 0 : 2;
}
