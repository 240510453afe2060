// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// faiss's scalar quantizer on rows of 4096 numbers, one thread, where the package is there: float16, and 8 and 4 bits between the
// least and the largest number of all (ours: of a row). Debian builds it without AVX2: a faiss of one's own is faster.
#include "support/measure.hpp"

#include <faiss/impl/ScalarQuantizer.h>
#include <omp.h>

namespace skive::bench {
namespace {

struct faiss_rows {
  std::shared_ptr<faiss::ScalarQuantizer> quantizer;

  std::size_t bytes(std::size_t floats) const { return floats / row_floats * quantizer->code_size; }
  bool encode(std::span<float const> values, std::byte* out) const {
    omp_set_num_threads(1);
    quantizer->compute_codes(values.data(), reinterpret_cast<std::uint8_t*>(out), values.size() / row_floats);
    return true;
  }
  bool decode(std::byte const* in, std::span<float> values) const {
    omp_set_num_threads(1);
    quantizer->decode(reinterpret_cast<std::uint8_t const*>(in), values.data(), values.size() / row_floats);
    return true;
  }
};

void add(char const* format, faiss::ScalarQuantizer::QuantizerType type, double bound) {
  auto quantizer = std::make_shared<faiss::ScalarQuantizer>(row_floats, type);
  quantizer->train(16, memory::shared().values.data());
  measure(std::string{format} + ":faiss", faiss_rows{std::move(quantizer)}, bound);
}

[[maybe_unused]] bool const registered = [] {
  using kind = faiss::ScalarQuantizer::QuantizerType;
  add("float16", kind::QT_fp16, 0x1p-11);
  add("uint8_row", kind::QT_8bit_uniform, 0.01);
  add("uint4_row", kind::QT_4bit_uniform, 0.2);
  return true;
}();

}  // namespace
}  // namespace skive::bench
