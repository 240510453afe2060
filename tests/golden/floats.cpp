// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/p3109.hpp"

void skive::golden::floats(std::vector<std::string>& lines) {
  line(lines, absmax<e4m3fn>{128});
  line(lines, absmax<e4m3fnuz>{128});
  line(lines, absmax<e4m3b11fnuz>{128});
  line(lines, absmax<e4m3_ieee>{128});
  line(lines, absmax<e5m2>{128});
  line(lines, absmax<e5m2fnuz>{128});
  line(lines, absmax<e3m4_ieee>{128});
  line(lines, absmax<e2m1>{16});
  line(lines, absmax<e2m3>{32});
  line(lines, absmax<e3m2>{32});
  line(lines, absmax<nf4>{64});
  line(lines, absmax<nf3>{64});
  line(lines, absmax<fp4_bnb>{64});
  line(lines, absmax<iq4_nl>{32});
  line(lines, absmax<dynamic8>{64});
  line(lines, absmax<binary8p4se>{32});
}
