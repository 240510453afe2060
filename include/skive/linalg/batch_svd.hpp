// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/batch_svd.hpp - singular value decompositions of many small matrices of one shape, sixteen at a time.
///
///   A_b = U_b diag(sigma_b) V_b^T,   sigma_b falling,   b = 0 ... count - 1
///
/// Each matrix, as its tall one of A and A^T, becomes triangular: A = Q R; rotations make R^T's columns orthogonal: R^T J = V Sigma.
/// U^T = Sigma^-1 V^T A^T, made orthonormal from the largest value on.
///
///   a: count m x n, the matrices one below another;   u: count m x r;   sigma: count x min(m, n);   vt: count r x n
///
/// r: as many leading vectors as are wanted; empty views for none. Registers hold one entry of sixteen matrices, so that no
/// matrix is too small for them: for m, n up to about 100, above which sixteen matrices leave the second cache.
///
/// Model of : -
/// Cost     : operations on registers for sixteen n x n matrices: 2 n^3 a sweep, 8 sweeps for random matrices of 64 x 64 (the
///            last three are cheap), and 2 n^3 / 3; products of 3 n^3 operations for each matrix's vectors.
/// Accuracy : every value to c n u sigma_0: absolute; |U^T U - 1|, |V V^T - 1| (largest element) and |A - U diag(sigma) V^T| / |A|
///            stay below 112 u for n = 64 (random matrices, float).
/// Promise  : a matrix has the same results in any batch and at any place in it; not_finite for NaN or infinity, no_convergence
///            after 60 sweeps; the same bits for one instruction set.
/// Source   : linalg/lane_jacobi.hpp.

#include "skive/linalg/lane_jacobi.hpp"
#include "skive/linalg/lane_triangular.hpp"
#include "skive/linalg/row_orthonormal.hpp"
#include "skive/linalg/svd_common.hpp"

namespace skive {

namespace detail {

template <real T, class Arch>
struct batch_svd {
  matrix_view<T const> a;
  std::size_t count;
  matrix_view<T> u;
  matrix_view<T> sigma;
  matrix_view<T> vt;

  static constexpr std::size_t lanes = 16;
  static constexpr std::size_t most_sweeps = 60;
  static constexpr std::size_t even(std::size_t n) noexcept { return (n + 1) / 2 * 2; }
  static constexpr std::size_t measures(std::size_t n) noexcept { return lanes * even(n) / 2 * 3; }

  static std::size_t scratch_bytes(std::size_t tall, std::size_t wide, bool vectors) noexcept {
    auto const m = to_sixteen(tall);
    auto const n = to_sixteen(wide);
    auto const kept = workspace::bytes<T>(lanes * tall * wide) + workspace::bytes<T>(lanes * wide * even(wide)) +
        workspace::bytes<T>(measures(wide)) + 2 * workspace::bytes<T>(lanes);
    auto const ordering = workspace::bytes<std::size_t>(wide) + workspace::bytes<T>(wide);
    if (!vectors) return kept + ordering;
    auto const vectors_of_one =
        workspace::bytes<T>(tall * wide) + 2 * workspace::bytes<T>(wide * n) + workspace::bytes<T>(wide * m);
    auto const mending = row_orthonormal<T, Arch>::scratch_bytes(wide, m);
    auto const forming = product_scratch_bytes<T, Arch>(wide, tall, wide);
    return kept + ordering + vectors_of_one + (mending < forming ? forming : mending);
  }

  /// Matrix b alone.
  svd_task<T> task(std::size_t b) const noexcept {
    auto const part = [b](auto m, std::size_t rows) { return submatrix(m, m.cols == 0 ? 0 : b * rows, 0, rows, m.cols); };
    auto const m = a.rows / count;
    return {part(a, m), u.cols == 0 ? matrix_view<T>{} : part(u, m), sigma.row(b),
            vt.rows == 0 ? matrix_view<T>{} : part(vt, vt.rows / count)};
  }

  status check() const noexcept {
    if (!a.valid() || !u.valid() || !sigma.valid() || !vt.valid()) return errc::invalid_argument;
    if (count == 0) return a.rows == 0 && u.rows == 0 && sigma.rows == 0 && vt.rows == 0 ? errc::ok : errc::size_mismatch;
    if (a.rows % count != 0 || vt.rows % count != 0 || sigma.rows != count) return errc::size_mismatch;
    auto const m = a.rows / count;
    auto const wide = m < a.cols ? m : a.cols;
    if (sigma.cols != wide || u.cols > wide || vt.rows / count > wide) return errc::size_mismatch;
    if ((u.cols != 0 && u.rows != a.rows) || (vt.rows != 0 && vt.cols != a.cols)) return errc::size_mismatch;
    if (shares_elements<T>(a, u) || shares_elements<T>(a, vt) || shares_elements<T>(a, sigma)) return errc::overlap;
    if (shares_elements<T>(u, vt) || shares_elements<T>(u, sigma) || shares_elements<T>(vt, sigma)) return errc::overlap;
    return errc::ok;
  }

  status check_numbers() const noexcept {
    T ignored(0);
    for (std::size_t b = 0; b < count; ++b)
      if (!find_largest(task(b).a, ignored)) return errc::not_finite;
    return errc::ok;
  }

  /// Matrices first ... first + some - 1, at most sixteen.
  status run(std::size_t first, std::size_t some, workspace scratch) const noexcept {
    auto const shape = task(first);
    auto const m = shape.tall();
    auto const n = shape.wide();
    auto const x = some == lanes ? take_reals<T>(scratch, lanes * m * n) : take_zeros(scratch, lanes * m * n);
    auto const columns = take_reals<T>(scratch, lanes * n * even(n));
    for (T& number : columns.subspan(lanes * n * n)) number = T(0);
    auto const squares = take_zeros(scratch, measures(n));
    auto const powers = take_zeros(scratch, lanes);
    auto const others = take_zeros(scratch, lanes);
    load(first, some, x);
    bring(x, m, powers, others);
    lane_triangular<T, Arch>(x, m, n, columns.first(lanes * n * n));
    T const tolerance = T(2) * square_root(T(static_cast<int>(m + 16))) * std::numeric_limits<T>::epsilon();
    if (lane_jacobi<T, Arch>{columns, squares, n, tolerance}.run(most_sweeps) == 0) return errc::no_convergence;
    if (shape.wants_vectors())  // x is free again: it takes the columns lane by lane
      for (std::size_t j = 0; j < n; ++j)
        copy_transposed<Arch, T>({columns.data() + lanes * n * j, n, lanes}, {x.data() + n * j, lanes, n, n * n});
    for (std::size_t l = 0; l < some; ++l)
      store(task(first + l), {x.data() + n * n * l, n, n}, lane{squares, l}, powers[l], others[l], scratch);
    return errc::ok;
  }

 private:
  struct lane {
    std::span<T const> numbers;
    std::size_t place;
    T const& operator[](std::size_t j) const noexcept { return numbers[lanes * j + place]; }
  };

  static bool find_largest(matrix_view<T const> m, T& largest) noexcept {
    if (m.row_stride == m.cols) return detail::find_largest<Arch, T>({m.data, m.rows * m.cols}, largest);
    bool all_finite = true;
    for (std::size_t i = 0; i < m.rows; ++i) all_finite &= detail::find_largest<Arch, T>(m.row(i), largest);
    return all_finite;
  }

  void load(std::size_t first, std::size_t some, std::span<T> x) const noexcept {
    auto const m = a.rows / count;
    auto const tall = m < a.cols ? a.cols : m;
    for (std::size_t i = 0; i < m; ++i) {
      matrix_view<T const> const rows{&a(first * m + i, 0), some, a.cols, m * a.row_stride};
      auto const to = m < a.cols ? matrix_view<T>{x.data() + lanes * tall * i, a.cols, lanes}
                                 : matrix_view<T>{x.data() + lanes * i, a.cols, lanes, lanes * tall};
      copy_transposed<Arch, T>(rows, to);
    }
  }

  // x times two powers of two for each lane, so that fourth powers of lengths are finite, and products of small numbers too.
  static void bring(std::span<T> x, std::size_t tall, std::span<T> powers, std::span<T> others) noexcept {
    using block = lane_block<T, Arch>;
    auto most = block::broadcast(T(0));
    for (std::size_t i = 0; i < x.size(); i += lanes) {
      auto const size = absolute(block::load(x.data() + i));
      most = select(size > most, size, most);
    }
    most.store(powers.data());
    constexpr int limit = std::numeric_limits<T>::max_exponent;
    using std::ldexp;
    for (std::size_t l = 0; l < lanes; ++l) {
      T const largest = powers[l];
      powers[l] = power_of_two_for(largest, tall);
      T const rest = ldexp(power_of_two_for(T(largest * powers[l]), tall), limit < 512 ? -limit / 4 : -8);
      others[l] = largest == T(0) ? T(1) : rest;
    }
    auto const power = block::load(powers.data());
    auto const other = block::load(others.data());
    for (std::size_t i = 0; i < x.size(); i += lanes) (block::load(x.data() + i) * power * other).store(x.data() + i);
  }

  // rows: of V^T times the singular values. Zeros lose the signs that other lanes may have given them.
  static void store(svd_task<T> const& task, matrix_view<T const> rows, lane const& squares, T const& power, T const& other,
                    workspace scratch) noexcept {
    auto const n = task.wide();
    auto const order = scratch.take<std::size_t>(n);
    auto const lengths = take_reals<T>(scratch, n);
    for (std::size_t j = 0; j < n; ++j) lengths[j] = square_root(squares[j]);
    falling_order<T>(lengths, order);
    for (std::size_t j = 0; j < n; ++j) task.sigma[j] = lengths[order[j]] / other / power;
    if (!task.wants_vectors()) return;
    auto const m = to_sixteen(task.tall());
    matrix_view<T> const tall_rows{take_zeros(scratch, n * m).data(), n, m};
    matrix_view<T> const wide_rows{take_zeros(scratch, n * to_sixteen(n)).data(), n, to_sixteen(n)};
    matrix_view<T> const weighted{take_zeros(scratch, n * to_sixteen(n)).data(), n, n, to_sixteen(n)};
    auto const whole = power * other;
    bool const plain = whole < T(1.0e12) && whole > T(1.0e-12);  // then A is taken as it stands
    matrix_view<T> const copy{plain ? nullptr : take_reals<T>(scratch, task.tall() * n).data(), task.tall(), n};
    if (!plain) task.load(power, copy);
    std::size_t rank = 0;
    for (std::size_t k = 0; k < n; ++k) {
      T const length = lengths[order[k]];
      if (!(length > lengths[order[0]] * std::numeric_limits<T>::epsilon() / T(16))) break;
      rank = k + 1;
      T const weight = (plain ? whole : other) / length;
      weigh(&rows(order[k], 0), length, weight, &wide_rows(k, 0), &weighted(k, 0), n);
    }
    row_orthonormal<T, Arch>::complete(wide_rows, n, rank, scratch);
    auto const matrix = !plain ? operand<T>{copy} : operand<T>{task.a, task.flipped()};
    (void)product<Arch>(matrix_view<T const>{weighted}, skive::transposed(matrix), submatrix(tall_rows, 0, 0, n, task.tall()),
                        scratch);
    row_orthonormal<T, Arch>::run(tall_rows, task.tall(), scratch);
    auto const& left = task.flipped() ? wide_rows : tall_rows;
    auto const& right = task.flipped() ? tall_rows : wide_rows;
    copy_transposed<Arch, T>(submatrix(left, 0, 0, task.u.cols, task.u.rows), task.u);
    for (std::size_t k = 0; k < task.vt.rows; ++k) copy_row(&right(k, 0), &task.vt(k, 0), task.vt.cols);
  }

  // x / length and that times `weight`; zeros lose their sign.
  static void weigh(T const* x, T const& length, T const& weight, T* quotients, T* weighted, std::size_t n) noexcept {
    std::size_t i = 0;
    if constexpr (vector_real<T, Arch>) {
      using batch = xsimd::batch<T, Arch>;
      for (; i + batch::size <= n; i += batch::size) {
        auto const q = batch::load_unaligned(x + i) / batch(length) + batch(T(0));
        q.store_unaligned(quotients + i);
        (q * batch(weight)).store_unaligned(weighted + i);
      }
    }
    for (; i < n; ++i) {
      quotients[i] = x[i] / length + T(0);
      weighted[i] = quotients[i] * weight;
    }
  }
  static void copy_row(T const* from, T* to, std::size_t n) noexcept {
    std::size_t i = 0;
    if constexpr (vector_real<T, Arch>)
      for (; i + xsimd::batch<T, Arch>::size <= n; i += xsimd::batch<T, Arch>::size)
        xsimd::batch<T, Arch>::load_unaligned(from + i).store_unaligned(to + i);
    for (; i < n; ++i) to[i] = from[i];
  }

  static std::span<T> take_zeros(workspace& scratch, std::size_t count) noexcept {
    auto const numbers = take_reals<T>(scratch, count);
    for (T& x : numbers) x = T(0);
    return numbers;
  }
};

}  // namespace detail

/// Scratch of batch_svd for m x n matrices, however many; `vectors`: whether u or vt is wanted.
template <real T, class Arch = native_arch>
std::size_t batch_svd_scratch_bytes(std::size_t m, std::size_t n, bool vectors = true) noexcept {
  return detail::batch_svd<T, Arch>::scratch_bytes(m < n ? n : m, m < n ? m : n, vectors);
}

/// Fails with invalid_argument (a view that is not valid()), size_mismatch, overlap, workspace_too_small or not_finite (results
/// are untouched then), or no_convergence (results are unspecified).
template <class Arch = native_arch, real T>
status batch_svd(std::type_identity_t<matrix_view<T const>> a, std::size_t count, matrix_view<T> u, matrix_view<T> sigma,
                 std::type_identity_t<matrix_view<T>> vt, workspace scratch) noexcept {
  using batch = detail::batch_svd<T, Arch>;
  batch const job{a, count, u, sigma, vt};
  if (auto const s = job.check(); !s) return s;
  if (count == 0 || a.rows == 0 || a.cols == 0) return errc::ok;
  bool const vectors = u.cols != 0 || vt.rows != 0;
  if (scratch.size() < batch_svd_scratch_bytes<T, Arch>(a.rows / count, a.cols, vectors)) return errc::workspace_too_small;
  if (auto const s = job.check_numbers(); !s) return s;
  for (std::size_t first = 0; first < count; first += batch::lanes)
    if (auto const s = job.run(first, count - first < batch::lanes ? count - first : batch::lanes, scratch); !s) return s;
  return errc::ok;
}

}  // namespace skive
