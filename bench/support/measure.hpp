// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file support/measure.hpp - what the benchmarks share: sizes, data, the check before timing and the memcpy ceiling.
///
///   op/format/size    op: encode, decode, copy;   size: l1 (16 KiB of floats), l2 (512 KiB), ram (64 MiB)
///   format:scalar     the same by the scalar rule: what the vector path saves
///
/// The data are sums of four uniform numbers in [-1, 1), so |x| <= 4, the same in every run. `fraction_of_ceiling` is bytes moved
/// per second (input and output) over those of memcpy of the same floats, timed in the same run. An l1 row repeats the same 4096
/// numbers, which branch predictors learn: branching code looks faster there than on fresh data; l2 and ram rows do not flatter.
/// The minimum time is part of Google Benchmark's full name, so that a filter does not end in `$`.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {

struct size_class {
  char const* name;
  std::size_t floats;
};
inline constexpr std::array<size_class, 3> sizes{{{"l1", 1U << 12}, {"l2", 1U << 17}, {"ram", 1U << 24}}};
inline constexpr std::size_t row_floats = 1U << 12;  // divides every size
inline constexpr float largest_value = 4.0f;
inline constexpr char const* scalar_twin = ":scalar";  // ends the names of formats that run their scalar rule

/// Memory that all measurements use in turn: pages are touched once, and `ram` does not allocate anew.
struct memory {
  std::vector<float> values = std::vector<float>(sizes.back().floats);
  std::vector<float> restored = std::vector<float>(sizes.back().floats);
  std::vector<std::byte> codes = std::vector<std::byte>(sizes.back().floats * sizeof(float));
  std::string coded;    // format/size whose codes are in `codes`
  std::string problem;  // why that pair must not be timed

  memory() {
    std::minstd_rand random{1};
    auto const uniform = [&] { return static_cast<float>(random() >> 7) * 0x1p-23f - 1.0f; };
    for (float& x : values) x = uniform() + uniform() + uniform() + uniform();
  }
  static memory& shared() {
    static memory m;
    return m;
  }
};

/// Bytes that memcpy of `floats` floats moves per second, read and written: the best of several batches.
inline double copy_ceiling(std::size_t floats) {
  static std::map<std::size_t, double> known;
  if (auto const found = known.find(floats); found != known.end()) return found->second;
  auto& m = memory::shared();
  auto const repeat = std::max<std::size_t>(1, (std::size_t{1} << 20) / floats);
  double seconds = std::numeric_limits<double>::max();
  for (int batch = 0; batch < 12; ++batch) {
    auto const start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < repeat; ++i) {
      std::memcpy(m.restored.data(), m.values.data(), floats * sizeof(float));
      benchmark::ClobberMemory();
    }
    seconds = std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return known[floats] = 2.0 * static_cast<double>(floats * sizeof(float) * repeat) / seconds;
}

/// After the loop: one iteration handled `floats` numbers and moved `bytes` bytes; beside it memcpy of `copied` floats, 0: as many.
inline void count(benchmark::State& state, std::size_t floats, std::size_t bytes, std::size_t copied = 0) {
  auto const iterations = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(iterations * static_cast<std::int64_t>(floats));
  state.SetBytesProcessed(iterations * static_cast<std::int64_t>(bytes));
  auto const moved = static_cast<double>(iterations) * static_cast<double>(bytes);
  state.counters["fraction_of_ceiling"] =
      benchmark::Counter(moved / copy_ceiling(copied == 0 ? floats : copied), benchmark::Counter::kIsRate);
}

/// sqrt(sum (y - x)^2 / sum x^2); NaN if any y is.
inline double relative_error(std::span<float const> x, std::span<float const> y) {
  double difference = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const d = static_cast<double>(y[i]) - static_cast<double>(x[i]);
    difference += d * d;
    power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return std::sqrt(difference / power);
}

/// Fills `codes` for this format and size, and checks the round trip; says why it must not be timed, or nothing.
template <class Subject>
std::string const& prepare(Subject const& subject, std::string const& name, std::size_t floats, double bound) {
  auto& m = memory::shared();
  if (m.coded == name) return m.problem;
  m.coded = name;
  m.problem.clear();
  auto const values = std::span<float const>{m.values}.first(floats);
  auto const restored = std::span{m.restored}.first(floats);
  std::fill(restored.begin(), restored.end(), std::numeric_limits<float>::quiet_NaN());
  if (!subject.encode(values, m.codes.data()) || !subject.decode(m.codes.data(), restored)) {
    m.problem = "refused";
  } else if (auto const error = relative_error(values, restored); !(error <= bound)) {
    m.problem = "relative error " + std::to_string(error) + " is above " + std::to_string(bound);
  }
  return m.problem;
}

/// Registers encode and decode at every size. Subject: copyable, with
///   bool encode(std::span<float const>, std::byte*) const;   bool decode(std::byte const*, std::span<float>) const;
///   std::size_t bytes(std::size_t floats) const;
/// `bound` is the largest relative error, root of the mean square, with which the data may come back.
template <class Subject>
void measure(std::string const& format, Subject const& subject, double bound) {
  for (auto const& size : sizes) {
    auto const name = format + '/' + size.name;
    auto const add = [&](char const* op, auto step) {
      auto const run = [=, floats = size.floats](benchmark::State& state) {
        if (auto const& problem = prepare(subject, name, floats, bound); !problem.empty())
          return state.SkipWithError(problem.c_str());
        bool good = true;
        for (auto _ : state) {
          good &= step(subject, floats);
          benchmark::ClobberMemory();
        }
        if (!good) return state.SkipWithError("refused while timed");
        count(state, floats, floats * sizeof(float) + subject.bytes(floats));
      };
      benchmark::RegisterBenchmark((std::string{op} + '/' + name).c_str(), run)->MinTime(0.05);
    };
    add("encode", [](Subject const& s, std::size_t n) {
      auto& m = memory::shared();
      return s.encode(std::span<float const>{m.values}.first(n), m.codes.data());
    });
    add("decode", [](Subject const& s, std::size_t n) {
      auto& m = memory::shared();
      return s.decode(m.codes.data(), std::span{m.restored}.first(n));
    });
  }
}

}  // namespace skive::bench
