// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoding and decoding by faiss's ScalarQuantizer, as Debian packages it (no AVX2 in its library), one thread: vectors of 4096
// numbers, one range of values for all dimensions (uint8, uint4) or halves (float16).
#include "support/measure.hpp"

#include <faiss/IndexScalarQuantizer.h>
#include <omp.h>

namespace skive::bench {
namespace {

class quantizer {
 public:
  explicit quantizer(faiss::ScalarQuantizer::QuantizerType type) : quantizer_(row_floats, type) {
    omp_set_num_threads(1);
    quantizer_.train(64, memory::shared().values.data());
  }
  std::size_t bytes(std::size_t floats) const { return floats / row_floats * quantizer_.code_size; }
  bool encode(std::span<float const> values, std::byte* out) const {
    quantizer_.compute_codes(values.data(), reinterpret_cast<std::uint8_t*>(out), values.size() / row_floats);
    return true;
  }
  bool decode(std::byte const* in, std::span<float> values) const {
    quantizer_.decode(reinterpret_cast<std::uint8_t const*>(in), values.data(), values.size() / row_floats);
    return true;
  }

 private:
  faiss::ScalarQuantizer quantizer_;
};

// The bounds are those of our formats of as many bits.
[[maybe_unused]] bool const registered = [] {
  using type = faiss::ScalarQuantizer::QuantizerType;
  measure("uint8:faiss", quantizer{type::QT_8bit_uniform}, 0.03);
  measure("uint4:faiss", quantizer{type::QT_4bit_uniform}, 0.3);
  measure("float16:faiss", quantizer{type::QT_fp16}, 0.001);
  return true;
}();

}  // namespace
}  // namespace skive::bench
