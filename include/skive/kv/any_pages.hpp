// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/any_pages.hpp - key and value quantizers whose type is known at run time only: settings of layers and heads from a file.
///
///   any_keys<> const keys{per_token};   attend(keys, ...): the same bytes, the same logits
///
/// One type for all, so that loops over layers, and all code above pages, is compiled once. It refers to the quantizer, which
/// must outlive it and its copies.
///
/// Model of : key_quantizer (any_keys), value_quantizer (any_values)
/// Cost     : a call by pointer for each call. Queries take 64 to 128 bytes more.
/// Accuracy : that of the quantizer.
/// Promise  : that of the quantizer. A default one has pages of no bytes, and refuses everything with invalid_argument.
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/simd/arch.hpp"

#include <concepts>

namespace skive {

/// What any_keys::prepare() made of some queries, in memory of the caller.
struct any_query {
  void const* inner = nullptr;
  void const* type = nullptr;  ///< that of the quantizer
};

namespace detail {
// Its address stands for the type.
template <class Quantizer>
inline constexpr char type_mark{};
}  // namespace detail

/// What keys and values share. Functions are those for the instruction set Arch.
template <class Arch>
class any_page {
 public:
  constexpr any_page() noexcept = default;

  constexpr std::size_t head_size() const noexcept { return head_size_; }
  constexpr std::size_t page_tokens() const noexcept { return page_tokens_; }
  constexpr std::size_t group_tokens() const noexcept { return group_tokens_; }
  constexpr std::size_t page_bytes() const noexcept { return page_bytes_; }
  std::size_t scratch_bytes(std::size_t queries) const noexcept {
    return scratch_bytes_ == nullptr ? 0 : scratch_bytes_(object_, queries);
  }

  /// Fails with what the quantizer fails with, invalid_argument.
  template <std::same_as<Arch> = Arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    return append_ == nullptr ? errc::invalid_argument : append_(object_, rows, first, page, scratch);
  }
  /// Fails with what the quantizer fails with, invalid_argument.
  template <std::same_as<Arch> = Arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    return decode_ == nullptr ? errc::invalid_argument : decode_(object_, page, first, out, scratch);
  }

 protected:
  template <class Quantizer>
  explicit any_page(Quantizer const& of) noexcept
      : object_{&of},
        head_size_{of.head_size()},
        page_tokens_{of.page_tokens()},
        group_tokens_{of.group_tokens()},
        page_bytes_{of.page_bytes()},
        scratch_bytes_{[](void const* object, std::size_t queries) noexcept {
          return static_cast<Quantizer const*>(object)->scratch_bytes(queries);
        }},
        append_{[](void const* object, matrix_view<float const> rows, std::size_t first, std::span<std::byte> page,
                   workspace scratch) noexcept -> status {
          return static_cast<Quantizer const*>(object)->template append<Arch>(rows, first, page, scratch);
        }},
        decode_{[](void const* object, std::span<std::byte const> page, std::size_t first, matrix_view<float> out,
                   workspace scratch) noexcept -> status {
          return static_cast<Quantizer const*>(object)->template decode<Arch>(page, first, out, scratch);
        }} {}

  void const* object_ = nullptr;

 private:
  using bytes_function = std::size_t(void const*, std::size_t) noexcept;
  using append_function = status(void const*, matrix_view<float const>, std::size_t, std::span<std::byte>, workspace) noexcept;
  using decode_function = status(void const*, std::span<std::byte const>, std::size_t, matrix_view<float>, workspace) noexcept;

  std::size_t head_size_ = 0;
  std::size_t page_tokens_ = 0;
  std::size_t group_tokens_ = 0;
  std::size_t page_bytes_ = 0;
  bytes_function* scratch_bytes_ = nullptr;
  append_function* append_ = nullptr;
  decode_function* decode_ = nullptr;
};

template <class Arch = native_arch>
class any_keys : public any_page<Arch> {
 public:
  using query = any_query;

  constexpr any_keys() noexcept = default;
  template <class Keys>
    requires(!std::same_as<Keys, any_keys>) && key_quantizer<Keys>
  explicit any_keys(Keys const& of) noexcept
      : any_page<Arch>{of},
        type_{&detail::type_mark<Keys>},
        query_bytes_{[](void const* object, std::size_t rows) noexcept {
          return saturating_add(workspace::bytes<typename Keys::query>(1), static_cast<Keys const*>(object)->query_bytes(rows));
        }},
        prepare_{[](void const* object, matrix_view<float const> rows, workspace memory) noexcept -> result<any_query> {
          auto const place = memory.take<typename Keys::query>(1);
          if (place.empty()) return errc::workspace_too_small;
          auto const made = static_cast<Keys const*>(object)->template prepare<Arch>(rows, memory);
          if (!made) return made.error();
          place[0] = *made;
          return any_query{place.data(), &detail::type_mark<Keys>};
        }},
        dot_{[](void const* object, std::span<std::byte const> page, std::size_t first, void const* q, matrix_view<float> logits,
                workspace scratch) noexcept -> status {
          auto const& inner = *static_cast<typename Keys::query const*>(q);
          return static_cast<Keys const*>(object)->template dot<Arch>(page, first, inner, logits, scratch);
        }} {
    if constexpr (requires { of.template decode_turned<Arch>({}, 0, {}); })
      decode_turned_ = [](void const* object, std::span<std::byte const> page, std::size_t first,
                          std::span<float> out) noexcept -> status {
        return static_cast<Keys const*>(object)->template decode_turned<Arch>(page, first, out);
      };
  }
  template <class Keys>
    requires(!std::same_as<Keys, any_keys>) && key_quantizer<Keys>
  explicit any_keys(Keys const&& of) = delete;  // nothing would be left to refer to

  std::size_t query_bytes(std::size_t rows) const noexcept { return query_bytes_ == nullptr ? 0 : query_bytes_(object_, rows); }
  /// Fails with what the quantizer fails with, workspace_too_small, invalid_argument.
  template <std::same_as<Arch> = Arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    return prepare_ == nullptr ? errc::invalid_argument : prepare_(object_, rows, memory);
  }
  /// Fails with what the quantizer fails with, invalid_argument (queries that were not prepared, or for another type, too).
  template <std::same_as<Arch> = Arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    return dot_ == nullptr || q.inner == nullptr || q.type != type_ ? errc::invalid_argument
                                                                    : dot_(object_, page, first, q.inner, logits, scratch);
  }
  /// Whether decode_turned() does more than to refuse: where the quantizer has it.
  constexpr bool decodes_turned() const noexcept { return decode_turned_ != nullptr; }
  /// 32 tokens as [channel][token]. Fails with what the quantizer fails with, invalid_argument.
  template <std::same_as<Arch> = Arch>
  status decode_turned(std::span<std::byte const> page, std::size_t tile_first, std::span<float> out) const noexcept {
    return decode_turned_ == nullptr ? errc::invalid_argument : decode_turned_(object_, page, tile_first, out);
  }

 private:
  using any_page<Arch>::object_;
  using dot_function = status(void const*, std::span<std::byte const>, std::size_t, void const*, matrix_view<float>,
                              workspace) noexcept;

  void const* type_ = nullptr;
  std::size_t (*query_bytes_)(void const*, std::size_t) noexcept = nullptr;
  result<any_query> (*prepare_)(void const*, matrix_view<float const>, workspace) noexcept = nullptr;
  dot_function* dot_ = nullptr;
  status (*decode_turned_)(void const*, std::span<std::byte const>, std::size_t, std::span<float>) noexcept = nullptr;
};

template <class Arch = native_arch>
class any_values : public any_page<Arch> {
 public:
  constexpr any_values() noexcept = default;
  template <class Values>
    requires(!std::same_as<Values, any_values>) && value_quantizer<Values>
  explicit any_values(Values const& of) noexcept
      : any_page<Arch>{of},
        accumulate_{[](void const* object, std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights,
                       matrix_view<float> sums, workspace scratch) noexcept -> status {
          return static_cast<Values const*>(object)->template accumulate<Arch>(page, first, weights, sums, scratch);
        }} {}
  template <class Values>
    requires(!std::same_as<Values, any_values>) && value_quantizer<Values>
  explicit any_values(Values const&& of) = delete;

  /// Fails with what the quantizer fails with, invalid_argument.
  template <std::same_as<Arch> = Arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace scratch) const noexcept {
    return accumulate_ == nullptr ? errc::invalid_argument : accumulate_(object_, page, first, weights, sums, scratch);
  }

 private:
  using any_page<Arch>::object_;
  using accumulate_function = status(void const*, std::span<std::byte const>, std::size_t, matrix_view<float const>,
                                     matrix_view<float>, workspace) noexcept;

  accumulate_function* accumulate_ = nullptr;
};

static_assert(key_quantizer<any_keys<>> && value_quantizer<any_values<>>);

}  // namespace skive
