// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/sparse_code_group.hpp: laws, sums of atoms come back, more terms lose less, corrupt indices.
#include "skive/kv/sparse_code_group.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::errc;
using skive::sparse_code_group;
namespace test = skive::test;

test::number_rows atoms(std::size_t count, std::size_t n) {
  std::mt19937 random{23};
  std::normal_distribution<float> normal;
  test::number_rows rows{count, n};
  for (std::size_t k = 0; k < count; ++k) {
    double square = 0;
    for (std::size_t d = 0; d < n; ++d) {
      rows(k, d) = normal(random);
      square += static_cast<double>(rows(k, d)) * static_cast<double>(rows(k, d));
    }
    for (std::size_t d = 0; d < n; ++d) rows(k, d) = static_cast<float>(static_cast<double>(rows(k, d)) / std::sqrt(square));
  }
  return rows;
}

test::number_rows through(sparse_code_group const& group, test::number_rows const& rows) {
  test::scratch_bytes_of scratch{group.scratch_bytes()};
  std::vector<std::byte> bytes(group.group_bytes());
  test::number_rows out{rows.rows, rows.cols};
  for (std::size_t t = 0; t < rows.rows; ++t) {
    REQUIRE(group.encode(rows.part(t, 1), bytes, scratch.get()));
    REQUIRE(group.decode(bytes, 0, {&out(t, 0), 1, rows.cols}));
  }
  return out;
}

}  // namespace

TEST_CASE("sparse_code_group: laws with indices of one byte and of two", "[kv]") {
  for (std::size_t const count : {256U, 300U}) {
    auto const dictionary = atoms(count, 64);
    auto const group = *sparse_code_group::make(dictionary.view(), 6);
    CHECK(group.group_bytes() == (count == 256 ? 12 : 18));
    test::check_key_quantizer<skive::native_arch>(*skive::grouped_keys<sparse_code_group>::make(group, {64, 64}), 1e-5);
    test::check_value_quantizer<skive::native_arch>(*skive::grouped_values<sparse_code_group>::make(group, {64, 64}), 1e-5);
  }
}

TEST_CASE("sparse_code_group: sums of two atoms come back, more terms lose less", "[kv]") {
  auto const dictionary = atoms(300, 64);
  test::number_rows rows{8, 64};
  for (std::size_t t = 0; t < 8; ++t)
    for (std::size_t d = 0; d < 64; ++d) rows(t, d) = 3.5f * dictionary(37 * t, d) - 1.25f * dictionary(299 - t, d);
  auto const out = through(*sparse_code_group::make(dictionary.view(), 4), rows);
  for (std::size_t i = 0; i < rows.values.size(); ++i) REQUIRE(std::fabs(out.values[i] - rows.values[i]) < 1e-3f);

  test::number_rows const others{16, 64, 5};
  double before = 1e30;
  for (std::size_t const terms : {1U, 4U, 16U, 48U}) {
    auto const error = test::squared_error(through(*sparse_code_group::make(dictionary.view(), terms), others), others);
    CHECK(error < 0.9 * before);
    before = error;
  }
}

TEST_CASE("sparse_code_group: coefficients beyond E4M3, corrupt indices, refusals", "[kv]") {
  auto dictionary = atoms(300, 16);
  auto const group = *sparse_code_group::make(dictionary.view(), 2);
  test::number_rows rows{1, 16};
  for (std::size_t d = 0; d < 16; ++d) rows(0, d) = -9000.0f * dictionary(7, d);
  auto const out = through(group, rows);
  for (std::size_t d = 0; d < 16; ++d) REQUIRE(std::fabs(out(0, d) + 448.0f * dictionary(7, d)) < 1.0f);

  std::vector<std::byte> bytes(group.group_bytes());
  test::number_rows one{1, 16};
  bytes[3] = std::byte{1};
  bytes[2] = std::byte{43};  // 299
  CHECK(group.decode(bytes, 0, one.view()));
  bytes[2] = std::byte{44};
  CHECK(group.decode(bytes, 0, one.view()).error() == errc::corrupt);
  CHECK(group.encode(rows.view(), bytes, {}).error() == errc::workspace_too_small);
  for (std::size_t const terms : {0U, 17U, 65U})
    CHECK(sparse_code_group::make(dictionary.view(), terms).error() == errc::invalid_argument);
  dictionary(5, 3) = 2.0f;
  CHECK(sparse_code_group::make(dictionary.view(), 2).error() == errc::invalid_argument);
}
