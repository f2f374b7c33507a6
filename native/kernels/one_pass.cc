// Losses of elements, reduced in a single pass over their operands. libtorch goes from operator to
// operator, and each reads and writes memory for all elements.
//
// Source of the formulas: ATen/native/Loss.cpp and torch/nn/functional.py. Source of how libtorch
// divides a sum among its threads: ATen/native/TensorIteratorReduce.cpp.
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/eligibility.h"
#include "kernels/kernel.h"
#include "kernels/kernels.h"
#include "kernels/parallel_for.h"
#include "kernels/passes.h"
#include "kernels/recorded_functions.h"
#include "kernels/self_test.h"

namespace torch_losses::kernels {
namespace {

using at::Tensor;
using passes::Operands;
using passes::Pass;

// The largest number of elements. Above it, libtorch's sum has larger blocks, which no self-test
// has compared.
constexpr int64_t kMostElements = 1 << 23;

// --- sums ----------------------------------------------------------------------------------------

// Adds the sums of the threads. libtorch adds each to a zero, then adds the results in the order in
// which one thread adds numbers.
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
  return T{0} + passes::fastest<T>().value({.left = sums.data()}, 0, threads);
}

// The operands of a pass: tensors of one shape. `write`, if not null, is made here.
struct Pack {
  const Tensor& left;
  const Tensor& right;
  double number = 0;
  Tensor* write = nullptr;

  template <typename T>
  Operands<T> operands() const {
    T* written = nullptr;
    if (write != nullptr) {
      *write = empty(left.sizes(), left.scalar_type());
      written = write->mutable_data_ptr<T>();
    }
    return {left.const_data_ptr<T>(), right.const_data_ptr<T>(), written, static_cast<T>(number)};
  }
};

// Returns the reduced loss, not recorded. Undefined if the sum is NaN, whose sign and payload
// IEEE 754 leaves open. `choose` returns one of passes::Passes<T>.
template <typename Choose>
Tensor reduced(Choose choose, const Pack& pack, int64_t reduction) {
  Tensor result = empty({}, pack.left.scalar_type());
  const bool is_nan = with_type_of(pack.left, [&]<typename T>(T) {
    const int64_t count = pack.left.numel();
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
std::optional<int64_t> accepted(Kernel& kernel, const Reduction& reduction, const Tensor& input,
                                const Tensor& target) {
  if (!kernel.is_in_use()) return std::nullopt;
  const auto mode = known_reduction(reduction);
  const bool is_accepted = mode && *mode != at::Reduction::None && are_dense(input, target) &&
                           input.numel() < kMostElements;
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
  const Tensor loss = reduced(PASS(squared_error), {input, target}, *mode);
  return recorded<functions::MseLossBackward0>(loss, input, target, *mode, [](auto&) {});
}

Result smooth_l1_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
                      double beta) {
  const auto mode = accepted(smooth_l1_loss_kernel, reduction, input, target);
  if (!mode || !(beta > 0)) return std::nullopt;
  const Pack pack{input, target, beta};
  return recorded<functions::SmoothL1LossBackward0>(reduced(PASS(smooth_l1), pack, *mode), input,
                                                    target, *mode,
                                                    [&](auto& function) { function.beta = beta; });
}

Result huber_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
                  double delta, const OptionalTensor& weight) {
  const auto mode = accepted(huber_loss_kernel, reduction, input, target);
  if (!mode || weight || !(delta > 0)) return std::nullopt;
  const Pack pack{input, target, delta};
  return recorded<functions::HuberLossBackward0>(reduced(PASS(huber), pack, *mode), input, target,
                                                 *mode,
                                                 [&](auto& function) { function.delta = delta; });
}

namespace {

// Returns a tensor of the same sizes without memory. It stands for a step that the kernel skips,
// and whose numbers no gradient needs.
Tensor shell(const Tensor& like) {
  Tensor result = at::detail::make_tensor<c10::TensorImpl>(
      c10::DispatchKeySet(c10::DispatchKey::CPU), like.dtype(), like.device());
  result.unsafeGetTensorImpl()->set_sizes_contiguous(like.sizes());
  return result;
}

// Records what l1_loss is put together from: sub, abs, and mean or sum.
void record_l1_loss(const Tensor& loss, const Tensor& difference, const Tensor& input,
                    const Tensor& target, int64_t mode) {
  if (auto* function = record<functions::SubBackward0>(difference, input, target)) {
    function->alpha = 1;
    function->other_scalar_type = target.scalar_type();
    function->self_scalar_type = input.scalar_type();
  }
  const Tensor losses = shell(input);
  if (auto* function = record<functions::AbsBackward0>(losses, difference)) {
    function->self_ = saved(difference);
  }
  if (mode == at::Reduction::Mean) {
    if (auto* function = record<functions::MeanBackward0>(loss, losses)) {
      function->self_sym_numel = losses.sym_numel();
      function->self_sym_sizes = losses.sym_sizes().vec();
    }
  } else if (auto* function = record<functions::SumBackward0>(loss, losses)) {
    function->self_sym_sizes = losses.sym_sizes().vec();
  }
}

}  // namespace

Result l1_loss(const Tensor& input, const Tensor& target, const Reduction& reduction,
               const OptionalTensor& weight) {
  const auto mode = accepted(l1_loss_kernel, reduction, input, target);
  if (!mode || weight) return std::nullopt;
  const bool records = is_recorded(input, target);
  Tensor difference;
  const Pack pack{input, target, 0, records ? &difference : nullptr};
  const Tensor loss = reduced(PASS(absolute_error), pack, *mode);
  if (!loss.defined()) return std::nullopt;
  if (records) record_l1_loss(loss, difference, input, target, *mode);
  return loss;
}

// --- self-tests ----------------------------------------------------------------------------------

namespace {

using self_test::agree_on_elements;
using self_test::sides_of;

// Values exactly at a threshold, on both sides of it, and zeros of both signs.
const std::vector<double> kAroundOne{0.0, -0.0, 1, -1, 0.3, -0.3, 2.5, -2.5};
const std::vector<double> kZeros{0.0, -0.0, 0.5};

bool test_mse_loss() {
  const auto call = [](auto loss, auto& o, auto& reduction) -> Result {
    return loss(o[0], o[1], reduction, std::nullopt);
  };
  return agree_on_elements(sides_of<&mse_loss, &losses::mse_loss>(call), kAroundOne, kZeros);
}

bool test_l1_loss() {
  const auto call = [](auto loss, auto& o, auto& reduction) -> Result {
    return loss(o[0], o[1], reduction, std::nullopt);
  };
  return agree_on_elements(sides_of<&l1_loss, &losses::l1_loss>(call), kAroundOne, kZeros);
}

bool test_smooth_l1_loss() {
  return std::ranges::all_of(std::array{1.0, 0.3}, [](double beta) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], reduction, beta);
    };
    return agree_on_elements(sides_of<&smooth_l1_loss, &losses::smooth_l1_loss>(call), kAroundOne,
                             kZeros);
  });
}

bool test_huber_loss() {
  return std::ranges::all_of(std::array{1.0, 0.3}, [](double delta) {
    const auto call = [=](auto loss, auto& o, auto& reduction) -> Result {
      return loss(o[0], o[1], reduction, delta, std::nullopt);
    };
    return agree_on_elements(sides_of<&huber_loss, &losses::huber_loss>(call), kAroundOne, kZeros);
  });
}

}  // namespace

constinit Kernel mse_loss_kernel("mse_loss", &test_mse_loss);
constinit Kernel l1_loss_kernel("l1_loss", &test_l1_loss);
constinit Kernel smooth_l1_loss_kernel("smooth_l1_loss", &test_smooth_l1_loss);
constinit Kernel huber_loss_kernel("huber_loss", &test_huber_loss);

}  // namespace torch_losses::kernels
