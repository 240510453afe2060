// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// skive_add_dispatched: what this machine can run is there, the best first, and each unit calls its own helpers.
#include "dispatch/units.hpp"

#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

TEST_CASE("every unit calls its own inline functions", "[dispatch]") {
  auto const available = unit_operations::available();
  REQUIRE(!available.empty());
  for (auto const& unit : available) CHECK(std::string_view{unit.arch} == unit.name_by_helper());
}

TEST_CASE("units are chosen once, the best first, the least always", "[dispatch]") {
  auto const available = unit_operations::available();
  CHECK(available.data() == unit_operations::available().data());
  std::vector<std::string_view> expected;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi2"))
    expected.emplace_back("avx512vnni+avx512vbmi");
  if (__builtin_cpu_supports("avx512bw")) expected.emplace_back("avx512bw");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) expected.emplace_back("fma3+avx2");
  expected.emplace_back("sse2");
#else
  for (auto const& unit : available) expected.emplace_back(unit.arch);
#endif
  REQUIRE(available.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::string_view{available[i].arch}.starts_with(expected[i]));
}
