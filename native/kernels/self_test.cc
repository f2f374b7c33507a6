#include "kernels/self_test.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/variable.h>

#include <cstring>
#include <limits>
#include <random>
#include <span>

#include "kernels/eligibility.h"
#include "operators/inline_backward.h"

namespace torch_losses::kernels::self_test {
namespace {

namespace autograd = torch::autograd;

struct Outcome {
  at::Tensor loss;  // undefined if the kernel declined
  Operands gradients;
  std::vector<std::string> functions;
};

enum class Pass { Engine, Inline };

Operands with_leaves(const Operands& operands) {
  Operands copies;
  for (const at::Tensor& operand : operands) {
    copies.push_back(operand.requires_grad() ? operand.detach().clone().set_requires_grad(true)
                                             : operand);
  }
  return copies;
}

void run_backward(const at::Tensor& loss, const at::Tensor& upstream, Pass pass) {
  if (pass == Pass::Inline && backward_inline(loss, upstream, /*keep_graph=*/false)) return;
  autograd::Engine::get_default_engine().execute({autograd::impl::gradient_edge(loss)}, {upstream},
                                                 /*keep_graph=*/false, /*create_graph=*/false,
                                                 /*accumulate_grad=*/true);
}

Outcome run(const Compute& compute, const Operands& operands, Pass pass) {
  const Operands leaves = with_leaves(operands);
  const std::optional<at::Tensor> loss = compute(leaves);
  if (!loss) return {};
  Outcome outcome{loss->detach(), {}, {}};
  if (!loss->requires_grad()) return outcome;
  for (auto* function = loss->grad_fn().get(); function != nullptr;
       function = function->num_outputs() > 0 ? function->next_edge(0).function.get() : nullptr) {
    outcome.functions.push_back(function->name());
  }
  run_backward(*loss, numbers(loss->sizes(), loss->scalar_type(), 3), pass);
  for (const at::Tensor& leaf : leaves) outcome.gradients.push_back(leaf.grad());
  return outcome;
}

bool are_equal(const at::Tensor& left, const at::Tensor& right) {
  if (!left.defined() || !right.defined()) return left.defined() == right.defined();
  if (left.sizes() != right.sizes() || left.scalar_type() != right.scalar_type()) return false;
  const at::Tensor a = left.contiguous();
  const at::Tensor b = right.contiguous();
  return std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

bool are_equal(const Outcome& left, const Outcome& right) {
  if (!are_equal(left.loss, right.loss) || left.functions != right.functions) return false;
  return std::ranges::equal(left.gradients, right.gradients,
                            [](auto& a, auto& b) { return are_equal(a, b); });
}

// Returns two tensors of random numbers, in which every other element has a value of `left` and one
// of `right`, in all combinations.
Operands elements(int64_t count, at::ScalarType dtype, const std::vector<double>& left,
                  const std::vector<double>& right) {
  const Operands operands{numbers({count}, dtype, 1), numbers({count}, dtype, 2)};
  with_type_of(operands[0], [&]<typename T>(T) {
    for (int64_t index = 0; index < count; index += 2) {
      const size_t number = index / 2;
      operands[0].mutable_data_ptr<T>()[index] = static_cast<T>(left[number % left.size()]);
      operands[1].mutable_data_ptr<T>()[index] =
          static_cast<T>(right[number / left.size() % right.size()]);
    }
  });
  return operands;
}

// Compares the loss with gradients of neither operand, of either and of both. Large sizes are
// compared with fewer combinations, because the gradients of the operands are computed
// independently.
bool agree_with_gradients(const Sides& sides, const Operands& operands) {
  const int64_t count = operands[0].numel();
  for (const auto& [by_left, by_right] :
       {std::pair(false, false), {true, true}, {true, false}, {false, true}}) {
    if (count > at::internal::GRAIN_SIZE && by_left) break;
    if (count > 100 && by_left != by_right) break;
    operands[0].set_requires_grad(by_left);
    operands[1].set_requires_grad(by_right);
    if (!agree(sides, operands)) return false;
  }
  return true;
}

// Compares operands in which one number is infinite, NaN, huge or tiny.
bool agree_on_extremes(Sides sides, at::ScalarType dtype, const std::vector<double>& left,
                       const std::vector<double>& right) {
  using Limits = std::numeric_limits<double>;
  const double huge = dtype == at::kFloat ? 3e38 : 1e308;
  const double tiny = dtype == at::kFloat ? 1e-44 : 4e-324;
  sides.may_decline = true;
  for (const double value :
       {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), huge, -huge, tiny, -tiny}) {
    for (const size_t operand : {0, 1}) {
      const Operands operands = elements(41, dtype, left, right);
      with_type_of(operands[operand], [&]<typename T>(T) {
        operands[operand].mutable_data_ptr<T>()[17] = static_cast<T>(value);
      });
      if (!agree_with_gradients(sides, operands)) return false;
    }
  }
  return true;
}

}  // namespace

bool agree(const Sides& sides, const Operands& operands) {
  const Outcome computed = run(sides.kernel, operands, Pass::Engine);
  if (!computed.loss.defined()) return sides.may_decline;
  const Outcome expected = run(sides.libtorch, operands, Pass::Engine);
  if (!are_equal(computed, expected)) return false;
  return expected.gradients.empty() ||
         are_equal(run(sides.kernel, operands, Pass::Inline), expected);
}

at::Tensor numbers(at::IntArrayRef sizes, at::ScalarType dtype, uint32_t seed) {
  const at::Tensor result = empty(sizes, dtype);
  with_type_of(result, [&]<typename T>(T) {
    std::minstd_rand random(seed);
    std::uniform_real_distribution<T> uniform(-1, 1);
    for (T& number : std::span(result.mutable_data_ptr<T>(), result.numel())) {
      number = uniform(random);
    }
  });
  return result;
}

at::Tensor integers(at::IntArrayRef sizes, int64_t low, int64_t high) {
  const at::Tensor result = empty(sizes, at::kLong);
  for (int64_t i = 0; i < result.numel(); ++i) {
    result.mutable_data_ptr<int64_t>()[i] = low + i * 17 % (high - low);
  }
  return result;
}

bool agree_on_elements(const SidesOf& sides_of, const std::vector<double>& left,
                       const std::vector<double>& right) {
  constexpr int64_t kGrain = at::internal::GRAIN_SIZE;
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const char* reduction : {"mean", "sum"}) {
      const Sides sides = sides_of({reduction, std::nullopt});
      // A block has 16 rows of 4 vectors of 8 or 4 elements, and blocks of blocks 16 blocks.
      for (const int64_t count : {int64_t{1}, int64_t{3}, int64_t{4}, int64_t{7}, int64_t{8},
                                  int64_t{9}, int64_t{31}, int64_t{32}, int64_t{33}, int64_t{70},
                                  int64_t{1000}, kGrain - 1, kGrain, 10 * kGrain + 77}) {
        if (!agree_with_gradients(sides, elements(count, dtype, left, right))) return false;
        // Sums of numbers with all their digits show their order; of a few, only now and then.
        for (uint32_t seed = 1; seed <= (count < 100 ? 8 : 1); ++seed) {
          const Operands random{numbers({count}, dtype, seed), numbers({count}, dtype, seed + 100)};
          if (!agree(sides, random)) return false;
        }
      }
      if (!agree_on_extremes(sides, dtype, left, right)) return false;
    }
  }
  return true;
}

}  // namespace torch_losses::kernels::self_test
