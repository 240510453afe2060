// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Flush-to-zero and denormals-are-zero for the length of a scope, on processors whose switch we know.

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace skive::test {

class flush_subnormals {
 public:
  flush_subnormals() {
#if defined(__SSE2__)
    before_ = _mm_getcsr();
    _mm_setcsr(before_ | 0x8040U);
#endif
  }
  ~flush_subnormals() {
#if defined(__SSE2__)
    _mm_setcsr(before_);
#endif
  }
  flush_subnormals(flush_subnormals const&) = delete;
  flush_subnormals& operator=(flush_subnormals const&) = delete;

  // Does the mode bite here? A test without effect is skipped, not passed.
  static bool effective() {
    float volatile x = 0x1p-140f;
    float const volatile two = 2.0f;
    {
      flush_subnormals const on;
      x = x * two;
    }
    return x == 0.0f;
  }

 private:
  unsigned before_ = 0;
};

}  // namespace skive::test
