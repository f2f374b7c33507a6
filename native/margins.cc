// Source of the formulas: ATen/native/LossMultiMargin.cpp and LossMultiLabelMargin.cpp.
#include "margins.h"

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "plain.h"
#include "threads.h"

namespace torch_losses::margins {
namespace {

using plain::with_type_of;

constexpr int kRows = 8;  // of a block

// Columns: the sums of shorter rows do not wait long, and libtorch's way is the shorter one.
constexpr int64_t kWorthBlocks = 32;

template <typename T>
constexpr T kNever = -std::numeric_limits<T>::infinity();

at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype) {
  return at::Tensor(at::detail::empty_cpu(sizes, dtype));
}

bool is_matrix(const at::Tensor& input) {
  return plain::is_plain(input) && input.dim() == 2 && input.is_contiguous();
}

bool are_integers(const at::Tensor& target, at::IntArrayRef sizes) {
  return target.scalar_type() == at::kLong && plain::is_undisguised(target) &&
         target.is_contiguous() && target.sizes() == sizes;
}

bool are_within(const at::Tensor& target, int64_t least, int64_t end) {
  bool outside = false;
  for (const int64_t value : std::span(target.const_data_ptr<int64_t>(), target.numel())) {
    outside |= value < least || value >= end;  // no exit: in vectors
  }
  return !outside;
}

bool are_finite(const at::Tensor& tensor) {
  return with_type_of(tensor, [&]<typename T>(T) {
    return std::ranges::all_of(std::span(tensor.const_data_ptr<T>(), tensor.numel()),
                               [](T number) { return std::isfinite(number); });
  });
}

// Calls `run` with the first row of each block.
template <typename Run>
void for_blocks(const at::Tensor& input, Run run) {
  const int64_t rows = input.size(0);
  const int64_t grain = std::max<int64_t>(1, at::internal::GRAIN_SIZE / (kRows * input.size(1)));
  parallel_for(at::divup(rows, kRows), grain, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) run(block * kRows);
  });
}

// The loss of the rows' sums; in libtorch's order of divisions, of which it leaves one to `sums`.
template <typename T>
at::Tensor loss_of_rows(at::Tensor sums, int64_t reduction, int64_t divisor) {
  if (reduction == at::Reduction::None) return sums;
  at::Tensor loss = empty({}, sums.scalar_type());
  double total = 0;
  for (const T sum : std::span(sums.const_data_ptr<T>(), sums.numel())) total += sum;
  total /= static_cast<double>(divisor);
  if (reduction == at::Reduction::Mean) total /= static_cast<double>(sums.numel());
  *loss.mutable_data_ptr<T>() = static_cast<T>(total);
  return loss;
}

// What each element of a row adds to the loss, and to gradients.
template <typename T>
T share(int64_t reduction, int64_t rows, int64_t columns) {
  const int64_t elements = reduction == at::Reduction::Mean ? rows * columns : columns;
  return static_cast<T>(1. / static_cast<double>(elements));
}

// --- blocks of rows ------------------------------------------------------------------------------

// A column of some rows, or a row of some columns.
template <typename T>
struct RegisterOf {
  typedef T Type __attribute__((vector_size(16)));
};
template <typename T>
using Register = typename RegisterOf<T>::Type;
template <typename T>
constexpr int kWidth = sizeof(Register<T>) / sizeof(T);

// As many rows as columns.
template <typename T>
using Tile = std::array<Register<T>, kWidth<T>>;

// A block has so many registers in a column.
template <typename T>
constexpr int kParts = kRows / kWidth<T>;
// A number for each row.
template <typename T>
using Lanes = std::array<Register<T>, kParts<T>>;

template <typename T>
T& lane(Lanes<T>& lanes, int row) {
  return reinterpret_cast<T*>(lanes.data())[row];
}

void transpose(Tile<float>& tile) {
  const auto [a, b, c, d] = tile;
  const auto ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const auto cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  tile = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
          __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
          __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
          __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
}

void transpose(Tile<double>& tile) {
  const auto [a, b] = tile;
  tile = {__builtin_shufflevector(a, b, 0, 2), __builtin_shufflevector(a, b, 1, 3)};
}

// Some rows of a matrix. Where it ends before the block does, its last row stands for those
// missing: what is computed of it is the same each time.
template <typename T>
class Block {
 public:
  Block(const at::Tensor& input, int64_t first)
      : columns(input.size(1)),
        first_(first),
        last_(input.size(0) - 1),
        numbers_(input.const_data_ptr<T>()) {}

  const int64_t columns;

  int64_t index(int row) const { return std::min(first_ + row, last_); }
  int64_t rows() const { return std::min<int64_t>(kRows, last_ - first_ + 1); }
  T at(int row, int64_t column) const { return numbers_[index(row) * columns + column]; }

  // Calls `visit(part, column, count, tile)`: of one part of the rows, `count` columns from
  // `column` on.
  template <typename Visit>
  void for_tiles(Visit visit) const {
    for (int64_t column = 0; column < columns; column += kWidth<T>) {
      const int64_t count = std::min<int64_t>(kWidth<T>, columns - column);
      for (int part = 0; part < kParts<T>; ++part) {
        Tile<T> tile{};
        for (int i = 0; i < kWidth<T>; ++i) {
          copy(numbers_ + index(part * kWidth<T> + i) * columns + column, &tile[i], count);
        }
        transpose(tile);
        visit(part, column, count, tile);
      }
    }
  }

  // Writes such a tile to a matrix.
  void write(int part, int64_t column, int64_t count, Tile<T> tile, T* results) const {
    transpose(tile);
    for (int i = 0; i < kWidth<T>; ++i) {
      copy(&tile[i], results + index(part * kWidth<T> + i) * columns + column, count);
    }
  }

 private:
  // Of a constant size where it can be: one instruction.
  static void copy(const void* from, void* to, int64_t count) {
    if (count == kWidth<T>) {
      std::memcpy(to, from, sizeof(Register<T>));
    } else {
      std::memcpy(to, from, count * sizeof(T));
    }
  }

  int64_t first_;
  int64_t last_;
  const T* numbers_;
};

// The gradients of rows: that of the whole loss, or their own.
template <typename T>
Lanes<T> factors_of(const at::Tensor& gradient, const Block<T>& block) {
  const T* numbers = gradient.const_data_ptr<T>();
  Lanes<T> result;
  for (int row = 0; row < kRows; ++row) {
    lane<T>(result, row) = numbers[gradient.dim() == 0 ? 0 : block.index(row)];
  }
  return result;
}

// --- one class for each row ----------------------------------------------------------------------

template <typename T>
struct ClassBlock : Block<T> {
  std::array<int64_t, kRows> targets;
  Lanes<T> shift;  // what is added to a score for its excess
  Lanes<T> weight;

  ClassBlock(const MultiMargin& loss, int64_t first) : Block<T>(loss.input, first) {
    const T* weights = loss.weight ? loss.weight->const_data_ptr<T>() : nullptr;
    for (int row = 0; row < kRows; ++row) {
      const int64_t target = loss.target.const_data_ptr<int64_t>()[this->index(row)];
      targets[row] = target;
      lane<T>(shift, row) = static_cast<T>(loss.margin) - this->at(row, target);
      lane<T>(weight, row) = weights == nullptr ? T{1} : weights[target];
    }
  }

  // The same as for_tiles, of excesses. A target never exceeds.
  template <typename Visit>
  void for_excesses(Visit visit) const {
    std::array<int64_t, kRows + 1> stops;
    std::ranges::copy(targets, stops.begin());
    stops.back() = this->columns;
    std::sort(stops.begin(), stops.end());
    auto stop = stops.begin();
    this->for_tiles([&](int part, int64_t column, int64_t count, Tile<T> tile) {
      for (auto& scores : tile) scores += shift[part];
      while (*stop < column) ++stop;
      if (*stop < column + count) {
        for (int i = 0; i < kWidth<T>; ++i) {
          const int64_t offset = targets[part * kWidth<T> + i] - column;
          if (offset >= 0 && offset < count) tile[offset][i] = kNever<T>;
        }
      }
      visit(part, column, count, tile);
    });
  }
};

template <bool kIsSquared, typename T>
void sum_rows(const MultiMargin& loss, int64_t first, T* sums) {
  const ClassBlock<T> block(loss, first);
  Lanes<T> totals{};
  block.for_excesses([&](int part, int64_t, int64_t count, const Tile<T>& tile) {
    for (int64_t i = 0; i < count; ++i) {
      const Register<T> z = tile[i];
      const Register<T> h = (kIsSquared ? z * z : z) * block.weight[part];
      totals[part] += z > 0 ? h : Register<T>{};
    }
  });
  for (int row = 0; row < block.rows(); ++row) {
    sums[first + row] = lane<T>(totals, row) / static_cast<T>(block.columns);
  }
}

template <bool kIsSquared, typename T>
void differentiate_rows(const MultiMargin& loss, int64_t first, const at::Tensor& gradient,
                        T* results) {
  const ClassBlock<T> block(loss, first);
  const T g = share<T>(loss.reduction, loss.input.size(0), block.columns);
  Lanes<T> factors = factors_of(gradient, block);
  Lanes<T> by_targets{};
  block.for_excesses([&](int part, int64_t column, int64_t count, Tile<T> tile) {
    for (int64_t i = 0; i < count; ++i) {
      const Register<T> z = tile[i];
      const Register<T> h = (kIsSquared ? T{2} * g * z : Register<T>{} + g) * block.weight[part];
      const Register<T> given = z > 0 ? h : Register<T>{};
      by_targets[part] -= given;
      tile[i] = given * factors[part];
    }
    block.write(part, column, count, tile, results);
  });
  for (int row = 0; row < kRows; ++row) {
    results[block.index(row) * block.columns + block.targets[row]] =
        lane<T>(by_targets, row) * lane<T>(factors, row);
  }
}

// --- several labels for each row -----------------------------------------------------------------

template <typename T>
struct LabelBlock : Block<T> {
  std::array<const int64_t*, kRows> labels;
  std::array<int64_t, kRows> counts;
  int64_t most = 0;
  // The scores of the columns that are no labels; a label never exceeds.
  c10::SmallVector<Lanes<T>, 64> others;

  LabelBlock(const MultiLabelMargin& loss, int64_t first) : Block<T>(loss.input, first) {
    others.resize(this->columns);
    this->for_tiles([&](int part, int64_t column, int64_t count, const Tile<T>& tile) {
      for (int64_t i = 0; i < count; ++i) others[column + i][part] = tile[i];
    });
    for (int row = 0; row < kRows; ++row) {
      labels[row] = loss.target.const_data_ptr<int64_t>() + this->index(row) * this->columns;
      counts[row] = std::find(labels[row], labels[row] + this->columns, -1) - labels[row];
      most = std::max(most, counts[row]);
      for (int64_t i = 0; i < counts[row]; ++i) lane<T>(others[labels[row][i]], row) = kNever<T>;
    }
  }

  // Calls `visit(row, label)` for the rows that have so many labels.
  template <typename Visit>
  void for_labels(int64_t index, Visit visit) const {
    for (int row = 0; row < kRows; ++row) {
      if (index < counts[row]) visit(row, labels[row][index]);
    }
  }

  // What is added to a score for its excess over the label of that index.
  Lanes<T> shift(int64_t index) const {
    Lanes<T> result;
    result.fill(Register<T>{} + kNever<T>);
    for_labels(index,
               [&](int row, int64_t label) { lane<T>(result, row) = 1 - this->at(row, label); });
    return result;
  }
};

// Adds to as many doubles.
void add(Register<double> numbers, Register<double>* sums) { sums[0] += numbers; }

void add(Register<float> numbers, Register<double>* sums) {
  typedef float Half __attribute__((vector_size(8)));
  const Half low = __builtin_shufflevector(numbers, numbers, 0, 1);
  const Register<float> moved = __builtin_shufflevector(numbers, numbers, 2, 3, 2, 3);
  const Half high = __builtin_shufflevector(moved, moved, 0, 1);
  sums[0] += __builtin_convertvector(low, Register<double>);
  sums[1] += __builtin_convertvector(high, Register<double>);
}

template <typename T>
void sum_rows(const MultiLabelMargin& loss, int64_t first, T* sums, T* is_target) {
  const LabelBlock<T> block(loss, first);
  Register<double> totals[kRows / 2] = {};
  for (int64_t index = 0; index < block.most; ++index) {
    const Lanes<T> shift = block.shift(index);
    for (const Lanes<T>& scores : block.others) {
#pragma GCC unroll 4
      for (int part = 0; part < kParts<T>; ++part) {
        const Register<T> z = shift[part] + scores[part];
        add(z > 0 ? z : Register<T>{}, &totals[part * kWidth<T> / 2]);
      }
    }
  }
  for (int row = 0; row < block.rows(); ++row) {
    T* flags = is_target + (first + row) * block.columns;
    std::fill_n(flags, block.columns, T{0});
    for (int64_t i = 0; i < block.counts[row]; ++i) flags[block.labels[row][i]] = 1;
    sums[first + row] = static_cast<T>(totals[row / 2][row % 2]);
  }
}

template <typename T>
void differentiate_rows(const MultiLabelMargin& loss, int64_t first, const at::Tensor& gradient,
                        T* results) {
  const LabelBlock<T> block(loss, first);
  const T g = share<T>(loss.reduction, loss.input.size(0), block.columns);
  c10::SmallVector<Lanes<T>, 64> given(block.columns, Lanes<T>{});
  for (int64_t index = 0; index < block.most; ++index) {
    const Lanes<T> shift = block.shift(index);
    Lanes<T> by_labels{};
    block.for_labels(index, [&](int row, int64_t label) {
      lane<T>(by_labels, row) = lane<T>(given[label], row);  // not 0 after an equal label
    });
    for (int64_t column = 0; column < block.columns; ++column) {
      for (int part = 0; part < kParts<T>; ++part) {
        const Register<T> z = shift[part] + block.others[column][part];
        const Register<T> step = z > 0 ? Register<T>{} + g : Register<T>{};
        by_labels[part] -= step;
        given[column][part] += step;
      }
    }
    block.for_labels(index, [&](int row, int64_t label) {
      lane<T>(given[label], row) = lane<T>(by_labels, row);
    });
  }
  const Lanes<T> factors = factors_of(gradient, block);
  for (int64_t column = 0; column < block.columns; column += kWidth<T>) {
    const int64_t count = std::min<int64_t>(kWidth<T>, block.columns - column);
    for (int part = 0; part < kParts<T>; ++part) {
      Tile<T> tile{};
      for (int64_t i = 0; i < count; ++i) tile[i] = given[column + i][part] * factors[part];
      block.write(part, column, count, tile, results);
    }
  }
}

}  // namespace

bool takes(const MultiMargin& loss) {
  const auto& [input, target, p, margin, weight, reduction] = loss;
  if (!is_matrix(input) || input.size(1) < kWorthBlocks || (p != 1 && p != 2)) return false;
  if (!are_integers(target, input.sizes().slice(0, 1))) return false;
  const bool has_weights =
      !weight || (plain::is_plain(input, *weight) && weight->is_contiguous() &&
                  weight->dim() == 1 && weight->numel() == input.size(1) && are_finite(*weight));
  return has_weights && std::isfinite(margin) && are_within(target, 0, input.size(1));
}

at::Tensor multi_margin(const MultiMargin& loss) {
  const at::Tensor& input = loss.input;
  at::Tensor sums = empty({input.size(0)}, input.scalar_type());
  return with_type_of(input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    for_blocks(input, [&](int64_t first) {
      loss.p == 1 ? sum_rows<false>(loss, first, results) : sum_rows<true>(loss, first, results);
    });
    return loss_of_rows<T>(sums, loss.reduction, 1);
  });
}

at::Tensor multi_margin_backward(const MultiMargin& loss, const at::Tensor& gradient) {
  const at::Tensor& input = loss.input;
  if (!are_finite(gradient)) return {};
  at::Tensor result = empty(input.sizes(), input.scalar_type());
  with_type_of(input, [&]<typename T>(T) {
    T* results = result.mutable_data_ptr<T>();
    for_blocks(input, [&](int64_t first) {
      loss.p == 1 ? differentiate_rows<false>(loss, first, gradient, results)
                  : differentiate_rows<true>(loss, first, gradient, results);
    });
  });
  return result;
}

bool takes(const MultiLabelMargin& loss) {
  return is_matrix(loss.input) && are_integers(loss.target, loss.input.sizes()) &&
         are_within(loss.target, -1, loss.input.size(1));
}

at::Tensor multilabel_margin(const MultiLabelMargin& loss, at::Tensor& is_target) {
  const at::Tensor& input = loss.input;
  const int64_t columns = input.size(1);
  at::Tensor sums = empty({input.size(0)}, input.scalar_type());
  is_target = empty(input.sizes(), input.scalar_type());
  return with_type_of(input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    T* flags = is_target.mutable_data_ptr<T>();
    for_blocks(input, [&](int64_t first) { sum_rows(loss, first, results, flags); });
    if (loss.reduction == at::Reduction::None) {
      for (T& sum : std::span(results, sums.numel())) sum /= static_cast<T>(columns);
    }
    return loss_of_rows<T>(sums, loss.reduction, columns);
  });
}

at::Tensor multilabel_margin_backward(const MultiLabelMargin& loss, const at::Tensor& gradient) {
  const at::Tensor& input = loss.input;
  if (!are_finite(gradient)) return {};
  at::Tensor result = empty(input.sizes(), input.scalar_type());
  with_type_of(input, [&]<typename T>(T) {
    T* results = result.mutable_data_ptr<T>();
    for_blocks(input, [&](int64_t first) { differentiate_rows(loss, first, gradient, results); });
  });
  return result;
}

}  // namespace torch_losses::margins
