// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// oneDNN's products of bytes on one thread: 32 vectors of unsigned bytes with 128 or 4096 rows of signed ones, 4096 numbers each, to
// int32 sums: what matmul32 and product32 compare with, without their scales.
#include "support/measure.hpp"

#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>

namespace skive::bench {
namespace {

constexpr std::int64_t vectors = 32;
constexpr std::int64_t n = row_floats;

void products(benchmark::State& state, std::int64_t rows) {
  omp_set_num_threads(1);
  using dnnl_memory = dnnl::memory;
  using type = dnnl_memory::data_type;
  using tag = dnnl_memory::format_tag;
  dnnl::engine const engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl_memory::desc const of_x{{vectors, n}, type::u8, tag::ab};
  dnnl_memory::desc const of_w{{n, rows}, type::s8, tag::any};
  dnnl_memory::desc const of_y{{vectors, rows}, type::s32, tag::ab};
  dnnl::matmul::primitive_desc const description{dnnl::matmul::desc{of_x, of_w, of_y}, engine};
  dnnl_memory x{of_x, engine};
  dnnl_memory plain{{{n, rows}, type::s8, tag::ba}, engine};
  dnnl_memory w{description.weights_desc(), engine};
  dnnl_memory y{of_y, engine};
  auto* const bytes_x = static_cast<std::uint8_t*>(x.get_data_handle());
  auto* const bytes_w = static_cast<std::int8_t*>(plain.get_data_handle());
  for (std::int64_t i = 0; i < vectors * n; ++i) bytes_x[i] = static_cast<std::uint8_t>(i % 127);
  for (std::int64_t i = 0; i < rows * n; ++i) bytes_w[i] = static_cast<std::int8_t>(i % 101 - 50);
  dnnl::reorder{plain, w}.execute(stream, plain, w);
  dnnl::matmul const matmul{description};
  auto const run = [&] {
    matmul.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    stream.wait();
  };
  run();
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += bytes_x[n + i] * bytes_w[(rows - 1) * n + i];
  if (static_cast<std::int32_t const*>(y.get_data_handle())[2 * rows - 1] != sum) return state.SkipWithError("wrong product");
  for (auto _ : state) run();
  state.SetItemsProcessed(state.iterations() * vectors * n * rows);
  state.SetBytesProcessed(state.iterations() * n * rows);
}

[[maybe_unused]] bool const registered = [] {
  for (auto const& [size, rows] : {std::pair{"l2", std::int64_t{128}}, std::pair{"ram", std::int64_t{4096}}})
    benchmark::RegisterBenchmark((std::string{"matmul32/int8_g32:onednn/"} + size).c_str(),
                                 [rows = rows](benchmark::State& state) { products(state, rows); })
        ->MinTime(0.1)
        ->UseRealTime();
  return true;
}();

}  // namespace
}  // namespace skive::bench
