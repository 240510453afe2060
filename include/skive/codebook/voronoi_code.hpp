// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/voronoi_code.hpp - finite codes of a lattice: the points in a copy of its cell that is q times as large.
///
///   code(p) = coordinates of p in a basis, modulo q;   point(u) = sum u_i b_i - q Q(sum u_i b_i / q - a), Q the nearest point
///   q^rank points, one of each class of the lattice modulo q; a: a small fixed shift, so that none lies on the border
///
///   code.encode(x, u), decode(u, x)       a point;   encode_points, decode_points: points one after another, eight at once
///
/// E8 with scales, as a codec has it: codebook/nested_e8.hpp.
///
/// Model of : -
/// Cost     : a code or a point: one nearest point and an operation for each number of the basis that is not 0.
/// Promise  : every vector of coordinates below q has a point, whose code it is. Many points have the bits of single ones on every
///            instruction set. encode_points and decode_points refuse lengths that differ or are no whole points with
///            size_mismatch; encode_points x as nearest_points does (codebook/lattice_lanes.hpp).
/// Source   : J. H. Conway, N. J. A. Sloane, "A fast encoding method for lattice codes and quantizers", 1983.

#include "skive/codebook/lattice_lanes.hpp"
#include "skive/core/matrix_view.hpp"

namespace skive {

/// Codes of any lattice. `basis`: rank() rows of coordinates() numbers, row i ending at column i (lower triangular), in memory of the
/// caller; ranks up to 64.
template <lattice Lattice>
class voronoi_code {
 public:
  constexpr voronoi_code() noexcept = default;
  /// Fails with invalid_argument unless 2 <= q <= 2^16 and the basis is square, of the lattice's rank, without zeros on its diagonal.
  static constexpr result<voronoi_code> make(Lattice const& lattice, std::uint32_t q, matrix_view<double const> basis) noexcept {
    auto const n = lattice.rank();
    if (q < 2 || q > 65536 || n == 0 || n > 64 || lattice.coordinates() != n || basis.rows != n || basis.cols != n)
      return errc::invalid_argument;
    for (std::size_t i = 0; i < n; ++i)
      if (!(basis.row(i)[i] > 0)) return errc::invalid_argument;
    voronoi_code c;
    c.lattice_ = lattice;
    c.q_ = q;
    c.basis_ = basis;
    return c;
  }

  /// The code of the nearest lattice point to x, which is the nearest point of the code where that lies in the large cell.
  void encode(std::span<double const> x, std::span<std::uint32_t> code) const noexcept {
    auto const n = lattice_.rank();
    double rest[64];
    lattice_.nearest(x.first(n), std::span{rest}.first(n));
    coordinates<double>(rest);
    for (std::size_t i = 0; i < n; ++i) code[i] = static_cast<std::uint32_t>(rest[i]);
  }
  /// The point of a code; coordinates count modulo q.
  void decode(std::span<std::uint32_t const> code, std::span<double> x) const noexcept {
    auto const n = lattice_.rank();
    double u[64];
    double sum[64];
    double far[64];
    for (std::size_t i = 0; i < n; ++i) u[i] = static_cast<double>(code[i] % q_);
    before_cell<double>(u, sum, far);
    lattice_.nearest(std::span<double const>{far}.first(n), std::span{far}.first(n));
    for (std::size_t i = 0; i < n; ++i) x[i] = sum[i] - detail::real_lane<double>::product(static_cast<double>(q_), far[i]);
  }

  template <class Arch = native_arch>
  status encode_points(std::span<double const> x, std::span<std::uint32_t> code) const noexcept {
    auto const n = lattice_.rank();
    if (x.size() != code.size()) return errc::size_mismatch;
    if (auto const s = detail::check_points<Arch>(n, x); !s) return s;
    return each_eight<Arch>(x.size() / n, [&](std::size_t first, std::size_t count, auto* y) noexcept {
      using point = std::remove_pointer_t<decltype(y)>;
      if constexpr (std::is_same_v<point, double>) {
        encode(x.subspan(first * n, n), code.subspan(first * n, n));
      } else {
        detail::points_to_lanes<Arch, double>(x.data() + first * n, n, count, y);
        nearest_in<point>(y);
        coordinates<point>(y);
        for (std::size_t i = 0; i < n; ++i) {
          alignas(64) double lane[8];
          y[i].store(lane);
          for (std::size_t l = 0; l < count; ++l) code[(first + l) * n + i] = static_cast<std::uint32_t>(lane[l]);
        }
      }
    });
  }
  template <class Arch = native_arch>
  status decode_points(std::span<std::uint32_t const> code, std::span<double> x) const noexcept {
    auto const n = lattice_.rank();
    if (x.size() != code.size() || n == 0 || x.size() % n != 0) return errc::size_mismatch;
    return each_eight<Arch>(x.size() / n, [&](std::size_t first, std::size_t count, auto* y) noexcept {
      using point = std::remove_pointer_t<decltype(y)>;
      if constexpr (std::is_same_v<point, double>) {
        decode(code.subspan(first * n, n), x.subspan(first * n, n));
      } else {
        point sum[64];
        point far[64];
        for (std::size_t i = 0; i < n; ++i) {
          alignas(64) double lane[8]{};
          for (std::size_t l = 0; l < count; ++l) lane[l] = static_cast<double>(code[(first + l) * n + i] % q_);
          y[i] = point::load(lane);
        }
        before_cell<point>(y, sum, far);
        nearest_in<point>(far);
        auto const q = point::broadcast(static_cast<double>(q_));
        for (std::size_t i = 0; i < n; ++i) y[i] = sum[i] - product(q, far[i]);
        detail::lanes_to_points<Arch, double>(y, n, count, x.data() + first * n);
      }
    });
  }

 private:
  // f(first, count, room for a point in each lane) for eight points after eight; those that have no lanes one by one.
  template <class Arch, class F>
  static status each_eight(std::size_t points, F f) noexcept {
    std::size_t done = 0;
    if constexpr (simd::vector_arch<Arch> && requires(Lattice const l, simd::doubles<Arch>* y) { l.nearest_lanes(y, y); }) {
      for (; done + 1 < points; done += 8) {
        simd::doubles<Arch> y[64];
        f(done, points - done < 8 ? points - done : std::size_t{8}, y);
      }
    }
    for (; done < points; ++done) f(done, std::size_t{1}, static_cast<double*>(nullptr));
    return errc::ok;
  }
  // Named only for lattices that have lanes.
  template <class V>
  void nearest_in(V* x) const noexcept {
    lattice_.nearest_lanes(x, x);
  }
  // Points of the lattice in place become their coordinates in the basis, modulo q.
  template <class V>
  constexpr void coordinates(V* point) const noexcept {
    using lane = detail::real_lane<V>;
    V const q = lane::of(static_cast<double>(q_));
    for (auto i = lattice_.rank(); i-- > 0;) {
      auto const row = basis_.row(i);
      V const c = detail::rounded<V>(point[i] / lane::of(row[i]));
      for (std::size_t j = 0; j < i; ++j)
        if (row[j] < 0 || row[j] > 0) point[j] = point[j] - lane::product(c, lane::of(row[j]));
      point[i] = c - lane::product(lane::floor(c / q), q);
    }
  }
  // sum = sum u_i b_i,   scaled = sum / q - a.
  template <class V>
  constexpr void before_cell(V const* u, V* sum, V* scaled) const noexcept {
    using lane = detail::real_lane<V>;
    auto const n = lattice_.rank();
    for (std::size_t i = 0; i < n; ++i) {
      auto const row = basis_.row(i);
      sum[i] = lane::of(0);
      for (std::size_t j = 0; j <= i; ++j)
        if (row[j] < 0 || row[j] > 0) sum[j] = sum[j] + lane::product(u[i], lane::of(row[j]));
    }
    V const q = lane::of(static_cast<double>(q_));
    auto shift = 0x1p-20 / static_cast<double>(q_);
    for (std::size_t i = 0; i < n; ++i, shift *= 0.75) scaled[i] = sum[i] / q - lane::of(shift);
  }

  Lattice lattice_{};
  std::uint32_t q_ = 2;
  matrix_view<double const> basis_;
};

}  // namespace skive
