// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// oneDNN's conversions on one thread, where the package is there; its products of bytes: peers/onednn_bytes.bench.cpp. It generates
// code for the machine at hand.
#include "support/measure.hpp"

#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>

namespace skive::bench {
namespace {

using dnnl::memory;
using type = memory::data_type;
using dims = memory::dims;

dnnl::engine const& cpu() {
  static dnnl::engine const e{dnnl::engine::kind::cpu, 0};
  return e;
}
dnnl::stream& queue() {
  static dnnl::stream s{cpu()};
  return s;
}
memory::desc row_of(std::size_t numbers, type t) { return {{static_cast<std::int64_t>(numbers)}, t, dims{1}}; }

// Numbers converted one by one, without a scale.
struct converted {
  type to;
  std::size_t size;

  std::size_t bytes(std::size_t floats) const { return floats * size; }
  bool encode(std::span<float const> values, std::byte* out) const {
    return run(row_of(values.size(), type::f32), const_cast<float*>(values.data()), row_of(values.size(), to), out);
  }
  bool decode(std::byte const* in, std::span<float> values) const {
    return run(row_of(values.size(), to), const_cast<std::byte*>(in), row_of(values.size(), type::f32), values.data());
  }
  static bool run(memory::desc const& from, void* in, memory::desc const& target, void* out) {
    omp_set_num_threads(1);
    memory a{from, cpu(), in};
    memory b{target, cpu(), out};
    dnnl::reorder{a, b}.execute(queue(), a, b);
    queue().wait();
    return true;
  }
};

[[maybe_unused]] bool const registered = [] {
  measure("float16:onednn", converted{type::f16, 2}, 0x1p-11);
  measure("bfloat16:onednn", converted{type::bf16, 2}, 0x1p-8);
  return true;
}();

}  // namespace
}  // namespace skive::bench
