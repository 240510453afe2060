// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/haar_wavelet.hpp: sums and differences by definition, laws, equal bits, refusals.
#include "skive/transform/haar_wavelet.hpp"

#include "laws/transform.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::haar_wavelet;
using arch = skive::native_arch;

}  // namespace

TEST_CASE("haar_wavelet: sums and differences of neighbours", "[transform]") {
  for (std::size_t const n : {1U, 2U, 12U, 64U, 96U, 1024U})
    for (int levels = 0; levels <= std::countr_zero(n); ++levels) {
      CAPTURE(n, levels);
      auto const t = *haar_wavelet::make(n, levels);
      auto const x = test::gaussian_vector(n, 4);
      std::vector<double> exact(x.begin(), x.end());
      for (auto size = n; size > n >> levels; size /= 2) {
        auto const old = exact;
        for (std::size_t i = 0; i < size / 2; ++i) {
          exact[i] = (old[2 * i] + old[2 * i + 1]) * std::sqrt(0.5);
          exact[size / 2 + i] = (old[2 * i] - old[2 * i + 1]) * std::sqrt(0.5);
        }
      }
      CHECK(test::distance(test::transformed<arch>(t, x), exact) <= (levels + 2) * 0x1p-24 * test::norm(x));
      test::check_transform<arch>(t, (levels + 2) * 0x1p-24);
      if (n < 100) test::check_bits<arch>(t);
    }
  test::check_refusals<arch>(*haar_wavelet::make(96, 5));
  CHECK(haar_wavelet::make(96, 6).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(96, -1).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(0, 0).error() == errc::invalid_argument);
  CHECK(haar_wavelet::make(std::size_t{1} << 27, 27).error() == errc::invalid_argument);
}
