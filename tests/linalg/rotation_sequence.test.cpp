// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/rotation_sequence.hpp: sweeps from either end against one rotation after another; a column is the same among any others.
#include "skive/linalg/rotation_sequence.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::plane_rotation;
using skive::detail::rotation_sequence;
using skive::test::matrix;

struct sweep {
  std::size_t first, last;
  std::vector<plane_rotation<double>> turns;
};

std::vector<sweep> random_sweeps(std::size_t rows, std::size_t count, std::mt19937& random) {
  std::vector<sweep> all;
  for (std::size_t k = 0; k < count; ++k) {
    sweep s{random() % (rows - 1), 0, {}};
    s.last = s.first + 1 + random() % (rows - 1 - s.first);
    for (std::size_t i = s.first; i < s.last; ++i) {
      auto const angle = 3 * skive::test::uniform<double>(random);
      s.turns.push_back({std::cos(angle), std::sin(angle)});
    }
    all.push_back(s);
  }
  return all;
}

void one_by_one(std::vector<sweep> const& all, bool mirrored, matrix<double>& z) {
  for (auto const& s : all)
    for (std::size_t i = s.first; i < s.last; ++i)
      for (std::size_t k = 0; k < z.cols(); ++k) {
        auto const [c, t] = s.turns[i - s.first];
        double& upper = z(mirrored ? z.rows() - 1 - i : i, k);
        double& lower = z(mirrored ? z.rows() - 2 - i : i + 1, k);
        auto const kept = upper;
        upper = c * kept + t * lower;
        lower = c * lower - t * kept;
      }
}

template <class Arch>
matrix<double> together(std::vector<sweep> const& all, bool mirrored, matrix<double> z) {
  std::vector<plane_rotation<double>> memory(rotation_sequence<double>::elements(z.rows()));
  rotation_sequence<double> kept{memory, z.rows(), 0, mirrored, {}};
  for (auto const& s : all) {
    for (std::size_t i = s.first; i < s.last; ++i) kept.put(i, s.turns[i - s.first].cosine, s.turns[i - s.first].sine);
    kept.end_sweep(s.first, s.last);
  }
  kept.template apply<Arch>(z.view());
  return z;
}

}  // namespace

TEST_CASE("rotation_sequence: as one rotation after another", "[linalg]") {
  std::mt19937 random{3};
  skive::test::for_each(skive::test::few_arches{}, [&]<class Arch>() {
    for (std::size_t const rows : {2U, 3U, 9U, 20U})
      for (std::size_t const count : {1U, 3U, 4U, 6U, 32U})
        for (bool const mirrored : {false, true}) {
          CAPTURE(rows, count, mirrored);
          auto const sweeps = random_sweeps(rows, count, random);
          auto const z = skive::test::random_matrix<double>(rows, 80, random);
          auto expected = z;
          one_by_one(sweeps, mirrored, expected);
          auto const turned = together<Arch>(sweeps, mirrored, z);
          CHECK(skive::test::largest_difference(expected, turned) <= 1e-13);
          matrix<double> part(rows, 16);
          part.fill([&](std::size_t r, std::size_t c) { return z(r, c + 32); });
          auto const alone = together<Arch>(sweeps, mirrored, part);
          bool same = true;
          for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < 16; ++c) same &= alone(r, c) == turned(r, c + 32);
          CHECK(same);
        }
  });
}

TEST_CASE("given_rotation: at the ends of the range", "[linalg]") {
  for (float const size : {1.0f, 1e18f, 1e-18f, 1e-30f, 1e-44f})
    for (float const ratio : {0.0f, 1.0f, -0.25f, 3.0f}) {
      CAPTURE(size, ratio);
      float const f = size;
      float const g = size * ratio;
      auto const r = skive::detail::given_rotation<float>::of(f, g);
      auto const c = static_cast<double>(r.cosine);
      auto const s = static_cast<double>(r.sine);
      CHECK(std::abs(c * c + s * s - 1) <= 1e-6);
      CHECK(std::abs(c * static_cast<double>(g) - s * static_cast<double>(f)) <= 1e-6 * static_cast<double>(size));
      auto const length = std::hypot(static_cast<double>(f), static_cast<double>(g));
      CHECK(std::abs(std::abs(static_cast<double>(r.length)) - length) <= 1e-6 * length + 1.5e-45);
    }
  auto const none = skive::detail::given_rotation<float>::of(0.0f, 0.0f);
  CHECK((none.cosine == 1.0f && none.sine == 0.0f && none.length == 0.0f));
}
