// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For the memory sanitizer: scratch, planes and results are memory that nobody has written. Every byte that an operation promises to
// write must then be written, and none that it was not given may decide anything. Run by tests/memory.sh; no iostream, whose library
// the sanitizer doesn't see into.
#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/core/random.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp8.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <cstdio>
#include <cstdlib>

#include <sanitizer/msan_interface.h>

namespace {

using namespace skive;
int wrong = 0;

template <class T>
class unwritten {
 public:
  explicit unwritten(std::size_t count) : data_{static_cast<T*>(std::malloc(count * sizeof(T) + 1))}, count_{count} {}
  unwritten(unwritten const&) = delete;
  ~unwritten() { std::free(data_); }
  std::span<T> get() const { return {data_, count_}; }
  void written(char const* codec, char const* what) const {
    auto const at = __msan_test_shadow(data_, count_ * sizeof(T));
    if (at < 0) return;
    ++wrong;
    std::printf("%s: %s: byte %ld of %zu depends on memory that nobody wrote\n", codec, what, static_cast<long>(at),
                count_ * sizeof(T));
  }

 private:
  T* data_;
  std::size_t count_;
};

template <class Codec>
void check(char const* name, Codec const& codec, std::size_t n) {
  unwritten<float> row{n};
  counter_random{5, n}.fill_gaussian(row.get());
  unwritten<std::byte> scratch{codec.scratch_bytes(n)};
  unwritten<std::byte> bytes{total_bytes(codec.plane_bytes(n))};
  unwritten<float> back{n};
  planes<std::byte, Codec::plane_count> to;
  auto good = planar(codec, n, bytes.get(), to);
  good = good ? codec.encode(std::span<float const>{row.get()}, to, workspace{scratch.get()}) : good;
  bytes.written(name, "codes");
  unwritten<std::byte> again{codec.scratch_bytes(n)};
  good = good ? codec.decode(planes<std::byte const, Codec::plane_count>(to), back.get(), workspace{again.get()}) : good;
  back.written(name, "decoded numbers");
  if constexpr (dot_codec<Codec>) {
    unwritten<std::byte> query{codec.query_bytes(n)};
    auto const q = codec.prepare(row.get(), workspace{query.get()});
    if (q) {
      auto const product = codec.dot(planes<std::byte const, Codec::plane_count>(to), *q);
      unwritten<float> value{1};
      if (product) value.get()[0] = *product;
      value.written(name, "product");
    }
  }
  if (!good) {
    ++wrong;
    std::printf("%s: %s\n", name, good.message());
  }
}

}  // namespace

int main() {
  unwritten<float> const witness{4};
  if (__msan_test_shadow(witness.get().data(), 16) != 0) return std::puts("the sanitizer sees nothing"), 2;
  for (std::size_t const n : {std::size_t{8}, std::size_t{200}, std::size_t{1024}}) {
    check("int4_g32", absmax<int4>{32}, n);
    check("int3_g20", absmax<int3>{20}, n);
    check("int4_g32_mse", absmax<int4>{32, {scale_choice::mse}}, n);
    check("int8_row", absmax<int8>{0}, n);
    check("e4m3fn_g128", absmax<e4m3fn>{128}, n);
    check("nf4_g64", absmax<nf4>{64}, n);
    check("nf4_g64_mse", absmax<nf4>{64, {scale_choice::mse}}, n);
    check("nf4_g64_dq", *double_quantized<nf4>::make(64, 0.25f), n);
    check("uint4_g32", affine_int<4>{32}, n);
    check("uint3_g48", affine_int<3>{48}, n);
    check("mxfp4", mx<e2m1>{}, n);
    check("mxfp4_search", mx<e2m1>{32, {mx_rule::search}}, n);
    check("nvfp4", nvfp4{16, *nvfp4_scheme::make(6.0f)}, n);
    check("binary_g128", binary{128}, n);
    check("ternary_g128_dense", ternary_dense{128}, n);
    check("best_int4_e2m1_g16", adaptive<float16, int4, e2m1>{16}, n);
    check("lloyd3_g64", lloyd<3>{64}, n);
    check("tcq2_l8", tcq2_l8{}, n);
    check("x2+int4_g32", residual{absmax<int4>{32}, absmax<int4>{32}}, n);
    check("out1+int4_g32", split_outliers{top_fraction{0.01f}, absmax<int4>{32}}, n);
    check("2:4+int8_g32", sparse_codec{n_of_m<2, 4>{}, absmax<int8>{32}}, n);
    check("rht8+int4_g32", rotated{*random_hadamard::make(8, 7), absmax<int4>{32}}, n);
  }
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
