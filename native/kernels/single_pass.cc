// Source of how libtorch divides a sum among its threads: ATen/native/TensorIteratorReduce.cpp.
#include "kernels/single_pass.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/sum.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <span>
#include <utility>

#include "bindings/small_work.h"
#include "kernels/passes.h"
#include "kernels/shortcuts.h"
#include "kernels/telling.h"

namespace torch_losses::single_pass {
namespace {

using passes::Operands;
using passes::Pass;
using plain::empty;
using plain::with_type_of;

// Each thread's sum is added to a zero, and those sums are added up as one thread's.
template <typename T>
T total(Pass<T> pass, const Operands<T>& operands, int64_t count) {
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

// The operands of a pass over tensors of one shape.
struct Pack {
  std::initializer_list<const at::Tensor*> read;
  std::initializer_list<Written> write = {};
  std::initializer_list<Written> flags = {};
  double number = 0;

  const at::Tensor& first() const { return **read.begin(); }

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
  void fill(T** pointers, std::initializer_list<Written> tensors, at::ScalarType dtype) const {
    for (const Written tensor : tensors) {
      if (tensor != nullptr) {
        *tensor = empty(first().sizes(), dtype);
        *pointers = tensor->template mutable_data_ptr<T>();
      }
      ++pointers;
    }
  }
};

// `choose` takes passes::Passes<T> and gives the one to run.
template <typename Choose>
at::Tensor sum_of(Choose choose, const Pack& pack) {
  const at::Tensor& first = pack.first();
  at::Tensor result = empty({}, first.scalar_type());
  const bool is_open = with_type_of(first, [&]<typename T>(T) {
    const T sum = total<T>(choose(passes::fastest<T>()), pack.operands<T>(), first.numel());
    *result.mutable_data_ptr<T>() = sum;
    return std::isnan(sum);
  });
  return is_open ? at::Tensor() : result;
}

// The sums of the rows, each of them one thread's.
template <typename Choose>
at::Tensor sums_of_rows(Choose choose, const Pack& pack) {
  const at::Tensor& first = pack.first();
  const int64_t columns = first.size(-1);
  at::Tensor result = empty(first.sizes().slice(0, first.dim() - 1), first.scalar_type());
  std::atomic<bool> is_open = false;
  with_type_of(first, [&]<typename T>(T) {
    const Pass<T> pass = choose(passes::fastest<T>());
    const Operands<T> operands = pack.operands<T>();
    T* sums = result.mutable_data_ptr<T>();
    const int64_t grain = std::max<int64_t>(1, at::internal::GRAIN_SIZE / columns);
    parallel_for(result.numel(), grain, [&](int64_t, int64_t begin, int64_t end) {
      bool found = false;
      for (int64_t row = begin; row < end; ++row) {
        sums[row] = T{0} + pass(operands, row * columns, (row + 1) * columns);
        found |= std::isnan(sums[row]);
      }
      if (found) is_open = true;
    });
  });
  return is_open ? at::Tensor() : result;
}

// Of a loss.
template <typename Choose>
at::Tensor in_one_pass(Choose choose, const Pack& pack) {
  shortcuts::one_pass.note();
  return sum_of(choose, pack);
}

#define CHOOSE(name) [](const auto& passes) { return passes.name; }

bool agrees(std::initializer_list<int64_t> counts,
            std::initializer_list<std::pair<int64_t, int64_t>> shapes) {
#ifdef TORCH_LOSSES_LIBTORCH_ALONE
  return false;
#endif
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const int64_t count : counts) {
      // Of a few numbers, some have the same sum in another order.
      for (uint32_t seed = count < 100 ? 4 : 1; seed > 0; --seed) {
        const at::Tensor numbers = telling::numbers({count}, dtype, seed);
        if (!telling::are_equal(single_pass::sum(numbers), at::sum(numbers))) return false;
      }
    }
    for (const auto& [rows, columns] : shapes) {
      const at::Tensor numbers = telling::numbers({rows, columns}, dtype);
      const at::Tensor sums = sums_of_rows(CHOOSE(value), {.read = {&numbers}});
      if (!telling::are_equal(sums, at::sum(numbers, -1))) return false;
    }
  }
  return true;
}

}  // namespace

bool is_verified(int64_t elements) {
  static const bool by_one_thread = agrees({1, 3, 4, 7, 8, 9, 31, 32, 33, 70, 1000, 20'000},
                                           {{3, 5}, {3, 8}, {5, 77}, {2, 3000}});
  if (elements < at::internal::GRAIN_SIZE || at::get_num_threads() == 1) {
    return shortcuts::sums.take_if(by_one_thread);
  }
  static const bool by_several =
      agrees({at::internal::GRAIN_SIZE, 3 * at::internal::GRAIN_SIZE + 77}, {{300, 200}});
  return shortcuts::sums_on_threads.take_if(by_one_thread && by_several);
}

at::Tensor sum(const at::Tensor& self) { return sum_of(CHOOSE(value), {.read = {&self}}); }

at::Tensor reduced(at::Tensor sum, int64_t elements, int64_t reduction) {
  if (reduction == at::Reduction::Mean) {
    with_type_of(sum,
                 [&]<typename T>(T) { *sum.mutable_data_ptr<T>() /= static_cast<T>(elements); });
  }
  return sum;
}

at::Tensor squared_error(const at::Tensor& self, const at::Tensor& target) {
  return in_one_pass(CHOOSE(squared_error), {.read = {&self, &target}});
}

at::Tensor smooth_l1(const at::Tensor& self, const at::Tensor& target, double beta) {
  return in_one_pass(CHOOSE(smooth_l1), {.read = {&self, &target}, .number = beta});
}

at::Tensor huber(const at::Tensor& self, const at::Tensor& target, double delta) {
  return in_one_pass(CHOOSE(huber), {.read = {&self, &target}, .number = delta});
}

at::Tensor absolute_error(const at::Tensor& self, const at::Tensor& target, Written difference) {
  return in_one_pass(CHOOSE(absolute_error), {.read = {&self, &target}, .write = {difference}});
}

at::Tensor less_product(const at::Tensor& self, const at::Tensor& factor, const at::Tensor& other) {
  return in_one_pass(CHOOSE(less_product), {.read = {&self, &factor, &other}});
}

at::Tensor margin_ranking(const at::Tensor& input1, const at::Tensor& input2,
                          const at::Tensor& target, double margin, Written sign, Written difference,
                          Written shifted) {
  return in_one_pass(CHOOSE(margin_ranking), {.read = {&input1, &input2, &target},
                                              .write = {sign, difference, shifted},
                                              .number = margin});
}

at::Tensor hinge_embedding(const at::Tensor& self, const at::Tensor& target, double margin,
                           Written shifted, Written is_unlike, Written is_alike) {
  return in_one_pass(CHOOSE(hinge_embedding), {.read = {&self, &target},
                                               .write = {shifted},
                                               .flags = {is_unlike, is_alike},
                                               .number = margin});
}

at::Tensor gaussian_nll(const at::Tensor& self, const at::Tensor& target,
                        const at::Tensor& variance, const at::Tensor& log_variance, Written error,
                        Written squared_error) {
  return in_one_pass(CHOOSE(gaussian_nll), {.read = {&self, &target, &variance, &log_variance},
                                            .write = {error, squared_error}});
}

at::Tensor shifted_difference(const at::Tensor& left, const at::Tensor& right, double shift) {
  at::Tensor difference;
  const at::Tensor sum =
      in_one_pass(CHOOSE(shifted_difference),
                  {.read = {&left, &right}, .write = {&difference}, .number = shift});
  return sum.defined() ? difference : at::Tensor();
}

std::pair<at::Tensor, bool> clamped_copy(const at::Tensor& self, double min) {
  at::Tensor copy;
  const at::Tensor negative =
      sum_of(CHOOSE(clamped_copy), {.read = {&self}, .write = {&copy}, .number = min});
  return {copy,
          with_type_of(negative, [&]<typename T>(T) { return *negative.const_data_ptr<T>() > 0; })};
}

at::Tensor sums_of_products(const at::Tensor& self, const at::Tensor& other) {
  shortcuts::one_pass.note();
  return sums_of_rows(CHOOSE(product), {.read = {&self, &other}});
}

#undef CHOOSE

}  // namespace torch_losses::single_pass
