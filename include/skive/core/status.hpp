// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/status.hpp - how an operation reports failure: an error code, a truth value, or a value in place of either.
///
///   status s = codec.encode(row, planes, scratch);   if (!s) report(s.message());
///
/// Model of : -
/// Cost     : one byte; no allocation, no exception.
/// Promise  : true means success. Every check runs before the first write, so that after a failure in-place arguments
///            are untouched; other outputs are unspecified. The numeric values of errc never change meaning.
/// Source   : the error policy is simdjson's; `result` offers the part of std::expected that needs no exception.

#include "skive/version.hpp"

#include <cstdint>
#include <type_traits>

namespace skive {

/// Why an operation refused. The order is part of the interface: new reasons are added at the end.
enum class errc : std::uint8_t {
  ok = 0,
  size_mismatch,          ///< a row, plane or matrix has another length than the operation needs
  workspace_too_small,    ///< the caller's scratch memory is smaller than scratch_bytes()
  misaligned,             ///< memory or a stride breaks a stated alignment
  overlap,                ///< source and destination share bytes where they may not
  overflow,               ///< a size does not fit into std::size_t
  invalid_argument,       ///< a parameter is outside the range that the header states
  not_finite,             ///< NaN or infinity where the operation refuses them
  corrupt,                ///< stored bytes that no encoder of this codec writes
  unsupported,            ///< valid, but not for this combination of parts
  not_power_of_two,       ///< a length that had to be a power of two
  not_positive_definite,  ///< a matrix that had to be (numerically) positive definite
  no_convergence,         ///< an iteration ran out of steps
};

/// One sentence for a person; a view of static storage.
constexpr char const* describe(errc e) noexcept {
  switch (e) {
    case errc::ok: return "success";
    case errc::size_mismatch: return "a size does not match the operation";
    case errc::workspace_too_small: return "the workspace is smaller than scratch_bytes() asks for";
    case errc::misaligned: return "memory or a stride is not aligned as stated";
    case errc::overlap: return "source and destination overlap";
    case errc::overflow: return "a size does not fit into the address space";
    case errc::invalid_argument: return "a parameter is outside its stated range";
    case errc::not_finite: return "a value is NaN or infinite";
    case errc::corrupt: return "the stored bytes are not valid";
    case errc::unsupported: return "this combination is not supported";
    case errc::not_power_of_two: return "a length is not a power of two";
    case errc::not_positive_definite: return "a matrix is not positive definite";
    case errc::no_convergence: return "an iteration did not converge";
  }
  return "unknown error";
}

/// The outcome of an operation without a value. Implicit from errc, so that `return errc::corrupt;` reads well.
class [[nodiscard]] status {
 public:
  constexpr status(errc e = errc::ok) noexcept : error_{e} {}
  constexpr explicit operator bool() const noexcept { return error_ == errc::ok; }
  constexpr errc error() const noexcept { return error_; }
  constexpr char const* message() const noexcept { return describe(error_); }
  friend constexpr bool operator==(status, status) noexcept = default;

 private:
  errc error_;
};

/// A value or the reason why there is none. Reading the value of a failed result gives a value-initialised T, never
/// undefined behaviour; T is a small trivially copyable value (a codec, a size, a scale).
template <class T>
class [[nodiscard]] result {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "skive::result holds small values: trivially copyable and default constructible");

 public:
  using value_type = T;
  constexpr result(T value) noexcept : value_{value} {}
  constexpr result(errc e) noexcept : error_{e == errc::ok ? errc::invalid_argument : e} {}
  constexpr result(status s) noexcept : result{s.error()} {}

  constexpr explicit operator bool() const noexcept { return error_ == errc::ok; }
  constexpr bool has_value() const noexcept { return error_ == errc::ok; }
  constexpr errc error() const noexcept { return error_; }
  constexpr char const* message() const noexcept { return describe(error_); }
  constexpr T const& operator*() const noexcept { return value_; }
  constexpr T const* operator->() const noexcept { return &value_; }
  constexpr T value_or(T other) const noexcept { return has_value() ? value_ : other; }

 private:
  T value_{};
  errc error_ = errc::ok;
};

static_assert(std::is_trivially_copyable_v<status> && std::is_trivially_copyable_v<result<int>> && sizeof(status) == 1);

}  // namespace skive
