// The cross entropy between scores and class indices. One pass computes log_softmax and nll_loss,
// and another one their gradient, without the matrix of zeros that nll_loss_backward makes. Takes a
// contiguous matrix of float, one class for each row, and weights of the classes. Source of the
// sums over rows: ATen/native/LossNLL.cpp.
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/Version.h>
#include <ATen/core/Reduction.h>
#include <c10/core/WrapDimMinimal.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>

#include "bindings/libtorch_symbols.h"
#include "kernels/eligibility.h"
#include "kernels/kernel.h"
#include "kernels/kernels.h"
#include "kernels/parallel_for.h"
#include "kernels/recorded_functions.h"
#include "kernels/self_test.h"
#include "kernels/softmax_rows.h"

namespace torch_losses::kernels {
namespace {

struct Loss {
  const at::Tensor& target;
  const std::optional<at::Tensor>& weight;
  int64_t reduction;
  int64_t ignored;
};

struct Computed {
  at::Tensor loss;  // undefined if libtorch is to compute it
  at::Tensor total_weight;
  at::Tensor log_probabilities;  // undefined if they were not asked for
};

using softmax_rows::Kernels;
using softmax_rows::Library;

template <typename T>
using OfRows = c10::SmallVector<T, 64>;

// The kernels for the instructions that libtorch uses on this processor, which ATEN_CPU_CAPABILITY
// can change, and the functions of libtorch's libraries that they call.
struct Implementation {
  const Kernels* kernels = nullptr;
  Library library{};

  Implementation() {
    const std::string capability = at::get_cpu_capability();
    const Kernels* found = capability == "AVX512" ? softmax_rows::avx512()
                           : capability == "AVX2" ? softmax_rows::avx2()
                                                  : nullptr;
    if (found == nullptr) return;
    library.log = symbol_of_libtorch(found->log);
    if (library.log != nullptr) kernels = found;
  }
};

const Implementation& implementation() {
  static const Implementation found;
  return found;
}

// Returns the least number of rows for one thread.
int64_t grain_of(int64_t columns) {
  return std::max<int64_t>(1, at::internal::GRAIN_SIZE / columns);
}

// Returns the class of each row, or -1 for an ignored row. Empty if a class is out of range.
// Returns a copy, because another thread may change the target after the check.
OfRows<int64_t> classes_of(const Loss& loss, int64_t columns) {
  const auto* targets = loss.target.const_data_ptr<int64_t>();
  OfRows<int64_t> classes(targets, targets + loss.target.numel());
  for (int64_t& target : classes) {
    if (target == loss.ignored) {
      target = -1;
    } else if (target < 0 || target >= columns) {
      return {};
    }
  }
  return classes;
}

const float* weights_of(const Loss& loss) {
  return loss.weight ? loss.weight->const_data_ptr<float>() : nullptr;
}

// Sums in levels, as libtorch does: the rounding error of one long sum would grow with its length.
class CascadeSum {
 public:
  explicit CascadeSum(int64_t rows)
      : power_(std::max<int64_t>(4, std::bit_width(static_cast<uint64_t>(rows - 1)) / kLevels)) {}

  void subtract(float number) { sums_[0] -= number; }
  void add(float number) { sums_[0] += number; }

  void carry(int64_t row) {
    const int64_t mask = (int64_t{1} << power_) - 1;
    for (int64_t level = 0; level + 1 < kLevels; ++level) {
      if ((row & (mask << (level * power_))) != 0) break;
      sums_[level + 1] += sums_[level];
      sums_[level] = 0;
    }
  }

  float total() const { return std::accumulate(sums_.begin(), sums_.end(), 0.0F); }

 private:
  static constexpr int64_t kLevels = 8;
  int64_t power_;
  std::array<float, kLevels> sums_{};
};

// Reduces the loss. `chosen` has the log-probability of each row's class.
void reduce(const OfRows<float>& chosen, const OfRows<int64_t>& classes, const Loss& loss,
            Computed& result) {
  const auto rows = static_cast<int64_t>(classes.size());
  const float* weights = weights_of(loss);
  float& total_weight = *result.total_weight.mutable_data_ptr<float>();
  float* losses = result.loss.mutable_data_ptr<float>();
  total_weight = 0;
  if (loss.reduction == at::Reduction::None) {
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t target = classes[row];
      losses[row] = target < 0 ? 0 : -chosen[row] * (weights == nullptr ? 1.0F : weights[target]);
    }
    return;
  }
  CascadeSum sum(rows);
  CascadeSum sum_of_weights(rows);
  int64_t counted = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t target = classes[row];
    if (target < 0) continue;
    ++counted;
    sum.subtract(weights == nullptr ? chosen[row] : chosen[row] * weights[target]);
    sum.carry(row);
    if (weights == nullptr) continue;
    sum_of_weights.add(weights[target]);
    sum_of_weights.carry(row);
  }
  total_weight = weights == nullptr ? static_cast<float>(counted) : sum_of_weights.total();
  *losses = loss.reduction == at::Reduction::Mean ? sum.total() / total_weight : sum.total();
}

// Returns the gradient of the loss with respect to the log-probability of each row's class. Empty
// if one is not finite.
OfRows<float> gradients_by_chosen(const at::Tensor& gradient, const OfRows<int64_t>& classes,
                                  const Loss& loss, const at::Tensor& total_weight) {
  const bool is_reduced = loss.reduction != at::Reduction::None;
  const float* given = gradient.const_data_ptr<float>();
  const float* weights = weights_of(loss);
  const float divided = loss.reduction == at::Reduction::Mean
                            ? *given / *total_weight.const_data_ptr<float>()
                            : *given;
  OfRows<float> results(classes.size());
  for (size_t row = 0; row < classes.size(); ++row) {
    const int64_t target = classes[row];
    if (target < 0) continue;
    const float weight = weights == nullptr ? 1 : weights[target];
    results[row] = is_reduced ? weight * -divided : -weight * given[row];
    if (!std::isfinite(results[row])) return {};
  }
  return results;
}

bool is_matrix_of_float(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat && are_eligible(tensor) && tensor.dim() == 2 &&
         tensor.is_contiguous();
}

// Returns whether the kernel accepts these operands.
bool are_operands(const at::Tensor& input, const Loss& loss) {
  const auto& [target, weight, reduction, ignored] = loss;
  if (!is_matrix_of_float(input) || implementation().kernels == nullptr) return false;
  const bool has_targets = target.scalar_type() == at::kLong && target.dim() == 1 &&
                           target.numel() == input.size(0) && target.is_contiguous() &&
                           are_on_cpu_alone(input, target);
  return has_targets && (!weight || (are_eligible(input, *weight) && weight->is_contiguous() &&
                                     weight->dim() == 1 && weight->numel() == input.size(1)));
}

Computed forward(const at::Tensor& input, const Loss& loss, bool keeps_log_probabilities) {
  const int64_t rows = input.size(0);
  const int64_t columns = input.size(1);
  const OfRows<int64_t> classes = classes_of(loss, columns);
  if (classes.empty()) return {};
  Computed result{.loss = loss.reduction == at::Reduction::None ? empty({rows}, at::kFloat)
                                                                : empty({}, at::kFloat),
                  .total_weight = empty({}, at::kFloat),
                  .log_probabilities = {}};
  if (keeps_log_probabilities) result.log_probabilities = empty(input.sizes(), at::kFloat);
  OfRows<float> chosen(rows);
  const softmax_rows::Forward operands{
      .input = input.const_data_ptr<float>(),
      .targets = classes.data(),
      .chosen = chosen.data(),
      .results =
          keeps_log_probabilities ? result.log_probabilities.mutable_data_ptr<float>() : nullptr,
      .columns = columns};
  const auto& [kernels, library] = implementation();
  std::atomic<bool> is_open = false;
  parallel_for(rows, grain_of(columns), [&](int64_t, int64_t begin, int64_t end) {
    if (!kernels->forward(operands, library, begin, end)) is_open = true;
  });
  if (is_open) return {};
  reduce(chosen, classes, loss, result);
  return result;
}

at::Tensor backward(const at::Tensor& gradient, const at::Tensor& log_probabilities,
                    const Loss& loss, const at::Tensor& total_weight) {
  const int64_t columns = log_probabilities.size(1);
  const OfRows<int64_t> classes = classes_of(loss, columns);
  if (classes.empty()) return {};
  const OfRows<float> gradients = gradients_by_chosen(gradient, classes, loss, total_weight);
  if (gradients.empty()) return {};
  at::Tensor result = empty(log_probabilities.sizes(), at::kFloat);
  const softmax_rows::Backward operands{.results = log_probabilities.const_data_ptr<float>(),
                                        .targets = classes.data(),
                                        .gradients = gradients.data(),
                                        .input_gradients = result.mutable_data_ptr<float>(),
                                        .columns = columns};
  std::atomic<bool> is_open = false;
  parallel_for(log_probabilities.size(0), grain_of(columns),
               [&](int64_t, int64_t begin, int64_t end) {
                 if (!implementation().kernels->backward(operands, begin, end)) is_open = true;
               });
  return is_open ? at::Tensor() : result;
}

}  // namespace

Result cross_entropy(const at::Tensor& input, const at::Tensor& target,
                     const OptionalTensor& weight, int64_t ignore_index, const Reduction& reduction,
                     double label_smoothing) {
  if (!cross_entropy_kernel.is_in_use() || label_smoothing != 0) return std::nullopt;
  const auto mode = known_reduction(reduction);
  if (!mode || (weight && weight->requires_grad())) return std::nullopt;
  const Loss loss{target, weight, *mode, ignore_index};
  if (!are_operands(input, loss) || !cross_entropy_kernel.use()) return std::nullopt;
  const Computed computed = forward(input, loss, is_recorded(input));
  if (!computed.loss.defined()) return std::nullopt;
  const auto& log_probabilities = computed.log_probabilities;
  if (!log_probabilities.defined()) return computed.loss;
  if (auto* function = record<functions::LogSoftmaxBackward0>(log_probabilities, input)) {
    function->dim = 1;
    function->self_scalar_type = input.scalar_type();
    function->result_ = saved_result(log_probabilities);
  }
  if (auto* function = record<functions::NllLossBackward0>(computed.loss, log_probabilities)) {
    function->ignore_index = ignore_index;
    function->reduction = *mode;
    function->self_ = saved(log_probabilities);
    function->target_ = saved(target);
    function->weight_ = saved(weight);
    function->total_weight_ = saved_result(computed.total_weight);
  }
  return computed.loss;
}

at::Tensor gradient(torch::autograd::Node& given, torch::autograd::Node& given_next,
                    const at::Tensor& upstream) {
  if (!cross_entropy_kernel.is_in_use()) return {};
  const bool is_cross_entropy = typeid(given) == typeid(functions::NllLossBackward0) &&
                                typeid(given_next) == typeid(functions::LogSoftmaxBackward0);
  if (!is_cross_entropy || !upstream.defined() || !are_eligible(upstream)) return {};
  auto& function = static_cast<functions::NllLossBackward0&>(given);
  auto& next = static_cast<functions::LogSoftmaxBackward0&>(given_next);
  const at::Tensor self = function.self_.unpack();
  const at::Tensor target = function.target_.unpack();
  const at::Tensor kept = function.weight_.unpack();
  const at::Tensor total_weight = function.total_weight_.unpack(function.getptr());
  const at::Tensor result = next.result_.unpack(next.getptr());
  const OptionalTensor weight = kept.defined() ? OptionalTensor(kept) : std::nullopt;
  const Loss loss{target, weight, function.reduction,
                  function.ignore_index.guard_int(__FILE__, __LINE__)};
  const bool is_of_rows = self.const_data_ptr() == result.const_data_ptr() &&
                          self.sizes() == result.sizes() && self.is_contiguous() &&
                          are_operands(result, loss) && c10::maybe_wrap_dim(next.dim, 2) == 1 &&
                          next.self_scalar_type == at::kFloat;
  const bool is_accepted = is_of_rows && upstream.is_contiguous() &&
                           upstream.dim() == (loss.reduction == at::Reduction::None ? 1 : 0);
  if (!is_accepted || !cross_entropy_kernel.use()) return {};
  return backward(upstream, result, loss, total_weight);
}

namespace {

// Sizes around the width of registers of 8 and 16 numbers, sizes that need several levels of sums,
// and sizes that are divided between two threads.
bool test_cross_entropy() {
  for (const auto& [rows, columns] : {std::pair(1, 1),
                                      {3, 2},
                                      {2, 7},
                                      {3, 8},
                                      {5, 16},
                                      {4, 31},
                                      {300, 5},
                                      {40, 77},
                                      {3, 3000},
                                      {100, 1000}}) {
    const at::Tensor target = self_test::integers({rows}, 0, columns);
    const at::Tensor input = self_test::numbers({rows, columns}, at::kFloat, rows);
    const at::Tensor weight = self_test::numbers({columns}, at::kFloat, columns);
    for (const float scale : {1.0F, 90.0F}) {  // with scores whose exponential is 0
      const at::Tensor scores = at::mul(input, scale);
      for (const char* reduction : {"none", "mean", "sum"}) {
        for (const OptionalTensor& weights : {OptionalTensor(), OptionalTensor(weight)}) {
          for (const int64_t ignored : {-100, 1}) {
            const auto call = [&](auto loss, auto& o, auto& mode) -> Result {
              return loss(o[0], target, weights, ignored, mode, 0.0);
            };
            auto sides = self_test::sides_of<&cross_entropy, &losses::cross_entropy>(call)(
                {reduction, std::nullopt});
            for (const bool requires_grad : {false, true}) {
              scores.set_requires_grad(requires_grad);
              if (!self_test::agree(sides, {scores})) return false;
            }
          }
        }
      }
    }
  }
  return true;
}

}  // namespace

constinit Kernel cross_entropy_kernel("cross_entropy", &test_cross_entropy);

}  // namespace torch_losses::kernels
