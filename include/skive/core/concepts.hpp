// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/concepts.hpp - what the parts of the library ask of each other.
///
/// Models are small trivially copyable values; their operations are const and noexcept, take memory from the caller and
/// may have `class Arch` as last template parameter. What a compiler cannot check is a law: it stands in the comment of
/// the concept and in tests/laws/<concept>.hpp, which every model has to pass. `primitive`, `rounding_policy` and
/// `scalar_format` have light headers of their own, for formats of single numbers.
///
/// Model of : -
/// Cost     : declarations only.
/// Promise  : flat, one `requires` each, so that a diagnostic names the concept and the missing line.

#include "skive/core/matrix_view.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/primitive.hpp"
#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// Rows of numbers <-> planes of bytes. block_size(): the smallest n whose encodings, one after another, are the row's (0: the
/// whole row is one unit). row_multiple(): accepted lengths are its multiples (1: any). plane_bytes(n) saturates when a
/// size overflows.
/// Law: sizes exact; wrong sizes refused before the first write; error within the header's bound; any bytes decode safely.
template <class C>
concept block_codec = primitive<C> &&
    requires(C const c, std::size_t n, std::span<float const> row, std::span<float> out, workspace scratch,
             planes<std::byte, C::plane_count> to, planes<std::byte const, C::plane_count> from) {
      { c.block_size() } noexcept -> std::same_as<std::size_t>;
      { c.row_multiple() } noexcept -> std::same_as<std::size_t>;
      { c.plane_bytes(n) } noexcept -> std::same_as<std::array<std::size_t, C::plane_count>>;
      { c.scratch_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { c.encode(row, to, scratch) } noexcept -> std::same_as<status>;
      { c.decode(from, out, scratch) } noexcept -> std::same_as<status>;
    };

/// What error-feedback solvers need of a block codec: the scale first, then numbers one step at a time.
/// group_size(): numbers that share one state (0: the row). step(): numbers coded together (1, or 8 for E8).
/// settle(values) chooses the state and codes nothing; round(state, x, y) writes the step() numbers that x becomes;
/// round(states, x, y) does so for many rows, x and y being rows x step(); write(states, values, planes) stores a row that
/// consists of such numbers. Law: settle + round + write gives encode's bytes.
template <class C>
concept stepwise_codec = block_codec<C> && primitive<typename C::block_state> &&
    requires(C const c, std::size_t n, std::span<float const> x, std::span<float> y, workspace scratch,
             typename C::block_state const& state, std::span<typename C::block_state const> states, matrix_view<float const> xs,
             matrix_view<float> ys, planes<std::byte, C::plane_count> to) {
      { c.group_size() } noexcept -> std::same_as<std::size_t>;
      { c.step() } noexcept -> std::same_as<std::size_t>;
      { c.settle_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { c.settle(x, scratch) } noexcept -> std::same_as<typename C::block_state>;
      { c.round(state, x, y) } noexcept -> std::same_as<void>;
      { c.round(states, xs, ys) } noexcept -> std::same_as<void>;
      { c.write(states, x, to, scratch) } noexcept -> std::same_as<status>;
    };

/// Products on packed rows: prepare(x) once per vector, then dot(planes, query) per row without a full decode.
/// Law: equals decode-then-dot within the stated bound.
template <class C>
concept dot_codec = block_codec<C> && primitive<typename C::query> &&
    requires(C const c, std::size_t n, std::span<float const> x, workspace scratch, typename C::query const& q,
             planes<std::byte const, C::plane_count> from) {
      { c.query_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { c.prepare(x, scratch) } noexcept -> std::same_as<result<typename C::query>>;
      { c.dot(from, q) } noexcept -> std::same_as<result<float>>;
    };

/// A whole matrix, where rows are not independent (tiles, two-sided rotation, low rank).
/// Law: rows of a lifted block codec may be encoded in any order by any number of threads with the same bytes.
template <class C>
concept matrix_codec = primitive<C> &&
    requires(C const c, std::size_t rows, std::size_t cols, matrix_view<float const> in, matrix_view<float> out,
             workspace scratch, planes<std::byte, C::plane_count> to, planes<std::byte const, C::plane_count> from) {
      { c.plane_bytes(rows, cols) } noexcept -> std::same_as<std::array<std::size_t, C::plane_count>>;
      { c.scratch_bytes(rows, cols) } noexcept -> std::same_as<std::size_t>;
      { c.encode(in, to, scratch) } noexcept -> std::same_as<status>;
      { c.decode(from, out, scratch) } noexcept -> std::same_as<status>;
    };

/// A codec whose size depends on the data (entropy coding, outliers by threshold). encode returns the bytes written.
/// Law: size <= max_bytes(n); decode returns exactly that size.
template <class C>
concept variable_codec = primitive<C> &&
    requires(C const c, std::size_t n, std::span<float const> row, std::span<float> out, workspace scratch,
             std::span<std::byte> to, std::span<std::byte const> from) {
      { c.max_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { c.scratch_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { c.encode(row, to, scratch) } noexcept -> std::same_as<result<std::size_t>>;
      { c.decode(from, out, scratch) } noexcept -> std::same_as<result<std::size_t>>;
    };

/// A source of rows that can be read again from the start: fitting needs no copy of the matrix.
template <class S>
concept row_source = requires(S const s, std::size_t r) {
  { s.rows } -> std::convertible_to<std::size_t>;
  { s.cols } -> std::convertible_to<std::size_t>;
  { s.row(r) } noexcept -> std::convertible_to<std::span<float const>>;
};

/// Constants of the whole tensor are computed once: fit(rows, scratch) -> the codec that carries them.
/// Law: deterministic; any split of the source gives the same codec.
template <class C>
concept fittable =
    primitive<C> && primitive<typename C::fitted> && requires(C const c, matrix_view<float const> rows, workspace scratch) {
      { c.fit(rows, scratch) } noexcept -> std::same_as<result<typename C::fitted>>;
    };

/// x -> x' in place and back.
/// Law: inverse undoes forward; a wrong size is refused and x left alone.
template <class T>
concept transform = primitive<T> && requires(T const t, std::span<float> x, workspace scratch) {
  { t.size() } noexcept -> std::same_as<std::size_t>;
  { t.scratch_bytes() } noexcept -> std::same_as<std::size_t>;
  { t.forward(x, scratch) } noexcept -> std::same_as<status>;
  { t.inverse(x, scratch) } noexcept -> std::same_as<status>;
};

/// Law: additionally an isometry.
template <class T>
concept orthogonal_transform = transform<T> && T::is_orthogonal;

/// Vectors -> indices. Law: nearest is nearest; ties as documented.
template <class B>
concept codebook = primitive<B> && std::unsigned_integral<typename B::index_type> &&
    requires(B const b, std::span<float const> v, std::span<float> out, typename B::index_type i) {
      { b.dimension() } noexcept -> std::same_as<std::size_t>;
      { b.index_bits() } noexcept -> std::same_as<int>;
      { b.nearest(v) } noexcept -> std::same_as<typename B::index_type>;
      { b.codeword(i, out) } noexcept -> std::same_as<void>;
    };

/// Which entries of a row are kept: bit i of `kept`, lowest bit of byte 0 first.
/// Law: exactly as many as stated, the kept dominate, ties go to the lower index.
template <class M>
concept mask_pattern = primitive<M> && requires(M const m, std::span<float const> scores, std::span<std::byte> kept) {
  { m.select(scores, kept) } noexcept -> std::same_as<status>;
};

/// Which entries of a row are outliers: count(n) of them, their indices ascending.
/// Law: exactly count(n), the chosen dominate, ties go to the lower index.
template <class R>
concept outlier_rule =
    primitive<R> && requires(R const r, std::size_t n, std::span<float const> scores, std::span<std::uint32_t> indices) {
      { r.count(n) } noexcept -> std::same_as<std::size_t>;
      { r.select(scores, indices) } noexcept -> std::same_as<status>;
    };

/// a ~ left right, left: rows x rank, right: rank x cols. Law: error within the stated factor of the optimum.
template <class F>
concept factorisation = primitive<F> &&
    requires(F const f, matrix_view<float const> a, matrix_view<float> left, matrix_view<float> right, workspace scratch) {
      { f.rank() } noexcept -> std::same_as<std::size_t>;
      { f.scratch_bytes(a.rows, a.cols) } noexcept -> std::same_as<std::size_t>;
      { f.factor(a, left, right, scratch) } noexcept -> std::same_as<status>;
    };

/// Page codec of a key cache: page_tokens() tokens of head_size() numbers in page_bytes() bytes of the caller. Tokens are
/// written in whole groups of group_tokens(), from unquantized rows; `n` is the first token, counted from the page's start.
/// dot(): logits(i, j) = product of query i with token n + j, `n` and the count free. scratch_bytes(queries) serves all but
/// prepare(), query_bytes(queries) that.
/// Law: append never rewrites; chunked append gives the bytes of one shot; dot equals decode-then-dot within the stated bound;
/// a refused append leaves the page alone.
template <class K>
concept key_quantizer = primitive<K> && primitive<typename K::query> &&
    requires(K const k, std::size_t n, matrix_view<float const> rows, matrix_view<float> out, workspace scratch,
             typename K::query const& query, std::span<std::byte const> page, std::span<std::byte> to) {
      { k.head_size() } noexcept -> std::same_as<std::size_t>;
      { k.page_tokens() } noexcept -> std::same_as<std::size_t>;
      { k.group_tokens() } noexcept -> std::same_as<std::size_t>;
      { k.page_bytes() } noexcept -> std::same_as<std::size_t>;
      { k.scratch_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { k.query_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { k.append(rows, n, to, scratch) } noexcept -> std::same_as<status>;
      { k.decode(page, n, out, scratch) } noexcept -> std::same_as<status>;
      { k.prepare(rows, scratch) } noexcept -> std::same_as<result<typename K::query>>;
      { k.dot(page, n, query, out, scratch) } noexcept -> std::same_as<status>;
    };

/// Page codec of a value cache: accumulate() adds weights(i, j) times token n + j to sums(i, .). Laws as key_quantizer.
template <class V>
concept value_quantizer = primitive<V> &&
    requires(V const v, std::size_t n, matrix_view<float const> rows, matrix_view<float> out, workspace scratch,
             std::span<std::byte const> page, std::span<std::byte> to) {
      { v.head_size() } noexcept -> std::same_as<std::size_t>;
      { v.page_tokens() } noexcept -> std::same_as<std::size_t>;
      { v.group_tokens() } noexcept -> std::same_as<std::size_t>;
      { v.page_bytes() } noexcept -> std::same_as<std::size_t>;
      { v.scratch_bytes(n) } noexcept -> std::same_as<std::size_t>;
      { v.append(rows, n, to, scratch) } noexcept -> std::same_as<status>;
      { v.decode(page, n, out, scratch) } noexcept -> std::same_as<status>;
      { v.accumulate(page, n, rows, out, scratch) } noexcept -> std::same_as<status>;
    };

/// Weights and the second moments of their inputs -> planes of codec C, with a report of the loss.
/// Law: never worse than rounding to nearest under its own loss, or the report says so.
template <class S, class C>
concept layer_solver = primitive<S> && stepwise_codec<C> && primitive<typename S::report> &&
    requires(S const s, C const c, matrix_view<float> weights, matrix_view<float const> moments,
             planes<std::byte, C::plane_count> to, workspace scratch) {
      { s.scratch_bytes(c, weights.rows, weights.cols) } noexcept -> std::same_as<std::size_t>;
      { s.solve(c, weights, moments, to, scratch) } noexcept -> std::same_as<result<typename S::report>>;
    };

}  // namespace skive
