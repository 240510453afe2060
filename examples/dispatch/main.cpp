// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes the best instruction set of the machine that it runs on, and shows that all of them write the same bytes.
#include "rows.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

int main() {
  std::array<float, 4099> row{};
  for (std::uint32_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<float>(static_cast<std::int32_t>(i * 2654435769U)) * 0x1p-31f;

  auto const available = row_operations::available();
  if (available.empty()) return std::puts("no instruction set that this program was built for"), 1;
  std::printf("took %s of %zu\n", available.front().arch, available.size());

  std::array<std::byte, 2308> first{};
  if (!available.front().encode(row, first)) return 1;
  std::uint32_t sum = 0;  // FNV-1a
  for (auto const b : first) sum = (sum ^ std::to_integer<std::uint32_t>(b)) * 16777619U;
  std::printf("bytes %08x\n", sum);

  for (auto const& other : available) {
    std::array<std::byte, 2308> bytes{};
    std::array<float, 4099> back{};
    if (!other.encode(row, bytes) || !other.decode(bytes, back) || bytes != first)
      return std::printf("%s writes other bytes\n", other.arch), 1;
  }
  return 0;
}
