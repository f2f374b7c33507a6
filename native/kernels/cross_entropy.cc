// Source of the sums over rows: ATen/native/LossNLL.cpp.
#include "kernels/cross_entropy.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/_log_softmax_backward_data.h>
#include <ATen/ops/nll_loss_backward.h>
#include <ATen/ops/nll_loss_forward.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "bindings/libtorch_symbols.h"
#include "bindings/small_work.h"
#include "kernels/plain.h"
#include "kernels/shortcuts.h"
#include "kernels/softmax_rows.h"
#include "kernels/telling.h"

namespace torch_losses::cross_entropy {
namespace {

using plain::empty;
using softmax_rows::Kernels;
using softmax_rows::Library;

template <typename T>
using OfRows = c10::SmallVector<T, 64>;

// What libtorch's kernels are made of on this processor, or by ATEN_CPU_CAPABILITY.
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

// Rows for one thread at least.
int64_t grain_of(int64_t columns) {
  return std::max<int64_t>(1, at::internal::GRAIN_SIZE / columns);
}

// The class of each row, -1 for the ignored one; empty where one is out of range. A copy: what is
// checked is what is used, whoever writes to the target meanwhile.
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

// Sums of sums of ... of so many numbers, as the rounding of a long sum grows with its length.
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

// Of the logarithms of each row's class.
void reduce(const OfRows<float>& chosen, const OfRows<int64_t>& classes, const Loss& loss,
            Result& result) {
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

// By the logarithm of each row's class; empty where one is not finite.
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
  return tensor.scalar_type() == at::kFloat && plain::is_plain(tensor) && tensor.dim() == 2 &&
         tensor.is_contiguous();
}

// Whether libtorch gives the same for matrices that tell differences.
bool agrees() {
#ifdef TORCH_LOSSES_LIBTORCH_ALONE
  return false;
#endif
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  for (const auto& [rows, columns] :
       {std::pair(1, 1), {3, 2}, {2, 7}, {3, 8}, {5, 16}, {4, 31}, {40, 77}, {3, 3000}}) {
    const at::Tensor input = telling::numbers({rows, columns}, at::kFloat, rows);
    for (float& number : std::span(input.mutable_data_ptr<float>(), input.numel())) {
      number *= 90;
    }
    const at::Tensor target = empty({rows}, at::kLong);
    for (int64_t row = 0; row < rows; ++row) {
      target.mutable_data_ptr<int64_t>()[row] = row * 17 % columns;
    }
    const std::optional<at::Tensor> weight = telling::numbers({columns}, at::kFloat, columns);
    for (const auto reduction : {at::Reduction::None, at::Reduction::Mean}) {
      const Loss loss{target, weight, reduction, rows > 4 ? 0 : -100};
      const Result ours = forward(input, loss, true);
      const at::Tensor logs = at::_log_softmax(input, 1, false);
      const auto [losses, total] =
          at::nll_loss_forward(logs, target, weight, reduction, loss.ignored);
      const at::Tensor gradient = telling::numbers(losses.sizes(), at::kFloat, 5);
      const at::Tensor by_logs =
          at::nll_loss_backward(gradient, logs, target, weight, reduction, loss.ignored, total);
      const bool same =
          telling::are_equal(ours.log_probabilities, logs) &&
          telling::are_equal(ours.loss, losses) && telling::are_equal(ours.total_weight, total) &&
          telling::are_equal(backward(gradient, logs, loss, total),
                             at::_log_softmax_backward_data(by_logs, logs, 1, at::kFloat));
      if (!same) return false;
    }
  }
  return true;
}

bool is_verified() {
  static const bool verified = implementation().kernels != nullptr && agrees();
  return verified;
}

}  // namespace

bool takes(const at::Tensor& input, const Loss& loss) {
  const auto& [target, weight, reduction, ignored] = loss;
  if (!is_matrix_of_float(input)) return false;
  const bool has_targets = target.scalar_type() == at::kLong && target.dim() == 1 &&
                           target.numel() == input.size(0) && target.is_contiguous() &&
                           plain::is_undisguised(input, target);
  const bool has_weights = !weight || (plain::is_plain(input, *weight) && weight->is_contiguous() &&
                                       weight->dim() == 1 && weight->numel() == input.size(1));
  return shortcuts::cross_entropy.take_if(has_targets && has_weights && is_verified());
}

Result forward(const at::Tensor& input, const Loss& loss, bool keeps_log_probabilities) {
  const int64_t rows = input.size(0);
  const int64_t columns = input.size(1);
  const OfRows<int64_t> classes = classes_of(loss, columns);
  if (classes.empty()) return {};
  Result result{.loss = loss.reduction == at::Reduction::None ? empty({rows}, at::kFloat)
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

}  // namespace torch_losses::cross_entropy
