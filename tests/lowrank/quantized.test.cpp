// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/quantized.hpp: rank 0 is the codec, losses as stated, more rounds never worse, rounded factors, SVDQuant.
#include "skive/lowrank/quantized.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/lowrank/migration.hpp"
#include "support/layer.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::layer;
using skive::test::matrix;
using codec_type = absmax<int4>;

struct parts {
  matrix<float> q, left, right;
  split_report report;
};

template <class Split>
parts split(Split const& s, matrix<float> const& w) {
  parts p{matrix<float>(w.rows(), w.cols()), matrix<float>(w.rows(), s.rank()), matrix<float>(s.rank(), w.cols()), {}};
  std::vector<std::byte> memory(s.scratch_bytes(w.rows(), w.cols()));
  auto const r = s.split(w.view(), p.q.view(), p.left.view(), p.right.view(), workspace{memory});
  REQUIRE(r);
  p.report = *r;
  return p;
}

template <class Codec>
matrix<float> rounded(Codec const& codec, matrix<float> const& w) {
  matrix<float> q(w.rows(), w.cols());
  std::vector<std::byte> memory(total_bytes(codec.plane_bytes(w.cols())));
  std::vector<std::byte> scratch(codec.scratch_bytes(w.cols()) + 64);
  planes<std::byte, Codec::plane_count> bytes;
  REQUIRE(planar(codec, w.cols(), memory, bytes));
  for (std::size_t i = 0; i < w.rows(); ++i) {
    REQUIRE(codec.encode(w.view().row(i), bytes, workspace{scratch}));
    REQUIRE(codec.decode(bytes, q.view().row(i), workspace{scratch}));
  }
  return q;
}

// |(W - Q - L R) X|, by definition.
double error_of(matrix<float> const& w, parts const& p, matrix<double> const& x) {
  auto e = w;
  e.fill([&](std::size_t i, std::size_t j) { return w(i, j) - p.q(i, j); });
  return skive::test::output_error(e, p.left, p.right, x);
}

codec_type const codec{14};

}  // namespace

TEST_CASE("quantized_low_rank: rank 0 is the codec alone", "[lowrank]") {
  layer const l{1};
  auto const p = split(*quantized_low_rank<codec_type>::make(codec, 0, {}, {split_order::quantize_first, 3, 0, {}}), l.w);
  CHECK(p.q.memory() == rounded(codec, l.w).memory());
  CHECK(std::abs(p.report.loss / error_of(l.w, p, l.unit) - 1) < 1e-5);
}

TEST_CASE("quantized_low_rank: the loss is what it says, and falls with rounds and with rank", "[lowrank]") {
  layer const l{2};
  triangular_factor const s{l.lower.view()};
  double with_fewer = 1e30;
  for (std::size_t const rank : {0U, 2U, 8U, 24U}) {
    CAPTURE(rank);
    double before = 1e30;
    for (std::size_t const rounds : {1U, 2U, 5U}) {
      auto const p =
          split(*quantized_low_rank<codec_type>::make(codec, rank, {}, {split_order::quantize_first, rounds, 0, {}}), l.w);
      CHECK(std::abs(p.report.loss / error_of(l.w, p, l.unit) - 1) < 1e-4);
      CHECK(p.report.loss <= before);
      CHECK(p.report.loss <= p.report.first_loss);
      before = p.report.loss;
    }
    CHECK(before < with_fewer);  // Eckart-Young makes the first round so
    with_fewer = before;
    auto const weighted = split(
        *quantized_low_rank<codec_type, triangular_factor>::make(codec, rank, s, {split_order::quantize_first, 1, 0, {}}), l.w);
    CHECK(std::abs(weighted.report.loss / error_of(l.w, weighted, l.x) - 1) < 1e-3);
  }
}

TEST_CASE("quantized_low_rank: one round is the codec's error with its leading triplets taken off (LQER), the inputs' way best",
          "[lowrank]") {
  layer const l{3};
  constexpr std::size_t k = 10;
  auto const q = rounded(codec, l.w);
  auto e = l.w;
  e.fill([&](std::size_t i, std::size_t j) { return l.w(i, j) - q(i, j); });
  auto const plain = split(*quantized_low_rank<codec_type>::make(codec, k), l.w);
  auto const values = skive::test::singular_values_by_rotation<double>(e);
  double tail = 0;
  for (std::size_t j = k; j < values.size(); ++j) tail += values[j] * values[j];
  CHECK(std::abs(plain.report.loss / std::sqrt(tail) - 1) < 1e-4);
  CHECK(plain.q.memory() == q.memory());
  // P5: what is left of the output error, exact < diagonal < plain.
  auto const diagonal = split(*quantized_low_rank<codec_type, diagonal_factor>::make(codec, k, {l.rms}), l.w);
  auto const exact = split(*quantized_low_rank<codec_type, triangular_factor>::make(codec, k, {l.lower.view()}), l.w);
  auto const alone = skive::test::output_error(e, matrix<float>(layer::m, 0), matrix<float>(0, layer::n), l.x);
  CHECK(error_of(l.w, exact, l.x) < error_of(l.w, diagonal, l.x));
  CHECK(error_of(l.w, exact, l.x) < error_of(l.w, plain, l.x));
  CHECK(error_of(l.w, plain, l.x) < alone);
}

TEST_CASE("quantized_low_rank: factors rounded in turns (CALDERA)", "[lowrank]") {
  layer const l{4};
  triangular_factor const s{l.lower.view()};
  using factor_codec = absmax<int4>;
  auto const run = [&](std::size_t inner, std::size_t rounds, auto const& with) {
    using with_type = std::remove_cvref_t<decltype(with)>;
    return split(*quantized_low_rank<codec_type, triangular_factor, with_type>::make(
                     codec, 8, s, {split_order::quantize_first, rounds, inner, {}}, with),
                 l.w);
  };
  auto const once = run(0, 1, factor_codec{8});
  auto const turns = run(6, 1, factor_codec{8});
  auto const rounds = run(6, 4, factor_codec{8});
  auto const halves = run(2, 1, stored_as<float16>{});
  auto const exact = split(*quantized_low_rank<codec_type, triangular_factor>::make(codec, 8, s), l.w);
  CHECK(turns.report.loss <= once.report.loss);
  CHECK(rounds.report.loss <= turns.report.loss);
  CHECK(exact.report.loss < turns.report.loss);
  CHECK(std::abs(halves.report.loss / exact.report.loss - 1) < 1e-3);
  CHECK(std::abs(rounds.report.loss / error_of(l.w, rounds, l.x) - 1) < 1e-3);
  CHECK(rounded(factor_codec{8}, rounds.right).memory() == rounds.right.memory());  // R's rows and L's columns are the codec's
  matrix<float> columns(8, layer::m);
  columns.fill([&](std::size_t i, std::size_t j) { return rounds.left(j, i); });
  CHECK(rounded(factor_codec{8}, columns).memory() == columns.memory());
}

TEST_CASE("SVDQuant: outliers migrate into the weights and on into the factors", "[lowrank]") {
  layer l{5};
  std::vector<float> largest(layer::n, 1.0f);
  largest[7] = largest[20] = 60;
  for (std::size_t i = 0; i < layer::n; ++i)
    for (std::size_t t = 0; t < layer::tokens; ++t) l.x(i, t) = l.x(i, t) / 4 * static_cast<double>(largest[i]);
  std::vector<float> lambda(layer::n);
  REQUIRE(migration_scales(largest, l.w.view(), 0.5f, lambda));
  auto w = l.w;
  REQUIRE(migrate(lambda, w.view()));
  auto x = l.x;
  x.fill([&](std::size_t i, std::size_t t) { return l.x(i, t) / static_cast<double>(lambda[i]); });
  auto const none = matrix<float>(layer::m, 0);
  auto const nothing = matrix<float>(0, layer::n);
  auto const same = skive::test::output_error(l.w, none, nothing, l.x) / skive::test::output_error(w, none, nothing, x);
  CHECK(std::abs(same - 1) < 1e-5);
  auto const p = split(*quantized_low_rank<codec_type, identity_factor, stored_as<float16>>::make(
                           codec, 6, {}, {split_order::factor_first, 1, 0, {}}),
                       w);
  auto rest = w;  // the codec's bytes are those of the rest
  rest.fill([&](std::size_t i, std::size_t j) {
    float sum = w(i, j);
    for (std::size_t k = 0; k < 6; ++k) sum -= p.left(i, k) * p.right(k, j);
    return sum;
  });
  auto const again = rounded(codec, rest);
  double worst = 0;
  for (std::size_t i = 0; i < layer::m; ++i)
    for (std::size_t j = 0; j < layer::n; ++j) worst = std::max(worst, std::abs(static_cast<double>(again(i, j) - p.q(i, j))));
  CHECK(worst < 0.5);  // products of floats may round across a step, no more
  parts const direct{rounded(codec, w), none, nothing, {}};
  CHECK(error_of(w, p, x) < error_of(w, direct, x));
}

TEST_CASE("quantized_low_rank: Gram matrices of low rank, zeros, refusals", "[lowrank]") {
  layer l{6, 9};  // nine tokens for 56 channels
  auto const p = split(*quantized_low_rank<codec_type, triangular_factor, codec_type>::make(
                           codec, 12, {l.lower.view()}, {split_order::quantize_first, 3, 3, {}}, codec_type{4}),
                       l.w);
  for (auto const* m : {&p.q, &p.left, &p.right})
    for (float const x : m->memory()) REQUIRE(std::isfinite(x));
  auto const zeros = split(*quantized_low_rank<codec_type, identity_factor, codec_type>::make(
                               codec, 3, {}, {split_order::factor_first, 2, 2, {}}, codec_type{4}),
                           matrix<float>(16, 28));
  CHECK(zeros.report.loss == 0);
  for (auto const* m : {&zeros.q, &zeros.left, &zeros.right})
    for (float const x : m->memory()) REQUIRE(x == 0);

  using plain = quantized_low_rank<codec_type>;
  CHECK(plain::make(codec, 3, {}, {split_order::quantize_first, 0, 0, {}}).error() == errc::invalid_argument);
  CHECK((quantized_low_rank<codec_type, diagonal_factor>::make(codec, 3, {}).error()) == errc::size_mismatch);
  auto const s = *plain::make(codec, 3);
  std::vector<std::byte> memory(s.scratch_bytes(layer::m, layer::n));
  matrix<float> q(layer::m, layer::n, 0, 0, -7.0f), left(layer::m, 3), right(3, layer::n);
  auto const run = [&](matrix<float> const& w, matrix_view<float> to, matrix_view<float> thin, std::size_t bytes) {
    return s.split(w.view(), to, thin, right.view(), workspace{std::span{memory}.first(bytes)}).error();
  };
  CHECK(run(matrix<float>(layer::m, layer::n - 1), q.view(), left.view(), memory.size()) == errc::size_mismatch);
  CHECK(run(l.w, q.view(), submatrix(left.view(), 0, 0, layer::m, 2), memory.size()) == errc::size_mismatch);
  CHECK(run(l.w, l.w.view(), left.view(), memory.size()) == errc::overlap);
  CHECK(run(l.w, q.view(), left.view(), memory.size() - 1) == errc::workspace_too_small);
  auto broken = l.w;
  broken(39, 55) = std::numeric_limits<float>::quiet_NaN();
  CHECK(run(broken, q.view(), left.view(), memory.size()) == errc::not_finite);
  CHECK(q(0, 0) == -7.0f);
  auto const before = skive::test::allocations();
  auto const fine = run(l.w, q.view(), left.view(), memory.size());
  CHECK(skive::test::allocations() == before);
  CHECK(fine == errc::ok);
}
