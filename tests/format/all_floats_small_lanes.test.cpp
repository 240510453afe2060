// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All 2^32 floats into the formats with a vector rule, on three sorts of instruction sets: the codes of the scalar rule,
// which all_floats.test.cpp proves. Hidden: ./run test --exhaustive.
#include "skive/format/minifloat_lanes.hpp"

#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer_lanes.hpp"
#include "skive/format/lookup_lanes.hpp"
#include "skive/format/scale_float.hpp"
#include "support/lane_sweep.hpp"

namespace {
using namespace skive;
}

TEMPLATE_TEST_CASE("all floats into four and six bits in lanes", "[format][.exhaustive]", e2m1, e2m3, e3m2) {
  skive::test::check_all_floats<TestType>();
}

TEMPLATE_TEST_CASE("all floats into scales and float16 in lanes", "[format][.exhaustive]", ue4m3, ue5m3, float16) {
  skive::test::check_all_floats<TestType>();
}

TEMPLATE_TEST_CASE("all floats into integers and tables in lanes", "[format][.exhaustive]", int4, int8, uint8, mxint8, nf4,
                   fp4_bnb) {
  skive::test::check_all_floats<TestType>();
}
