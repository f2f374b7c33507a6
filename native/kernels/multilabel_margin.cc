// Source of the formulas: ATen/native/LossMultiLabelMargin.cpp.
#include "kernels/margins.h"

#include <c10/util/SmallVector.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <span>
#include <utility>

#include "kernels/row_blocks.h"
#include "kernels/shortcuts.h"
#include "losses/snapshot.h"

namespace torch_losses::margins {
namespace {

using plain::empty;
using plain::with_type_of;

template <typename T>
struct LabelBlock : Block<T> {
  std::array<std::span<const int64_t>, kRows> labels;
  int64_t most = 0;         // of a row
  bool has_classes = true;  // for labels; else nothing is to be computed of it
  // The scores of the columns that are no labels; a label never exceeds.
  c10::SmallVector<Lanes<T>, 64> others;

  LabelBlock(const MultiLabelMargin& loss, int64_t first) : Block<T>(loss.input, first) {
    others.resize(this->columns);
    this->for_tiles([&](int part, int64_t column, int64_t count, const Tile<T>& tile) {
      for (int64_t i = 0; i < count; ++i) others[column + i][part] = tile[i];
    });
    read_labels(loss.target.const_data_ptr<int64_t>());
    for (int row = 0; row < kRows; ++row) {
      for (const int64_t label : labels[row]) lane<T>(others[label], row) = kNever<T>;
    }
  }

  // Calls `visit(row, label)` for the rows that have so many labels.
  template <typename Visit>
  void for_labels(int64_t index, Visit visit) const {
    for (int row = 0; row < kRows; ++row) {
      if (index < std::ssize(labels[row])) visit(row, labels[row][index]);
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

 private:
  // Those of a row end with -1.
  void read_labels(const int64_t* target) {
    labels_.resize_for_overwrite(kRows * this->columns);
    int64_t* end = labels_.data();
    for (int row = 0; row < kRows; ++row) {
      const int64_t* given = target + this->index(row) * this->columns;
      int64_t* const begin = end;
      for (int64_t i = 0; i < this->columns; ++i) {
        const int64_t label = read_once(given + i);
        if (label == -1) break;
        has_classes = has_classes && label >= 0 && label < this->columns;
        if (!has_classes) return;
        *end++ = label;
      }
      labels[row] = std::span(begin, end);
      most = std::max(most, std::ssize(labels[row]));
    }
  }

  c10::SmallVector<int64_t, 64 * kRows> labels_;
};

// Whether all of a row is in range, behind the end of its labels too. (In vectors: no exit, and no
// comparisons, but the signs of what there is between a number and its bounds.)
bool are_labels(const int64_t* numbers, int64_t columns) {
  uint64_t signs = 0;
  for (const auto number : std::span(reinterpret_cast<const uint64_t*>(numbers), columns)) {
    signs |= (number + 1) | (static_cast<uint64_t>(columns) - 1 - number);
  }
  return signs >> 63U == 0;
}

// Adds to as many doubles.
void add(Register<double> numbers, Register<double>* sums) { sums[0] += numbers; }

void add(Register<float> numbers, Register<double>* sums) {
  typedef float Half __attribute__((vector_size(8)));
  const std::array both{numbers, shuffle<2, 3, 2, 3>(numbers, numbers)};
  for (size_t part = 0; part < both.size(); ++part) {
    Half half;
    std::memcpy(&half, &both[part], sizeof half);
    sums[part] += __builtin_convertvector(half, Register<double>);
  }
}

template <typename T>
bool sum_rows(const MultiLabelMargin& loss, int64_t first, T* sums, T* is_target) {
  const auto* given = loss.target.const_data_ptr<int64_t>();
  const int64_t columns = loss.input.size(1);
  const int64_t end = std::min(first + kRows, loss.input.size(0));
  for (int64_t row = first; row < end; ++row) {
    if (!are_labels(given + row * columns, columns)) return false;
  }
  const LabelBlock<T> block(loss, first);
  if (!block.has_classes) return false;
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
    for (const int64_t label : block.labels[row]) flags[label] = 1;
    sums[first + row] = static_cast<T>(totals[row / 2][row % 2]);
  }
  return true;
}

template <typename T>
bool differentiate_rows(const MultiLabelMargin& loss, int64_t first, const at::Tensor& gradient,
                        T* results) {
  const LabelBlock<T> block(loss, first);
  if (!block.has_classes) return false;
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
  return true;
}

}  // namespace

bool takes(const MultiLabelMargin& loss) {
  return shortcuts::multilabel_margin.take_if(is_matrix(loss.input) &&
                                              are_integers(loss.target, loss.input.sizes()));
}

at::Tensor multilabel_margin(const MultiLabelMargin& loss, at::Tensor& is_target) {
  const at::Tensor& input = loss.input;
  const int64_t columns = input.size(1);
  at::Tensor sums = empty({input.size(0)}, input.scalar_type());
  is_target = empty(input.sizes(), input.scalar_type());
  return with_type_of(input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    T* flags = is_target.mutable_data_ptr<T>();
    const bool is_done =
        for_blocks(input, [&](int64_t first) { return sum_rows(loss, first, results, flags); });
    if (!is_done) return at::Tensor();
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
  const bool is_done = with_type_of(input, [&]<typename T>(T) {
    T* results = result.mutable_data_ptr<T>();
    return for_blocks(
        input, [&](int64_t first) { return differentiate_rows(loss, first, gradient, results); });
  });
  return is_done ? result : at::Tensor();
}

torch::autograd::variable_list MultiLabelMarginFunction::apply(
    torch::autograd::variable_list&& gradients) {
  {
    const std::lock_guard lock(mutex_);
    target_ = plain::saved(own_copy(target_.unpack()));
  }
  return MultilabelMarginLossBackward0::apply(std::move(gradients));
}

}  // namespace torch_losses::margins
