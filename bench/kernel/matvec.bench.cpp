// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of packed rows of 4096 numbers with vectors: dot (one row, sizes checked), matvec, matmul32 (32 vectors, by
// batch_product). Vectors are bytes with a scale for 32 numbers; format:f32 and formats without integer levels take floats. l2 is 512 KiB of packed bytes,
// ram 64 MiB. An element is a weight (matmul32: a weight times a vector), the bytes are the packed ones, the ceiling is what a
// loop reads in the same memory right after the measurement: the median of several passes.
#include "skive/kernel/matrix_matrix.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/lookup.hpp"
#include "skive/kernel/batch_product.hpp"
#include "support/measure.hpp"
#include "support/read_ceiling.hpp"

namespace skive::bench {
namespace {

struct packed_size {
  char const* name;
  std::size_t bytes;
};
constexpr packed_size packed_sizes[]{{"l2", std::size_t{1} << 19}, {"ram", std::size_t{1} << 26}};
constexpr std::size_t batch = 32;

template <class Codec, class Query>
class subject {
 public:
  static constexpr std::size_t planes_of_row = Codec::plane_count;

  explicit subject(Codec const& codec) : codec_{codec}, each_{total_bytes(codec.plane_bytes(row_floats))} {}

  std::size_t rows(std::size_t bytes) const { return bytes / each_; }
  std::size_t row_bytes() const { return each_; }

  // Rows: 32 different ones, again and again. Vectors: as many as matmul32 takes.
  bool fill(std::string const& name, std::size_t rows) {
    auto& m = memory::shared();
    if (m.coded != name) {
      m.coded = name;
      for (std::size_t r = 0; r < rows && r < 32; ++r) {
        planes<std::byte, planes_of_row> to;
        if (!planar(codec_, row_floats, std::span{m.codes}.subspan(r * each_, each_), to)) return false;
        if (!codec_.encode(std::span<float const>{m.values}.subspan(r * row_floats, row_floats), to)) return false;
      }
      for (std::size_t r = 32; r < rows; ++r) std::memcpy(m.codes.data() + r * each_, m.codes.data() + r % 32 * each_, each_);
    }
    matrix_.rows = rows;
    matrix_.pitch.fill(each_);
    if (!planar(codec_, row_floats, std::span<std::byte const>{m.codes}.first(each_), matrix_.first)) return false;
    for (auto& p : matrix_.first.parts) p.size += (rows - 1) * each_;
    y_.resize(batch * rows);
    queries_.clear();
    scratch_.resize(batch * query_bytes());
    for (std::size_t t = 0; t < batch; ++t) {
      auto const x = std::span<float const>{m.values}.subspan((100 + t) * row_floats, row_floats);
      auto const q = prepare(x, workspace{std::span{scratch_}.subspan(t * query_bytes(), query_bytes())});
      if (!q) return false;
      queries_.push_back(*q);
    }
    if constexpr (!of_floats) {
      matrix_view<float const> const all{m.values.data() + 100 * row_floats, batch, row_floats};
      interleaved_.resize(interleaved_vectors_bytes(batch, row_floats));
      auto const x = interleave_floats(codec_, all, activation_scale::per_block, workspace{interleaved_});
      if (!x) return false;
      vectors_ = *x;
    }
    return true;
  }
  // Is the product of the last row what its numbers give?
  bool right() {
    auto const last = matrix_.rows - 1;
    std::vector<float> w(row_floats);
    if (!codec_.decode(matrix_.row(last), std::span{w}) || !matvec()) return false;
    double sum = 0;
    double size = 0;
    for (std::size_t i = 0; i < row_floats; ++i) {
      auto const product = static_cast<double>(w[i]) * static_cast<double>(memory::shared().values[100 * row_floats + i]);
      sum += product;
      size += std::fabs(product);
    }
    auto const good = [&](std::size_t at) { return std::fabs(static_cast<double>(y_[at]) - sum) <= 0.003 * size; };
    return good(last) && matmul() && good(last);
  }
  bool dot() {
    bool good = true;
    for (std::size_t r = 0; r < matrix_.rows; ++r) {
      auto const y = codec_.dot(matrix_.row(r), queries_[0]);
      good &= static_cast<bool>(y);
      y_[r] = *y;
    }
    return good;
  }
  bool matvec() { return static_cast<bool>(matrix_vector(codec_, matrix_, queries_[0], std::span{y_}.first(matrix_.rows))); }
  bool matmul() {
    if constexpr (!of_floats)
      return static_cast<bool>(batch_product(codec_, matrix_, vectors_, {y_.data(), batch, matrix_.rows}));
    return static_cast<bool>(matrix_matrix(codec_, matrix_, std::span<Query const>{queries_}, {y_.data(), batch, matrix_.rows}));
  }

 private:
  static constexpr bool of_floats = std::is_same_v<Query, float_query>;
  std::size_t query_bytes() const {
    if constexpr (of_floats)
      return codec_.query_bytes(row_floats);
    else
      return codec_.int8_query_bytes(row_floats);
  }
  result<Query> prepare(std::span<float const> x, workspace w) const {
    if constexpr (of_floats)
      return codec_.prepare(x, w);
    else
      return codec_.prepare_int8(x, activation_scale::per_block, w);
  }

  Codec codec_;
  std::size_t each_;
  packed_matrix<planes_of_row> matrix_;
  std::vector<Query> queries_;
  interleaved_vectors vectors_;
  std::vector<std::byte> interleaved_;
  std::vector<std::byte> scratch_;
  std::vector<float> y_;
};

template <class Query, class Codec>
void add_products(std::string const& format, Codec const& codec) {
  for (auto const& size : packed_sizes) {
    auto const add_op = [&](char const* op, std::size_t vectors, auto step) {
      auto const run = [=](benchmark::State& state) {
        subject<Codec, Query> s{codec};
        auto const rows = vectors == 1 ? s.rows(size.bytes) : std::min<std::size_t>(s.rows(size.bytes), 4096);
        auto const bytes = rows * s.row_bytes();
        if (!s.fill(format + '/' + size.name + '/' + std::to_string(rows), rows)) return state.SkipWithError("refused");
        if (!s.right()) return state.SkipWithError("wrong product");
        bool good = true;
        for (auto _ : state) {
          good &= step(s);
          benchmark::ClobberMemory();
        }
        if (!good) return state.SkipWithError("refused while timed");
        auto const times = static_cast<std::int64_t>(state.iterations());
        state.SetItemsProcessed(times * static_cast<std::int64_t>(rows * row_floats * vectors));
        state.SetBytesProcessed(times * static_cast<std::int64_t>(bytes));
        state.counters["fraction_of_ceiling"] =
            benchmark::Counter(static_cast<double>(times) * static_cast<double>(bytes) /
                                   bytes_read_per_second(std::span{memory::shared().codes}.first(bytes)),
                               benchmark::Counter::kIsRate);
      };
      benchmark::RegisterBenchmark((std::string{op} + '/' + format + '/' + size.name).c_str(), run)->MinTime(0.1);
    };
    add_op("dot", 1, [](auto& s) { return s.dot(); });
    add_op("matvec", 1, [](auto& s) { return s.matvec(); });
    add_op("matmul32", batch, [](auto& s) { return s.matmul(); });
  }
}

template <class Codec>
void add(std::string const& format, Codec const& codec) {
  if constexpr (requires { codec.int8_query_bytes(row_floats); }) {
    add_products<int8_query>(format, codec);
    add_products<float_query>(format + ":f32", codec);
  } else {
    add_products<float_query>(format, codec);
  }
}

[[maybe_unused]] bool const registered = [] {
  add("int4_g32", absmax<int4>{32});
  add("int8_g32", absmax<int8>{32});
  add("uint4_g32", affine_int<4>{32});
  add("mxfp4", mx<e2m1>{32});
  add("nvfp4", nvfp4{16, *nvfp4_scheme::make(largest_value)});
  add("nf4_g64", absmax<nf4>{64});
  add("ternary_g128", ternary{128});
  add("int2_g128", absmax<int2>{128});
  add("e4m3fn_g128", absmax<e4m3fn>{128});
  return true;
}();

}  // namespace
}  // namespace skive::bench
