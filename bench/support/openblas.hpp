// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// OpenBLAS, opened at run time where the machine has it: one thread, its AVX-512 kernels where this program is built for them
// (by itself it takes AVX2's on processors that it does not know).

#include "skive/simd/arch.hpp"

#include <cstdlib>

#include <dlfcn.h>

namespace skive::bench {

class openblas {
 public:
  static openblas& open() {
    static openblas library;
    return library;
  }
  /// Null where there is none.
  template <class F>
  F* find(char const* name) const {
    return library_ == nullptr ? nullptr : reinterpret_cast<F*>(dlsym(library_, name));
  }

 private:
  void* library_;
  openblas() {
    if (simd::has_avx512<native_arch>) setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    library_ = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  }
};

}  // namespace skive::bench
