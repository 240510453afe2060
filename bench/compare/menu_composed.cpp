// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compositions: each composer of the library once, around erased parts.
#include "menu_composed.hpp"
#include "composed_format.hpp"

#include "skive/compose/low_rank_plus.hpp"
#include "skive/compose/masked_codec.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"
#include "skive/linalg/randomized_svd.hpp"
#include "skive/transform/permutation.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace skive::compare {
namespace {

constexpr std::uint64_t rotation_seed = 1;

// What composers share that need nothing of the tensor and hand rows on as long as they are.
struct plain_maker {
  double bits_each = 32;
  std::size_t count(std::size_t) const { return 0; }
  std::size_t part_cols(std::size_t cols) const { return cols; }
  std::vector<float> sample(std::size_t) const { return {}; }
  std::vector<float> fit(matrix_view<float const>) const { return {}; }
  std::vector<float> keep(std::vector<float> numbers) const { return numbers; }  // what make() looks at
};

struct residual_maker : plain_maker {
  result<residual<erased_codec, erased_codec>> make(std::size_t, std::span<float const>,
                                                    std::vector<erased_codec> const& parts) const {
    return residual{parts[0], parts[1]};
  }
};

template <int N, int M>
struct n_of_m_maker : plain_maker {
  std::size_t part_cols(std::size_t cols) const { return cols / M * N; }
  result<sparse_codec<n_of_m<N, M>, erased_codec>> make(std::size_t, std::span<float const>,
                                                        std::vector<erased_codec> const& parts) const {
    return sparse_codec{n_of_m<N, M>{}, parts[0]};
  }
};

// The rows' common subspace by a truncated SVD, kept in float16.
struct low_rank_maker : plain_maker {
  std::size_t rank = 1;
  std::size_t count(std::size_t cols) const { return rank * cols; }
  std::vector<float> sample(std::size_t cols) const { return std::vector<float>(count(cols)); }
  std::vector<float> fit(matrix_view<float const> tensor) const {
    if (rank > tensor.rows || rank > tensor.cols) throw std::runtime_error("the rank is above that of the matrix");
    randomized_svd_options const options{.oversampling = 16, .power_iterations = 3};
    std::vector<float> basis(count(tensor.cols));
    std::vector<float> sigma(rank);
    std::vector<std::byte> scratch(randomized_svd_scratch_bytes<float>(tensor.rows, tensor.cols, rank, options));
    matrix_view<float> const right{basis.data(), rank, tensor.cols};
    detail::check(randomized_svd(tensor, matrix_view<float>{}, std::span{sigma}, right, options, workspace{scratch}));
    for (float& x : basis) x = float16::decode(float16::encode(x));
    return basis;
  }
  result<low_rank_plus<erased_codec>> make(std::size_t cols, std::span<float const> own,
                                           std::vector<erased_codec> const& parts) const {
    matrix_view<float const> const basis{own.data(), rank, cols};
    return low_rank_plus<erased_codec>::make({basis, basis}, parts[0]);
  }
};

// Transforms of `block` numbers (0: the row), one after another.
template <class Transform>
struct rotation_maker : plain_maker {
  std::size_t block = 0;
  result<rotated<Transform, erased_codec>> make(std::size_t cols, std::span<float const>,
                                                std::vector<erased_codec> const& parts) const {
    auto const n = block == 0 ? std::max<std::size_t>(cols, 1) : block;
    auto const t = [n] {
      if constexpr (std::is_same_v<Transform, hadamard>)
        return hadamard::make(n);
      else
        return random_hadamard::make(n, rotation_seed);
    }();
    if (!t) return t.error();
    return rotated{*t, parts[0]};
  }
};

// Columns by falling range over the tensor. Sixteen bits a column say where it goes.
struct permutation_maker : plain_maker {
  using order = std::vector<std::uint32_t>;
  std::size_t count(std::size_t cols) const { return cols; }
  std::vector<float> sample(std::size_t cols) const {
    std::vector<float> numbers(cols);
    for (std::size_t i = 0; i < cols; ++i) numbers[i] = static_cast<float>(i);
    return numbers;
  }
  std::vector<float> fit(matrix_view<float const> tensor) const {
    if (tensor.cols > 65536) throw std::runtime_error("more than 65536 columns to permute");
    std::vector<float> range(tensor.cols);
    order places(tensor.cols);
    detail::check(column_keys(tensor, column_key::range, range));
    detail::check(order_by(range, places));
    return {places.begin(), places.end()};
  }
  order keep(std::vector<float> const& numbers) const { return {numbers.begin(), numbers.end()}; }
  result<rotated<permutation, erased_codec>> make(std::size_t, order const& own, std::vector<erased_codec> const& parts) const {
    std::vector<std::byte> scratch(permutation::check_bytes(own.size()));
    auto const p = permutation::make(own, workspace{scratch});
    if (!p) return p.error();
    return rotated{*p, parts[0]};
  }
};

struct outliers_maker : plain_maker {
  float fraction = 0.0f;
  result<split_outliers<top_fraction, erased_codec>> make(std::size_t, std::span<float const>,
                                                          std::vector<erased_codec> const& parts) const {
    return split_outliers{top_fraction{fraction}, parts[0]};
  }
};

struct masked_maker : plain_maker {
  float fraction = 0.0f;
  std::size_t part_cols(std::size_t cols) const { return cols == 0 ? 0 : top_fraction{fraction}.count(cols); }
  result<masked_codec<top_fraction, erased_codec>> make(std::size_t, std::span<float const>,
                                                        std::vector<erased_codec> const& parts) const {
    return masked_codec{top_fraction{fraction}, parts[0]};
  }
};

template <class Maker, class... Parts>
made composed(std::string name, Maker maker, Parts... parts) {
  std::vector<made> list;
  (list.push_back(std::move(parts)), ...);
  return std::make_unique<composed_format<Maker>>(std::move(name), std::move(maker), std::move(list));
}

// The patterns that this program is built with.
template <int N, int M, int... More>
made kept_of_group(std::string const& name, composer const& c, std::function<made()> const& part) {
  if (c.count == N && c.of == M) return composed(name, n_of_m_maker<N, M>{}, part());
  if constexpr (sizeof...(More) != 0)
    return kept_of_group<More...>(name, c, part);
  else
    throw std::invalid_argument("the patterns of this program are 1:2 1:4 2:4 3:4 2:8 4:8 6:8 4:16 8:16 16:32");
}

made repeated(std::string const& name, std::uint32_t times, std::function<made()> const& part) {
  auto rest = part();
  for (; times > 1; --times) rest = composed(name, residual_maker{}, part(), std::move(rest));
  return rest;
}

}  // namespace

made composition_entry(std::string const& name, composer const& c, std::function<made()> const& part) {
  switch (c.kind) {
    case composer_kind::repeated: return repeated(name, c.count, part);
    case composer_kind::hadamard: return composed(name, rotation_maker<hadamard>{{}, c.count}, part());
    case composer_kind::random_hadamard: return composed(name, rotation_maker<random_hadamard>{{}, c.count}, part());
    case composer_kind::permutation: return composed(name, permutation_maker{{.bits_each = 16}}, part());
    case composer_kind::low_rank: return composed(name, low_rank_maker{{.bits_each = 16}, c.count}, part());
    case composer_kind::outliers:
      return composed(name, outliers_maker{{}, static_cast<float>(c.parts_per_million) * 1e-6f}, part());
    case composer_kind::masked: return composed(name, masked_maker{{}, static_cast<float>(c.parts_per_million) * 1e-6f}, part());
    case composer_kind::n_of_m:
      return kept_of_group<1, 2, 1, 4, 2, 4, 3, 4, 2, 8, 4, 8, 6, 8, 4, 16, 8, 16, 16, 32>(name, c, part);
    default: throw std::invalid_argument("this program has no such composer");
  }
}

}  // namespace skive::compare
