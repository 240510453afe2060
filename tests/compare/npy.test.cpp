// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/npy.hpp and compare/tensor.hpp: arrays of NumPy, number types, and each refusal.
#include "compare/npy.hpp"

#include "compare/problems.hpp"
#include "files.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace {

using namespace skive::compare;
using skive::test::bytes_of_all;
using skive::test::folder;
using skive::test::npy;

std::string refusal(std::string const& path) {
  try {
    auto const t = read_npy(path);
  } catch (input_error const& e) {
    return e.what();
  }
  return "accepted";
}

// The numbers of one type, from their codes.
template <class Code>
std::vector<float> decoded(number_type type, std::vector<Code> const& codes) {
  auto const bytes = bytes_of_all(codes);
  tensor t;
  t.type = type;
  t.shape = {1, codes.size()};
  t.bytes = std::as_bytes(std::span{bytes});
  std::vector<float> out(codes.size());
  to_float(t, 0, out);
  return out;
}

}  // namespace

TEST_CASE("npy: float32 of three dimensions", "[compare]") {
  folder const f;
  auto const data = bytes_of_all<float>({1, 2, 3, 4, 5, 6});
  char const major = GENERATE(char{1}, char{2}, char{3});
  auto const path = f.write("layer.0.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", data, major));
  auto const t = read_npy(path);
  CHECK(t.name == "layer.0");
  CHECK(t.rows() == 2);
  CHECK(t.cols() == 3);
  float_matrix const m{t};
  CHECK(m.view()(1, 2) == 6.0f);
}

TEST_CASE("npy: a vector, a scalar and an empty array are no matrices", "[compare]") {
  folder const f;
  CHECK(reason_to_skip(read_npy(f.write(
            "a.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", std::string(16, 'x'))))) == "a vector");
  CHECK(reason_to_skip(read_npy(f.write("a.npy", npy("{'descr': '<f2', 'fortran_order': False, 'shape': (), }", "xx")))) ==
        "a scalar");
  CHECK(reason_to_skip(read_npy(f.write("a.npy", npy("{'descr': '<f2', 'fortran_order': False, 'shape': (0, 5), }", "")))) ==
        "no elements");
}

TEST_CASE("npy: refusals say why", "[compare][errors]") {
  struct bad {
    std::string content;
    char const* reason;
  };
  auto const [content, reason] =
      GENERATE(bad{"", "is empty"}, bad{"PK\x03\x04 a zip archive", "is not a .npy file"},
               bad{std::string{"\x93NUMPY\x01"}, "is not a .npy file"},
               bad{npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "xxxx"), "Fortran order"},
               bad{npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", "xxxx"), "has dtype '>f4'"},
               bad{npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }", "xxxxxxxx"), "has dtype '<i8'"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "xxxx"), "8 bytes, but holds 4"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "xxxxx"), "4 bytes, but holds 5"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", ""), "overflows 64 bits"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1), }", "xxxx"), "non-negative"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1), }", "xxxx"), "non-negative"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, }", "xxxx"), "without descr"},
               bad{npy("{'descr': '<f4', 'descr': '<f4', }", "xxxx"), "repeated header key 'descr'"},
               bad{npy("{'descr': [('a', '<f4')], }", "xxxx"), "NumPy does not write"}, bad{npy("'", ""), "NumPy does not write"},
               bad{npy("{'descr", ""), "string without end"},
               bad{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "", 9), "version 9"},
               bad{std::string{"\x93NUMPY\x01\0\xff\xff{'descr'", 18}, "truncated within its header"});
  CAPTURE(content);
  folder const f;
  CHECK(refusal(f.write("x.npy", content)).find(reason) != std::string::npos);
}

TEST_CASE("number types: codes decode to their values", "[compare]") {
  CHECK(decoded<std::uint16_t>(number_type::bf16, {0x3f80, 0xc040, 0x0001}) == std::vector{1.0f, -3.0f, 0x1p-133f});
  CHECK(decoded<std::uint16_t>(number_type::f16, {0x3c00, 0x7bff, 0x0001, 0xc200}) ==
        std::vector{1.0f, 65504.0f, 0x1p-24f, -3.0f});
  CHECK(decoded<std::uint8_t>(number_type::f8_e4m3, {0x38, 0x7e, 0x01, 0x88, 0x08}) ==
        std::vector{1.0f, 448.0f, 0x1p-9f, -0x1p-6f, 0x1p-6f});
  CHECK(decoded<std::uint8_t>(number_type::f8_e5m2, {0x3c, 0x7b, 0x01}) == std::vector{1.0f, 57344.0f, 0x1p-16f});
  CHECK(decoded<double>(number_type::f64, {0.1, -2.0}) == std::vector{0.1f, -2.0f});
  CHECK(std::isnan(decoded<std::uint8_t>(number_type::f8_e4m3, {0x7f})[0]));
  CHECK(std::isnan(decoded<std::uint8_t>(number_type::f8_e5m2, {0x7d})[0]));
  CHECK(std::isinf(decoded<std::uint8_t>(number_type::f8_e5m2, {0x7c})[0]));
  CHECK(std::isinf(decoded<std::uint16_t>(number_type::f16, {0xfc00})[0]));
}
