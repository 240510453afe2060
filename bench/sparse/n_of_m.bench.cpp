// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Masks of n:m and packed rows, rows of 4096 floats: select (by magnitude), pack (mask known), unpack. Bytes are those read and
// written; the ceiling is memcpy of the floats.
#include "skive/sparse/n_of_m.hpp"

#include "skive/sparse/packed_n_of_m.hpp"
#include "skive/sparse/top_k.hpp"
#include "support/measure.hpp"

namespace skive::bench {
namespace {

// Masks, then positions, then values of every row, in the shared memory for codes.
template <int N, int M>
struct packed_rows {
  using packed = packed_n_of_m<N, M>;
  static constexpr std::size_t mask = row_floats / 8;
  std::size_t rows;

  std::span<float const> row(std::size_t r) const {
    return std::span<float const>{memory::shared().values}.subspan(r * row_floats, row_floats);
  }
  std::span<std::byte> mask_of(std::size_t r) const { return std::span{memory::shared().codes}.subspan(r * mask, mask); }
  std::span<std::byte> positions(std::size_t r) const {
    return std::span{memory::shared().codes}.subspan(rows * mask + r * mask, packed::position_bytes(row_floats));
  }
  std::span<float> values(std::size_t r) const {
    auto* const first = reinterpret_cast<float*>(memory::shared().codes.data() + rows * 2 * mask);
    return {first + r * packed::value_count(row_floats), packed::value_count(row_floats)};
  }
  bool select() const {
    bool good = true;
    for (std::size_t r = 0; r < rows; ++r) good &= static_cast<bool>(n_of_m<N, M>{}.select_magnitudes(row(r), mask_of(r)));
    return good;
  }
  bool pack() const {
    bool good = true;
    for (std::size_t r = 0; r < rows; ++r) good &= static_cast<bool>(packed::pack(row(r), mask_of(r), values(r), positions(r)));
    return good;
  }
  bool unpack() const {
    bool good = true;
    for (std::size_t r = 0; r < rows; ++r) {
      auto const to = std::span{memory::shared().restored}.subspan(r * row_floats, row_floats);
      good &= static_cast<bool>(packed::unpack(std::span<float const>{values(r)}, positions(r), to));
    }
    return good;
  }
  // Kept numbers come back, the others are zero, and as many are kept as should be.
  bool right() const {
    if (!select() || !pack() || !unpack()) return false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows * row_floats; ++i) {
      auto const x = memory::shared().restored[i];
      if (x != 0.0f && x != memory::shared().values[i]) return false;
      kept += x != 0.0f ? 1U : 0U;
    }
    return kept <= rows * row_floats / M * N && kept + 100 + kept / 1000 > rows * row_floats / M * N;  // a kept number may be 0
  }
};

template <int N, int M>
void add(char const* name) {
  for (auto const& size : sizes) {
    auto const add_op = [&](char const* op, std::size_t bytes, auto step) {
      auto const run = [=, floats = size.floats](benchmark::State& state) {
        packed_rows<N, M> const rows{floats / row_floats};
        memory::shared().coded.clear();
        if (!rows.right()) return state.SkipWithError("wrong mask");
        bool good = true;
        for (auto _ : state) {
          good &= step(rows);
          benchmark::ClobberMemory();
        }
        if (!good) return state.SkipWithError("refused while timed");
        count(state, floats, bytes);
      };
      benchmark::RegisterBenchmark((std::string{op} + '/' + name + '/' + size.name).c_str(), run)->MinTime(0.05);
    };
    auto const n = size.floats;
    auto const packed = n / M * N * sizeof(float) + packed_n_of_m<N, M>::position_bytes(n);
    add_op("select", n * sizeof(float) + n / 8, [](auto const& r) { return r.select(); });
    add_op("pack", n * sizeof(float) + n / 8 + packed, [](auto const& r) { return r.pack(); });
    add_op("unpack", n * sizeof(float) + packed, [](auto const& r) { return r.unpack(); });
  }
}

// Values of 8 or 16 bits, such as codes; `fraction_of_ceiling` is that of memcpy of as many of them.
template <int N, int M, class T>
void add_unpack(std::string const& name) {
  using packed = packed_n_of_m<N, M>;
  auto const unpack_floats = [name](benchmark::State& state, std::size_t floats) {
    packed_rows<N, M> const rows{floats / row_floats};
    memory::shared().coded.clear();
    if (!rows.right()) return state.SkipWithError("wrong mask");
    std::vector<T> values(packed::value_count(floats));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(i % std::numeric_limits<T>::max() + 1);
    std::vector<T> row(floats);
    auto const unpack = [&] {
      bool good = true;
      for (std::size_t r = 0; r < rows.rows; ++r) {
        auto const from =
            std::span<T const>{values}.subspan(packed::value_count(r * row_floats), packed::value_count(row_floats));
        good &= static_cast<bool>(packed::unpack(from, rows.positions(r), std::span{row}.subspan(r * row_floats, row_floats)));
      }
      return good;
    };
    if (!unpack()) return state.SkipWithError("refused");
    for (std::size_t i = 0, k = 0; i < floats; ++i)
      if (row[i] != (is_kept(rows.mask_of(i / row_floats), i % row_floats) ? values[k++] : 0))
        return state.SkipWithError("wrong row");
    for (auto _ : state) {
      benchmark::DoNotOptimize(unpack());
      benchmark::ClobberMemory();
    }
    count(state, floats, (floats + values.size()) * sizeof(T) + packed::position_bytes(floats),
          floats * sizeof(T) / sizeof(float));
  };
  for (auto const& size : sizes)
    benchmark::RegisterBenchmark(("unpack/" + name + ':' + std::to_string(8 * sizeof(T)) + '/' + size.name).c_str(),
                                 [=](benchmark::State& state) { unpack_floats(state, size.floats); })
        ->MinTime(0.05);
}

[[maybe_unused]] bool const registered = [] {
  add_unpack<2, 4, std::uint8_t>("2:4");
  add_unpack<4, 8, std::uint8_t>("4:8");
  add_unpack<2, 4, std::uint16_t>("2:4");
  add_unpack<4, 8, std::uint16_t>("4:8");
  add<2, 4>("2:4");
  add<4, 8>("4:8");
  add<8, 16>("8:16");
  return true;
}();

}  // namespace
}  // namespace skive::bench
