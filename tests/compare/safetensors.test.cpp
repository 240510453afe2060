// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/safetensors.hpp: what is read, and each way in which a file can be wrong or lie.
#include "compare/safetensors.hpp"

#include "files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace {

using namespace skive::compare;
using skive::test::bytes_of_all;
using skive::test::folder;
using skive::test::safetensors;
using skive::test::says;

// The reason for which the whole file is refused.
std::string refusal(std::string const& path) {
  problems found;
  try {
    auto const tensors = read_safetensors(path, found);
  } catch (input_error const& e) {
    return e.what();
  }
  return "accepted";
}

std::string const good_entry = R"("good":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]})";
std::string const good_data = bytes_of_all<float>({1.5f, -2.0f});

}  // namespace

TEST_CASE("safetensors: names, types, shapes and numbers come out as stored", "[compare]") {
  folder const f;
  auto const header = R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1,2],"data_offsets":[0,16]},)"
                      R"("a":{"dtype":"I64","shape":[],"data_offsets":[16,24]}})";
  auto const path = f.write("x.safetensors", safetensors(header, bytes_of_all<float>({1, 2, 3, 4}) + std::string(8, '\0')));
  problems found;
  auto const tensors = read_safetensors(path, found);
  REQUIRE(found.none());
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "a");
  CHECK(reason_to_skip(tensors[0]) == "type I64 is not compared");
  CHECK(tensors[1].shape == std::vector<std::uint64_t>{2, 1, 2});
  CHECK(tensors[1].rows() == 2);  // rows of the last axis
  CHECK(tensors[1].cols() == 2);
  CHECK(reason_to_skip(tensors[1]).empty());
  float_matrix const m{tensors[1]};
  CHECK(m.view()(1, 0) == 3.0f);
  CHECK(m.view()(1, 1) == 4.0f);
}

TEST_CASE("safetensors: whole files that are refused", "[compare][errors]") {
  folder const f;
  CHECK(refusal(f.path("missing.safetensors")).find("cannot open") == 0);
  CHECK(refusal(f.path("")) == "is a directory, not a file");
  CHECK(refusal(f.write("a", "")) == "is empty");
  CHECK(refusal(f.write("a", "abc")).find("is truncated: 3 bytes") == 0);
  CHECK(refusal(f.write("a", std::string(8, '\0'))).find("no JSON header") != std::string::npos);
  CHECK(refusal(f.write("a", "GGUF version 3 and so on")).find("is not a safetensors file") == 0);
  CHECK(refusal(f.write("a", skive::test::bytes_of(std::uint64_t{1000}) + "{}")).find("is truncated: the header takes 1000") ==
        0);
  CHECK(refusal(f.write("a", std::string(8, '\xff') + "{}")).find("more than the format allows") != std::string::npos);
  CHECK(refusal(f.write("a", safetensors("{\"a\":", ""))).find("the header is not valid JSON") == 0);
  CHECK(refusal(f.write("a", safetensors("{} []", ""))).find("the header is not valid JSON") == 0);
  CHECK(refusal(f.write("a", safetensors("{\"\xff\xfe\":1}", ""))).find("the header is not valid JSON") == 0);
  CHECK(refusal(f.write("a", safetensors("{}", ""))) == "accepted");
}

TEST_CASE("safetensors: a lying tensor is named with its reason, and its neighbour is still read", "[compare][errors]") {
  struct lie {
    char const* entry;
    char const* reason;
  };
  auto const [entry, reason] = GENERATE(
      lie{R"("bad":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]})", "its data end at byte 16, the file holds 8"},
      lie{R"("bad":{"dtype":"F32","shape":[1,1],"data_offsets":[8,4]})", "its data begin at 8 and end before, at 4"},
      lie{R"("bad":{"dtype":"F32","shape":[1,3],"data_offsets":[8,16]})", "takes 12 bytes, its data_offsets span 8"},
      lie{R"("bad":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[8,8]})", "overflows 64 bits"},
      lie{R"("bad":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[8,8]})", "overflows 64 bits"},
      lie{R"("bad":{"dtype":"F64","shape":[2305843009213693952,1],"data_offsets":[8,8]})", "overflows 64 bits"},
      lie{R"("bad":{"dtype":"F4","shape":[1,3],"data_offsets":[8,9]})", "not whole"},
      lie{R"("bad":{"dtype":"F32","shape":[-1,2],"data_offsets":[8,16]})", "non-negative integers"},
      lie{R"("bad":{"dtype":"F32","shape":[1.5,2],"data_offsets":[8,16]})", "non-negative integers"},
      lie{R"("bad":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[8,16]})", "non-negative integers"},
      lie{R"("bad":{"dtype":"F32","shape":[1,2],"data_offsets":[-8,0]})", "data_offsets are not two"},
      lie{R"("bad":{"dtype":"F32","shape":[1,2],"data_offsets":[8]})", "data_offsets are not two"},
      lie{R"("bad":{"dtype":"F32","shape":[1,2]})", "no data_offsets"},
      lie{R"("bad":{"dtype":"F32","data_offsets":[0,8]})", "no shape"},
      lie{R"("bad":{"dtype":7,"shape":[1,2],"data_offsets":[8,16]})", "no dtype"},
      lie{R"("bad":{"dtype":"F33","shape":[1,2],"data_offsets":[8,16]})", "unknown dtype 'F33'"},
      lie{R"("bad":[1,2])", "not an object"},
      lie{R"("bad":{"dtype":"F32","dtype":"F16","shape":[1,2],"data_offsets":[0,4]})", "the key 'dtype' occurs twice"},
      lie{R"("bad":{"dtype":"F32","shape":[],"data_offsets":[8,8]},"bad":{"dtype":"U8","shape":[0],"data_offsets":[8,8]})",
          "the name occurs twice"});
  CAPTURE(entry);
  folder const f;
  auto const path = f.write("x.safetensors", safetensors("{" + good_entry + "," + entry + "}", good_data));
  problems found;
  auto const tensors = read_safetensors(path, found);
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].name == "good");
  CHECK(found.lines().size() == 1);
  CHECK(says(found.lines(), {path, "'bad'", reason}));
}

TEST_CASE("safetensors: tensors that share bytes are all refused", "[compare][errors]") {
  folder const f;
  auto const header =
      R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},)"
      R"("c":{"dtype":"U8","shape":[2],"data_offsets":[7,9]},"d":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}})";
  problems found;
  auto const tensors = read_safetensors(f.write("x.safetensors", safetensors(header, std::string(10, 'x'))), found);
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].name == "d");
  CHECK(found.lines().size() == 3);
  CHECK(says(found.lines(), {"'c'", "overlap those of 'a'"}));
}

TEST_CASE("safetensors: a truncated file still gives the tensors that it holds", "[compare][errors]") {
  folder const f;
  auto const header = "{" + good_entry + R"(,"late":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}})";
  auto const whole = safetensors(header, good_data + good_data);
  problems found;
  auto const tensors = read_safetensors(f.write("x.safetensors", whole.substr(0, whole.size() - 1)), found);
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].name == "good");
  CHECK(says(found.lines(), {"'late'", "the file holds 15 bytes"}));
}

TEST_CASE("safetensors: a sharded checkpoint is read through its index", "[compare]") {
  folder const f;
  f.write("one.safetensors", safetensors("{" + good_entry + "}", good_data));
  auto const two = R"({"far":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  f.write("two.safetensors", safetensors(two, good_data));
  auto const index = f.write(
      "m.safetensors.index.json",
      R"({"weight_map":{"good":"one.safetensors","far":"two.safetensors","gone":"one.safetensors","lost":"three.safetensors",)"
      R"("sly":"../one.safetensors","odd":7}})");
  problems found;
  auto const tensors = read_sharded(index, found);
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "far");
  CHECK(tensors[1].name == "good");
  CHECK(says(found.lines(), {"'gone'", "not usable from its shard"}));
  CHECK(says(found.lines(), {"three.safetensors", "cannot open"}));
  CHECK(says(found.lines(), {"'sly'", "not a plain file name"}));
  CHECK(says(found.lines(), {"'odd'", "not a file name"}));
  CHECK_THROWS_AS(read_sharded(f.write("n.index.json", R"({"weight_map":[]})"), found), input_error);
  CHECK_THROWS_AS(read_sharded(f.write("n.index.json", "nonsense"), found), input_error);
}

TEST_CASE("a control character in a name does not reach the terminal", "[compare][errors]") {
  problems found;
  found.report("f", "a\x1b[31m\n", "r");
  CHECK(found.lines()[0] == "f: tensor 'a\\x1b[31m\\x0a': r");
}
