// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compare/options.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

// The exit code, or -1 where the program would go on.
int ends_with(std::vector<char const*> arguments) {
  arguments.insert(arguments.begin(), "compare");
  auto const said = skive::compare::parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  return std::holds_alternative<int>(said) ? std::get<int>(said) : -1;
}

}  // namespace

TEST_CASE("options: a file of tensors is never what results are written to", "[compare]") {
  CHECK(ends_with({"--csv", "model.safetensors"}) == 2);
  CHECK(ends_with({"--json", "model.safetensors.index.json"}) == 2);
  CHECK(ends_with({"--csv", "weights.npy"}) == 2);
  CHECK(ends_with({"--csv", "results.csv", "--json", "results.json"}) == -1);
  CHECK(ends_with({"--csv"}) == -1);

  std::string const read = "options_test_input.bin";
  std::ofstream{read} << "tensors under another name";
  CHECK(ends_with({"--input", read.c_str(), "--csv", read.c_str()}) == 2);
  CHECK(ends_with({"--input", read.c_str(), "--json", ("./" + read).c_str()}) == 2);
  CHECK(ends_with({"--activations", read.c_str(), "--csv", read.c_str()}) == 2);
  CHECK(ends_with({"--kv", read.c_str(), "--csv", read.c_str()}) == 2);
  CHECK(ends_with({"--input", read.c_str(), "--csv", "other.csv"}) == -1);
  std::filesystem::remove(read);
}
