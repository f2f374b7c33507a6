// The losses of margins between the scores of a row, for eight rows at once. libtorch adds up row
// after row, each addition waits for the one before, and each score is a branch. Here the terms of
// eight rows are computed without branches, and then the eight sums grow side by side. The order
// within a row stays, and so its bits.
//
// Source of the formulas: ATen/native/LossMultiMargin.cpp and LossMultiLabelMargin.cpp.
#include "kernels/margins.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "bindings/small_work.h"
#include "kernels/eligibility.h"
#include "kernels/gradients.h"
#include "kernels/kernel.h"
#include "kernels/kernels.h"
#include "kernels/recorded_functions.h"
#include "kernels/self_test.h"
#include "losses/snapshot.h"

namespace torch_losses::kernels {
namespace {

constexpr int64_t kRows = 8;  // of a block
// Columns. With fewer, libtorch's way is the shorter one.
constexpr int64_t kWorthBlocks = 32;

// --- blocks of rows ------------------------------------------------------------------------------

// A block of rows with room for a number for each element.
template <typename T>
struct Block {
  int64_t first = 0;  // its first row
  int64_t rows = 0;
  int64_t columns;
  std::vector<T> terms;

  explicit Block(int64_t columns) : columns(columns), terms(kRows * columns) {}

  T* terms_of(int64_t row) { return terms.data() + row * columns; }

  // Adds the terms of each row, in order, to its total.
  template <typename Total>
  void add_to(std::array<Total, kRows>& totals) const {
    accumulate<Total>(totals, [](Total& total, T term) { total += term; });
  }

  void subtract_from(std::array<T, kRows>& totals) const {
    accumulate<T>(totals, [](T& total, T term) { total -= term; });
  }

 private:
  // The rows are written out, so that the compiler does not take one after the other.
  template <typename Total, typename Add>
  void accumulate(std::array<Total, kRows>& totals, Add add) const {
    std::array<Total, kRows> sums = totals;
    const T* from = terms.data();
    const int64_t count = columns;
    [&]<size_t... Row>(std::index_sequence<Row...>) {
      for (int64_t column = 0; column < count; ++column) {
        (add(sums[Row], from[Row * count + column]), ...);
      }
    }
    (std::make_index_sequence<kRows>());
    totals = sums;
  }
};

// Calls `run` with each block, on libtorch's threads; returns whether all calls returned true.
template <typename T, typename Run>
bool for_blocks(const at::Tensor& input, Run run) {
  const int64_t rows = input.size(0);
  const int64_t columns = input.size(1);
  const int64_t grain = std::max<int64_t>(1, at::internal::GRAIN_SIZE / (kRows * columns));
  std::atomic<bool> is_done = true;
  parallel_for(at::divup(rows, kRows), grain, [&](int64_t, int64_t begin, int64_t end) {
    Block<T> block(columns);
    for (int64_t index = begin; index < end; ++index) {
      block.first = index * kRows;
      block.rows = std::min(kRows, rows - block.first);
      if (!run(block)) is_done = false;
    }
  });
  return is_done;
}

// --- operands and results ------------------------------------------------------------------------

bool is_matrix(const at::Tensor& input) {
  return input.dim() == 2 && are_dense(input) && input.size(0) >= kRows / 2;
}

bool are_integers(const at::Tensor& target, at::IntArrayRef sizes) {
  return target.scalar_type() == at::kLong && are_on_cpu_alone(target) && target.is_contiguous() &&
         target.sizes() == sizes;
}

bool are_finite(const at::Tensor& tensor) {
  return with_type_of(tensor, [&]<typename T>(T) {
    return std::ranges::all_of(std::span(tensor.const_data_ptr<T>(), tensor.numel()),
                               [](T number) { return std::isfinite(number); });
  });
}

// Returns the loss of the rows' sums, in libtorch's order of divisions, of which `sums` have had
// all but the one by `divisor`.
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

// Returns what each element of a row adds to gradients.
template <typename T>
T share(const at::Tensor& input, int64_t reduction) {
  const int64_t elements = reduction == at::Reduction::Mean ? input.numel() : input.size(1);
  return static_cast<T>(1. / static_cast<double>(elements));
}

// Returns the upstream gradient of a row.
template <typename T>
T factor_of(const at::Tensor& upstream, int64_t row) {
  return upstream.const_data_ptr<T>()[upstream.dim() == 0 ? 0 : row];
}

// --- multi_margin_loss ---------------------------------------------------------------------------

struct MultiMargin {
  const at::Tensor& input;
  const at::Tensor& target;
  int64_t p;
  double margin;
  const OptionalTensor& weight;
  int64_t reduction;
};

bool are_operands(const MultiMargin& loss) {
  const auto& [input, target, p, margin, weight, reduction] = loss;
  if (!is_matrix(input) || input.size(1) < kWorthBlocks || (p != 1 && p != 2)) return false;
  if (!are_integers(target, input.sizes().slice(0, 1)) || !std::isfinite(margin)) return false;
  return !weight ||
         (are_eligible(input, *weight) && weight->is_contiguous() && weight->dim() == 1 &&
          weight->numel() == input.size(1) && are_finite(*weight) && !weight->requires_grad());
}

// Fills the terms with `term(z)` for each excess z of a score over the target's, and 0 for none;
// `targets` gets the classes. False if one is out of range.
template <typename T, typename Term>
bool fill_excesses(const MultiMargin& loss, Block<T>& block, std::array<int64_t, kRows>& targets,
                   Term term) {
  const T* weights = loss.weight ? loss.weight->const_data_ptr<T>() : nullptr;
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t index = block.first + row;
    const int64_t target = read_once(loss.target.const_data_ptr<int64_t>() + index);
    if (target < 0 || target >= block.columns) return false;
    targets[row] = target;
    const T* scores = loss.input.const_data_ptr<T>() + index * block.columns;
    const T shift = static_cast<T>(loss.margin) - scores[target];
    const T weight = weights == nullptr ? T{1} : weights[target];
    T* terms = block.terms_of(row);
    for (int64_t column = 0; column < block.columns; ++column) {
      const T z = shift + scores[column];
      const T h = term(z) * weight;
      terms[column] = z > 0 ? h : T{0};
    }
    terms[target] = 0;
  }
  return true;
}

// Calls `visit` with the function of an excess: z, or its square.
template <typename T, typename Visit>
bool with_power(int64_t p, Visit visit) {
  return p == 1 ? visit([](T z) { return z; }) : visit([](T z) { return z * z; });
}

// Undefined if a target is out of range, so that libtorch throws its error.
at::Tensor forward(const MultiMargin& loss) {
  at::Tensor sums = empty({loss.input.size(0)}, loss.input.scalar_type());
  return with_type_of(loss.input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    const bool is_done = with_power<T>(loss.p, [&](auto power) {
      return for_blocks<T>(loss.input, [&](Block<T>& block) {
        std::array<int64_t, kRows> targets;
        if (!fill_excesses(loss, block, targets, power)) return false;
        std::array<T, kRows> totals{};
        block.add_to(totals);
        for (int64_t row = 0; row < block.rows; ++row) {
          results[block.first + row] = totals[row] / static_cast<T>(block.columns);
        }
        return true;
      });
    });
    return is_done ? loss_of_rows<T>(sums, loss.reduction, 1) : at::Tensor();
  });
}

at::Tensor backward(const MultiMargin& loss, const at::Tensor& upstream) {
  if (!are_finite(upstream)) return {};
  at::Tensor result = empty(loss.input.sizes(), loss.input.scalar_type());
  const bool is_done = with_type_of(loss.input, [&]<typename T>(T) {
    const T g = share<T>(loss.input, loss.reduction);
    const auto differentiate = [&](auto derivative) {
      return for_blocks<T>(loss.input, [&](Block<T>& block) {
        std::array<int64_t, kRows> targets;
        if (!fill_excesses(loss, block, targets, derivative)) return false;
        std::array<T, kRows> by_targets{};
        block.subtract_from(by_targets);
        for (int64_t row = 0; row < block.rows; ++row) {
          const T factor = factor_of<T>(upstream, block.first + row);
          T* gradients = result.mutable_data_ptr<T>() + (block.first + row) * block.columns;
          std::transform(block.terms_of(row), block.terms_of(row) + block.columns, gradients,
                         [=](T given) { return given * factor; });
          gradients[targets[row]] = by_targets[row] * factor;
        }
        return true;
      });
    };
    return loss.p == 1 ? differentiate([=](T) { return g; })
                       : differentiate([=](T z) { return T{2} * g * z; });
  });
  return is_done ? result : at::Tensor();
}

// --- multilabel_margin_loss ----------------------------------------------------------------------

struct MultiLabelMargin {
  const at::Tensor& input;
  const at::Tensor& target;
  int64_t reduction;
};

bool are_operands(const MultiLabelMargin& loss) {
  return is_matrix(loss.input) && loss.input.size(1) >= kWorthBlocks &&
         are_integers(loss.target, loss.input.sizes());
}

// Returns whether all are at least -1 and less than `columns`: the signs of what lies between tell
// it without a branch.
bool are_in_range(const int64_t* numbers, int64_t columns) {
  uint64_t signs = 0;
  for (int64_t i = 0; i < columns; ++i) {
    const auto number = static_cast<uint64_t>(numbers[i]);
    signs |= (number + 1) | (static_cast<uint64_t>(columns) - 1 - number);
  }
  return signs >> 63U == 0;
}

// The labels of the rows of a block, which end with -1, and the scores of all other columns.
template <typename T>
struct Labels {
  std::array<std::vector<int64_t>, kRows> of_rows;
  size_t most = 0;        // of a row
  std::vector<T> others;  // scores; -infinity for a label, which never exceeds

  // False if a number of the target is out of range, behind the end of the labels too.
  bool read(const MultiLabelMargin& loss, const Block<T>& block) {
    most = 0;
    others.resize(kRows * block.columns);
    for (int64_t row = 0; row < kRows; ++row) of_rows[row].clear();
    for (int64_t row = 0; row < block.rows; ++row) {
      const int64_t begin = (block.first + row) * block.columns;
      const T* scores = loss.input.const_data_ptr<T>() + begin;
      T* const copy =
          std::copy_n(scores, block.columns, others.data() + row * block.columns) - block.columns;
      const int64_t* numbers = loss.target.const_data_ptr<int64_t>() + begin;
      if (!are_in_range(numbers, block.columns)) return false;
      for (int64_t column = 0; column < block.columns; ++column) {
        const int64_t label = read_once(numbers + column);
        if (label < 0) break;
        if (label >= block.columns) return false;
        of_rows[row].push_back(label);
        copy[label] = -std::numeric_limits<T>::infinity();
      }
      most = std::max(most, of_rows[row].size());
    }
    return true;
  }

  // Fills the terms with `term(z)` for each excess z over the score of the label of this number,
  // and 0 for none.
  template <typename Term>
  void fill_excesses(const MultiLabelMargin& loss, Block<T>& block, size_t number, Term term) {
    for (int64_t row = 0; row < block.rows; ++row) {
      T* terms = block.terms_of(row);
      if (number >= of_rows[row].size()) {
        std::fill_n(terms, block.columns, T{0});
        continue;
      }
      const T* scores = loss.input.const_data_ptr<T>() + (block.first + row) * block.columns;
      const T shift = 1 - scores[of_rows[row][number]];
      const T* from = others.data() + row * block.columns;
      for (int64_t column = 0; column < block.columns; ++column) {
        const T z = shift + from[column];
        terms[column] = z > 0 ? term(z) : T{0};
      }
    }
  }
};

// `is_target` gets 1 for the classes among the labels of their row. Undefined if a label is out of
// range, so that libtorch throws its error.
at::Tensor forward(const MultiLabelMargin& loss, at::Tensor& is_target) {
  const at::Tensor& input = loss.input;
  at::Tensor sums = empty({input.size(0)}, input.scalar_type());
  is_target = empty(input.sizes(), input.scalar_type());
  return with_type_of(input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    const bool is_done = for_blocks<T>(input, [&](Block<T>& block) {
      Labels<T> labels;
      if (!labels.read(loss, block)) return false;
      std::array<double, kRows> totals{};
      for (size_t number = 0; number < labels.most; ++number) {
        labels.fill_excesses(loss, block, number, [](T z) { return z; });
        block.add_to(totals);
      }
      for (int64_t row = 0; row < block.rows; ++row) {
        T* flags = is_target.mutable_data_ptr<T>() + (block.first + row) * block.columns;
        std::fill_n(flags, block.columns, T{0});
        for (const int64_t label : labels.of_rows[row]) flags[label] = 1;
        results[block.first + row] = static_cast<T>(totals[row]);
      }
      return true;
    });
    if (!is_done) return at::Tensor();
    if (loss.reduction == at::Reduction::None) {
      for (T& sum : std::span(results, sums.numel())) sum /= static_cast<T>(input.size(1));
    }
    return loss_of_rows<T>(sums, loss.reduction, input.size(1));
  });
}

at::Tensor backward(const MultiLabelMargin& loss, const at::Tensor& upstream) {
  if (!are_finite(upstream)) return {};
  at::Tensor result = empty(loss.input.sizes(), loss.input.scalar_type());
  const bool is_done = with_type_of(loss.input, [&]<typename T>(T) {
    const T g = share<T>(loss.input, loss.reduction);
    return for_blocks<T>(loss.input, [&](Block<T>& block) {
      Labels<T> labels;
      if (!labels.read(loss, block)) return false;
      T* gradients = result.mutable_data_ptr<T>() + block.first * block.columns;
      const int64_t elements = block.rows * block.columns;
      std::fill_n(gradients, elements, T{0});
      for (size_t number = 0; number < labels.most; ++number) {
        labels.fill_excesses(loss, block, number, [=](T) { return g; });
        std::array<T, kRows> by_labels{};
        const auto for_labels = [&](auto visit) {
          for (int64_t row = 0; row < block.rows; ++row) {
            if (number >= labels.of_rows[row].size()) continue;
            visit(by_labels[row], gradients[row * block.columns + labels.of_rows[row][number]]);
          }
        };
        // After an equal label, a label's gradient is not 0.
        for_labels([](T& by_label, const T& gradient) { by_label = gradient; });
        block.subtract_from(by_labels);
        for (int64_t i = 0; i < elements; ++i) gradients[i] += block.terms[i];
        for_labels([](const T& by_label, T& gradient) { gradient = by_label; });
      }
      for (int64_t row = 0; row < block.rows; ++row) {
        const T factor = factor_of<T>(upstream, block.first + row);
        for (T& gradient : std::span(gradients + row * block.columns, block.columns)) {
          gradient *= factor;
        }
      }
      return true;
    });
  });
  return is_done ? result : at::Tensor();
}

}  // namespace

// --- kernels -------------------------------------------------------------------------------------

Result multi_margin_loss(const at::Tensor& input, const at::Tensor& target, int64_t p,
                         double margin, const OptionalTensor& weight, const Reduction& reduction) {
  if (!multi_margin_loss_kernel.is_in_use()) return std::nullopt;
  const auto mode = known_reduction(reduction);
  const MultiMargin loss{input, target, p, margin, weight, mode.value_or(0)};
  if (!mode || !are_operands(loss) || !multi_margin_loss_kernel.use()) return std::nullopt;
  const at::Tensor result = forward(loss);
  if (!result.defined()) return std::nullopt;
  if (auto* function = record<functions::MultiMarginLossBackward0>(result, input)) {
    function->margin = margin;
    function->p = p;
    function->reduction = *mode;
    function->self_ = saved(input);
    function->target_ = saved(target);
    function->weight_ = saved(weight);
  }
  return result;
}

at::Tensor multi_margin_gradient(functions::MultiMarginLossBackward0& function,
                                 const at::Tensor& upstream) {
  if (!multi_margin_loss_kernel.is_in_use()) return {};
  const at::Tensor self = function.self_.unpack();
  const at::Tensor target = function.target_.unpack();
  const at::Tensor kept = function.weight_.unpack();
  const OptionalTensor weight = kept.defined() ? OptionalTensor(kept) : std::nullopt;
  const MultiMargin loss{
      self, target, function.p.toLong(), function.margin.toDouble(), weight, function.reduction};
  const bool is_accepted = is_gradient_of_loss(upstream, loss.reduction) && are_operands(loss) &&
                           multi_margin_loss_kernel.use();
  return is_accepted ? backward(loss, upstream) : at::Tensor();
}

Result multilabel_margin_loss(const at::Tensor& input, const at::Tensor& target,
                              const Reduction& reduction) {
  if (!multilabel_margin_loss_kernel.is_in_use()) return std::nullopt;
  const auto mode = known_reduction(reduction);
  const MultiLabelMargin loss{input, target, mode.value_or(0)};
  if (!mode || !are_operands(loss) || !multilabel_margin_loss_kernel.use()) return std::nullopt;
  at::Tensor is_target;
  const at::Tensor result = forward(loss, is_target);
  if (!result.defined()) return std::nullopt;
  if (auto* function = record<MultiLabelMarginFunction>(result, input)) {
    function->reduction = *mode;
    function->self_ = saved(input);
    function->target_ = saved(target);
    function->is_target_ = saved_result(is_target);
  }
  return result;
}

at::Tensor multilabel_margin_gradient(functions::MultilabelMarginLossBackward0& function,
                                      const at::Tensor& upstream) {
  if (!multilabel_margin_loss_kernel.is_in_use()) return {};
  const at::Tensor self = function.self_.unpack();
  const at::Tensor target = function.target_.unpack();
  const MultiLabelMargin loss{self, target, function.reduction};
  const bool is_accepted = is_gradient_of_loss(upstream, loss.reduction) && are_operands(loss) &&
                           multilabel_margin_loss_kernel.use();
  return is_accepted ? backward(loss, upstream) : at::Tensor();
}

torch::autograd::variable_list MultiLabelMarginFunction::apply(
    torch::autograd::variable_list&& gradients) {
  {
    const std::lock_guard lock(mutex_);
    target_ = saved(own_copy(target_.unpack()));
  }
  return MultilabelMarginLossBackward0::apply(std::move(gradients));
}

// --- self-tests ----------------------------------------------------------------------------------

namespace {

// Compares all reductions of float and double at these sizes, with a score that equals the target's
// by exactly the margin.
template <typename SidesAt>
bool agree_on_rows(std::initializer_list<std::pair<int64_t, int64_t>> sizes, SidesAt sides_at) {
  for (const auto& [rows, columns] : sizes) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      const at::Tensor input = self_test::numbers({rows, columns}, dtype, columns);
      self_test::plant(input, {0.0, 1.0, -0.0, 1.0, 0.5, -0.5, 2.5}, 0, 3);
      for (const char* reduction : {"none", "mean", "sum"}) {
        const auto sides = sides_at(rows, columns, dtype, Reduction{reduction, std::nullopt});
        for (const bool requires_grad : {false, true}) {
          input.set_requires_grad(requires_grad);
          if (!self_test::agree(sides, {input})) return false;
        }
      }
    }
  }
  return true;
}

bool test_multi_margin_loss() {
  for (const int64_t p : {1, 2}) {
    for (const double margin : {1.0, 0.3}) {
      for (const bool has_weight : {false, true}) {
        const bool do_agree = agree_on_rows(
            {{4, 32}, {8, 33}, {17, 61}, {3 * kRows + 5, 4096}},
            [&](int64_t rows, int64_t columns, at::ScalarType dtype, const Reduction& reduction) {
              const at::Tensor target = self_test::integers({rows}, 0, columns);
              OptionalTensor weight;
              if (has_weight) weight = self_test::numbers({columns}, dtype, 7);
              return self_test::sides_of<&multi_margin_loss, &losses::multi_margin_loss>(
                  [=](auto loss, auto& o, auto& mode) -> Result {
                    return loss(o[0], target, p, margin, weight, mode);
                  })(reduction);
            });
        if (!do_agree) return false;
      }
    }
  }
  return true;
}

// Labels: several in a row, equal ones, none, and as many as there are columns.
bool test_multilabel_margin_loss() {
  return agree_on_rows(
      {{4, 32}, {8, 33}, {17, 61}, {3 * kRows + 5, 2048}},
      [](int64_t rows, int64_t columns, at::ScalarType, const Reduction& reduction) {
        const at::Tensor target = self_test::integers({rows, columns}, 0, columns);
        for (int64_t row = 0; row < rows; ++row) {
          int64_t* labels = target.mutable_data_ptr<int64_t>() + row * columns;
          const int64_t count = row % 7 == 3 && columns < 64 ? columns : row % 7;
          if (count > 2) labels[2] = labels[0];
          if (count < columns) labels[count] = -1;
        }
        return self_test::sides_of<&multilabel_margin_loss, &losses::multilabel_margin_loss>(
            [=](auto loss, auto& o, auto& mode) -> Result { return loss(o[0], target, mode); })(
            reduction);
      });
}

}  // namespace

constinit Kernel multi_margin_loss_kernel("multi_margin_loss", &test_multi_margin_loss);
constinit Kernel multilabel_margin_loss_kernel("multilabel_margin_loss",
                                               &test_multilabel_margin_loss);

}  // namespace torch_losses::kernels
