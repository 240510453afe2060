// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/with_arch.hpp: the instruction set reaches codecs that take one, the others are called without.
#include "skive/core/with_arch.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

struct some_arch {};
struct other_arch {};

// What was called, as the result; every operation with an instruction set of its own to choose.
struct choosing {
  static constexpr std::size_t plane_count = 1;
  template <class Arch = other_arch>
  static constexpr errc said = std::is_same_v<Arch, some_arch> ? errc::ok : errc::unsupported;
  template <class Arch = other_arch>
  constexpr status encode(std::span<float const>, planes<std::byte, 1> const&, workspace) const noexcept {
    return said<Arch>;
  }
  template <class Arch = other_arch>
  constexpr status decode(planes<std::byte const, 1> const&, std::span<float>, workspace) const noexcept {
    return said<Arch>;
  }
  template <class Arch = other_arch>
  constexpr result<int> prepare(std::span<float const> x, workspace) const noexcept {
    if (said<Arch> != errc::ok) return said<Arch>;
    return static_cast<int>(x.size());
  }
  template <class Arch = other_arch>
  constexpr result<float> dot(planes<std::byte const, 1> const&, int q) const noexcept {
    if (said<Arch> != errc::ok) return said<Arch>;
    return static_cast<float>(q);
  }
};

struct plain {
  static constexpr std::size_t plane_count = 1;
  constexpr status encode(std::span<float const>, planes<std::byte, 1> const&, workspace) const noexcept { return errc::overlap; }
  constexpr status decode(planes<std::byte const, 1> const&, std::span<float>, workspace) const noexcept { return errc::corrupt; }
  constexpr result<int> prepare(std::span<float const>, workspace) const noexcept { return 7; }
  constexpr result<float> dot(planes<std::byte const, 1> const&, int q) const noexcept { return 2.0f * static_cast<float>(q); }
};

}  // namespace

TEST_CASE("with_arch: a codec that chooses gets the caller's instruction set", "[core]") {
  std::array<float, 3> row{};
  CHECK(with_arch<some_arch>::encode(choosing{}, std::span<float const>{row}, {}, {}));
  CHECK(with_arch<other_arch>::encode(choosing{}, std::span<float const>{row}, {}, {}).error() == errc::unsupported);
  CHECK(with_arch<some_arch>::decode(choosing{}, {}, std::span<float>{row}, {}));
  CHECK(*with_arch<some_arch>::prepare(choosing{}, row, {}) == 3);
  CHECK(*with_arch<some_arch>::dot(choosing{}, {}, 5) == 5.0f);
  CHECK(with_arch<other_arch>::dot(choosing{}, {}, 5).error() == errc::unsupported);
}

TEST_CASE("with_arch: a codec without a choice is called as it is", "[core]") {
  std::array<float, 3> row{};
  CHECK(with_arch<some_arch>::encode(plain{}, std::span<float const>{row}, {}, {}).error() == errc::overlap);
  CHECK(with_arch<some_arch>::decode(plain{}, {}, std::span<float>{row}, {}).error() == errc::corrupt);
  CHECK(*with_arch<some_arch>::prepare(plain{}, row, {}) == 7);
  CHECK(*with_arch<some_arch>::dot(plain{}, {}, 5) == 10.0f);
}
