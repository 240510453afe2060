// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/concepts.hpp: for every concept a model and near misses. Compiling this file is the test. The concepts with headers of
// their own have tests of their own: primitive, rounding (rounding_policy) and scalar_format.
#include "skive/core/concepts.hpp"

#include "skive/block/absmax.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::matrix_view;
using skive::planes;
using skive::result;
using skive::status;
using skive::workspace;
using bytes_out = planes<std::byte, 1>;
using bytes_in = planes<std::byte const, 1>;
using row_in = std::span<float const>;
using row_out = std::span<float>;

// Near misses differ from the model in one point. `owns`: not trivially copyable.
struct owns {
  owns() = default;
  owns(owns const&) {}
  owns& operator=(owns const&) { return *this; }
};

struct codec {
  static constexpr std::size_t plane_count = 1;
  std::size_t block_size() const noexcept { return 1; }
  std::size_t row_multiple() const noexcept { return 1; }
  std::array<std::size_t, 1> plane_bytes(std::size_t n) const noexcept { return {n}; }
  std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  status encode(row_in, bytes_out, workspace) const noexcept { return {}; }
  status decode(bytes_in, row_out, workspace) const noexcept { return {}; }
};
struct codec_decodes_to_void : codec {
  void decode(bytes_in, row_out, workspace) const noexcept {}
};
struct codec_may_throw : codec {
  status encode(row_in, bytes_out, workspace) const { return {}; }
};
struct codec_not_const : codec {
  status encode(row_in, bytes_out, workspace) noexcept { return {}; }
};
struct codec_of_two_planes : codec {
  static constexpr std::size_t plane_count = 2;
};
struct codec_of_int_sizes : codec {
  int scratch_bytes(std::size_t) const noexcept { return 0; }
};
struct codec_owns : codec, owns {};
struct codec_with_arch : codec {
  template <class Arch = int>
  status encode(row_in, bytes_out, workspace = {}) const noexcept {
    return {};
  }
};
static_assert(skive::block_codec<codec> && skive::block_codec<codec_with_arch> && skive::block_codec<skive::absmax<skive::int4>>);
static_assert(!skive::block_codec<codec_decodes_to_void> && !skive::block_codec<codec_may_throw> &&
              !skive::block_codec<codec_not_const>);
static_assert(!skive::block_codec<codec_of_two_planes> && !skive::block_codec<codec_of_int_sizes> &&
              !skive::block_codec<codec_owns>);
static_assert(!skive::block_codec<int>);

struct steps : codec {
  struct block_state {};
  std::size_t group_size() const noexcept { return 1; }
  std::size_t step() const noexcept { return 1; }
  std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  block_state settle(row_in, workspace) const noexcept { return {}; }
  void round(block_state const&, row_in, row_out) const noexcept {}
  void round(std::span<block_state const>, matrix_view<float const>, matrix_view<float>) const noexcept {}
  status write(std::span<block_state const>, row_in, bytes_out, workspace) const noexcept { return {}; }
};
struct steps_without_columns : steps {
  void round(block_state const&, row_in, row_out) const noexcept {}
};
struct steps_owning_state : steps {
  struct block_state : owns {};
  block_state settle(row_in, workspace) const noexcept { return {}; }
};
struct steps_write_void : steps {
  void write(std::span<block_state const>, row_in, bytes_out, workspace) const noexcept {}
};
static_assert(skive::stepwise_codec<steps> && skive::stepwise_codec<skive::absmax<skive::int4>>);
static_assert(!skive::stepwise_codec<codec> && !skive::stepwise_codec<steps_without_columns>);
static_assert(!skive::stepwise_codec<steps_owning_state> && !skive::stepwise_codec<steps_write_void>);

struct dots : codec {
  struct query {};
  std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  result<query> prepare(row_in, workspace) const noexcept { return query{}; }
  result<float> dot(bytes_in, query const&) const noexcept { return 0.0f; }
};
struct dots_of_float : dots {
  float dot(bytes_in, query const&) const noexcept { return 0.0f; }
};
static_assert(skive::dot_codec<dots> && !skive::dot_codec<codec> && !skive::dot_codec<dots_of_float>);

struct matrices {
  static constexpr std::size_t plane_count = 1;
  std::array<std::size_t, 1> plane_bytes(std::size_t, std::size_t) const noexcept { return {}; }
  std::size_t scratch_bytes(std::size_t, std::size_t) const noexcept { return 0; }
  status encode(matrix_view<float const>, bytes_out, workspace) const noexcept { return {}; }
  status decode(bytes_in, matrix_view<float>, workspace) const noexcept { return {}; }
};
struct matrices_may_throw : matrices {
  status decode(bytes_in, matrix_view<float>, workspace) const { return {}; }
};
static_assert(skive::matrix_codec<matrices> && !skive::matrix_codec<matrices_may_throw> && !skive::matrix_codec<codec>);

struct variable {
  std::size_t max_bytes(std::size_t) const noexcept { return 0; }
  std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  result<std::size_t> encode(row_in, std::span<std::byte>, workspace) const noexcept { return std::size_t{0}; }
  result<std::size_t> decode(std::span<std::byte const>, row_out, workspace) const noexcept { return std::size_t{0}; }
};
struct variable_without_size : variable {
  status decode(std::span<std::byte const>, row_out, workspace) const noexcept { return {}; }
};
static_assert(skive::variable_codec<variable> && !skive::variable_codec<variable_without_size> && !skive::variable_codec<codec>);

struct source_may_throw {
  std::size_t rows = 0;
  std::size_t cols = 0;
  row_in row(std::size_t) const { return {}; }
};
static_assert(skive::row_source<matrix_view<float>> && skive::row_source<matrix_view<float const>>);
static_assert(!skive::row_source<source_may_throw> && !skive::row_source<matrix_view<double>>);

struct fits {
  using fitted = codec;
  result<codec> fit(matrix_view<float const>, workspace) const noexcept { return codec{}; }
};
struct fits_another : fits {
  result<steps> fit(matrix_view<float const>, workspace) const noexcept { return steps{}; }
};
static_assert(skive::fittable<fits> && !skive::fittable<fits_another> && !skive::fittable<codec>);

struct turns {
  static constexpr bool is_orthogonal = true;
  std::size_t size() const noexcept { return 1; }
  std::size_t scratch_bytes() const noexcept { return 0; }
  status forward(row_out, workspace) const noexcept { return {}; }
  status inverse(row_out, workspace) const noexcept { return {}; }
};
struct scales : turns {
  static constexpr bool is_orthogonal = false;
};
struct one_way {
  std::size_t size() const noexcept { return 1; }
  std::size_t scratch_bytes() const noexcept { return 0; }
  status forward(row_out, workspace) const noexcept { return {}; }
};
static_assert(skive::transform<turns> && skive::orthogonal_transform<turns> && skive::transform<scales>);
static_assert(!skive::orthogonal_transform<scales> && !skive::transform<one_way>);

struct book {
  using index_type = std::uint16_t;
  std::size_t dimension() const noexcept { return 1; }
  int index_bits() const noexcept { return 16; }
  index_type nearest(row_in) const noexcept { return 0; }
  void codeword(index_type, row_out) const noexcept {}
};
struct book_signed : book {
  using index_type = std::int16_t;
  index_type nearest(row_in) const noexcept { return 0; }
};
static_assert(skive::codebook<book> && !skive::codebook<book_signed> && !skive::codebook<codec>);

struct mask {
  status select(row_in, std::span<std::byte>) const noexcept { return {}; }
};
struct rule {
  std::size_t count(std::size_t) const noexcept { return 0; }
  status select(row_in, std::span<std::uint32_t>) const noexcept { return {}; }
};
struct rule_without_count {
  status select(row_in, std::span<std::uint32_t>) const noexcept { return {}; }
};
static_assert(skive::mask_pattern<mask> && !skive::mask_pattern<rule> && skive::outlier_rule<rule>);
static_assert(!skive::outlier_rule<mask> && !skive::outlier_rule<rule_without_count>);

struct factors {
  std::size_t rank() const noexcept { return 1; }
  std::size_t scratch_bytes(std::size_t, std::size_t) const noexcept { return 0; }
  status factor(matrix_view<float const>, matrix_view<float>, matrix_view<float>, workspace) const noexcept { return {}; }
};
struct factors_void : factors {
  void factor(matrix_view<float const>, matrix_view<float>, matrix_view<float>, workspace) const noexcept {}
};
static_assert(skive::factorisation<factors> && !skive::factorisation<factors_void> && !skive::factorisation<book>);

struct page_sizes {
  std::size_t head_size() const noexcept { return 0; }
  std::size_t page_tokens() const noexcept { return 0; }
  std::size_t group_tokens() const noexcept { return 0; }
  std::size_t page_bytes() const noexcept { return 0; }
  std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  status append(matrix_view<float const>, std::size_t, std::span<std::byte>, workspace) const noexcept { return {}; }
  status decode(std::span<std::byte const>, std::size_t, matrix_view<float>, workspace) const noexcept { return {}; }
};
struct keys : page_sizes {
  struct query {};
  std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  result<query> prepare(matrix_view<float const>, workspace) const noexcept { return query{}; }
  status dot(std::span<std::byte const>, std::size_t, query const&, matrix_view<float>, workspace) const noexcept { return {}; }
};
struct keys_owning_query : keys {
  struct query : owns {};
};
struct values : page_sizes {
  status accumulate(std::span<std::byte const>, std::size_t, matrix_view<float const>, matrix_view<float>,
                    workspace) const noexcept {
    return {};
  }
};
struct values_may_throw : values {
  status accumulate(std::span<std::byte const>, std::size_t, matrix_view<float const>, matrix_view<float>, workspace) const {
    return {};
  }
};
static_assert(skive::key_quantizer<keys> && !skive::key_quantizer<keys_owning_query> && !skive::key_quantizer<values>);
static_assert(skive::value_quantizer<values> && !skive::value_quantizer<values_may_throw> && !skive::value_quantizer<keys>);

struct solver {
  struct report {};
  std::size_t scratch_bytes(steps, std::size_t, std::size_t) const noexcept { return 0; }
  result<report> solve(steps, matrix_view<float>, matrix_view<float const>, bytes_out, workspace) const noexcept {
    return report{};
  }
};
struct solver_without_report : solver {
  status solve(steps, matrix_view<float>, matrix_view<float const>, bytes_out, workspace) const noexcept { return {}; }
};
static_assert(skive::layer_solver<solver, steps> && !skive::layer_solver<solver, codec> &&
              !skive::layer_solver<solver_without_report, steps>);

}  // namespace

TEST_CASE("every concept has a model and refuses near misses", "[core]") { SUCCEED("by compilation"); }
