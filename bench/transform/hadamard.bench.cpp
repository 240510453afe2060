// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard transforms in place: forward/<transform><length>/<size>, as many rows of that length as the size holds; `wht` alone is
// one transform of the whole size. `apply`: without the checks of the row, as composers run it.
#include "skive/transform/hadamard.hpp"

#include "skive/transform/random_hadamard.hpp"
#include "support/measure.hpp"

#include <new>

namespace skive::bench {
namespace {

struct aligned_scratch {
  explicit aligned_scratch(std::size_t bytes) : size{bytes}, data{::operator new(bytes + 1, std::align_val_t{64})} {}
  aligned_scratch(aligned_scratch const&) = delete;
  ~aligned_scratch() { ::operator delete(data, std::align_val_t{64}); }
  workspace get() const { return workspace{std::span{static_cast<std::byte*>(data), size}}; }
  std::size_t size;
  void* data;
};

template <class Arch, bool Checked, class Transform>
void run(benchmark::State& state, Transform const& t, std::size_t floats) {
  auto& m = memory::shared();
  auto const n = t.size();
  auto const rows = floats / n;
  m.coded.clear();  // `restored` is ours now
  std::copy_n(m.values.begin(), rows * n, m.restored.begin());
  aligned_scratch const scratch{t.scratch_bytes()};
  auto const step = [&] {
    bool good = true;
    for (std::size_t r = 0; r < rows; ++r) {
      auto const row = std::span{m.restored}.subspan(r * n, n);
      if constexpr (Checked)
        good &= static_cast<bool>(t.template forward<Arch>(row, scratch.get()));
      else
        t.template apply<Arch, direction::forward>(row.data(), scratch.get());
    }
    return good;
  };
  bool good = step();
  auto const moved = relative_error(std::span<float const>{m.values}.first(n), std::span{m.restored}.first(n));
  for (std::size_t r = 0; r < rows; ++r)
    good &= static_cast<bool>(t.template inverse<Arch>(std::span{m.restored}.subspan(r * n, n), scratch.get()));
  auto const error = relative_error(std::span<float const>{m.values}.first(rows * n), std::span{m.restored}.first(rows * n));
  if (!good || !(moved > 0.1) || !(error < 1e-5)) return state.SkipWithError("the inverse does not bring the numbers back");
  for (auto _ : state) {
    good &= step();
    benchmark::ClobberMemory();
  }
  if (!good) return state.SkipWithError("refused while timed");
  count(state, rows * n, 2 * rows * n * sizeof(float));
}

template <class Arch, bool Checked = true, class Transform>
void add(std::string const& name, size_class const& size, Transform const& t) {
  benchmark::RegisterBenchmark((name + '/' + size.name).c_str(), [=, floats = size.floats](benchmark::State& state) {
    run<Arch, Checked>(state, t, floats);
  })->MinTime(0.05);
}

[[maybe_unused]] bool const registered = [] {
  for (auto const& size : sizes) {
    for (std::size_t const n : {64U, 128U, 1024U, 4096U})
      add<native_arch>("forward/wht" + std::to_string(n), size, *walsh_hadamard::make(n));
    for (std::size_t const n : {80U, 768U, 3072U}) add<native_arch>("forward/had" + std::to_string(n), size, *hadamard::make(n));
    if (size.floats > 14336)
      for (std::size_t const n : {11008U, 14336U}) add<native_arch>("forward/had" + std::to_string(n), size, *hadamard::make(n));
    add<native_arch>("forward/rht4096", size, *random_hadamard::make(4096, 1));
    add<native_arch, false>("apply/wht4096", size, *walsh_hadamard::make(4096));
    add<scalar_arch>(std::string{"forward/wht4096"} + scalar_twin, size, *walsh_hadamard::make(4096));
    add<scalar_arch>(std::string{"forward/had3072"} + scalar_twin, size, *hadamard::make(3072));
    add<native_arch>("forward/wht", size, *walsh_hadamard::make(size.floats));
  }
  return true;
}();

}  // namespace
}  // namespace skive::bench
