// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/direction.hpp: what every transform of the floor shares, each listed here once: there and back, floats and doubles, the
// bits of the scalar rule, refusals that leave the row alone, rows that lie in what the transform refers to.
#include "skive/transform/direction.hpp"

#include "laws/transform.hpp"
#include "skive/transform/algebra.hpp"
#include "skive/transform/compact_wy.hpp"
#include "skive/transform/cosine_matrix.hpp"
#include "skive/transform/dense.hpp"
#include "skive/transform/haar_wavelet.hpp"
#include "skive/transform/permutation.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "skive/transform/reflections.hpp"
#include "skive/transform/rows.hpp"
#include "skive/transform/scaling.hpp"

#include <algorithm>
#include <numeric>

namespace {

namespace test = skive::test;
using skive::errc;
using arch = skive::native_arch;

constexpr std::size_t n = 48;

// What the transforms refer to.
struct numbers {
  std::vector<float> factors = test::gaussian_vector(n, 1);
  std::vector<float> offsets = test::gaussian_vector(n, 2);
  std::vector<std::uint32_t> order = std::vector<std::uint32_t>(n);
  std::vector<float> reflectors = test::gaussian_vector(4 * n, 3);
  std::vector<double> wy_factor = std::vector<double>(16);
  std::vector<skive::givens_step> steps;
  std::vector<float> cosines = std::vector<float>(n * n);
  std::vector<double> identity = std::vector<double>(n * n);

  numbers() {
    for (auto& f : factors) f = std::fabs(f) + 0.1f;
    std::iota(order.begin(), order.end(), 0U);
    std::reverse(order.begin(), order.end());
    for (std::uint32_t k = 0; k < 100; ++k) {
      auto const angle = 0.1 + k;
      auto const i = static_cast<std::uint32_t>(k % n);
      auto const j = static_cast<std::uint32_t>((k + 1 + k % 7) % n);
      steps.push_back({i, j, static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
    }
    REQUIRE(skive::cosine_matrix(skive::matrix_view<float>{cosines.data(), n, n}));
    for (std::size_t i = 0; i < n; ++i) identity[i * n + i] = 1;
  }
};

enum class spreads { yes, in_doubles, no };  // entries that are not finite: refused where they would spread

// f(transform, error of floats, error of doubles, whether entries spread), the errors relative to the row for one direction.
template <class F>
void each_transform(numbers& own, F f) {
  constexpr double u = 0x1p-24;
  constexpr double v = 0x1p-53;
  auto const hadamard = *skive::hadamard::make(n);
  auto const scaling = *skive::channel_scaling::make(own.factors);
  auto const shift = *skive::channel_shift::make(own.offsets);
  test::scratch_memory scratch{skive::permutation::check_bytes(n)};
  auto const order = *skive::permutation::make(own.order, scratch.get());
  auto const reflections = *skive::householder_product::make({own.reflectors.data(), 4, n});
  auto const wy = *skive::compact_wy::make({own.reflectors.data(), 4, n}, skive::matrix_view<double>{own.wy_factor.data(), 4, 4});
  f(*skive::walsh_hadamard::make(64), 8 * u, 10 * v, spreads::yes);
  f(*skive::plain_walsh_hadamard::make(64), 64 * u, 80 * v, spreads::yes);
  f(hadamard, 20 * u, 60 * v, spreads::yes);
  f(*skive::hadamard::make(45), 30 * u, 60 * v, spreads::yes);  // an odd factor: Hartley
  f(*skive::random_hadamard::make(n, 5, skive::sign_places::both), 20 * u, 60 * v, spreads::yes);
  f(*skive::random_hadamard::make_blocked(n, 16, 5), 8 * u, 10 * v, spreads::yes);
  f(skive::random_signs{n, 6}, u, v, spreads::no);
  f(*skive::haar_wavelet::make(n, 4), 8 * u, 9 * v, spreads::yes);
  f(order, u, v, spreads::no);
  f(scaling, 40 * u, 40 * v, spreads::in_doubles);  // factors from 0.1 on
  f(shift, 8 * u, 8 * v, spreads::no);
  f(reflections, 4 * 2.5 * u, 4 * 2 * n * v, spreads::yes);
  f(wy, 4 * 2.5 * u, 4 * 2 * n * v, spreads::yes);
  f(*skive::givens_sequence::make(n, own.steps), 200 * u, 100 * u, spreads::yes);  // of entries rounded to floats
  f(*skive::dense_rotation::make({own.cosines.data(), n, n}), 10 * u, 10 * u, spreads::yes);
  f(*skive::basic_dense_rotation<double>::make({own.identity.data(), n, n}), u, v, spreads::yes);
  f(skive::chain{reflections, hadamard}, 40 * u, 500 * v, spreads::yes);
  f(skive::chain{shift, order}, 8 * u, 8 * v, spreads::no);
  f(skive::inverse_of{scaling}, 40 * u, 40 * v, spreads::in_doubles);
  f(skive::inverse_of{shift}, 8 * u, 8 * v, spreads::no);
  f(skive::block_diagonal{hadamard, 3}, 20 * u, 60 * v, spreads::yes);
  f(skive::kronecker{*skive::hadamard::make(5), hadamard}, 50 * u, 100 * v, spreads::yes);
}

// Rows that lie in `bytes` are refused where t refers to them, in either direction and of either type.
template <class T>
void check_own(T const& t, std::span<std::byte> bytes) {
  std::vector<std::byte> const before(bytes.begin(), bytes.end());
  test::scratch_memory scratch{t.scratch_bytes()};
  auto const row = std::span{reinterpret_cast<float*>(bytes.data()), t.size()};
  REQUIRE(t.forward(row, scratch.get()).error() == errc::overlap);
  REQUIRE(t.inverse(row, scratch.get()).error() == errc::overlap);
  std::vector<double> memory(2 * t.size() + bytes.size() / sizeof(double));
  if (bytes.size() >= t.size() * sizeof(double)) {
    auto const wide = std::span{reinterpret_cast<double*>(bytes.data()), t.size()};
    REQUIRE(t.forward(wide, scratch.get()).error() == errc::overlap);
    REQUIRE(t.inverse(wide, scratch.get()).error() == errc::overlap);
  }
  REQUIRE(std::equal(before.begin(), before.end(), bytes.begin()));
}
template <class T>
std::span<std::byte> bytes_of(std::vector<T>& x) {
  return std::as_writable_bytes(std::span{x});
}

}  // namespace

TEST_CASE("every transform, there and back, floats and doubles", "[transform]") {
  numbers own;
  each_transform(own, []<class T>(T const& t, double of_floats, double of_doubles, spreads when) {
    static_assert(skive::transform<T> && skive::detail::takes_doubles<T>);
    test::check_transform<arch>(t, of_floats, 3);
    test::check_bits<arch>(t, 4, false);
    test::check_refusals<arch>(t, when == spreads::yes);
    test::check_doubles<arch>(t, of_doubles, 5);
    test::check_double_refusals(t, when != spreads::no);
  });
}

TEST_CASE("rows that lie in what a transform refers to are refused", "[transform]") {
  numbers own;
  auto const scaling = *skive::channel_scaling::make(own.factors);
  check_own(scaling, bytes_of(own.factors));
  check_own(skive::inverse_of{scaling}, bytes_of(own.factors));
  check_own(skive::chain{scaling, *skive::hadamard::make(n)}, bytes_of(own.factors));
  check_own(skive::block_diagonal{scaling, 1}, bytes_of(own.factors));
  check_own(*skive::channel_shift::make(own.offsets), bytes_of(own.offsets));
  test::scratch_memory scratch{skive::permutation::check_bytes(n)};
  check_own(*skive::permutation::make(own.order, scratch.get()), bytes_of(own.order));
  skive::matrix_view<float const> const v{own.reflectors.data(), 4, n};
  check_own(*skive::householder_product::make(v), bytes_of(own.reflectors));
  std::vector<double> memory(n + 16);  // a row that begins inside the factor
  auto const wy = *skive::compact_wy::make(v, skive::matrix_view<double>{memory.data(), 4, 4});
  check_own(wy, bytes_of(memory));
  check_own(wy, bytes_of(own.reflectors));
  check_own(*skive::givens_sequence::make(n, own.steps), bytes_of(own.steps));
  auto const dense = *skive::dense_rotation::make({own.cosines.data(), n, n});
  check_own(dense, bytes_of(own.cosines).subspan(n * sizeof(float)));
  check_own(skive::kronecker{dense, *skive::hadamard::make(1)}, bytes_of(own.cosines));

  // Matrices of rows and columns, and weights.
  auto const columns = skive::column_bytes(dense);
  test::scratch_memory more{columns};
  auto const before = own.cosines;
  skive::matrix_view<float> const inside{own.cosines.data(), n, n};
  CHECK(skive::transform_rows(dense, inside, more.get()).error() == errc::overlap);
  CHECK(skive::transform_columns(dense, inside, more.get()).error() == errc::overlap);
  CHECK(skive::fold(dense, inside, skive::matrix_side::rows, more.get()).error() == errc::overlap);
  CHECK(skive::fold(dense, inside, skive::matrix_side::columns, more.get()).error() == errc::overlap);
  CHECK(own.cosines == before);
  skive::two_sided const both{dense, dense};
  test::scratch_memory most{both.scratch_bytes()};
  CHECK(both.forward(inside, most.get()).error() == errc::overlap);
  CHECK(both.inverse(inside, most.get()).error() == errc::overlap);
  CHECK(own.cosines == before);

  // Matrices that lie in the scratch.
  std::vector<float> space((columns + n * n * sizeof(float)) / sizeof(float) + 64, 1.0f);
  auto const lent = std::as_writable_bytes(std::span{space}).first(columns + 64);
  skive::matrix_view<float> const within{space.data() + 16, n, n};
  CHECK(skive::transform_columns(dense, within, skive::workspace{lent}).error() == errc::overlap);
  CHECK(skive::transform_rows(dense, within, skive::workspace{lent}).error() == errc::overlap);
  CHECK(std::count(space.begin(), space.end(), 1.0f) == static_cast<std::ptrdiff_t>(space.size()));
  std::vector<std::uint16_t> halves(2 * n);
  auto const half_row = std::span{reinterpret_cast<skive::bfloat16*>(space.data()), n};
  CHECK(skive::transform_row(dense, half_row, skive::workspace{lent}).error() == errc::overlap);
}

TEST_CASE("channel_shift: doubles round once; what is not finite stays in its channel", "[transform]") {
  std::vector<float> const offsets{1.0f, -0.25f, 0.0f, 0x1p-149f, 3.0f, 0.0f};
  auto const t = *skive::channel_shift::make(offsets);
  std::vector<double> x{1e-17, 1e300, 0x1p-1074, 1.0, std::numeric_limits<double>::infinity(), -0.0};
  for (bool const flushed : {false, true}) {
    auto y = x;
    auto back = x;
    if (flushed) {
      test::flush_subnormals const on;
      REQUIRE(t.forward(std::span{y}));
      REQUIRE(t.inverse(std::span{back}));
    } else {
      REQUIRE(t.forward(std::span{y}));
      REQUIRE(t.inverse(std::span{back}));
    }
    CHECK(y[0] == -1.0);
    CHECK(y[1] == 1e300);
    CHECK(std::bit_cast<std::uint64_t>(y[2]) == 1);
    CHECK(y[3] == 1.0);
    CHECK(std::isinf(y[4]));
    CHECK(std::bit_cast<std::uint64_t>(back[2]) == 1);
    CHECK(back[1] == 1e300 - 0.25);
  }
  x = {0, 0, 0, 0, 0, 0};
  REQUIRE(t.inverse(std::span{x}));
  CHECK(x[3] == 0x1p-149);
  CHECK(x[1] == -0.25);
}
