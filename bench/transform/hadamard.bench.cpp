// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard transforms in place: forward/<transform><length>/<size>, as many rows of that length as the size holds; `wht` alone is
// one transform of the whole size. `apply`: without the checks of the row, as composers run it. encode/<transform>+<codec>:
// rotated and packed row by row, to be read beside encode/<codec> and the transform. `:fftw` is FFTW's real transform of the same
// length (half-complex, out of place), a yardstick where the machine has libfftw3f.so.3, which is opened at run time. The
// fraction of the ceiling is that of memcpy. Rows begin at a line of the cache, ours as FFTW's; the same rows are transformed again
// and again, which leaves the size of their numbers as it is.
#include "skive/transform/hadamard.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/mx.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "support/measure.hpp"

#include <memory>
#include <new>

#include <dlfcn.h>

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
  auto const& m = memory::shared();
  auto const n = t.size();
  auto const rows = floats / n;
  aligned_scratch const own{rows * n * sizeof(float)};
  std::span const moved_rows{static_cast<float*>(own.data), rows * n};
  std::copy_n(m.values.begin(), rows * n, moved_rows.begin());
  aligned_scratch const scratch{t.scratch_bytes()};
  auto const step = [&] {
    bool good = true;
    for (std::size_t r = 0; r < rows; ++r) {
      auto const row = moved_rows.subspan(r * n, n);
      if constexpr (Checked)
        good &= static_cast<bool>(t.template forward<Arch>(row, scratch.get()));
      else
        t.template apply<Arch, direction::forward>(row.data(), scratch.get());
    }
    return good;
  };
  bool good = step();
  auto const moved = relative_error(std::span<float const>{m.values}.first(n), moved_rows.first(n));
  for (std::size_t r = 0; r < rows; ++r)
    good &= static_cast<bool>(t.template inverse<Arch>(moved_rows.subspan(r * n, n), scratch.get()));
  auto const error = relative_error(std::span<float const>{m.values}.first(rows * n), moved_rows);
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

/// FFTW, or nothing. Symbols of fftw3.h, whose kind 0 is R2HC and whose flags 0 and 64 are MEASURE and ESTIMATE.
class fftw {
 public:
  using plan_type = void*(int, float*, float*, int, unsigned);
  using execute_type = void(void*, float*, float*);
  using destroy_type = void(void*);

  static fftw& open() {
    static fftw f;
    return f;
  }
  explicit operator bool() const { return execute != nullptr; }
  plan_type* plan = nullptr;
  execute_type* execute = nullptr;
  destroy_type* destroy = nullptr;

 private:
  fftw() {
    auto* const library = dlopen("libfftw3f.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    plan = reinterpret_cast<plan_type*>(dlsym(library, "fftwf_plan_r2r_1d"));
    destroy = reinterpret_cast<destroy_type*>(dlsym(library, "fftwf_destroy_plan"));
    if (plan != nullptr && destroy != nullptr) execute = reinterpret_cast<execute_type*>(dlsym(library, "fftwf_execute_r2r"));
  }
};

void run_fftw(benchmark::State& state, std::size_t n, std::size_t floats) {
  auto const& library = fftw::open();
  auto const rows = floats / n;
  aligned_scratch const in{floats * sizeof(float)};
  aligned_scratch const out{floats * sizeof(float)};
  auto* const x = static_cast<float*>(in.data);
  auto* const y = static_cast<float*>(out.data);
  auto const flags = n > (1U << 17) ? 64U : 0U;  // measuring longer plans takes minutes
  std::unique_ptr<void, fftw::destroy_type*> const plan{library.plan(static_cast<int>(n), x, y, 0, flags), library.destroy};
  if (plan == nullptr) return state.SkipWithError("no plan");
  std::copy_n(memory::shared().values.begin(), rows * n, x);
  auto const step = [&] {
    for (std::size_t r = 0; r < rows; ++r) library.execute(plan.get(), x + r * n, y + r * n);
  };
  step();
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]);
  if (!(std::fabs(sum - static_cast<double>(y[0])) < 0.1)) return state.SkipWithError("the first coefficient is not the sum");
  for (auto _ : state) {
    step();
    benchmark::ClobberMemory();
  }
  count(state, rows * n, 2 * rows * n * sizeof(float));
}
void add_fftw(std::string const& name, size_class const& size, std::size_t n) {
  if (!fftw::open()) return;
  benchmark::RegisterBenchmark((name + ":fftw/" + size.name).c_str(), [=, floats = size.floats](benchmark::State& state) {
    run_fftw(state, n, floats);
  })->MinTime(0.05);
}

// Rows of row_floats through a codec that needs scratch.
template <class Codec>
struct coded_rows {
  Codec codec;
  std::shared_ptr<aligned_scratch> scratch = std::make_shared<aligned_scratch>(codec.scratch_bytes(row_floats));

  std::size_t row_bytes() const { return total_bytes(codec.plane_bytes(row_floats)); }
  std::size_t bytes(std::size_t floats) const { return floats / row_floats * row_bytes(); }
  bool encode(std::span<float const> values, std::byte* out) const {
    bool good = true;
    for (std::size_t i = 0; i < values.size(); i += row_floats, out += row_bytes()) {
      planes<std::byte, Codec::plane_count> to;
      good &= static_cast<bool>(planar(codec, row_floats, std::span{out, row_bytes()}, to));
      good &= static_cast<bool>(codec.encode(values.subspan(i, row_floats), to, scratch->get()));
    }
    return good;
  }
  bool decode(std::byte const* in, std::span<float> values) const {
    bool good = true;
    for (std::size_t i = 0; i < values.size(); i += row_floats, in += row_bytes()) {
      planes<std::byte const, Codec::plane_count> from;
      good &= static_cast<bool>(planar(codec, row_floats, std::span{in, row_bytes()}, from));
      good &= static_cast<bool>(codec.decode(from, values.subspan(i, row_floats), scratch->get()));
    }
    return good;
  }
};
template <class Codec>
void add_coded(std::string const& name, Codec const& codec, double bound) {
  measure(name, coded_rows<Codec>{codec}, bound);
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
    add_fftw("forward/wht", size, size.floats);
    add_fftw("forward/wht4096", size, 4096);
    add_fftw("forward/had3072", size, 3072);
  }
  for (size_class const size : {size_class{"2^14", 1U << 14}, {"2^16", 1U << 16}, {"2^18", 1U << 18}, {"2^20", 1U << 20}}) {
    add<native_arch>("forward/wht", size, *walsh_hadamard::make(size.floats));
    add_fftw("forward/wht", size, size.floats);
  }
  add_coded("rht4096+int4_g32", rotated{*random_hadamard::make(4096, 1), absmax<int4>{32}}, 0.13);
  add_coded("rht4096+mxfp4", rotated{*random_hadamard::make(4096, 1), mx<e2m1>{32}}, 0.17);
  add_coded("had128+int4_g32", rotated{*hadamard::make(128), absmax<int4>{32}}, 0.13);
  return true;
}();

}  // namespace
}  // namespace skive::bench
