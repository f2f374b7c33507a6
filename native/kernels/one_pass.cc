// Losses of elements, reduced in a single pass over their operands. libtorch goes from operator to
// operator, and each reads and writes memory for all elements.
//
// Source of the formulas: ATen/native/Loss.cpp and torch/nn/functional.py. Source of how libtorch
// divides a sum among its threads: ATen/native/TensorIteratorReduce.cpp.
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/log.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <utility>

#include "bindings/python.h"
#include "bindings/small_work.h"
#include "kernels/eligibility.h"
#include "kernels/kernel.h"
#include "kernels/kernels.h"
#include "kernels/passes.h"
#include "kernels/recorded_functions.h"
#include "kernels/self_test.h"

namespace torch_losses::kernels {
namespace {

using at::Tensor;
using passes::Operands;
using passes::Pass;

// Beyond so many elements libtorch's sum has larger blocks, which no self-test has compared.
constexpr int64_t kMostElements = 1 << 23;

// --- sums ----------------------------------------------------------------------------------------

// Each thread adds its sum to a zero, and those sums are added up as the numbers of one thread are.
template <typename T>
T sum_on_threads(Pass<T> pass, const Operands<T>& operands, int64_t count) {
  constexpr int64_t kGrain = at::internal::GRAIN_SIZE;
  const int threads = at::get_num_threads();
  if (count < kGrain || threads == 1 || at::in_parallel_region()) {
    return T{0} + pass(operands, 0, count);
  }
  c10::SmallVector<T, 64> sums(threads, T{0});
  parallel_for(count, kGrain, [&](int64_t thread, int64_t begin, int64_t end) {
    sums[thread] += pass(operands, begin, end);
  });
  return T{0} + passes::fastest<T>().value({.read = {sums.data()}}, 0, threads);
}

// The operands of a pass: tensors of one shape. Tensors to be written are made here; a null pointer
// is not written.
struct Pack {
  std::initializer_list<const Tensor*> read;
  std::initializer_list<Tensor*> write = {};
  std::initializer_list<Tensor*> flags = {};
  double number = 0;

  const Tensor& first() const { return **read.begin(); }

  template <typename T>
  Operands<T> operands() const {
    Operands<T> result;
    result.number = static_cast<T>(number);
    std::ranges::transform(read, result.read,
                           [](auto* tensor) { return tensor->template const_data_ptr<T>(); });
    fill(result.write, write, first().scalar_type());
    fill(result.flags, flags, at::kBool);
    return result;
  }

 private:
  template <typename T>
  void fill(T** pointers, std::initializer_list<Tensor*> tensors, at::ScalarType dtype) const {
    for (Tensor* tensor : tensors) {
      if (tensor != nullptr) {
        *tensor = empty(first().sizes(), dtype);
        *pointers = tensor->template mutable_data_ptr<T>();
      }
      ++pointers;
    }
  }
};

// Returns the reduced loss, not recorded. Undefined if the sum is NaN, whose sign and payload
// IEEE 754 leaves open. `choose` returns one of passes::Passes<T>.
template <typename Choose>
Tensor reduced(Choose choose, const Pack& pack, int64_t reduction) {
  const Tensor& first = pack.first();
  Tensor result = empty({}, first.scalar_type());
  const bool is_nan = with_type_of(first, [&]<typename T>(T) {
    const int64_t count = first.numel();
    T sum = sum_on_threads<T>(choose(passes::fastest<T>()), pack.operands<T>(), count);
    if (reduction == at::Reduction::Mean) sum /= static_cast<T>(count);
    *result.mutable_data_ptr<T>() = sum;
    return std::isnan(sum);
  });
  return is_nan ? Tensor() : result;
}

#define PASS(name) [](const auto& passes) { return passes.name; }

// --- arguments -----------------------------------------------------------------------------------

// Returns the number of a reduction to one number, if a kernel computes this loss.
template <typename... Tensors>
std::optional<int64_t> accepted(Kernel& kernel, const Reduction& reduction, const Tensor& self,
                                const Tensors&... others) {
  if (!kernel.is_in_use()) return std::nullopt;
  const auto mode = known_reduction(reduction);
  const bool is_accepted = mode && *mode != at::Reduction::None && are_dense(self, others...) &&
                           self.numel() < kMostElements;
  return is_accepted && kernel.use() ? mode : std::nullopt;
}

// Records a loss that is one function, which saves the operands, the reduction and what `save`
// adds.
template <typename Function, typename Save>
Result recorded(const Tensor& loss, const Tensor& input, const Tensor& target, int64_t mode,
                Save save) {
  if (!loss.defined()) return std::nullopt;
  if (auto* function = record<Function>(loss, input, target)) {
    function->reduction = mode;
    function->self_ = saved(input);
    function->target_ = saved(target);
    save(*function);
  }
  return loss;
}

}  // namespace

// --- losses --------------------------------------------------------------------------------------

Result mse_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
                const OptionalTensor& weight) {
  const auto mode = accepted(mse_loss_kernel, reduction, input, target);
  if (!mode || weight) return std::nullopt;
  const Tensor loss = reduced(PASS(squared_error), {.read = {&input, &target}}, *mode);
  return recorded<functions::MseLossBackward0>(loss, input, target, *mode, [](auto&) {});
}

Result smooth_l1_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
                      double beta) {
  const auto mode = accepted(smooth_l1_loss_kernel, reduction, input, target);
  if (!mode || !(beta > 0)) return std::nullopt;
  const Pack pack{.read = {&input, &target}, .number = beta};
  return recorded<functions::SmoothL1LossBackward0>(reduced(PASS(smooth_l1), pack, *mode), input,
                                                    target, *mode,
                                                    [&](auto& function) { function.beta = beta; });
}

Result huber_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
                  double delta, const OptionalTensor& weight) {
  const auto mode = accepted(huber_loss_kernel, reduction, input, target);
  if (!mode || weight || !(delta > 0)) return std::nullopt;
  const Pack pack{.read = {&input, &target}, .number = delta};
  return recorded<functions::HuberLossBackward0>(reduced(PASS(huber), pack, *mode), input, target,
                                                 *mode,
                                                 [&](auto& function) { function.delta = delta; });
}

Result l1_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
               const OptionalTensor& weight) {
  const auto mode = accepted(l1_loss_kernel, reduction, input, target);
  if (!mode || weight) return std::nullopt;
  const bool records = is_recorded(input, target);
  Tensor difference;
  const Pack pack{.read = {&input, &target}, .write = {records ? &difference : nullptr}};
  const Tensor loss = reduced(PASS(absolute_error), pack, *mode);
  if (!loss.defined()) return std::nullopt;
  if (records) {
    record_sub(difference, input, target);
    const Tensor losses = shell(input);
    record_abs(losses, difference);
    record_reduction(loss, losses, *mode);
  }
  return loss;
}

Result margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           double margin, const Reduction& reduction) {
  const auto mode = accepted(margin_ranking_loss_kernel, reduction, input1, input2, target);
  if (!mode) return std::nullopt;
  const bool by_inputs = is_recorded(input1, input2);
  const bool by_target = is_recorded(target);
  Tensor sign;
  Tensor difference;
  Tensor shifted;
  const Tensor loss =
      reduced(PASS(margin_ranking),
              {.read = {&input1, &input2, &target},
               .write = {by_inputs ? &sign : nullptr, by_target ? &difference : nullptr,
                         by_inputs || by_target ? &shifted : nullptr},
               .number = margin},
              *mode);
  if (!loss.defined()) return std::nullopt;
  if (by_inputs || by_target) {
    if (!sign.defined()) sign = shell(target);
    if (!difference.defined()) difference = shell(target);
    record_neg(sign, target);
    record_sub(difference, input1, input2);
    const Tensor product = shell(target);
    record_mul(product, sign, difference);
    record_add_scalar(shifted, product);
    const Tensor losses = shell(target);
    record_clamp_min(losses, shifted, 0);
    record_reduction(loss, losses, *mode);
  }
  return loss;
}

Result hinge_embedding_loss(const Tensor& input, const Tensor& target, double margin,
                            const Reduction& reduction) {
  const auto mode = accepted(hinge_embedding_loss_kernel, reduction, input, target);
  if (!mode) return std::nullopt;
  const bool records = is_recorded(input);
  Tensor shifted;
  Tensor is_unlike;
  Tensor is_alike;
  const auto written = [&](Tensor& tensor) { return records ? &tensor : nullptr; };
  const Tensor loss = reduced(PASS(hinge_embedding),
                              {.read = {&input, &target},
                               .write = {written(shifted)},
                               .flags = {written(is_unlike), written(is_alike)},
                               .number = margin},
                              *mode);
  if (!loss.defined()) return std::nullopt;
  if (records) {
    record_sub(shifted, python::wrapped(margin), input);
    const Tensor clamped = shell(input);
    record_clamp_min(clamped, shifted, 0);
    const Tensor of_unlike = shell(input);
    record_where(of_unlike, is_unlike, clamped);
    const Tensor of_alike = shell(input);
    record_where(of_alike, is_alike, input);
    const Tensor losses = shell(input);
    record_add(losses, of_unlike, of_alike);
    record_reduction(loss, losses, *mode);
  }
  return loss;
}

namespace {

// Sets elements of a variance below `min` to it; false if one is negative.
bool clamp_variance(const Tensor& variance, double min) {
  return with_type_of(variance, [&]<typename T>(T) {
    bool has_negative = false;
    const auto bound = static_cast<T>(min);
    for (T& number : std::span(variance.mutable_data_ptr<T>(), variance.numel())) {
      has_negative |= number < 0;
      number = number < bound ? bound : number;
    }
    return !has_negative;
  });
}

}  // namespace

Result gaussian_nll_loss(const Tensor& input, const Tensor& target, const Variance& var, bool full,
                         double eps, const Reduction& reduction) {
  const Tensor* given = std::get_if<Tensor>(&var);
  if (given == nullptr || full || std::isnan(eps)) return std::nullopt;
  const auto mode = accepted(gaussian_nll_loss_kernel, reduction, input, target, *given);
  if (!mode) return std::nullopt;
  const Tensor variance = at::clone(*given);
  if (!clamp_variance(variance, eps)) return std::nullopt;
  const bool has_error = is_recorded(input, target);
  const bool has_variance = is_recorded(variance);
  const Tensor log_variance = at::log(variance);
  Tensor error;
  Tensor square;
  const Tensor loss =
      reduced(PASS(gaussian_nll),
              {.read = {&input, &target, &variance, &log_variance},
               .write = {has_error ? &error : nullptr, has_variance ? &square : nullptr}},
              *mode);
  if (!loss.defined()) return std::nullopt;
  if (has_error || has_variance) {
    if (!error.defined()) error = shell(input);
    if (!square.defined()) square = shell(input);
    record_sub(error, input, target);
    record_square(square, error);
    const Tensor scaled = shell(input);
    record_div(scaled, square, variance);
    const Tensor doubled = shell(input);
    record_add(doubled, log_variance, scaled);
    const Tensor losses = shell(input);
    record_mul(losses, doubled, python::wrapped(0.5));
    record_reduction(loss, losses, *mode);
  }
  return loss;
}

// --- self-tests ----------------------------------------------------------------------------------

namespace {

using self_test::agree_on_elements;
using self_test::sides_of;

// At a threshold exactly, on both sides of it, and at zeros of both signs.
const std::vector<double> kAroundOne{0.0, -0.0, 1, -1, 0.3, -0.3, 2.5, -2.5};
const std::vector<double> kZeros{0.0, -0.0, 0.5};

bool test_mse_loss() {
  const auto call = [](auto loss, auto& o, auto& reduction) -> Result {
    return loss(o[0], o[1], reduction, std::nullopt);
  };
  return agree_on_elements(sides_of<&mse_loss, &losses::mse_loss>(call), {kAroundOne, kZeros}, 2);
}

bool test_l1_loss() {
  const auto call = [](auto loss, auto& o, auto& reduction) -> Result {
    return loss(o[0], o[1], reduction, std::nullopt);
  };
  return agree_on_elements(sides_of<&l1_loss, &losses::l1_loss>(call), {kAroundOne, kZeros}, 2);
}

bool test_smooth_l1_loss() {
  return std::ranges::all_of(std::array{1.0, 0.3}, [](double beta) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], reduction, beta);
    };
    return agree_on_elements(sides_of<&smooth_l1_loss, &losses::smooth_l1_loss>(call),
                             {kAroundOne, kZeros}, 2);
  });
}

bool test_huber_loss() {
  return std::ranges::all_of(std::array{1.0, 0.3}, [](double delta) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], reduction, delta, std::nullopt);
    };
    return agree_on_elements(sides_of<&huber_loss, &losses::huber_loss>(call), {kAroundOne, kZeros},
                             2);
  });
}

bool test_margin_ranking_loss() {
  return std::ranges::all_of(std::array{0.0, 0.3}, [](double margin) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], o[2], margin, reduction);
    };
    return agree_on_elements(sides_of<&margin_ranking_loss, &losses::margin_ranking_loss>(call),
                             {kAroundOne, kZeros, {1, -1, 0.0, 0.5}}, 3);
  });
}

bool test_hinge_embedding_loss() {
  return std::ranges::all_of(std::array{1.0, 0.3}, [](double margin) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], margin, reduction);
    };
    return agree_on_elements(sides_of<&hinge_embedding_loss, &losses::hinge_embedding_loss>(call),
                             {kAroundOne, {1, -1, 0.5}}, 1);
  });
}

bool test_gaussian_nll_loss() {
  const auto call = [](auto loss, auto& o, auto& reduction) -> Result {
    return loss(o[0], o[1], at::abs(o[2]), false, 0.3, reduction);
  };
  return agree_on_elements(sides_of<&gaussian_nll_loss, &losses::gaussian_nll_loss>(call),
                           {kAroundOne, kZeros, {0.0, 0.3, 0.2, 2}}, 3);
}

}  // namespace

constinit Kernel mse_loss_kernel("mse_loss", &test_mse_loss);
constinit Kernel l1_loss_kernel("l1_loss", &test_l1_loss);
constinit Kernel smooth_l1_loss_kernel("smooth_l1_loss", &test_smooth_l1_loss);
constinit Kernel huber_loss_kernel("huber_loss", &test_huber_loss);
constinit Kernel gaussian_nll_loss_kernel("gaussian_nll_loss", &test_gaussian_nll_loss);
constinit Kernel margin_ranking_loss_kernel("margin_ranking_loss", &test_margin_ranking_loss);
constinit Kernel hinge_embedding_loss_kernel("hinge_embedding_loss", &test_hinge_embedding_loss);

}  // namespace torch_losses::kernels
