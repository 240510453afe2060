// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All 2^32 floats into the formats with a vector rule, on three sorts of instruction sets: the codes of the scalar rule,
// which all_floats.test.cpp proves. Hidden: ./run test --exhaustive.
#include "skive/format/minifloat_lanes.hpp"

#include "skive/format/fp8.hpp"
#include "support/lane_sweep.hpp"

namespace {
using namespace skive;
}

TEMPLATE_TEST_CASE("all floats into eight bits in lanes", "[format][.exhaustive]", e4m3fn, e5m2, e4m3fnuz, e5m2fnuz, e4m3b11fnuz,
                   e4m3_ieee, e3m4_ieee, e3m4fn) {
  skive::test::check_all_floats<TestType>();
}
