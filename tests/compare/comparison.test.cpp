// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/comparison.hpp, report.hpp and run.hpp: the program on small files with formats of the test's own.
#include "compare/comparison.hpp"

#include "compare/plot.hpp"
#include "compare/report.hpp"
#include "compare/run.hpp"
#include "files.hpp"

#include <cmath>
#include <cstring>
#include <stdexcept>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::compare;
using Catch::Approx;
using skive::test::bytes_of_all;
using skive::test::folder;
using skive::test::safetensors;
using skive::test::says;

// "floor": drops the fraction, one byte a number. "exact": keeps the bytes. "even": floor, but only for even widths.
struct toy : format {
  explicit toy(std::string n) : name_{std::move(n)} {}
  struct coded : fitted {
    explicit coded(bool e) : exact{e} {}
    std::size_t bytes(tensor_shape s) const override { return 4 * s.rows * s.cols; }
    void encode_rows(skive::matrix_view<float const> rows, std::byte* out) const override {
      for (std::size_t r = 0; r < rows.rows; ++r)
        for (float const v : rows.row(r)) {
          float const kept = exact ? v : std::floor(v);
          std::memcpy(out, &kept, sizeof kept);
          out += sizeof kept;
        }
    }
    void decode_rows(std::byte const* in, skive::matrix_view<float> rows) const override {
      std::memcpy(rows.data, in, rows.rows * rows.cols * sizeof(float));
    }
    bool exact;
  };
  std::string name() const override { return name_; }
  double total_bits(tensor_shape s) const override {
    return (name_ == "exact" ? 32.0 : 8.0) * static_cast<double>(s.rows * s.cols);
  }
  std::unique_ptr<fitted> fit(skive::matrix_view<float const> w) const override {
    if (name_ == "even" && w.cols % 2 != 0) throw std::runtime_error{"odd width"};
    return std::make_unique<coded>(name_ == "exact");
  }
  std::unique_ptr<fitted> restore(std::span<float const>, std::size_t) const override {
    return std::make_unique<coded>(name_ == "exact");
  }
  std::string name_;
};

// a: 1 x 2, error 0.25 + 0; b: 1 x 3, error 0.25; v: a vector; n: not finite.
std::string checkpoint() {
  auto const data = bytes_of_all<float>({1.5f, 2, 3, 4.5f, 5, 7, 8, NAN, 1});
  return safetensors(
      R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1,3],"data_offsets":[8,20]},)"
      R"("n":{"dtype":"F32","shape":[2,1],"data_offsets":[28,36]},"v":{"dtype":"F32","shape":[2],"data_offsets":[20,28]}})",
      data);
}

int call(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "compare");
  std::vector<char const*> pointers;
  for (auto const& a : arguments) pointers.push_back(a.c_str());
  return run(static_cast<int>(pointers.size()), pointers.data());
}

std::string content(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

tensor matrix(std::string name, std::uint64_t rows, std::vector<float> const& values) {
  auto const memory = std::make_shared<std::vector<float>>(values);
  return {std::move(name), "file", number_type::f32, {rows, values.size() / rows}, std::as_bytes(std::span{*memory}),
          memory,          false};
}

}  // namespace

namespace skive::compare {

std::unique_ptr<format> make_format(std::string_view name) {
  if (name != "floor" && name != "exact" && name != "even")
    throw std::invalid_argument{"unknown format '" + std::string{name} + "'"};
  return std::make_unique<toy>(std::string{name});
}

std::vector<std::unique_ptr<format>> const& menu() {
  static auto const formats = [] {
    std::vector<std::unique_ptr<format>> out;
    for (auto const* name : {"floor", "exact", "even"}) out.push_back(make_format(name));
    return out;
  }();
  return formats;
}

}  // namespace skive::compare

TEST_CASE("compare: CSV of a checkpoint with a vector and a NaN", "[compare]") {
  folder const f;
  auto const input = f.write("m.safetensors", checkpoint());
  CHECK(call({"--input", input, "--csv", f.path("out.csv"), "--json", f.path("out.json"), "--no-timing"}) == 2);  // for the NaN
  auto const csv = content(f.path("out.csv"));
  CHECK(csv.starts_with(
      "tensor,format,bits_per_weight,relative_mse,sqnr_db,max_error,cosine,output_error,rd_gap_db,encode_ns,decode_ns\n"));
  CHECK(csv.find("\na,floor,8,0.04,") != csv.npos);  // 0.25 / 6.25
  CHECK(csv.find("\nb,exact,32,0,inf,0,1,,-inf,,\n") != csv.npos);
  CHECK(csv.find("\na,even,") != csv.npos);
  CHECK(csv.find("\nb,even,") == csv.npos);
  CHECK(csv.find("\nall,even,") == csv.npos);  // it did not take every tensor
  CHECK(csv.find("\nall,floor,8,") != csv.npos);
  CHECK(csv.find("\nn,") == csv.npos);
  auto const json = content(f.path("out.json"));
  CHECK(json.find("tensor 'n': a value is not finite, the first at row 0, column 0") != json.npos);
  CHECK(json.find(R"("tensor": "v")") != json.npos);
  CHECK(json.find("format even cannot take tensor 'b' (odd width)") != json.npos);
}

TEST_CASE("compare: exit codes", "[compare][errors]") {
  folder const f;
  auto const input = f.write("m.safetensors", checkpoint());
  auto const sink = f.path("sink.csv");
  std::vector<std::string> const quiet{"--input", input, "--summary", "--no-timing", "--csv", sink, "--tensor", "a"};
  auto const with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), quiet.begin(), quiet.end());
    return call(more);
  };
  CHECK(with({}) == 0);
  CHECK(with({"--format", "floor,exact"}) == 0);
  CHECK(with({"--format", "all"}) == 0);
  CHECK(call({"--help"}) == 0);
  CHECK(call({"--list"}) == 0);
  CHECK(with({"--format", "nonsense"}) == 2);
  CHECK(with({"--format", "floor,,exact"}) == 2);
  CHECK(with({"--rules", "a"}) == 2);
  CHECK(with({"--rules", "a=nonsense"}) == 2);
  CHECK(with({"--rules", "zzz=floor"}) == 2);
  CHECK(with({"--threads", "0"}) == 2);
  CHECK(with({"--budget", "-1"}) == 2);
  CHECK(with({"--budget", "nan"}) == 2);
  CHECK(with({"--plot", "x.pdf"}) == 2);
  CHECK(with({"--feeds", "x=y"}) == 2);
  CHECK(with({"--activations", f.path("missing.npy")}) == 2);
  CHECK(with({"positional"}) == 2);
  CHECK(call({"--csv", "--json"}) == 2);
  CHECK(call({"--input", f.write("readme.txt", "text"), "--csv", sink}) == 2);
  CHECK(call({"--input", f.path("missing.safetensors"), "--input", input, "--csv", f.path("second.csv"), "--no-timing",
              "--tensor", "a"}) == 2);
  CHECK(content(f.path("second.csv")).find("\na,floor,") != std::string::npos);  // the readable file was still compared
}

TEST_CASE("compare: a recipe counts every tensor, kept ones at their stored size", "[compare]") {
  std::vector<tensor> tensors{matrix("a", 1, {1.5f, 2}), matrix("b", 1, {3, 4.5f, 5})};
  tensors.push_back(matrix("v", 1, {7, 8}));
  tensors.back().shape = {2};
  options o;
  o.timing = false;
  o.rules = {{"a", "floor"}, {"*", "even"}};
  problems found;
  auto const c = compare_tensors(tensors, {}, {}, o, found);
  REQUIRE(found.none());
  REQUIRE(c.overall.size() == 1);
  auto const& all = c.overall[0];
  CHECK(all.format == "rules");
  // a: 16 bits; b: even refuses it, kept at 96; v: kept at 64. Seven numbers.
  CHECK(all.values.bits_per_weight == Approx((16 + 96 + 64) / 7.0));
  CHECK(all.values.relative_mse == Approx(0.25 / (6.25 + 54.25 + 113)));
  REQUIRE(c.recipe.size() == 3);
  CHECK(c.recipe[1].format == "F32");
  CHECK(says(c.notes, {"even", "'b'", "odd width"}));
}

TEST_CASE("compare: activations by name, by --feeds, and wrong ones", "[compare]") {
  std::vector<tensor> const tensors{matrix("a", 1, {1.5f, 2}), matrix("b", 1, {3, 4.5f, 5}), matrix("c", 1, {1, 2})};
  std::vector<tensor> const inputs{matrix("a", 2, {2, 0, 0, 1}), matrix("wide", 1, {1, 1}), matrix("c", 1, {NAN, 1})};
  options o;
  o.timing = false;
  o.feeds = {{"wide", "b"}, {"absent", "x*"}};
  problems found;
  auto const c = compare_tensors(tensors, inputs, {make_format("floor")}, o, found);
  REQUIRE(c.rows.size() == 3);
  CHECK(c.rows[0].values.output_error.value() == Approx(1 / std::sqrt(13.0)));  // outputs 3 and 2; errors 1 and 0
  CHECK_FALSE(c.rows[1].values.output_error);
  CHECK_FALSE(c.rows[2].values.output_error);
  CHECK(says(found.lines(), {"'wide'", "is 2 wide, the weight 'b' that it feeds has 3 columns"}));
  CHECK(says(found.lines(), {"'absent'", "not in the activations file"}));
  CHECK(says(found.lines(), {"--feeds", "no tensor matches 'x*'"}));
  CHECK(says(found.lines(), {"'c'", "cannot serve as activations: a value is not finite"}));
  CHECK(says(c.notes, {"inputs are known of 1 of 3 tensors", "--feeds"}));
  o.feeds.clear();
  CHECK(compare_tensors(std::span{tensors}.first(1), inputs, {make_format("floor")}, o, found).notes.empty());
}

TEST_CASE("compare: the recommendation is the best within the budget", "[compare]") {
  auto const make = [](char const* name, double bits, double db) {
    row r{"all", name, {}};
    r.values.bits_per_weight = bits;
    r.values.sqnr_db = db;
    return r;
  };
  std::vector<row> const rows{make("x", 4, 20), make("y", 4.5, 21.5), make("z", 8, 40)};
  auto const advice = recommend(rows, 4.5);
  REQUIRE(advice);
  CHECK(advice->best.format == "y");
  CHECK(advice->runner_up.value().format == "x");
  CHECK(advice_text(advice, 4.5) ==
        "Best at or below 4.5 bits per weight: y (4.500 bits, 21.50 dB), 1.50 dB better than the runner-up x (4.000 bits).\n");
  CHECK_FALSE(recommend(rows, 3.9));
  CHECK_FALSE(recommend(rows, 4.0).value().runner_up);
}

TEST_CASE("compare: CSV fields are quoted where they must be", "[compare]") {
  CHECK(csv_field("a.b") == "a.b");
  CHECK(csv_field("a,\"b\"") == "\"a,\"\"b\"\"\"");
}

TEST_CASE("compare: names in a gnuplot script are quoted, and output is never a pipe", "[compare]") {
  row r{"all", "it's", {}};
  r.values.bits_per_weight = 4;
  r.values.sqnr_db = 20;
  auto const script = plot_script({&r, 1}, "t'; system('x')", "|sh.svg");
  CHECK(script.find("set label 'it''s' at") != script.npos);
  CHECK(script.find("set title 't''; system(''x'')'") != script.npos);
  CHECK(script.find("set output '/") != script.npos);
  CHECK(script.find("20*log10(2)*x") != script.npos);
  CHECK_THROWS_AS(plot_script({}, "t", "x.svg"), std::runtime_error);
}
