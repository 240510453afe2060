// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes that named projects write, as facts: each vector is what the project's own code gives for the stated numbers (snapshots
// of August 2026). MX: torchao mx_tensor.py, restated in float32. NF4, FP4, dynamic map: bitsandbytes' PyTorch backend, which
// agrees here with its CUDA source; torchao nf4_tensor.py. NVFP4 has tests/block/nvfp4_dialects.test.cpp.
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"

#include "laws/block_codec.hpp"

#include <algorithm>

namespace {

using skive::mx_rule;
using skive::nested_dialect;
namespace test = skive::test;

std::vector<int> integers(std::vector<std::byte> const& bytes) {
  std::vector<int> out;
  for (auto const b : bytes) out.push_back(std::to_integer<int>(b));
  return out;
}

// x_i = ((37 i mod 64) - 31) / 8: every eighth from -31/8 to 4 once.
std::vector<float> eighths() {
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(static_cast<float>(i * 37 % 64 - 31) / 8.0f);
  return x;
}

template <class Codec>
std::vector<std::vector<int>> planes_of(Codec const& codec, std::vector<float> const& row) {
  std::vector<std::vector<int>> out;
  for (auto const& plane : test::encoded(codec, row)) out.push_back(integers(plane));
  return out;
}

template <class Element>
int mx_scale(float amax, mx_rule rule) {
  std::vector<float> row(32, 0.0f);
  row[7] = amax;
  return planes_of(skive::mx<Element>{32, {rule, {}}}, row)[1][0];
}

// NF4 as torchao rounds it.
struct four_decimals_table {
  static constexpr std::array<float, 16> levels{-1.0f,   -0.6962f, -0.5251f, -0.3949f, -0.2844f, -0.1848f, -0.0911f, 0.0f,
                                                0.0796f, 0.1609f,  0.2461f,  0.3379f,  0.4407f,  0.5626f,  0.7230f,  1.0f};
};

}  // namespace

TEST_CASE("dialects: MXFP4 of torchao, a block under each rule", "[block]") {
  std::vector<float> const row{6.5f,   -5.0f, 3.5f, -3.0f, 2.5f, -1.75f, 1.25f, 0.75f, -0.25f, 0.24f, 6.5f,
                               -6.0f,  5.5f,  4.5f, -0.5f, 0.0f, 0.1f,   -0.3f, 1.5f,  2.0f,   -4.0f, 3.25f,
                               -2.75f, 0.6f,  0.9f, -1.1f, 1.9f, -2.2f,  4.9f,  -6.4f, 0.05f,  1.0f};
  std::vector<int> const one{0xE7, 0xD6, 0xC4, 0x22, 0x08, 0xF7, 0x67, 0x09, 0x90, 0x43, 0x5E, 0x1D, 0xA2, 0xC4, 0xF6, 0x20};
  std::vector<int> const two{0xC5, 0xB4, 0xA2, 0x11, 0x08, 0xD5, 0x45, 0x08, 0x80, 0x22, 0x3C, 0x1B, 0x91, 0xA2, 0xD4, 0x10};
  for (auto const rule : {mx_rule::floor, mx_rule::even})
    CHECK((planes_of(skive::mx<skive::e2m1>{32, {rule, {}}}, row) == std::vector<std::vector<int>>{one, {0x7F}}));
  for (auto const rule : {mx_rule::ceil, mx_rule::round_up})
    CHECK((planes_of(skive::mx<skive::e2m1>{32, {rule, {}}}, row) == std::vector<std::vector<int>>{two, {0x80}}));
}

TEST_CASE("dialects: MXFP8 of torchao, 7 at 64 rounds up to 448 and no further", "[block]") {
  std::vector<float> row{7.0f,   -5.0f, 3.5f, -3.0f, 2.5f, -1.75f, 1.25f, 0.75f, -0.25f, 0.24f, 6.5f,
                         -6.0f,  5.5f,  4.5f, -0.5f, 0.0f, 0.1f,   -0.3f, 1.5f,  2.0f,   -4.0f, 3.25f,
                         -2.75f, 0.6f,  0.9f, -1.1f, 1.9f, -2.2f,  4.9f,  -6.9f, 0.05f,  1.0f};
  for (auto& x : row) x *= 64.0f;
  std::vector<int> const one{0x7E, 0xFA, 0x76, 0xF4, 0x72, 0xEE, 0x6A, 0x64, 0xD8, 0x57, 0x7D, 0xFC, 0x7B, 0x79, 0xE0, 0x00,
                             0x4D, 0xDA, 0x6C, 0x70, 0xF8, 0x75, 0xF3, 0x62, 0x66, 0xE9, 0x6F, 0xF1, 0x7A, 0xFE, 0x45, 0x68};
  std::vector<int> const two{0x76, 0xF2, 0x6E, 0xEC, 0x6A, 0xE6, 0x62, 0x5C, 0xD0, 0x4F, 0x75, 0xF4, 0x73, 0x71, 0xD8, 0x00,
                             0x45, 0xD2, 0x64, 0x68, 0xF0, 0x6D, 0xEB, 0x5A, 0x5E, 0xE1, 0x67, 0xE9, 0x72, 0xF6, 0x3D, 0x60};
  for (auto const rule : {mx_rule::floor, mx_rule::round_up, mx_rule::even})
    CHECK((planes_of(skive::mx<skive::e4m3fn>{32, {rule, {}}}, row) == std::vector<std::vector<int>>{one, {0x7F}}));
  CHECK((planes_of(skive::mx<skive::e4m3fn>{32, {mx_rule::ceil, {}}}, row) == std::vector<std::vector<int>>{two, {0x80}}));
}

TEST_CASE("dialects: MX scales of torchao by the largest number of a block", "[block]") {
  struct fact {
    float amax;
    int floor, ceil, round_up, even;
  };
  constexpr fact e2m1_facts[]{{1.0f, 0x7D, 0x7D, 0x7D, 0x7D},        {3.0f, 0x7E, 0x7F, 0x7E, 0x7E},
                              {3.5f, 0x7E, 0x7F, 0x7F, 0x7F},        {6.0f, 0x7F, 0x80, 0x7F, 0x7F},
                              {6.5f, 0x7F, 0x80, 0x80, 0x7F},        {7.0f, 0x7F, 0x80, 0x80, 0x80},
                              {0x1p-126f, 0x00, 0x00, 0x00, 0x00},   {0x1.4p-125f, 0x00, 0x01, 0x00, 0x00},
                              {0x1.Ap-125f, 0x00, 0x01, 0x01, 0x00}, {0x1.8p127f, 0xFC, 0xFD, 0xFC, 0xFC}};
  for (auto const& f : e2m1_facts) {
    CAPTURE(f.amax);
    CHECK(mx_scale<skive::e2m1>(f.amax, mx_rule::floor) == f.floor);
    CHECK(mx_scale<skive::e2m1>(f.amax, mx_rule::ceil) == f.ceil);
    CHECK(mx_scale<skive::e2m1>(f.amax, mx_rule::round_up) == f.round_up);
    CHECK(mx_scale<skive::e2m1>(f.amax, mx_rule::even) == f.even);
  }
  // Past 1.75 2^127 torchao's even rounds to infinity and stores FF; here the block keeps its numbers.
  CHECK(mx_scale<skive::e2m1>(0x1.Cp127f, mx_rule::even) == 0xFD);
  constexpr fact e4m3_facts[]{{448.0f, 0x7F, 0x80, 0x7F, 0x7F}, {449.0f, 0x7F, 0x80, 0x80, 0x7F},
                              {495.0f, 0x7F, 0x80, 0x80, 0x7F}, {496.0f, 0x7F, 0x80, 0x80, 0x80},
                              {512.0f, 0x80, 0x80, 0x80, 0x80}, {0x1p-120f, 0x00, 0x00, 0x00, 0x00}};
  for (auto const& f : e4m3_facts) {
    CAPTURE(f.amax);
    CHECK(mx_scale<skive::e4m3fn>(f.amax, mx_rule::floor) == f.floor);
    CHECK(mx_scale<skive::e4m3fn>(f.amax, mx_rule::ceil) == f.ceil);
    CHECK(mx_scale<skive::e4m3fn>(f.amax, mx_rule::round_up) == f.round_up);
    CHECK(mx_scale<skive::e4m3fn>(f.amax, mx_rule::even) == f.even);
  }
}

TEST_CASE("dialects: a block of 64 of bitsandbytes", "[block]") {
  auto const high = skive::bit_order::high_first;
  CHECK(planes_of(skive::absmax<skive::nf4>{64, {}, high}, eighths())[0] ==
        std::vector{0x09, 0x1C, 0x3E, 0x70, 0xA2, 0xD4, 0xF8, 0x1B, 0x2E, 0x5F, 0x91, 0xC3, 0xE6, 0x0A, 0x2D, 0x4F,
                    0x71, 0xB2, 0xE5, 0xF9, 0x1C, 0x3E, 0x60, 0xA1, 0xD4, 0xE7, 0x1B, 0x2D, 0x5F, 0x81, 0xC3, 0xE6});
  CHECK(planes_of(skive::absmax<skive::fp4_bnb>{64, {}, high}, eighths())[0] ==
        std::vector{0xB6, 0xA5, 0xC2, 0x9B, 0x7D, 0x2F, 0x31, 0xA4, 0xD2, 0xE3, 0x6A, 0x5C, 0x29, 0xB7, 0xA5, 0xF3,
                    0x1A, 0x4D, 0x2E, 0x36, 0xA5, 0xC2, 0xEB, 0x7A, 0x5C, 0x30, 0xB4, 0xD2, 0xF3, 0x6A, 0x4D, 0x2E});
  CHECK(planes_of(skive::absmax<skive::dynamic8>{64}, eighths())[0] ==
        std::vector{0x02, 0xC5, 0x18, 0xDB, 0x2E, 0xF1, 0x58, 0x08, 0xCB, 0x1F, 0xE2, 0x35, 0xF8, 0xB1, 0x0F, 0xD2,
                    0x25, 0xE8, 0x3B, 0xFF, 0xC2, 0x16, 0xD9, 0x2C, 0xEF, 0x4D, 0x06, 0xC9, 0x1C, 0xDF, 0x33, 0xF6,
                    0xA6, 0x0D, 0xD0, 0x23, 0xE6, 0x39, 0xFC, 0xC0, 0x13, 0xD6, 0x2A, 0xED, 0x42, 0x04, 0xC7, 0x1A,
                    0xDD, 0x30, 0xF3, 0x7F, 0x0B, 0xCE, 0x21, 0xE4, 0x37, 0xFA, 0xBC, 0x11, 0xD4, 0x27, 0xEA, 0x3E});
}

TEST_CASE("dialects: double quantization of bitsandbytes and torchao", "[block]") {
  // eighths() with the quarters of the row times 1, 1/2, 1/4, 2: absmax 3.875, 2, 0.96875, 7.5; their mean 3.5859375.
  auto row = eighths();
  constexpr std::array factors{1.0f, 0.5f, 0.25f, 2.0f};
  for (std::size_t i = 0; i < row.size(); ++i) row[i] *= factors[i / 16];
  auto const bnb = planes_of(*skive::double_quantized<skive::nf4>::make(16, 3.5859375f), row);
  CHECK(bnb[0] == std::vector{0x09, 0x1D, 0x3E, 0x70, 0xA2, 0xD4, 0xF8, 0x1B, 0x2E, 0x5F, 0x91, 0xC3, 0xE6, 0x0A, 0x2D, 0x4F,
                              0x71, 0xB2, 0xE5, 0xF9, 0x1C, 0x3E, 0x60, 0xA1, 0xD4, 0xF7, 0x0B, 0x2E, 0x5F, 0x81, 0xC2, 0xE6});
  CHECK(bnb[1] == std::vector{0xB5, 0x2A, 0x17, 0xFF});
  CHECK(bnb[2] == std::vector{0x00, 0x80, 0x7A, 0x40});  // 3.9140625
  // bitsandbytes multiplies by fl32(1 / 1.8359375), which takes this number over a pivot that division leaves it below.
  std::vector<float> const pair{1.8359375f, -0.623630166f, 0, 0, 0, 0, 0, 0};
  CHECK(planes_of(*skive::double_quantized<skive::nf4>::make(8, 0), pair)[0][0] == 0xF4);
  CHECK(planes_of(*skive::double_quantized<skive::nf4>::make(8, 0, nested_dialect::linear_int8), pair)[0][0] == 0xF3);
  // torchao: the first half of eighths() in groups of 8, absmax 3.875, 1.8125, 1, 7.25; their mean 3.484375.
  row.clear();
  auto const all = eighths();
  for (std::size_t i = 0; i < 32; ++i) row.push_back(all[i] * factors[i / 8]);
  using four_decimals = skive::lookup_format<four_decimals_table>;
  auto const ao = planes_of(*skive::double_quantized<four_decimals>::make(8, 3.484375f, nested_dialect::linear_int8), row);
  CHECK(ao[0] == std::vector{0x09, 0x1D, 0x3E, 0x70, 0xB1, 0xE4, 0xF8, 0x0C, 0x2E, 0x5F, 0x91, 0xC3, 0xF6, 0x0A, 0x1D, 0x4F});
  CHECK(ao[1] == std::vector{13, 0x100 - 57, 0x100 - 84, 127});
}

TEST_CASE("dialects: a matrix is one row of bitsandbytes, its groups run on across rows", "[block]") {
  // 100 rows of 24 numbers in groups of 8: 300 groups, 256 of which share the first n. Row 3 holds the largest number, row 99
  // the largest of the other 44.
  std::size_t const columns = 24;
  std::vector<float> matrix(100 * columns);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i * 37 % 64) / 64.0f;
  matrix[3 * columns + 9] = -5.0f;
  matrix[99 * columns] = 3.0f;
  auto const codec = *skive::double_quantized<skive::nf4>::make(8, 1.0f);
  auto const whole = planes_of(codec, matrix);
  CHECK(whole[1].size() == 300);
  CHECK(whole[2] == std::vector{0x00, 0x00, 0x80, 0x40, 0x00, 0x00, 0x00, 0x40});  // 4 and 2
  CHECK(std::count(whole[1].begin(), whole[1].end(), 0xFF) == 2);
  std::vector<int> codes;
  for (std::size_t r = 0; r < 100; ++r) {
    auto const first = matrix.begin() + static_cast<std::ptrdiff_t>(r * columns);
    auto const row = planes_of(codec, std::vector<float>(first, first + static_cast<std::ptrdiff_t>(columns)));
    codes.insert(codes.end(), row[0].begin(), row[0].end());
  }
  CHECK(codes == whole[0]);  // the first level is the same row by row, as 8 divides 24
}
