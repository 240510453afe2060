// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// oneDNN on one thread, where the package is there: conversions of 512 KiB of floats and more, and products of 32 vectors with a
// matrix of 4096 columns. Its weights are laid out as it likes before the clock starts, its vectors are converted already:
// float32 and bfloat16 (bytes: peers/onednn_bytes.bench.cpp). It generates code for the machine at hand.
#include "support/measure.hpp"

#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

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

constexpr std::int64_t vectors = 32;
constexpr std::int64_t rows = 4096;

// y = x W': what matmul32 rows of ours are measured as, items being weights times vectors.
void add_product(std::string const& format, type x_type, type w_type, type y_type) {
  auto const run = [=](benchmark::State& state) {
    omp_set_num_threads(1);
    constexpr auto cols = static_cast<std::int64_t>(row_floats);
    auto const any = memory::format_tag::any;
    auto const desc = dnnl::matmul::desc{{{vectors, cols}, x_type, memory::format_tag::ab},
                                         {{cols, rows}, w_type, any},
                                         {{vectors, rows}, y_type, memory::format_tag::ab}};
    dnnl::matmul::primitive_desc const chosen{desc, cpu()};
    memory x{chosen.src_desc(), cpu()};
    memory w{chosen.weights_desc(), cpu()};
    memory y{chosen.dst_desc(), cpu()};
    std::fill_n(static_cast<std::byte*>(x.get_data_handle()), chosen.src_desc().get_size(), std::byte{0});
    std::fill_n(static_cast<std::byte*>(w.get_data_handle()), chosen.weights_desc().get_size(), std::byte{0});
    dnnl::matmul const product{chosen};
    std::unordered_map<int, memory> const arguments{{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}};
    for (auto _ : state) {
      product.execute(queue(), arguments);
      queue().wait();
    }
    count(state, static_cast<std::size_t>(vectors * cols * rows), chosen.weights_desc().get_size());
  };
  benchmark::RegisterBenchmark(("matmul32/" + format + ":onednn/ram").c_str(), run)->MinTime(0.1);
}

[[maybe_unused]] bool const registered = [] {
  measure("float16:onednn", converted{type::f16, 2}, 0x1p-11);
  measure("bfloat16:onednn", converted{type::bf16, 2}, 0x1p-8);
  add_product("f32", type::f32, type::f32, type::f32);
  add_product("bfloat16", type::bf16, type::bf16, type::f32);
  return true;
}();

}  // namespace
}  // namespace skive::bench
